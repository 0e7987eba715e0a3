"""What the log of a new database says was heard: its newest rows, and the greatest counter that they have of each session."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterator
from typing import Any, Final

import cbor2

from gateway.journal.groups import unpacked
from gateway.journal.segments import table

LOOK_BACK: Final = 100_000  # stored records that are searched for what a counter ought to be

Name = tuple[int, str | None]  # of a session: its DevEUI as the database has it, and its activation


def last_heard(connection: sqlite3.Connection, names: Collection[Name]) -> dict[Name, int]:
    """Return the greatest uplink counter that the newest rows have of each session."""
    heard = dict[Name, int]()
    for _, record in newest(connection, LOOK_BACK):
        fields = fields_of(record)
        if len(fields) > 4 and isinstance(fields[1], bytes):
            name = int.from_bytes(fields[1], "big", signed=True), fields[3]
            if name in names:
                heard[name] = max(heard.get(name, -1), fields[4])
    return heard


def newest(connection: sqlite3.Connection, most: int) -> Iterator[tuple[int, bytes]]:
    """Yield the rows of the newest ``most`` records, those of the newest segment first."""
    for first in sorted(firsts_of(connection), reverse=True):
        rows = connection.execute(f"SELECT id, record FROM {table(first)} ORDER BY id DESC LIMIT ?", (most,)).fetchall()  # noqa: S608 — a name of ours
        yield from unpacked(rows)
        most -= len(rows)
        if most <= 0:
            return


def firsts_of(connection: sqlite3.Connection) -> list[int]:
    """Return the first rows of the segments that are there."""
    names = connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table' AND name GLOB 'log_[0-9]*'")
    return [int(name.removeprefix("log_")) for (name,) in names]


def activation(record: bytes) -> str | None:
    """Return the activation in the record of a session; None where it cannot be read."""
    fields = fields_of(record)
    return fields[1] if len(fields) > 1 and isinstance(fields[1], str) else None


def fields_of(record: bytes) -> list[Any]:
    """Return the fields of a record; none where it cannot be read."""
    try:
        fields = cbor2.loads(record)
    except (cbor2.CBORDecodeError, ValueError):
        return []
    return fields if isinstance(fields, list) else []
