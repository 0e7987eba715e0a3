"""Commits of a hundred uplinks that wait, in a process of its own: `python -m bench.commits WAY FOLDER UPLINKS`.

WAY is the journal, or plain sqlite3, in three ways: the very records, made before the clock starts, alone or with the frame
counters that belong into the same transaction (law 4); and the same job as the journal's, from the same values: each uplink said in
CBOR by the plainest code, each counter by its device. Prints what it was as JSON; `bench.durable` runs it, with a disk whose
flushes are slow, too.
"""

from __future__ import annotations

import asyncio
import json
import sqlite3
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

import cbor2

from bench.backlog import uplinks
from bench.fleet import Fleet
from gateway.clock import SystemClock
from gateway.journal import Changes, Journal
from gateway.journal.records import encode_uplink
from gateway.journal.words import Words
from gateway.model import Reception, Session, Uplink

WAITING = 100
DEVICES = 200
SWITCH_S = 0.0005  # as the agent sets it
PLAIN = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",
    "CREATE TABLE log (id INTEGER PRIMARY KEY, record BLOB NOT NULL)",
)
COUNTERS = "CREATE TABLE counters (dev_eui INTEGER PRIMARY KEY, f_cnt_up INTEGER NOT NULL)"

Heard = Sequence[tuple[Uplink, Session]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Commits:
    """What a way took."""

    per_s: float  # uplinks
    cpu_us: float  # for each, all threads
    written: float  # bytes for each that the process gave to the disk (proc(5), write_bytes)


def journal(folder: Path, heard: Heard) -> Commits:
    """Commit through the journal: a hundred callers, each with one uplink at a time."""
    sys.setswitchinterval(SWITCH_S)
    return asyncio.run(_journal(folder, heard))


async def _journal(folder: Path, heard: Heard) -> Commits:
    opened = await Journal.open(folder / "journal.db", clock=SystemClock(), destinations=["city"])
    try:
        await opened.put_devices(Fleet(DEVICES).registrations())
        left = iter(heard)

        async def hear() -> None:
            for uplink, session in left:
                await opened.commit(Changes(uplinks=(uplink,), sessions=(session,)))

        with _Meter(len(heard)) as meter:
            await asyncio.gather(*(hear() for _ in range(WAITING)))
        return meter.found()
    finally:
        await opened.close()


def plain(folder: Path, heard: Heard) -> Commits:
    """Insert the records, a hundred in each commit."""
    return _plain(folder, heard, ())


def plain_counters(folder: Path, heard: Heard) -> Commits:
    """Insert the records and store each device's counter beside them."""
    return _plain(folder, heard, [(int(session.dev_eui, 16), session.f_cnt_up) for _, session in heard])


def plain_job(folder: Path, heard: Heard) -> Commits:
    """Do what the journal does, as somebody would who needs nothing else: say each uplink in CBOR, store its session's counter."""
    with closing(_opened(folder)) as connection, _Meter(len(heard)) as meter:
        for start in range(0, len(heard), WAITING):
            part = heard[start : start + WAITING]
            rows = [(row, _said(uplink)) for row, (uplink, _) in enumerate(part, start + 1)]
            counters = [(int(session.dev_eui, 16), session.f_cnt_up) for _, session in part]
            _commit(connection, rows, counters)
    return meter.found()


def _said(uplink: Uplink) -> bytes:
    """Return an uplink in CBOR, text for text: no table of words, no tenths, no numbers for data rates."""
    at = uplink.heard_at
    return cbor2.dumps(
        [
            uplink.id.bytes,
            uplink.dev_eui,
            uplink.activation,
            uplink.f_cnt,
            uplink.f_port,
            uplink.payload,
            uplink.confirmed,
            uplink.adr,
            at.boot_id,
            at.monotonic,
            at.utc.timestamp(),
            at.quality.value,
            [_reception(one) for one in uplink.receptions],
        ]
    )


def _reception(one: Reception) -> list[object]:
    return [
        one.source,
        one.gateway,
        one.frequency_hz,
        str(one.data_rate),
        one.rssi_dbm,
        one.snr_db,
        one.timestamp_us,
        one.channel,
        one.antenna,
    ]


def _opened(folder: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(folder / "plain.db", isolation_level=None)
    for sql in (*PLAIN, COUNTERS):
        connection.execute(sql)
    return connection


def _commit(
    connection: sqlite3.Connection, rows: Sequence[tuple[int, bytes]], counters: Sequence[tuple[int, int]]
) -> None:
    connection.execute("BEGIN IMMEDIATE")
    connection.executemany("INSERT INTO log VALUES (?, ?)", rows)
    connection.executemany("REPLACE INTO counters VALUES (?, ?)", counters)
    connection.execute("COMMIT")


def _plain(folder: Path, heard: Heard, counters: Sequence[tuple[int, int]]) -> Commits:
    words = Words([])
    rows = [(row, encode_uplink(uplink, words)) for row, (uplink, _) in enumerate(heard, 1)]
    with closing(_opened(folder)) as connection, _Meter(len(rows)) as meter:
        for start in range(0, len(rows), WAITING):
            _commit(connection, rows[start : start + WAITING], counters[start : start + WAITING])
    return meter.found()


class _Meter:
    """Measures a block that commits ``count`` uplinks."""

    def __init__(self, count: int) -> None:
        self._count = count

    def __enter__(self) -> Self:
        self._before = _now()
        return self

    def __exit__(self, *_: object) -> None:
        self._after = _now()

    def found(self) -> Commits:
        """Return what the block took."""
        took, cpu, written = (after - before for before, after in zip(self._before, self._after, strict=True))
        return Commits(per_s=self._count / took, cpu_us=cpu / self._count * 1e6, written=written / self._count)


def _now() -> tuple[float, float, int]:
    io = dict(line.split(": ") for line in Path("/proc/self/io").read_text(encoding="ascii").splitlines())
    return time.perf_counter(), time.process_time(), int(io["write_bytes"])


WAYS: Mapping[str, Callable[[Path, Heard], Commits]] = {
    "journal": journal,
    "plain": plain,
    "plain_counters": plain_counters,
    "plain_job": plain_job,
}


def main() -> None:
    """Measure one way and print it."""
    way, folder, count = sys.argv[1:]
    found = WAYS[way](Path(folder), list(uplinks(Fleet(DEVICES), int(count))))
    print(json.dumps(asdict(found)))


if __name__ == "__main__":
    main()
