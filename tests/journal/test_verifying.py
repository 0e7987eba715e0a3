"""A journal looked through from end to end: each way to spoil it is found, and a good one is good while it is written to."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from gateway.errors import ConfigError
from gateway.journal import Changes, HeldKind, Hold, Journal, Settlement
from gateway.journal.looking import looking
from gateway.journal.verifying import Matter, Verified, verify
from tests.journal.samples import CITY, abp, clock, deliver, hear, otaa, session, uplink

Spoil = Callable[[sqlite3.Connection], object]
LAST, NEXT = 60, 63


def nobody(_number: int, _total: int) -> None:
    """Be told how far it is."""


def verified(path: Path) -> Verified:
    with looking(path) as found:
        return verify(found, path.with_name("brygga.key"), nobody)


def five_times(path: Path) -> list[Verified]:
    return [verified(path) for _ in range(5)]


async def make(path: Path) -> None:
    """Make a journal of several segments, the oldest of which is gone, with groups, sessions and dead letters."""
    journal = await Journal.open(path, clock=clock, destinations=[CITY], keep_delivered=timedelta(0))
    journal._store.segments.segment_bytes = 1000
    await journal.put_devices([otaa(1), abp(2)])
    rows = await hear(journal, range(20))
    held = {rows[1]: Hold(kind=HeldKind.REFUSED, reason="no")}
    await journal.settle(CITY, Settlement(delivered=frozenset(rows) - held.keys(), held=held))
    await journal.commit(Changes(uplinks=tuple(uplink(f_cnt) for f_cnt in range(20, LAST)), sessions=(session(LAST),)))
    await hear(journal, range(LAST, NEXT))
    await deliver(journal, rows)
    await journal.close()


@contextmanager
def written_to(path: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        yield connection


async def test_a_good_journal_is_good(path: Path) -> None:
    await make(path)

    found = verified(path)

    with looking(path) as there:
        first = there.firsts()[0]
    assert found.findings == []
    assert (found.rows, found.devices, found.sessions) == (NEXT + 1 - first, 2, 2)
    assert first > 1, "a segment has gone, with a row that is held back"


def delete_rows(connection: sqlite3.Connection) -> None:
    for name in tables(connection):
        (count, row) = connection.execute(f"SELECT count(*), min(id) FROM {name}").fetchone()
        if count > 1:
            connection.execute(f"DELETE FROM {name} WHERE id = {row}")
            return


def tables(connection: sqlite3.Connection) -> list[str]:
    names = [name for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE name GLOB 'log_[0-9]*'")]
    return sorted(names, key=lambda name: int(name[4:]))


def turn_a_bit(connection: sqlite3.Connection) -> None:
    (last,) = tables(connection)[-1:]
    (row, record) = connection.execute(f"SELECT id, record FROM {last} ORDER BY id DESC LIMIT 1").fetchone()
    spoilt = record[:40] + bytes([record[40] ^ 1]) + record[41:]
    connection.execute(f"UPDATE {last} SET record = ? WHERE id = ?", (spoilt, row))


SPOILT: dict[str, tuple[Spoil, Matter]] = {
    "a row is deleted": (delete_rows, Matter.IDS),
    "a bit turns in a record": (turn_a_bit, Matter.RECORDS),
    "a cursor is ahead": (lambda c: c.execute("UPDATE cursors SET low = 1000"), Matter.CURSORS),
    "a cursor's ranges are ahead": (
        lambda c: c.execute("UPDATE cursors SET above = x'82190100190200'"), Matter.CURSORS,
    ),
    "a cursor is gone": (lambda c: c.execute("DELETE FROM cursors"), Matter.CURSORS),
    "a cursor is no cursor": (lambda c: c.execute("UPDATE cursors SET above = x'82'"), Matter.RECORDS),
    "a counter is behind": (lambda c: c.execute("UPDATE counters SET f_cnt_up = 20 WHERE f_cnt_up > 20"), Matter.COUNTERS),
    "a held record is gone": (lambda c: c.execute("DELETE FROM kept"), Matter.HELD),
    "a device is none": (lambda c: c.execute("UPDATE devices SET record = x'00'"), Matter.RECORDS),
}  # fmt: skip


@pytest.mark.parametrize("how", SPOILT)
async def test_each_way_to_spoil_it_is_found(how: str, path: Path) -> None:
    await make(path)
    spoil, matter = SPOILT[how]
    with written_to(path) as connection:
        spoil(connection)

    found = verified(path)

    assert {one.matter for one in found.findings} == {matter}, found.findings


async def test_a_damaged_page_is_found(path: Path) -> None:
    await make(path)
    with written_to(path) as connection:
        (page,) = connection.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'dev_nonces'").fetchone()
    with path.open("r+b") as file:
        file.seek((page - 1) * 512)
        file.write(b"\xff" * 512)

    found = verified(path)

    assert Matter.FILE in {one.matter for one in found.findings}


async def test_another_key_file_and_none_are_found_and_none_is_made(path: Path) -> None:
    await make(path)
    key = path.with_name("brygga.key")
    key.write_text("00" * 32 + "\n")
    another = verified(path)
    key.unlink()

    none = verified(path)

    assert [one.matter for one in another.findings] == [one.matter for one in none.findings] == [Matter.KEYS]
    assert "does not open the keys of 4 of 4 records" in another.findings[0].words
    assert not key.exists()


async def test_it_is_good_while_an_agent_writes_and_does_not_wait_for_it(path: Path) -> None:
    await make(path)
    journal = await Journal.open(path, clock=clock, destinations=[CITY])
    journal._store.segments.segment_bytes = 1000
    looked = asyncio.create_task(asyncio.to_thread(five_times, path))
    heard = NEXT
    while not looked.done():
        await deliver(journal, await hear(journal, [heard]))
        heard += 1
    found = await looked
    await journal.close()

    assert [one.findings for one in found] == [[]] * 5
    assert heard > NEXT


async def test_looking_takes_nothing_from_a_journal_whose_agent_was_killed(path: Path, tmp_path: Path) -> None:
    journal = await Journal.open(path, clock=clock, destinations=[CITY])
    await hear(journal, range(5))
    killed = tmp_path / "killed"
    killed.mkdir()
    for name in ("journal.db", "journal.db-wal", "brygga.key"):
        (killed / name).write_bytes((tmp_path / name).read_bytes())
    await journal.close()

    found = verified(killed / "journal.db")
    journal = await Journal.open(killed / "journal.db", clock=clock, destinations=[CITY])
    alarms = await journal.alarms()
    await journal.close()

    assert (found.rows, found.findings) == (5, [])
    assert alarms == []


async def test_a_retired_session_says_nothing_of_its_rows(path: Path) -> None:
    await make(path)
    journal = await Journal.open(path, clock=clock, destinations=[CITY])
    begun = replace(session(0, "26011bda-000002"), f_cnt_up=0)
    await journal.commit(Changes(sessions=(begun,), retired=((begun.dev_eui, "26011bda-000001"),)))
    await journal.close()

    assert verified(path).findings == []


def test_what_is_no_journal_says_so(path: Path) -> None:
    with pytest.raises(ConfigError, match="there is no journal yet"), looking(path):
        pass
    with written_to(path) as connection:
        connection.execute("CREATE TABLE theirs (id INTEGER)")

    with pytest.raises(ConfigError, match="no Brygga journal"), looking(path):
        pass
