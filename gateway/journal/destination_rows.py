"""The rows in which destinations are stored: made, counted, loaded and removed."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

import cbor2

from gateway.journal.cursors import Cursor
from gateway.journal.database import Database, Each, Statement, Step
from gateway.journal.destinations import Destination
from gateway.journal.values import HeldKind

HELD = (
    "SELECT destination, kind, count(*) FROM held WHERE {} AND NOT EXISTS (SELECT 1 FROM retries WHERE"
    " retries.destination = held.destination AND retries.id = held.id) GROUP BY destination, kind"
)


def added(destination: Destination) -> tuple[Step, ...]:
    """Return what stores a new destination."""
    return (
        Statement(
            "INSERT INTO destinations (number, name, began) VALUES (?, ?, ?)",
            (destination.number, destination.name, destination.began),
        ),
        Statement("INSERT INTO cursors VALUES (?, ?, ?)", (destination.number, destination.cursor.low, b"")),
    )


def whole(known: Iterable[Destination]) -> Iterator[Step]:
    """Yield what stores these destinations and no others, also where they are there already."""
    yield Statement("DELETE FROM destinations")
    for one in known:
        yield Statement(
            "INSERT INTO destinations (number, name, lost, held_lost, began, ended, given_up, given_up_since)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (one.number, one.name, one.lost, one.held_lost, one.began, one.ended, one.given_up, one.given_up_since),
        )
        yield Statement("REPLACE INTO cursors VALUES (?, ?, ?)", (one.number, one.cursor.low, one.cursor.above()))
        memory = [(one.number, key, cbor2.dumps(value)) for key, value in one.memory.items()]
        yield Each("REPLACE INTO memory VALUES (?, ?, ?)", memory)


def removed(number: int) -> tuple[Step, ...]:
    """Return what forgets a destination, its held rows and its memory."""
    tables = (("destinations", "number"), *((name, "destination") for name in ("cursors", "memory", "held", "retries")))
    return (
        *(Statement(f"DELETE FROM {name} WHERE {column} = ?", (number,)) for name, column in tables),  # noqa: S608 — names of ours
        Statement("DELETE FROM kept WHERE id NOT IN (SELECT id FROM held)"),
    )


def counted(connection: sqlite3.Connection, numbers: Sequence[int]) -> tuple[Counter[HeldKind], int]:
    """Return how many rows those destinations hold, by kind, and how many are on their way back, as the transaction has them."""
    among = f"({','.join('?' * len(numbers))})"
    held = connection.execute(HELD.format(f"destination IN {among}"), numbers)
    kinds = Counter[HeldKind]()
    for _, kind, count in held:
        kinds[HeldKind(kind)] += count
    ((retries,),) = connection.execute(f"SELECT count(*) FROM retries WHERE destination IN {among}", numbers)  # noqa: S608 — numbers
    return kinds, retries


async def load(database: Database) -> dict[str, Destination]:
    """Return all destinations as they were when the last commit ended."""
    found = {
        number: Destination(
            number=number,
            name=name,
            cursor=Cursor(low, above),
            lost=lost,
            held_lost=held_lost,
            given_up=given_up,
            given_up_since=since,
            began=began,
            ended=ended,
        )
        for number, name, lost, held_lost, given_up, since, began, ended, low, above in await database.fetch(
            "SELECT number, name, lost, held_lost, given_up, given_up_since, began, ended, low, above FROM destinations"
            " JOIN cursors ON destination = number ORDER BY number"
        )
    }
    for number, key, value in await database.fetch("SELECT destination, key, value FROM memory"):
        found[number].memory[key] = cbor2.loads(value)
    for number, kind, count in await database.fetch(HELD.format("TRUE")):
        found[number].held[HeldKind(kind)] = count
    for number, count in await database.fetch("SELECT destination, count(*) FROM retries GROUP BY destination"):
        found[number].retries = count
    return {destination.name: destination for destination in found.values()}
