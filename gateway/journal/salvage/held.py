"""Held rows whose uplink is lost: nobody can tell them any more, and each that is told again would be looked for without end."""

from __future__ import annotations

import sqlite3
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from typing import Final

from gateway.journal.again import AGAIN
from gateway.journal.groups import rows_of
from gateway.journal.salvage.heard import firsts_of
from gateway.journal.segments import table

COUNT: Final = (
    "UPDATE destinations SET held_lost = held_lost"
    " + (SELECT count(*) FROM held WHERE destination = number AND id = ? AND kind <> ?)"
)


def mend(connection: sqlite3.Connection) -> Iterator[str]:
    """Forget held rows that are neither in the log nor kept aside, and count them for who held them."""
    named = connection.execute(
        "SELECT id FROM held WHERE id NOT IN (SELECT id FROM kept)"
        " UNION SELECT id FROM retries WHERE id NOT IN (SELECT id FROM kept) ORDER BY id"
    )
    gone = [*_not_there(connection, [row for (row,) in named])]
    before = _held(connection)
    connection.executemany(COUNT, [(row, AGAIN) for row in gone])
    for name in ("held", "retries"):
        connection.executemany(f"DELETE FROM {name} WHERE id = ?", [(row,) for row in gone])  # noqa: S608 — names of ours
    if count := before - _held(connection):
        yield f"{count} dead letters and other rows held back are lost with their uplinks; they are counted"


def _held(connection: sqlite3.Connection) -> int:
    ((count,),) = connection.execute("SELECT count(*) FROM held")
    return int(count)


def _not_there(connection: sqlite3.Connection, rows: Iterable[int]) -> Iterator[int]:
    """Yield those of ``rows`` that are not in the log; a group has the id of its last row."""
    firsts = sorted(firsts_of(connection))
    for row in rows:
        place = bisect_right(firsts, row) - 1
        sql = f"SELECT id, record FROM {table(firsts[max(0, place)])} WHERE id >= ? ORDER BY id LIMIT 1"  # noqa: S608 — a name of ours
        found = connection.execute(sql, (row,)).fetchone() if place >= 0 else None
        if found is None or found[0] - rows_of(found[1]) >= row:
            yield row
