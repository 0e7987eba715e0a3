"""The roll of destinations: which the journal knows, with which row each begins, and what is left when one goes."""

from __future__ import annotations

import asyncio
import sqlite3
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from gateway.journal import state_rows
from gateway.journal.cursors import Cursor
from gateway.journal.database import Each, Insert, Statement, Step
from gateway.journal.destination_rows import added, counted, removed
from gateway.journal.destinations import GIVEN_UP, Destination
from gateway.journal.held import in_hand
from gateway.journal.remembered import taken_over
from gateway.journal.store import NAMES_LOST, TOLD, Store
from gateway.journal.values import Begin, HeldKind
from gateway.journal.writer import Writer

ENDED: Final = "UPDATE destinations SET ended = ? WHERE number = ?"
OWNED: Final = {  # tables whose rows go over to another destination, and what becomes of a row that is there already
    "held": "OR IGNORE",
    "retries": "OR IGNORE",
    "memory": "OR REPLACE",
}


class Roll:
    """Destinations begun, renamed and forgotten. One thing at a time: each reads, decides and writes."""

    def __init__(self, store: Store, writer: Writer, alone: asyncio.Lock) -> None:
        self._store = store
        self._writer = writer
        self._alone = alone

    async def configure(self, names: Iterable[str], begins: Mapping[str, Begin], former: Collection[str] = ()) -> None:
        """Begin those of ``names`` that are new; all others are no longer configured, but for those of ``former``.

        A destination whose name is configured with another city ends with the rows that are there: they stay for that
        city, and no more come to them. It goes when it has all of them. The new city begins with the next uplink, whatever
        ``begins`` says: what was heard before the move is the former city's.
        """
        configured = tuple(names)
        store = self._store
        store.configured = {*configured, *(store.destinations.keys() & set(former))}
        first = Begin.UNTOLD if not store.destinations else Begin.OLDEST if store.names_lost else Begin.NOW
        moved = {present: name for name, present in _moves(store.destinations, configured)}
        for name in configured:
            begin = Begin.NOW if name in moved else begins.get(name, Begin.UNTOLD)
            await self.begin(name, first if begin is Begin.UNTOLD else begin)
        for name, _ in [*_moves(store.destinations, configured)]:
            await self._end(name)
        if store.names_lost:
            await self._writer.submit(steps=[Statement("DELETE FROM box WHERE name = ?", (NAMES_LOST,))])
            store.names_lost = False

    def former(self) -> dict[str, str]:
        """Return the destinations that have moved to another city: the name that each ended under, and its present one."""
        known, ended = (
            self._store.destinations,
            [one for one in self._store.destinations.values() if one.ended is not None],
        )
        present = [name for name, one in known.items() if one.ended is None]
        return {one.name: name for one in ended for name in present if _base(one.name) == _base(name)}

    async def _end(self, name: str) -> None:
        """Let a destination have no more than what is there; one that has it all already is no more."""
        store = self._store
        known, last = store.destinations[name], store.segments.last_row
        if known.is_done(last) and not store.untold[name]:
            await self.forget(name)
        elif known.ended is None:
            async with self._alone:
                await self._writer.submit(steps=[Statement(ENDED, (last, known.number))])
                known.ended = last

    async def _resume(self, known: Destination) -> None:
        """Let a destination go on that had ended; what was heard meanwhile was for another city."""
        if known.ended is None:
            return
        cursor = known.cursor.joined([(known.ended + 1, self._store.segments.last_row)])
        await self._writer.submit(steps=[Statement(ENDED, (None, known.number)), _stored(known.number, cursor)])
        known.cursor, known.ended = cursor, None

    async def begin(self, name: str, begin: Begin) -> None:
        """Begin a destination; one that is known stays as it is."""
        store = self._store
        async with self._alone:
            if store.configured is not None:
                store.configured.add(name)
            if name in store.destinations:
                await self._resume(store.destinations[name])
                return
            number = max((known.number for known in store.destinations.values()), default=0) + 1
            before = self._last_before(begin)
            destination = Destination(number=number, name=name, cursor=Cursor(before), began=before)
            await self._writer.submit(steps=added(destination))
            destination.cursor.forget_below(store.segments.first_row)  # a segment may have gone meanwhile
            store.destinations[name] = destination
            store.ring()

    def _last_before(self, begin: Begin) -> int:
        """Return the last row that a new destination does not get."""
        oldest = self._store.segments.first_row - 1
        match begin:
            case Begin.OLDEST:
                return oldest
            case Begin.UNTOLD:
                return max(oldest, self._store.told)
            case Begin.NOW:
                return self._store.segments.last_row

    async def forget(self, name: str) -> None:
        """Forget a destination: its cursor, its held rows, its memory; KeyError when there is none.

        After the last one, what it had not settled is kept for the next.
        """
        store = self._store
        async with in_hand(store, self._alone):
            destination = store.destinations.pop(name)  # first, lest the next commit store its cursor again
            last = [] if store.destinations else [Insert("REPLACE INTO box", [(TOLD, destination.cursor.low)])]
            try:
                await self._writer.submit(steps=[*removed(destination.number), state_rows.forgotten(name), *last])
            except BaseException:
                store.destinations[name] = destination
                raise
            if last:
                store.told = destination.cursor.low
            store.untold.pop(name, None)
            store.look = True

    async def rename(self, old: str, new: str) -> None:
        """Give ``new`` all that ``old`` has: its backlog, held rows and memory; KeyError when there is no ``old``.

        Where ``new`` has begun already, what it has settled is not told again, and its own memory has the last word. What
        is remembered of another platform does not go over (`taken_over`).
        """
        store = self._store
        async with in_hand(store, self._alone):
            await self._writer.submit()  # what was settled is on disk
            before = dict(store.destinations)
            left, came = store.destinations.pop(old), store.destinations.pop(new, None)
            whole = _joined(left, came, new, store.segments.last_row)
            merge = None if came is None else Merge(left.number, came.number)
            store.destinations[new] = whole
            try:
                await self._writer.submit(steps=[*_renamed(whole, left, merge), state_rows.moved(old, new)])
            except BaseException:
                store.destinations.clear()
                store.destinations.update(before)
                raise
            if merge is not None:
                whole.held -= merge.held_twice
                whole.retries -= merge.retries_twice
            store.untold[new] += store.untold.pop(old, 0)
            store.ring()


@dataclass(slots=True)
class Merge:
    """Give a destination the rows of another, some of which it may have, too: those were counted for both."""

    number: int
    other: int
    held_twice: Counter[HeldKind] = field(default_factory=Counter)  # once it has run
    retries_twice: int = 0

    def run(self, connection: sqlite3.Connection) -> None:
        """Run it inside the open transaction."""
        held, retries = counted(connection, (self.number, self.other))
        for table, where_both in OWNED.items():
            sql = f"UPDATE {where_both} {table} SET destination = ? WHERE destination = ?"  # noqa: S608 — names of ours
            connection.execute(sql, (self.number, self.other))
        held_after, retries_after = counted(connection, (self.number,))
        self.held_twice, self.retries_twice = held - held_after, retries - retries_after


def _base(name: str) -> str:
    """Return a destination's name without its city."""
    return name.partition("@")[0]


def _moves(known: Iterable[str], configured: Collection[str]) -> Iterator[tuple[str, str]]:
    """Yield each known destination whose name is configured with another city, and its present name."""
    for name in known:
        if name not in configured:
            yield from ((name, present) for present in configured if _base(present) == _base(name))


def _joined(left: Destination, came: Destination | None, name: str, last: int) -> Destination:
    """Return ``left`` under its new name, with all that ``came`` has done there meanwhile.

    What was heard after ``left`` ended and before ``came`` began was for a city in between.
    """
    memory = taken_over(left.name, left.memory, name, {} if came is None else came.memory)
    pending = left.pending()
    mine = replace(pending, memory={key: value for key, value in pending.memory.items() if key in memory})
    if came is None:
        cursor = left.cursor.joined(_between(left, last))
        return replace(left, name=name, cursor=cursor, ended=None, memory=memory, unsaved=mine, _saving=None)
    settled = [] if came.began is None else [*came.cursor.since(came.began), *_between(left, came.began)]
    return replace(
        left,
        name=name,
        cursor=left.cursor.joined(settled),
        ended=came.ended,
        memory=memory,
        held=left.held + came.held,
        retries=left.retries + came.retries,
        lost=left.lost + came.lost,
        held_lost=left.held_lost + came.held_lost,
        given_up=left.given_up + came.given_up,
        given_up_since=min(
            (one for one in (left.given_up_since, came.given_up_since) if one is not None), default=None
        ),
        given=(left.given | came.given) - left.not_wanted() - came.not_wanted(),
        unsaved=mine.with_later(came.pending()),
        _saving=None,
    )


def _between(left: Destination, last: int) -> list[tuple[int, int]]:
    return [] if left.ended is None or left.ended >= last else [(left.ended + 1, last)]


def _renamed(whole: Destination, left: Destination, merge: Merge | None) -> Iterator[Step]:
    """Yield what stores the new name; rows that whoever had it before has are taken over."""
    if gone := [(left.number, key) for key in left.memory if key not in whole.memory]:
        yield Each("DELETE FROM memory WHERE destination = ? AND key = ?", gone)
    if merge is not None:
        yield merge
        yield from removed(merge.other)
    yield Statement(
        "UPDATE destinations SET name = ?, lost = ?, held_lost = ?, ended = ? WHERE number = ?",
        (whole.name, whole.lost, whole.held_lost, whole.ended, whole.number),
    )
    yield Statement(GIVEN_UP, (whole.given_up, whole.given_up_since, whole.number))
    yield _stored(whole.number, whole.cursor)


def _stored(number: int, cursor: Cursor) -> Step:
    return Statement("REPLACE INTO cursors VALUES (?, ?, ?)", (number, cursor.low, cursor.above()))
