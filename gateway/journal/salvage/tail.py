"""The end of a salvaged log: rows that lay behind its newest one are counted, and no id is given twice."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from typing import Final

import cbor2

from gateway.journal.cursors import Cursor
from gateway.journal.salvage.heard import Name, activation, firsts_of, last_heard
from gateway.journal.salvage.taking import Taken
from gateway.journal.segments import create, table

MARGIN: Final = (
    10_000  # ids that are passed over behind a damaged end: twice what a segment has, so that none is given twice
)


def mend(connection: sqlite3.Connection, taken: Taken) -> Iterator[str]:
    """Begin a segment above every row that anything refers to: an id given twice would be passed over unheard."""
    named = max([taken.last, *_named(connection)])
    newest = max(firsts_of(connection), default=1)
    (there,) = connection.execute(f"SELECT max(id) FROM {table(newest)}").fetchone()  # noqa: S608 — a name of ours
    last = max(there or 0, newest - 1)
    lost = max(named - last, _by_counters(connection) if taken.is_open_ended else 0)
    if lost:
        yield f"up to {lost} uplinks after row {last} are gone, going by counters and rows that are named; undelivered ones are counted"
    end = max(named, last + min(lost, MARGIN)) + (MARGIN if taken.is_open_ended else 0)
    if end > last:
        _pass_over(connection, last, end, lost)
        connection.execute(create(end + 1))
        connection.execute(
            "INSERT INTO thinned VALUES (?1, ?2) ON CONFLICT (first) DO UPDATE SET rows = rows + ?2",
            (newest, end - last),
        )


def _named(connection: sqlite3.Connection) -> Iterator[int]:
    """Yield the newest rows that held rows and destinations refer to."""
    for (row,) in connection.execute("SELECT max(id) FROM held UNION ALL SELECT max(id) FROM kept"):
        yield row or 0
    for low, above in connection.execute("SELECT low, above FROM cursors"):
        yield from (low, *(cbor2.loads(above) if above else ()))


def _by_counters(connection: sqlite3.Connection) -> int:
    """Return how many uplinks were heard after the newest that are there, as the counters of sessions have it, at most ``MARGIN``.

    Some of them may have been lost in the air. A session without any row is passed over: its last one went long ago.
    """
    sql = "SELECT dev_eui, record, f_cnt_up FROM sessions JOIN counters ON session = number"
    counters: dict[Name, int] = {
        (eui, activation(record)): f_cnt_up for eui, record, f_cnt_up in connection.execute(sql)
    }
    heard = last_heard(connection, counters.keys())
    return min(MARGIN, sum(max(0, counters[name] - 1 - f_cnt) for name, f_cnt in heard.items()))


def _pass_over(connection: sqlite3.Connection, last: int, end: int, lost: int) -> None:
    """Let each destination pass over the rows after ``last`` up to ``end``, and count ``lost`` of them less those it had got."""
    for number, low, above in connection.execute("SELECT * FROM cursors").fetchall():
        cursor = Cursor(low, above)
        settled = sum(stop - max(start, last + 1) + 1 for start, stop in cursor.since(last) if stop > last)
        passed = cursor.joined([(last + 1, end)])
        connection.execute("REPLACE INTO cursors VALUES (?, ?, ?)", (number, passed.low, passed.above()))
        connection.execute("UPDATE destinations SET lost = lost + ? WHERE number = ?", (max(0, lost - settled), number))
