"""`brygga backup` and `brygga restore`, as people run them."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sqlite3
import stat
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from gateway.archive import JOURNAL, KEY
from gateway.journal import Changes, Journal, Registration
from gateway.journal.box import DOWNLINK_MARGIN, JOIN_NONCE_MARGIN
from gateway.model import Device
from tests.agent.commands import LIMIT_S, Box, complained, make_box
from tests.journal.samples import DEV_EUI, clock, session, uplink

DEVICE = Registration(device=Device(dev_eui=DEV_EUI, name="torget"))
OLD = replace(session(7), n_f_cnt_down=4)
STOP = "stop the agent first (systemctl stop brygga), then restore"


@pytest.fixture
async def box(tmp_path: Path) -> Box:
    """A box with a device in its seventh uplink."""
    (tmp_path / "old").mkdir()
    made = make_box(tmp_path / "old")
    made.journal.parent.mkdir()
    journal = await Journal.open(made.journal, clock=clock, destinations=["goteborg"])
    await journal.put_devices([DEVICE])
    await journal.commit(Changes(uplinks=(uplink(6),), sessions=(OLD,), join_nonces=((DEV_EUI, 3),)))
    await journal.close()
    return made


@pytest.fixture
def new(tmp_path: Path) -> Box:
    """Another box, with nothing in it."""
    (tmp_path / "new").mkdir()
    return make_box(tmp_path / "new")


async def state(box: Box) -> tuple[int, int, int, list[int]]:
    """Return the counters of the session, the next JoinNonce, and the uplinks, whatever an agent made of them meanwhile."""
    journal = await Journal.open(box.journal, clock=clock, destinations=["goteborg"])
    await journal.add_destination("reader", from_start=True)
    (kept,) = await journal.sessions()
    rows = [row.uplink.f_cnt for row in await journal.read("reader", 10)]
    found = kept.f_cnt_up, kept.n_f_cnt_down, await journal.join_nonce(DEV_EUI), rows
    await journal.close()
    return found


@pytest.mark.parametrize("agent", ["stopped", "running"])
async def test_a_box_lives_on_in_another_without_using_a_counter_twice(box: Box, new: Box, agent: str) -> None:
    async with box.agent() if agent == "running" else contextlib.nullcontext():
        written = await box.brygga("backup", "--with-keys", "../roof.backup")

    restored = await new.brygga("restore", "../roof.backup")

    assert written.output == (
        "wrote ../roof.backup (with the key file: whoever has it has all device keys, keep it safe)\n"
    )
    assert (restored.code, restored.complaints) == (0, "")
    assert "1 sessions, their downlink counters and JoinNonces skipped ahead" in restored.output
    assert await state(new) == (7, 4 + DOWNLINK_MARGIN, 3 + JOIN_NONCE_MARGIN, [6])
    assert sorted(path.name for path in new.journal.parent.iterdir() if path.name != "control.sock") == [
        "brygga.key",
        "journal.db",
        "journal.db.ballast",
        "journal.db.lock",
    ]


async def test_a_restored_box_says_so_in_its_status(box: Box, new: Box) -> None:
    await box.brygga("backup", "--with-keys", "../roof.backup")
    await new.brygga("restore", "../roof.backup")

    async with new.agent():
        status = await new.brygga("status")

    assert "counters skipped ahead: restored from the backup of roof of " in status.output
    assert (await state(new))[1] == 4 + DOWNLINK_MARGIN  # once, not once more at the start


async def test_an_agent_on_another_machine_skips_ahead_by_itself_and_says_so(box: Box) -> None:
    journal = await Journal.open(box.journal, clock=clock)
    await journal.box.settle_on("another machine's fingerprint")
    await journal.close()

    async with asyncio.timeout(LIMIT_S):
        process = await box.start("run")
        assert process.stderr is not None
        log = await process.stderr.readuntil(b"started")
        status = await box.brygga("status")
        process.terminate()
        await process.communicate()

    assert b"WARNING gateway.agent: the journal lay on another machine before: downlink counters" in log
    assert "counters skipped ahead: the journal lay on another machine before" in status.output
    assert (await state(box))[:3] == (7, 4 + DOWNLINK_MARGIN, 3 + JOIN_NONCE_MARGIN)


async def test_a_backup_is_private_and_has_the_key_only_where_it_was_asked_for(box: Box) -> None:
    key = (box.journal.parent / "brygga.key").read_bytes()
    await box.brygga("backup", "plain.backup")
    await box.brygga("backup", "--with-keys", "keys.backup")

    plain, keys = box.folder / "plain.backup", box.folder / "keys.backup"

    assert {stat.S_IMODE(one.stat().st_mode) for one in (plain, keys)} == {0o600}
    assert KEY not in zipfile.ZipFile(plain).namelist()
    assert zipfile.ZipFile(keys).read(KEY) == key
    assert key.strip() not in zipfile.ZipFile(plain).read(JOURNAL)
    assert [path.name for path in box.folder.glob(".brygga-*")] == []


async def test_a_backup_without_the_key_is_restored_where_the_key_file_was_put(box: Box, new: Box) -> None:
    await box.brygga("backup", "../plain.backup")
    refused = await new.brygga("restore", "../plain.backup")
    (new.journal.parent / "brygga.key").write_bytes((box.journal.parent / "brygga.key").read_bytes())

    restored = await new.brygga("restore", "../plain.backup")

    assert refused.code == 78
    assert "there is no key file in the backup (it was made without --with-keys), and none at" in refused.complaints
    assert restored.code == 0
    assert (await state(new))[0] == 7


async def test_a_wrong_key_file_is_found_before_anything_is_put_in_place(box: Box, new: Box) -> None:
    await box.brygga("backup", "../plain.backup")
    new.journal.parent.mkdir()
    (new.journal.parent / "brygga.key").write_text("00" * 32, encoding="ascii")

    refused = await new.brygga("restore", "../plain.backup")

    assert refused.code == 78
    assert "sealed with another key file" in refused.complaints
    assert not new.journal.exists()


async def test_a_journal_that_lies_there_is_put_aside_only_when_told_so(box: Box, new: Box) -> None:
    await box.brygga("backup", "--with-keys", "../roof.backup")
    await new.brygga("device", "import", "-", stdin="dev_eui,app_key\na81758fffe0a0001," + "00" * 16)
    own_key = (new.journal.parent / "brygga.key").read_bytes()

    refused = await new.brygga("restore", "../roof.backup")
    restored = await new.brygga("restore", "--force", "../roof.backup")

    assert (refused.code, "--force puts it aside as journal.db.old-<time>" in refused.complaints) == (78, True)
    assert (restored.code, "the journal that was here is" in restored.output) == (0, True)
    assert (await state(new))[0] == 7
    put_aside(new, "brygga.key").replace(new.journal.parent / "brygga.key")
    put_aside(new, "journal.db").replace(new.journal)
    assert "a81758fffe0a0001" in (await new.brygga("device", "list")).output
    assert (new.journal.parent / "brygga.key").read_bytes() == own_key


def put_aside(box: Box, name: str) -> Path:
    (found,) = box.journal.parent.glob(f"{name}.old-*Z")
    return found


async def test_each_journal_that_was_put_aside_stays(box: Box) -> None:
    await box.brygga("backup", "--with-keys", "roof.backup")
    first = box.journal.read_bytes()

    told = [await box.brygga("restore", "--force", "roof.backup") for _ in range(2)]

    aside = list(box.journal.parent.glob("journal.db.old-*"))
    assert [one.code for one in told] == [0, 0]
    assert len(aside) == 2
    assert [one.read_bytes() for one in aside].count(first) == 1


async def test_what_is_put_aside_while_somebody_reads_it_keeps_its_log(box: Box) -> None:
    await box.brygga("backup", "--with-keys", "roof.backup")
    journal = await Journal.open(box.journal, clock=clock)
    with contextlib.closing(sqlite3.connect(f"file:{box.journal}?mode=ro", uri=True, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM words").fetchone()
        await journal.commit(Changes(uplinks=(uplink(7),), sessions=(session(8),)))
        await journal.close()
        await box.brygga("restore", "--force", "roof.backup")

    (aside,) = box.journal.parent.glob("journal.db.old-*Z")
    with contextlib.closing(sqlite3.connect(aside)) as connection:
        (f_cnt_up,) = connection.execute("SELECT max(f_cnt_up) FROM counters").fetchone()

    assert f_cnt_up == 8
    assert (await state(box))[0] == 7


@pytest.mark.parametrize("has_key", [True, False], ids=["with the key", "without it"])
async def test_a_key_file_that_lies_elsewhere_goes_along_and_is_put_where_it_belongs(
    box: Box,
    new: Box,
    has_key: bool,  # noqa: FBT001 — a parameter of the test
) -> None:
    for one in (box, new):
        key_elsewhere(one)
    (box.journal.parent / "brygga.key").replace(box.folder / "keys" / "my.key")
    option = ["--with-keys"] if has_key else []
    if not has_key:
        (new.folder / "keys" / "my.key").write_bytes((box.folder / "keys" / "my.key").read_bytes())
    written = await box.brygga("backup", *option, "../roof.backup")

    restored = await new.brygga("restore", "../roof.backup")
    verified = await new.brygga("journal", "verify")

    assert (written.code, written.complaints, restored.code, restored.complaints) == (0, "", 0, "")
    assert has_key or f"keep a copy of {box.folder}/keys/my.key elsewhere" in written.output
    assert (verified.code, "1 devices" in verified.output) == (0, True)
    assert not (new.journal.parent / "brygga.key").exists()
    assert stat.S_IMODE((new.folder / "keys" / "my.key").stat().st_mode) == (0o600 if has_key else 0o644)


def key_elsewhere(box: Box) -> None:
    (box.folder / "keys").mkdir()
    toml = box.folder / "brygga.toml"
    named = f'[gateway]\nkey_file = "{box.folder}/keys/my.key"\n'
    toml.write_text(toml.read_text().replace("[gateway]\n", named, 1))


async def test_without_its_key_file_no_backup_with_keys_is_made(box: Box) -> None:
    key_elsewhere(box)

    refused = await box.brygga("backup", "--with-keys", "roof.backup")

    assert refused.code == 78
    assert "keys/my.key: there is no key file to back up (gateway.key_file says where it is)" in refused.complaints


@pytest.mark.parametrize("force", [[], ["--force"]], ids=["plain", "force"])
async def test_nothing_is_restored_while_an_agent_runs(box: Box, force: list[str]) -> None:
    await box.brygga("backup", "--with-keys", "roof.backup")

    async with box.agent():
        refused = await box.brygga("restore", *force, "roof.backup")

    assert refused.code == 1
    assert STOP in refused.complaints
    assert (await state(box))[1] == 4


@pytest.mark.parametrize(
    ("octets", "words"),
    [
        (b"", "no backup of Brygga, or a damaged one"),
        (b"dev_eui,app_key\n", "no backup of Brygga, or a damaged one"),
        (None, "No such file or directory"),
    ],
)
async def test_what_is_no_backup_is_refused(new: Box, octets: bytes | None, words: str) -> None:
    if octets is not None:
        (new.folder / "some.file").write_bytes(octets)

    refused = await new.brygga("restore", "some.file")

    assert refused.code == 78
    assert words in refused.complaints
    assert not new.journal.exists()


async def test_a_backup_that_was_cut_off_is_refused(box: Box, new: Box) -> None:
    await box.brygga("backup", "--with-keys", "../roof.backup")
    whole = (new.folder / "../roof.backup").read_bytes()
    (new.folder / "cut.backup").write_bytes(whole[: len(whole) // 2])

    refused = await new.brygga("restore", "cut.backup")

    assert refused.code == 78
    assert not new.journal.exists()


async def test_a_backup_of_a_newer_brygga_is_refused(box: Box, new: Box) -> None:
    await box.brygga("backup", "--with-keys", "../roof.backup")
    with zipfile.ZipFile(new.folder / "../roof.backup") as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    about = json.loads(parts["brygga-backup.json"])
    parts["brygga-backup.json"] = json.dumps({**about, "database_version": 99}).encode()
    with zipfile.ZipFile(new.folder / "newer.backup", "w") as archive:
        for name, octets in parts.items():
            archive.writestr(name, octets)

    refused = await new.brygga("restore", "newer.backup")

    assert refused.complaints == (
        "newer.backup: the backup was made by a newer Brygga (0.1.0); install that one first\n"
    )


async def test_a_box_that_never_ran_has_nothing_to_back_up(new: Box) -> None:
    assert await new.brygga("backup", "roof.backup") == complained(
        78, f"{new.journal}: there is no journal to back up (gateway.data names its folder)"
    )


async def test_a_backup_that_cannot_be_written_says_where(box: Box) -> None:
    refused = await box.brygga("backup", "nowhere/roof.backup")

    assert refused == complained(78, "nowhere: nothing can be written there: No such file or directory")
