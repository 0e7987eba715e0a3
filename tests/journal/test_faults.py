from __future__ import annotations

import asyncio
import random
import signal
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from gateway.errors import Busy, StorageError
from gateway.journal import Changes, Journal
from tests.journal.samples import CITY, clock, deliver, given, hear, uplink
from tests.journal.writer_process import LIMIT

ROOT = Path(__file__).parents[2]
KILLS = 5
FEWEST_LINES = 1500  # before a kill: enough for several segments to begin and to be dropped


async def run_and_kill(path: Path, seed: random.Random) -> list[str]:
    """Let the process write for a while, kill it, and return the lines that it managed to say."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.journal.writer_process", str(path), cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    said = b""
    async with asyncio.timeout(30):
        while said.count(b"\n") < FEWEST_LINES:
            said += await process.stdout.read(65536)
        said += await process.stdout.readexactly(seed.randrange(4000))
        process.send_signal(signal.SIGKILL)
        said += await process.stdout.read()
        await process.wait()
    return said.decode().splitlines()


async def test_no_kill_loses_what_was_acknowledged_or_gives_an_id_twice(path: Path) -> None:
    seed = random.Random(7)
    acknowledged: dict[int, int] = {}
    delivered: set[int] = set()

    for _ in range(KILLS):
        for line in await run_and_kill(path, seed):
            row, *f_cnt = map(int, line.split())
            if f_cnt:
                assert row not in acknowledged
                acknowledged[row] = f_cnt[0]
            else:
                delivered.add(row)

    journal = await Journal.open(path, clock=clock, limit_bytes=LIMIT, keep_delivered=timedelta(0), destinations=[CITY])
    left: dict[int, int] = {}
    while rows := await journal.read(CITY, 1000):
        left |= {row.id: row.uplink.f_cnt for row in rows}
        await deliver(journal, [row.id for row in rows])
    stats = await journal.stats()
    (known,) = await journal.sessions()
    await journal.close()

    assert acknowledged.keys() <= delivered | left.keys()
    assert all(acknowledged.get(row, f_cnt) == f_cnt for row, f_cnt in left.items())
    assert len(set(acknowledged.values())) == len(acknowledged), "a counter was accepted twice"
    assert known.f_cnt_up >= max(acknowledged.values()) + 1
    assert known.f_cnt_up == stats.last_row, "each uplink has moved the counter by one, in the same commit"
    assert stats.dropped_rows > 0


async def test_another_process_is_told_who_holds_the_journal(path: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.journal.writer_process", str(path), cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    async with asyncio.timeout(30):
        await process.stdout.readline()

        with pytest.raises(Busy, match=f"process {process.pid} holds"):
            await Journal.open(path, clock=clock)

        process.kill()
        await process.communicate()
    await (await Journal.open(path, clock=clock)).close()


async def test_who_is_cancelled_takes_nobody_along(journal: Journal) -> None:
    tasks = [asyncio.create_task(journal.commit(Changes(uplinks=(uplink(n),)))) for n in range(10)]
    await asyncio.sleep(0)

    tasks[4].cancel()
    outcomes = await asyncio.gather(*tasks, return_exceptions=True)

    assert [n for n, outcome in enumerate(outcomes) if isinstance(outcome, asyncio.CancelledError)] == [4]
    assert set(await given(journal)) >= {0, 1, 2, 3, 5, 6, 7, 8, 9}
    assert len(await hear(journal, [10])) == 1


async def test_a_commit_that_fails_leaves_no_gap_and_no_trace(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    await hear(journal, [0])
    database = type(journal._store.database)
    apply = database.apply

    async def broken(self: object, transaction: object) -> None:
        raise StorageError("disk I/O error")

    monkeypatch.setattr(database, "apply", broken)
    with pytest.raises(StorageError, match="I/O"):
        await hear(journal, [1])
    monkeypatch.setattr(database, "apply", apply)

    assert await hear(journal, [2]) == (2,)
    assert await given(journal) == [0, 2]
    assert [known.f_cnt_up for known in await journal.sessions()] == [3]


async def test_a_bug_in_the_writer_reaches_all_who_wait(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    journal = await Journal.open(path, clock=clock, destinations=[CITY])

    async def bug(self: object, transaction: object) -> None:
        raise AssertionError("a bug")

    monkeypatch.setattr(type(journal._store.database), "apply", bug)
    outcomes = await asyncio.gather(*(hear(journal, [n]) for n in range(3)), return_exceptions=True)

    assert [type(outcome) for outcome in outcomes] == [RuntimeError] * 3
    with pytest.raises(RuntimeError):
        await hear(journal, [4])
    with pytest.raises(AssertionError):
        await journal.close()
    monkeypatch.undo()
    await (await Journal.open(path, clock=clock)).close()
