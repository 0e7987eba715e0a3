from __future__ import annotations

import asyncio
import os
import stat
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gateway.errors import Busy, ConfigError, StorageError
from gateway.journal import Changes, HeldKind, Hold, Journal, Settlement
from gateway.journal.database import Insert, Transaction
from gateway.journal.writer import CURSOR_WINDOW
from gateway.model import TimeQuality, eui64
from tests.journal.samples import (
    ACTIVATION,
    BOOT,
    CITY,
    DEV_EUI,
    NOW,
    clock,
    deliver,
    given,
    hear,
    session,
    uplink,
)


async def test_what_was_committed_is_read_oldest_first(journal: Journal) -> None:
    await hear(journal, range(5))

    assert await given(journal) == [0, 1, 2, 3, 4]
    assert await given(journal, limit=2) == [0, 1]


async def test_a_row_comes_back_as_it_was_committed(journal: Journal) -> None:
    (row,) = await journal.commit(Changes(uplinks=(uplink(7),)))

    (read,) = await journal.read(CITY, 10)
    assert (read.id, read.uplink) == (row, uplink(7))


async def test_a_row_is_given_until_it_is_settled(journal: Journal) -> None:
    first, second = await hear(journal, [0, 1])
    assert await given(journal) == [0, 1]

    await deliver(journal, [first])

    assert await given(journal) == [1]
    await deliver(journal, [second])
    assert await given(journal) == []


async def test_rows_are_settled_in_any_order(journal: Journal) -> None:
    rows = await hear(journal, range(6))

    await deliver(journal, [rows[4], rows[1], rows[2]])

    assert await given(journal) == [0, 3, 5]
    assert (await journal.depth(CITY)).waiting == 3


async def test_settling_again_changes_nothing(journal: Journal) -> None:
    rows = await hear(journal, range(4))
    await deliver(journal, rows[:2])
    await deliver(journal, rows[:2])
    await journal.settle(CITY, Settlement(held={rows[0]: Hold(kind=HeldKind.REFUSED, reason="late")}))

    assert await given(journal) == [2, 3]
    assert await journal.held() == []


async def test_many_who_wait_share_a_commit(journal: Journal) -> None:
    before = await journal.stats()

    rows = await asyncio.gather(*(journal.commit(Changes(uplinks=(uplink(n),))) for n in range(1000)))

    after = await journal.stats()
    assert after.commits - before.commits <= 10
    assert [row for (row,) in rows] == list(range(1, 1001))
    assert (after.committed_rows, after.rows, after.last_row) == (1000, 1000, 1000)


async def test_commits_one_after_the_other_are_each_durable(journal: Journal) -> None:
    before = await journal.stats()

    await hear(journal, range(3))

    assert (await journal.stats()).commits - before.commits == 3


async def test_all_is_there_after_a_restart(path: Path) -> None:
    journal = await Journal.open(path, clock=clock, destinations=[CITY])
    rows = await hear(journal, range(6))
    await deliver(journal, [rows[0], rows[1], rows[3]])
    await journal.settle(CITY, Settlement(memory={"thing": {"id": 7, "at": [1.5, "x"]}, "gone": 1}))
    await journal.settle(CITY, Settlement(memory={"gone": None}))
    await journal.close()

    journal = await Journal.open(path, clock=clock, destinations=[CITY])

    assert await given(journal) == [2, 4, 5]
    assert journal.memory(CITY) == {"thing": {"id": 7, "at": [1.5, "x"]}}
    assert await journal.sessions() == (session(6),)
    assert await hear(journal, [6]) == (7,)
    await journal.close()


async def test_uplink_and_counter_are_one_commit(journal: Journal, path: Path) -> None:
    await hear(journal, range(3))

    newest = max([row.uplink.f_cnt for row in await journal.read(CITY, 10)])
    assert [known.f_cnt_up for known in await journal.sessions()] == [newest + 1]


async def test_the_last_state_of_a_session_counts_but_no_counter_moves_back(journal: Journal) -> None:
    await journal.commit(Changes(sessions=(session(5), replace(session(9), rx1_delay_s=5))))

    await journal.commit(Changes(sessions=(replace(session(3), rx1_delay_s=2, n_f_cnt_down=4),)))

    assert await journal.sessions() == (replace(session(9), rx1_delay_s=2, n_f_cnt_down=4),)


async def test_a_retired_session_is_gone_and_its_successor_stays(path: Path) -> None:
    journal = await Journal.open(path, clock=clock)
    await journal.commit(Changes(sessions=(session(5),)))
    successor = session(0, "26011bdb-000002", key=9)
    await journal.commit(Changes(sessions=(successor,), retired=((DEV_EUI, ACTIVATION),)))
    await journal.close()

    journal = await Journal.open(path, clock=clock)

    assert await journal.sessions() == (successor,)
    await journal.close()


async def test_nonces_are_kept(path: Path) -> None:
    journal = await Journal.open(path, clock=clock)
    other = eui64("ffffffffffffffff")
    await journal.commit(Changes(dev_nonces=((DEV_EUI, 7), (other, 8)), join_nonces=((DEV_EUI, 3),)))
    await journal.commit(Changes(dev_nonces=((DEV_EUI, 9), (DEV_EUI, 7)), join_nonces=((DEV_EUI, 4),)))
    await journal.close()

    journal = await Journal.open(path, clock=clock)

    assert await journal.dev_nonces(DEV_EUI) == {7, 9}
    assert await journal.dev_nonces(other) == {8}
    assert (await journal.join_nonce(DEV_EUI), await journal.join_nonce(other)) == (4, 0)
    await journal.close()


async def test_boots_are_remembered(path: Path) -> None:
    journal = await Journal.open(path, clock=clock)
    zero = datetime(2026, 11, 24, 8, 34, 14, 444, tzinfo=UTC)
    await journal.learn_boot(BOOT, zero, TimeQuality.GPS)
    await journal.close()

    journal = await Journal.open(path, clock=clock)

    [span] = journal.boots()[BOOT]
    assert (span.utc_at_zero, span.quality) == (zero, TimeQuality.GPS)
    await journal.close()


async def test_waiting_ends_with_the_next_uplink(journal: Journal) -> None:
    waiting = asyncio.ensure_future(journal.wait(CITY))
    await asyncio.sleep(0)
    assert not waiting.done()

    await hear(journal, [0])

    await asyncio.wait_for(waiting, 5)


async def test_waiting_can_be_cancelled(journal: Journal) -> None:
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(journal.wait(CITY), 0.01)


async def test_memory_is_stored_with_its_settlement(path: Path) -> None:
    journal = await Journal.open(path, clock=clock, destinations=[CITY])
    rows = await hear(journal, [0])
    await journal.settle(CITY, Settlement(delivered=frozenset(rows), memory={"newest": 0}))
    before = (await journal.stats()).commits

    await journal.flush()

    assert (await journal.stats()).commits == before + 1
    await journal.close()


async def test_cursors_ride_in_the_next_commit(journal: Journal) -> None:
    rows = await hear(journal, [0, 1])
    before = (await journal.stats()).commits
    await deliver(journal, rows)

    await hear(journal, [2])
    await journal.flush()

    assert (await journal.stats()).commits == before + 1


async def test_a_window_of_settled_rows_does_not_wait_for_company(journal: Journal) -> None:
    rows = await journal.commit(Changes(uplinks=tuple(map(uplink, range(CURSOR_WINDOW)))))
    before = (await journal.stats()).commits

    await deliver(journal, rows)

    async with asyncio.timeout(0.5):  # half of the second that fewer would wait
        while (await journal.stats()).commits == before:  # noqa: ASYNC110 — the commit is what is waited for, it has no event
            await asyncio.sleep(0.01)


async def test_a_lonely_cursor_goes_after_a_second(journal: Journal) -> None:
    rows = await hear(journal, [0])
    before = (await journal.stats()).commits

    await deliver(journal, rows)

    async with asyncio.timeout(5):
        while (await journal.stats()).commits == before:  # noqa: ASYNC110 — the commit is what is waited for, it has no event
            await asyncio.sleep(0.05)


async def test_a_new_destination_begins_with_the_next_uplink(journal: Journal) -> None:
    await hear(journal, [0, 1])

    await journal.add_destination("neighbour", from_start=False)
    await hear(journal, [2])

    assert await given(journal, "neighbour") == [2]


async def test_a_new_destination_may_begin_at_the_start(journal: Journal) -> None:
    await hear(journal, [0, 1])
    waiting = asyncio.ensure_future(journal.wait(CITY))

    await journal.add_destination("neighbour", from_start=True)

    assert await given(journal, "neighbour") == [0, 1]
    assert journal.destinations() == (CITY, "neighbour")
    await waiting


async def test_a_destination_that_is_known_stays_as_it_is(path: Path) -> None:
    journal = await Journal.open(path, clock=clock, destinations=[CITY])
    rows = await hear(journal, [0, 1])
    await deliver(journal, rows[:1])
    await journal.close()

    journal = await Journal.open(path, clock=clock, destinations=["other"])
    await journal.add_destination(CITY, from_start=True)

    assert journal.destinations() == (CITY, "other")
    assert await given(journal) == [1]
    await journal.close()


async def test_a_removed_destination_leaves_nothing_behind(path: Path) -> None:
    journal = await Journal.open(path, clock=clock, destinations=[CITY])
    rows = await hear(journal, [0, 1])
    hold = Hold(kind=HeldKind.REFUSED, reason="no")
    await journal.settle(CITY, Settlement(held={rows[0]: hold}, memory={"a": 1}))

    await journal.remove_destination(CITY)
    await journal.add_destination("next", from_start=True)

    assert (await journal.held(), journal.memory("next")) == ([], {})
    await journal.close()
    journal = await Journal.open(path, clock=clock)
    assert journal.destinations() == ("next",)
    assert await given(journal, "next") == [0, 1]
    await journal.close()


async def test_depth_tells_what_lies_before_a_destination(journal: Journal) -> None:
    rows = await hear(journal, range(4))
    hold = Hold(kind=HeldKind.UNDATED, reason="no clock")
    await journal.settle(CITY, Settlement(delivered=frozenset(rows[:1]), held={rows[2]: hold}))

    depth = await journal.depth(CITY)

    assert (depth.waiting, depth.oldest) == (2, NOW)
    assert depth.held == {HeldKind.REFUSED: 0, HeldKind.UNDECODED: 0, HeldKind.UNDATED: 1}


async def test_an_empty_journal_has_no_depth(journal: Journal) -> None:
    depth = await journal.depth(CITY)

    assert (depth.waiting, depth.oldest) == (0, None)


async def test_rows_are_kept_when_there_is_no_destination(path: Path) -> None:
    journal = await Journal.open(path, clock=clock, keep_delivered=timedelta(0))
    await hear(journal, range(3))

    assert (await journal.stats()).rows == 3
    await journal.close()


async def test_a_second_opener_is_told_who_holds_the_journal(journal: Journal, path: Path) -> None:
    with pytest.raises(Busy, match=str(os.getpid())):
        await Journal.open(path, clock=clock)


async def test_a_closed_journal_can_be_opened_again_and_takes_nothing(path: Path) -> None:
    journal = await Journal.open(path, clock=clock)
    await journal.close()

    with pytest.raises(StorageError, match="closed"):
        await journal.commit(Changes(uplinks=(uplink(0),)))
    await (await Journal.open(path, clock=clock)).close()


@pytest.mark.on_file
async def test_only_its_owner_can_read_the_files(journal: Journal, path: Path) -> None:
    await hear(journal, [0])

    modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()}
    beside = ("-wal", "-shm", ".lock", ".ballast")
    assert set(modes) == {"brygga.key", path.name, *(f"{path.name}{suffix}" for suffix in beside)}
    assert set(modes.values()) == {0o600}


async def test_a_missing_folder_is_a_problem_of_configuration(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"No such file or directory.*folder"):
        await Journal.open(tmp_path / "nowhere" / "journal.db", clock=clock)


async def test_a_limit_that_is_too_small_is_refused(path: Path) -> None:
    with pytest.raises(ConfigError, match="1000 bytes where at least 1048576"):
        await Journal.open(path, clock=clock, limit_bytes=1000)


def test_keys_do_not_show_in_what_aiosqlite_logs() -> None:
    shown = repr(Transaction([Insert("INSERT INTO sessions", [(1, b"secret")])], 1))

    assert shown == "Transaction(1 steps)"
