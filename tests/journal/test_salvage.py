"""Whatever is wrong with its file, a journal opens: whole, or with all that can be read, and says what it lost."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import random
import shutil
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import pytest

from gateway.errors import ConfigError, StorageError
from gateway.journal import AlarmKind, Changes, HeldKind, Hold, Journal, Settlement
from gateway.journal.box import DOWNLINK_MARGIN
from gateway.journal.groups import packed, unpacked
from gateway.journal.looking import looking
from gateway.journal.records import decode_uplink, encode_uplink
from gateway.journal.salvage import salvage
from gateway.journal.salvage.reading import reading
from gateway.journal.schema import PAGE_SIZE
from gateway.journal.verifying import Matter, verify
from gateway.journal.words import Words
from gateway.model import RowId, Uplink
from tests.journal.samples import CITY, DEV_EUI, abp, clock, deliver, hear, otaa, session, uplink

LIMIT = 2 * 1024 * 1024
NAME = "journal.db"
INTERIOR = 5  # the first octet of a page of a table that is no leaf (sqlite.org/fileformat2.html, 1.6)
DELIVERED = 1000  # of the uplinks, the oldest
BATCHES, IN_BATCH, ALONE = 100, 20, 300  # uplinks of one commit each, and uplinks heard alone
SEEDS = range(2)
OLD = Path(__file__).parent.parent / "vectors" / "journal" / "v1.db"

Truth = dict[RowId, Uplink]
Damage = Callable[[Path, random.Random], None]


@dataclass(frozen=True, slots=True)
class Sound:
    """A journal in two states, and all uplinks in it."""

    closed: Path
    killed: Path  # as a process leaves it that is killed: the last commits are in the log alone
    truth: Truth


@dataclass(frozen=True, slots=True)
class Found:
    """What a journal has when it is opened again."""

    rows: Truth  # of both destinations together
    alarms: Sequence[str]
    devices: int
    damaged_rows: int
    waiting: int  # for the one that had none, before it was given any
    lost: int  # rows that were counted as lost for it


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Sound:
    return asyncio.run(_made(tmp_path_factory.mktemp("sound")))


async def _made(folder: Path) -> Sound:
    closed, killed, noise = folder / "closed", folder / "killed", random.Random(1)
    closed.mkdir()
    journal = await Journal.open(closed / NAME, clock=clock, limit_bytes=LIMIT, destinations=[CITY, "other"])
    await journal.put_devices([*(otaa(index) for index in range(40)), *(abp(index) for index in range(40))])
    truth: Truth = {}
    sizes = [*[IN_BATCH] * BATCHES, *[1] * ALONE]
    for size in sizes:
        first = len(truth)
        uplinks = tuple(uplink(first + n, payload=noise.randbytes(12)) for n in range(size))
        nonces = ((DEV_EUI, first),)
        rows = await journal.commit(
            Changes(uplinks=uplinks, sessions=(session(first + size),), dev_nonces=nonces, join_nonces=nonces)
        )
        truth |= dict(zip(rows, uplinks, strict=True))
    await deliver(journal, [row for row in truth if row <= DELIVERED])
    await journal.settle(
        "other", Settlement(held={RowId(5): Hold(kind=HeldKind.REFUSED, reason="no")}, memory={"a": 1})
    )
    await journal.flush()
    shutil.copytree(closed, killed)
    await journal.close()
    for left in (closed / f"{NAME}.lock", killed / f"{NAME}.lock", killed / f"{NAME}-shm"):
        left.unlink()
    return Sound(closed, killed, truth)


async def reopened(folder: Path) -> Found:
    """Open a journal, have each destination given all that it waits for, and hear one uplink more."""
    journal = await Journal.open(folder / NAME, clock=clock, limit_bytes=LIMIT, destinations=[CITY, "other"])
    try:
        rows: Truth = {}
        before = await journal.depth("other")
        for name in journal.destinations():
            while read := await journal.read(name, 500):
                rows |= {row.id: row.uplink for row in read}
                await deliver(journal, [row.id for row in read], name)
        (new,) = await hear(journal, [10**6])
        assert [row.id for row in await journal.read(CITY, 10)] == [new], "the next uplink is told like any other"
        await journal.held()
        alarms = [alarm.words for alarm in await journal.alarms() if alarm.kind is AlarmKind.DAMAGED]
        return Found(rows, alarms, len(await journal.devices()), journal.damaged(), before.waiting, before.lost)
    finally:
        await journal.close()


def taken(folder: Path, place: Path) -> Path:
    shutil.copytree(folder, place)
    return place / NAME


def told(uplink: Uplink) -> object:
    """Return what of an uplink does not depend on texts, which may be lost."""
    return uplink.id, uplink.payload, uplink.f_cnt, uplink.heard_at.utc


# ── what is done to a file ──


def flipped(path: Path, noise: random.Random, first: int = 0, last: int | None = None) -> None:
    octets = bytearray(path.read_bytes())
    octets[noise.randrange(first, last or len(octets))] ^= 1 << noise.randrange(8)
    path.write_bytes(octets)


def pages_of_noise(path: Path, noise: random.Random, count: int) -> None:
    octets = bytearray(path.read_bytes())
    for page in noise.sample(range(len(octets) // PAGE_SIZE), count):
        octets[page * PAGE_SIZE : (page + 1) * PAGE_SIZE] = noise.randbytes(PAGE_SIZE)
    path.write_bytes(octets)


def exchanged_page(path: Path, noise: random.Random) -> None:
    octets = bytearray(path.read_bytes())
    there, here = (page * PAGE_SIZE for page in noise.sample(range(len(octets) // PAGE_SIZE), 2))
    octets[here : here + PAGE_SIZE] = octets[there : there + PAGE_SIZE]
    path.write_bytes(octets)


def cut_off(path: Path, noise: random.Random) -> None:
    os.truncate(path, noise.randrange(1, path.stat().st_size))


def log_of(path: Path) -> Path:
    return path.with_name(f"{NAME}-wal")


# By name: what is done, and which part of the uplinks is there at least.
DAMAGES: dict[str, tuple[Damage, float]] = {
    "a bit of the header": (lambda path, noise: flipped(path, noise, 0, 100), 1.0),
    "a bit of the first page": (lambda path, noise: flipped(path, noise, 0, PAGE_SIZE), 1.0),
    "any bit": (flipped, 0.9),
    "a page of noise": (lambda path, noise: pages_of_noise(path, noise, 1), 0.9),
    "ten pages of noise": (lambda path, noise: pages_of_noise(path, noise, 10), 0.7),
    "a page instead of another": (exchanged_page, 0.9),
    "cut off": (cut_off, 0.0),
}


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("name", DAMAGES)
async def test_a_damaged_file_gives_what_was_committed_and_nothing_else(
    sound: Sound, tmp_path: Path, name: str, seed: int
) -> None:
    damage, least = DAMAGES[name]
    path = taken(sound.closed, tmp_path / "box")
    damage(path, random.Random(f"{name} {seed}"))

    found = await reopened(path.parent)
    again = await reopened(path.parent)

    assert all(told(sound.truth[row]) == told(one) for row, one in found.rows.items())
    assert len(found.rows) >= least * (len(sound.truth) - 1)
    assert found.alarms == again.alarms, "it stays until somebody has seen it"
    lost = len(sound.truth) - 1 - len(found.rows)
    assert not lost or found.alarms or found.damaged_rows


@pytest.mark.parametrize("seed", SEEDS)
async def test_after_a_kill_a_damaged_log_costs_nothing_that_was_promised_but_the_damaged_page(
    sound: Sound, tmp_path: Path, seed: int
) -> None:
    path = taken(sound.killed, tmp_path / "box")
    flipped(log_of(path), random.Random(seed))

    found = await reopened(path.parent)

    assert all(told(sound.truth[row]) == told(one) for row, one in found.rows.items())
    assert len(found.rows) >= 0.9 * (len(sound.truth) - 1)


async def test_after_a_kill_all_is_there(sound: Sound, tmp_path: Path) -> None:
    path = taken(sound.killed, tmp_path / "box")

    found = await reopened(path.parent)

    assert len(found.rows) == len(sound.truth) - 1, "one is held back"
    assert (found.alarms, found.devices) == ([], 80)


async def test_a_log_that_is_gone_is_noticed_and_counters_skip_ahead(sound: Sound, tmp_path: Path) -> None:
    path = taken(sound.killed, tmp_path / "box")
    log_of(path).unlink()

    found = await reopened(path.parent)
    journal = await Journal.open(path, clock=clock)
    skipped = await journal.box.skipped_ahead()
    (known,) = [one for one in await journal.sessions() if one.dev_eui == DEV_EUI]
    await journal.close()

    assert "its log is gone: what was committed last is lost" in found.alarms[0]
    assert skipped is not None
    assert "its log is gone" in skipped.why
    assert known.n_f_cnt_down >= DOWNLINK_MARGIN


async def test_a_log_of_another_database_is_left_out(sound: Sound, tmp_path: Path) -> None:
    path = taken(sound.closed, tmp_path / "box")
    other = tmp_path / "other.db"
    with closing(sqlite3.connect(other, isolation_level=None)) as connection:
        connection.execute(f"PRAGMA page_size={PAGE_SIZE}")
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("CREATE TABLE log_1 (id INTEGER PRIMARY KEY, record BLOB NOT NULL)")
        connection.executemany("INSERT INTO log_1 VALUES (?, ?)", [(row, bytes(200)) for row in range(500)])
        shutil.copy(other.with_name("other.db-wal"), log_of(path))

    found = await reopened(path.parent)

    assert len(found.rows) == len(sound.truth) - 1
    assert "its log is another database's, and was left out" in found.alarms[0]


async def test_of_an_emptied_file_the_log_is_not_thrown_away(sound: Sound, tmp_path: Path) -> None:
    path = taken(sound.killed, tmp_path / "box")
    os.truncate(path, 0)

    found = await reopened(path.parent)

    assert found.rows
    assert all(sound.truth[row].id == one.id for row, one in found.rows.items())
    assert "the file is empty" in found.alarms[0]


async def test_an_empty_file_beside_its_key_is_told_of(sound: Sound, tmp_path: Path) -> None:
    path = taken(sound.closed, tmp_path / "box")
    os.truncate(path, 0)

    found = await reopened(path.parent)

    assert (found.rows, len(found.alarms)) == ({}, 1)


async def test_the_damaged_file_is_set_aside_and_the_loss_told_in_words(
    sound: Sound, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = taken(sound.closed, tmp_path / "box")
    pages_of_noise(path, random.Random(3), 10)

    found = await reopened(path.parent)

    aside = [file.name for file in path.parent.glob(f"{NAME}.damaged-*Z")]
    assert len(aside) == 1
    assert f"the damaged file is kept as {aside[0]}" in found.alarms[0]
    assert f"{found.lost} uplinks are lost: rows " in found.alarms[0]
    assert found.waiting + found.lost == len(sound.truth) - 1
    assert found.lost + found.damaged_rows + len(found.rows) == len(sound.truth) - 1, "each is told, or counted"
    assert "the journal is damaged" in caplog.text
    assert "are missing in the journal" not in caplog.text


async def test_uplinks_that_were_the_newest_are_counted_and_their_rows_given_to_no_other(
    sound: Sound, tmp_path: Path
) -> None:
    path = taken(sound.closed, tmp_path / "box")
    spoil_newest_rows(path)

    found = await reopened(path.parent)
    journal = await Journal.open(path, clock=clock, destinations=[CITY, "other"])
    (last,) = await journal.latest(DEV_EUI, 1)
    await journal.close()
    with looking(path) as there:
        findings = verify(there, path.with_name("brygga.key"), lambda _done, _of: None).findings

    assert 0 < found.lost == len(sound.truth) - 1 - len(found.rows)
    assert "where the newest uplinks lay is damaged" in found.alarms[0]
    assert f"up to {found.lost} uplinks after row {max(found.rows)} are gone" in found.alarms[0]
    assert last.id > max(sound.truth)
    assert [finding for finding in findings if finding.matter is Matter.IDS] == []


def spoil_newest_rows(path: Path) -> None:
    """Put noise into the page in which the newest rows lie."""
    with closing(sqlite3.connect(path)) as connection:
        (name,) = max(
            connection.execute("SELECT name FROM sqlite_schema WHERE name LIKE 'log%'"), key=lambda it: int(it[0][4:])
        )
        ((page,),) = connection.execute("SELECT rootpage FROM sqlite_schema WHERE name = ?", (name,))
    octets = bytearray(path.read_bytes())
    while octets[at := (page - 1) * PAGE_SIZE] == INTERIOR:
        page = int.from_bytes(
            octets[at + 8 : at + 12], "big"
        )  # its right-most child (sqlite.org/fileformat2.html, 1.6)
    octets[at : at + PAGE_SIZE] = bytes([0xA5]) * PAGE_SIZE
    path.write_bytes(octets)


async def test_held_rows_whose_uplinks_are_lost_go_and_are_counted(sound: Sound, tmp_path: Path) -> None:
    path = taken(sound.closed, tmp_path / "box")
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("DELETE FROM log_1 WHERE id = (SELECT min(id) FROM log_1 WHERE id >= 5)")
        connection.execute("INSERT INTO retries SELECT destination, id FROM held")
    path.with_name(f"{NAME}.suspect").write_text("a test\n", encoding="utf-8")

    journal = await Journal.open(path, clock=clock, limit_bytes=LIMIT, destinations=[CITY, "other"])
    await journal.read("other", 1000)
    depth, alarms = await journal.depth("other"), await journal.alarms()
    await journal.close()

    assert (depth.held[HeldKind.REFUSED], depth.held_lost) == (0, 1)
    assert (depth.waiting, depth.lost) == (len(sound.truth) - IN_BATCH, IN_BATCH - 1)
    assert "1 dead letters and other rows held back are lost with their uplinks" in alarms[0].words


def test_a_bit_that_turned_in_a_record_is_found_and_so_is_a_record_under_another_id() -> None:
    words = Words()
    [(row, stored)] = packed(7, [encode_uplink(uplink(1), words)])

    for octet, bit in product(range(len(stored)), range(8)):
        turned = bytearray(stored)
        turned[octet] ^= 1 << bit
        [(_, record), *_] = unpacked([(row, bytes(turned))])
        with contextlib.suppress(StorageError):
            assert decode_uplink(record, words) == uplink(1), "without the mark it is an older version's, and as it was"
    [(_, record)] = unpacked([(row + 1, stored)])
    with pytest.raises(StorageError):
        decode_uplink(record, words)


async def test_an_alarm_goes_when_it_was_seen(sound: Sound, tmp_path: Path) -> None:
    path = taken(sound.closed, tmp_path / "box")
    pages_of_noise(path, random.Random(3), 1)
    await reopened(path.parent)

    journal = await Journal.open(path, clock=clock)
    forgotten = await journal.forget_alarms(AlarmKind.DAMAGED)
    left = await journal.alarms()
    await journal.close()

    assert (forgotten, left) == (1, [])


async def test_two_damaged_files_are_kept_at_most(sound: Sound, tmp_path: Path) -> None:
    path = taken(sound.closed, tmp_path / "box")
    for day in range(1, 4):
        pages_of_noise(path, random.Random(day), 3)
        os.utime(path, (day * 86_400, day * 86_400))
        await reopened(path.parent)

    assert sorted(file.name[-16:] for file in path.parent.glob("*.damaged-*Z")) == [
        "19700103T000000Z",
        "19700104T000000Z",
    ]


@pytest.fixture(params=["half of the new file", "its log was moved", "the old file was moved"])
def interrupted(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let a salvage die at some point."""
    deaths = {"its log was moved": 1, "the old file was moved": 2}
    if request.param not in deaths:
        monkeypatch.setattr(salvage, "_settle", _die)
    else:
        left = deaths[request.param]
        replace = Path.replace

        def dying(self: Path, target: Path) -> Path:
            nonlocal left
            left -= 1
            if left < 0:
                _die(self)
            return replace(self, target)

        monkeypatch.setattr(Path, "replace", dying)
    yield
    monkeypatch.undo()


def _die(_path: Path) -> None:
    raise KeyboardInterrupt


@pytest.mark.usefixtures("interrupted")
async def test_a_salvage_that_was_interrupted_is_finished_at_the_next_start(
    sound: Sound, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = taken(sound.killed, tmp_path / "box")
    pages_of_noise(path, random.Random(5), 5)
    with pytest.raises(KeyboardInterrupt):
        salvage.salvage(path, "a test")
    monkeypatch.undo()

    found = await reopened(path.parent)

    assert len(found.rows) >= 0.7 * (len(sound.truth) - 1)
    assert len(found.alarms) == 1
    assert not path.with_name(f"{NAME}.salvaged").exists()


@pytest.mark.parametrize("moved", [1, 2])
async def test_a_salvage_whose_files_could_not_all_be_moved_is_finished_by_the_next_attempt(
    sound: Sound, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moved: int
) -> None:
    path = taken(sound.killed, tmp_path / "box")
    os.utime(path, (1, 1))
    replace, left = Path.replace, [None] * moved

    def failing(self: Path, target: Path) -> Path:
        if not left:
            raise OSError(errno.EIO, "Input/output error")
        left.pop()
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", failing)
    with pytest.raises(StorageError):
        salvage.salvage(path, "a test")
    monkeypatch.undo()

    salvage.salvage(path, "a test")
    found = await reopened(path.parent)

    assert len(found.rows) == len(sound.truth) - 1, "its log, which lies aside, was taken over"


async def test_without_room_for_all_the_newest_are_taken_over_and_the_rest_is_counted(
    sound: Sound, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = taken(sound.closed, tmp_path / "box")
    pages_of_noise(path, random.Random(3), 1)
    monkeypatch.setattr(salvage, "_most_segments", lambda *_: 1)

    found = await reopened(path.parent)

    assert max(sound.truth) in found.rows
    assert len(found.rows) < len(sound.truth) - 1
    assert "were left in the damaged file for want of room" in found.alarms[0]
    assert "`brygga journal export --from" in found.alarms[0]
    [aside] = path.parent.glob(f"{NAME}.damaged-*Z")
    with reading(aside) as remains:
        rows = {row: decode_uplink(record, remains.words()) for row, record in remains.rows()}
    assert len(rows) > len(found.rows)
    assert all(told(sound.truth[RowId(row)]) == told(uplink) for row, uplink in rows.items())
    assert len(rows) > 0.9 * (len(sound.truth) - 1)


async def test_a_salvage_that_needs_room_takes_the_ballast(
    sound: Sound, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = taken(sound.closed, tmp_path / "box")
    pages_of_noise(path, random.Random(3), 1)
    ballast = path.with_name(f"{NAME}.ballast")
    ballast.write_bytes(bytes(4096))
    room = shutil.disk_usage(path.parent)
    free = {True: 0, False: 2 * path.stat().st_size}  # with the ballast, and without
    monkeypatch.setattr(shutil, "disk_usage", lambda _: type(room)(room.total, room.used, free[ballast.exists()]))

    salvage.salvage(path, "a test")

    with closing(sqlite3.connect(path)) as connection:
        ((words,),) = connection.execute("SELECT value FROM box WHERE name = 'salvaged'").fetchall()
    assert not ballast.exists()
    assert "for want of room" not in words


async def test_a_damaged_journal_of_an_older_version_is_salvaged_and_brought_to_ours(tmp_path: Path) -> None:
    path = tmp_path / NAME
    shutil.copyfile(OLD, path)
    octets = bytearray(path.read_bytes())
    octets[20] ^= 1  # of the header: octets that each page keeps free
    path.write_bytes(octets)

    journal = await Journal.open(path, clock=clock)
    rows = [row.uplink.f_cnt for row in await journal.read("goteborg", 10)]
    devices, boots, alarms = await journal.devices(), journal.boots(), await journal.alarms()
    await journal.close()

    assert rows == [2]
    assert [one.device.name for one in devices] == ["torget", "källaren"]
    assert [alarm.kind for alarm in alarms] == [AlarmKind.DAMAGED]
    assert boots is not None
    assert "a part may be lost" not in alarms[0].words


async def test_devices_with_another_key_file_are_no_damage(sound: Sound, tmp_path: Path) -> None:
    path = taken(sound.closed, tmp_path / "box")
    path.with_name("brygga.key").write_text("00" * 32)

    with pytest.raises(ConfigError, match="sealed with another key file"):
        await Journal.open(path, clock=clock)
