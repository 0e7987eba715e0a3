"""A disk that fails while the journal is open: nothing is promised, nothing that was promised is lost, and all goes on by itself."""

from __future__ import annotations

import asyncio
import signal
import sqlite3
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from gateway.errors import StorageError
from gateway.journal import AlarmKind, Changes, HeldKind, Hold, Journal, Settlement, wal
from gateway.journal.database import Transaction
from gateway.journal.faults import Damaged, Fault, fault_of
from gateway.journal.salvage.salvage import salvage
from gateway.model import eui64
from simulators.faults.compiling import NoCompiler
from simulators.faults.disk import FaultyDisk
from tests.journal.samples import CITY, DEV_EUI, RECEPTION, abp, clock, given, hear, session, uplink

ROOT = Path(__file__).parents[2]
LIMIT_S = 30.0
LINES = 60  # before and after a fault
REFUSED = Hold(kind=HeldKind.REFUSED, reason="400")
CHECKPOINTS_ON_THE_WAY = 250  # commits: enough for the log to go into the file


def error(code: int) -> sqlite3.OperationalError:
    made = sqlite3.OperationalError("disk I/O error")
    made.sqlite_errorcode = code
    return made


class BadDisk:
    """Lets the transactions of this process fail for as long as it is told to."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.code: int | None = None
        run = Transaction.run

        def failing(transaction: Transaction, connection: sqlite3.Connection) -> None:
            if self.code is not None:
                raise error(self.code)
            run(transaction, connection)

        monkeypatch.setattr(Transaction, "run", failing)


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> BadDisk:
    return BadDisk(monkeypatch)


@pytest.mark.parametrize(
    ("code", "fault"),
    [
        (sqlite3.SQLITE_FULL, Fault.FULL),
        (sqlite3.SQLITE_IOERR_FSYNC, Fault.IN_DOUBT),
        (sqlite3.SQLITE_IOERR_WRITE, Fault.IN_DOUBT),
        (sqlite3.SQLITE_READONLY_DBMOVED, Fault.IN_DOUBT),
        (sqlite3.SQLITE_CANTOPEN, Fault.IN_DOUBT),
        (sqlite3.SQLITE_CORRUPT_INDEX, Fault.DAMAGED),
        (sqlite3.SQLITE_NOTADB, Fault.DAMAGED),
        (sqlite3.SQLITE_BUSY, Fault.NONE_OF_IT),
    ],
)
def test_what_an_error_says_of_its_connection(code: int, fault: Fault) -> None:
    assert fault_of(error(code)) is fault


@pytest.mark.parametrize(
    "code", [sqlite3.SQLITE_IOERR_FSYNC, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_FULL]
)
async def test_after_an_error_the_next_commit_works_and_no_counter_has_moved(
    journal: Journal, disk: BadDisk, code: int
) -> None:
    await hear(journal, [0])
    disk.code = code
    with pytest.raises(StorageError):
        await hear(journal, [1])
    during, (known,) = await journal.alarms(), await journal.sessions()
    disk.code = None

    assert await hear(journal, [1]) == (2,)
    assert [alarm.kind for alarm in during] == [AlarmKind.DISK]
    assert known.f_cnt_up == 1
    assert await journal.alarms() == []
    assert (await journal.stats()).troubles == 1
    assert await given(journal) == [0, 1]


async def test_after_an_io_error_the_log_on_the_disk_is_looked_at_before_anything_is_promised(
    journal: Journal, path: Path, disk: BadDisk
) -> None:
    await hear(journal, range(5))
    disk.code = sqlite3.SQLITE_IOERR_FSYNC
    with pytest.raises(StorageError):
        await hear(journal, [5])
    disk.code = None
    log = wal.beside(path)
    octets = bytearray(log.read_bytes())
    known = wal.read(log)
    assert known is not None
    octets[known.frames[-1].offset + 3] ^= 0xFF  # the kernel's memory said more than the disk has
    log.write_bytes(octets)

    with pytest.raises(Damaged, match=r"of \d+ pages committed to its log \d+ are on the disk"):
        await journal._store.database.apply(Transaction((), 10**6))


async def test_a_disk_that_went_and_came_back_is_opened_again(
    journal: Journal, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await hear(journal, [0])
    gone = path.with_name("elsewhere")
    journal._store.database._writing.doubt()
    await asyncio.to_thread(path.rename, gone)
    with pytest.raises(StorageError, match="is the disk still there"):
        await hear(journal, [1])

    await asyncio.to_thread(gone.rename, path)

    assert await hear(journal, [1]) == (2,)
    assert not list(path.parent.glob("*.probe"))


# ── a journal that turns out to be damaged while it is open ──


@pytest.mark.parametrize("table", ["dev_nonces", "counters"])
async def test_damage_is_salvaged_beside_the_hearing_with_what_memory_knows(
    path: Path, caplog: pytest.LogCaptureFixture, table: str
) -> None:
    journal = await Journal.open(path, clock=clock, destinations=[CITY, "other"])
    await journal.put_devices([abp(1)])
    await hear(journal, range(50))
    spoil(path, table)
    journal._store.database._reading.doubt()
    journal._store.database._writing.doubt()
    if table == "dev_nonces":
        with pytest.raises(Damaged):
            await journal.dev_nonces(DEV_EUI)

    await until_taken(lambda: hear(journal, [50]))
    await hear(journal, [51])
    told, alarms = await given(journal), await journal.alarms()
    _, known = await journal.sessions()
    await journal.close()
    again = await Journal.open(path, clock=clock, destinations=[CITY, "other"])
    told_again, (silent, known_again) = await given(again, "other"), await again.sessions()
    await again.close()

    assert told[-2:] == [50, 51]
    assert told_again == told
    assert (known.f_cnt_up, known.n_f_cnt_down) == (52, 0)
    assert (known_again.f_cnt_up, known_again.n_f_cnt_down) == (52, 0)
    assert (silent.f_cnt_up, silent.n_f_cnt_down) == (0, 0), "memory knew them: nothing is skipped"
    assert [alarm.kind for alarm in alarms] == [AlarmKind.DAMAGED]
    assert len(list(path.parent.glob("*.damaged-*Z"))) == 1
    assert "goes on in a new file" in caplog.text


async def test_a_new_file_that_does_not_take_what_memory_knows_is_tried_until_it_does(
    path: Path, disk: BadDisk, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    journal = await Journal.open(path, clock=clock, destinations=[CITY])
    rows = await hear(journal, range(50))
    await journal.settle(CITY, Settlement(held=dict.fromkeys(rows[:4], REFUSED)))
    await journal.retry(CITY, HeldKind.REFUSED, rows[:2])
    await journal.read(CITY, 1)
    spoil(path, "dev_nonces")
    monkeypatch.setattr("gateway.journal.salvage.salvage.salvage", then_full(disk))
    journal._store.database._reading.doubt()
    with pytest.raises(Damaged):
        await journal.dev_nonces(DEV_EUI)
    await journal.flush()
    await journal.settle(CITY, Settlement(delivered=frozenset(rows[:1])))
    heard = replace(uplink(50), receptions=(replace(RECEPTION, gateway=eui64("b827ebfffe999999")),))
    changes = Changes(uplinks=(heard,), sessions=(session(51),))

    for _ in range(3):
        with pytest.raises(StorageError, match="does not have yet what memory knows"):
            await journal.commit(changes)
    with pytest.raises(StorageError, match="does not have yet what memory knows"):
        await journal.read(CITY, 100)
    during = {alarm.kind: alarm.words for alarm in await journal.alarms()}
    disk.code = None
    await until_taken(lambda: journal.commit(changes))
    told, depth = await given(journal), await journal.depth(CITY)
    after = await journal.alarms()
    await journal.close()
    again = await Journal.open(path, clock=clock, destinations=[CITY])
    told_again, depth_again, (known,) = await given(again), await again.depth(CITY), await again.sessions()
    await again.close()

    assert during.keys() == {AlarmKind.DAMAGED, AlarmKind.DISK}
    assert "it is tried again with each uplink" in during[AlarmKind.DAMAGED]
    assert caplog.text.count("it is tried again with each uplink") == 1
    assert told == told_again == [1, *range(4, 51)]
    assert (depth.waiting, depth.held[HeldKind.REFUSED]) == (48, 2)
    assert (depth_again.waiting, depth_again.held[HeldKind.REFUSED]) == (48, 2)
    assert [(alarm.kind, alarm.until_seen) for alarm in after] == [(AlarmKind.DAMAGED, True)]
    assert (known.f_cnt_up, known.n_f_cnt_down) == (51, 0)


def then_full(disk: BadDisk) -> Callable[[Path, str], None]:
    def salvaged(path: Path, why: str) -> None:
        salvage(path, why)
        disk.code = sqlite3.SQLITE_FULL

    return salvaged


def spoil(path: Path, table: str) -> None:
    """Put noise where a table begins, in the file and, so that it is read from there, with the log emptied into it."""
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        (root,) = connection.execute("SELECT rootpage FROM sqlite_schema WHERE name = ?", (table,)).fetchone()
        (size,) = connection.execute("PRAGMA page_size").fetchone()
    connection.close()
    octets = bytearray(path.read_bytes())
    octets[(root - 1) * size : root * size] = bytes([0xA5]) * size
    path.write_bytes(octets)


async def until_taken(commit: Callable[[], Awaitable[object]]) -> None:
    """Commit until it is taken: what is damaged is salvaged behind the first that is refused or taken."""
    async with asyncio.timeout(LIMIT_S):
        while True:
            try:
                await commit()
            except StorageError:
                await asyncio.sleep(0)
            else:
                return


async def test_damage_that_shows_when_the_journal_is_opened_is_salvaged_at_once(path: Path) -> None:
    journal = await Journal.open(path, clock=clock, destinations=[CITY])
    await hear(journal, range(50))
    await journal.close()
    path.with_name("journal.db.suspect").write_text("found while it was open\n", encoding="utf-8")

    journal = await Journal.open(path, clock=clock, destinations=[CITY])
    told, (alarm,) = await given(journal), await journal.alarms()
    await journal.close()

    assert told == list(range(50))
    assert "found while it was open" in alarm.words
    assert not path.with_name("journal.db.suspect").exists()


# ── a real one, for a process of its own ──


@pytest.fixture
def faulty(tmp_path: Path) -> FaultyDisk:
    try:
        return FaultyDisk.made_in(tmp_path)
    except NoCompiler as error:
        pytest.skip(str(error))


@asynccontextmanager
async def process_on(path: Path, faulty: FaultyDisk) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.journal.failing_process", str(path), cwd=ROOT, stdout=asyncio.subprocess.PIPE,
        env=dict(faulty.environment()),
    )  # fmt: skip
    try:
        async with asyncio.timeout(LIMIT_S):
            yield process
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGKILL)
        await process.communicate()


async def lines_of(process: asyncio.subprocess.Process, count: int) -> list[list[str]]:
    assert process.stdout is not None
    return [(await process.stdout.readline()).decode().split() for _ in range(count)]


@pytest.mark.parametrize(
    "fault",
    ["fail_flush=1..:EIO", "fail_write=1..:ENOSPC", "fail_write=3:EIO"],
)
async def test_nothing_acknowledged_is_lost_and_it_goes_on_when_the_disk_does(
    path: Path, faulty: FaultyDisk, fault: str
) -> None:
    said: list[list[str]] = []
    async with process_on(path, faulty) as process:
        said += await lines_of(process, CHECKPOINTS_ON_THE_WAY)
        faulty.say(f"only=journal.db {fault}")
        said += await lines_of(process, LINES)
        faulty.heal()
        said += await lines_of(process, CHECKPOINTS_ON_THE_WAY)
        process.send_signal(signal.SIGKILL)

    journal = await Journal.open(path, clock=clock, destinations=[CITY])
    rows = {row.id: row.uplink.f_cnt for row in await journal.read(CITY, 10**6)}
    (known,) = await journal.sessions()
    alarms = await journal.alarms()
    await journal.close()

    acknowledged = {int(row): int(f_cnt) for row, f_cnt in said if row != "refused"}
    assert any(row == "refused" for row, _ in said), "the disk did fail"
    assert all(rows.get(row) == f_cnt for row, f_cnt in acknowledged.items())  # type: ignore[call-overload]  # a row is a number
    assert sorted(rows.values()) == list(range(len(rows))), "each once, none twice, none left out"
    assert known.f_cnt_up == len(rows)
    assert alarms == []
