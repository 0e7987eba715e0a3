"""What one destination has settled, set aside and remembered: in memory at once, on disk with the next commit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import inf

import cbor2

from gateway.journal.cursors import Cursor
from gateway.journal.database import Each, Statement, Step
from gateway.journal.values import Ahead, HeldKind, Hold, Settlement
from gateway.model import Json, RowId

LONGEST_REASON = 400  # characters of a platform's answer: with them a held row has some 500 octets

LOST = "UPDATE destinations SET lost = ?, held_lost = ? WHERE number = ?"
GIVEN_UP = "UPDATE destinations SET given_up = ?, given_up_since = ? WHERE number = ?"
# A kept record goes when the last destination lets go of it.
FORGET_KEPT = (
    "DELETE FROM kept WHERE id = ? AND NOT EXISTS (SELECT 1 FROM destinations"
    " JOIN held ON held.destination = destinations.number AND held.id = kept.id)"
)


@dataclass(slots=True)
class Unsaved:
    """What was settled and is not yet durable."""

    rows: int = 0
    moved: bool = False  # the cursor
    held: dict[int, tuple[Hold, int]] = field(default_factory=dict)  # with the microsecond of holding
    again: set[int] = field(default_factory=set)  # retried rows that are held anew
    released: set[int] = field(default_factory=set)  # retried rows that are settled
    memory: dict[str, Json | None] = field(default_factory=dict)
    lost: bool = False  # more rows than before, or more held ones
    given_up: bool = False  # the same

    def __bool__(self) -> bool:
        return self.moved or bool(self.held or self.released or self.memory)

    def with_later(self, later: Unsaved) -> Unsaved:
        """Return both, where ``later`` has the last word."""
        return Unsaved(
            self.rows + later.rows,
            self.moved or later.moved,
            self.held | later.held,
            self.again | later.again,
            self.released | later.released,
            self.memory | later.memory,
            self.lost or later.lost,
            self.given_up or later.given_up,
        )


@dataclass(slots=True, kw_only=True)
class Destination:
    """The state of one destination."""

    number: int
    name: str
    cursor: Cursor
    memory: dict[str, Json] = field(default_factory=dict)
    held: Counter[HeldKind] = field(default_factory=Counter)
    retries: int = 0  # rows on their way back, not settled yet
    lost: int = 0  # rows that went undelivered, for the journal was full or damaged
    held_lost: int = 0  # held rows that went, for their share was full or the journal damaged
    given_up: int = 0  # rows that went undelivered, for they had waited too long
    given_up_since: int | None = None  # the microsecond when the first of them went
    began: int | None = None  # the last row before its first; None where an older version began it
    ended: int | None = None  # the last row that is for it, where its name has moved to another city
    given: set[int] = field(default_factory=set)  # those of them that read() has given
    unsaved: Unsaved = field(default_factory=Unsaved)
    _saving: Unsaved | None = None

    def settle(self, settlement: Settlement, now: int) -> None:
        """Take over what was decided; a row that was settled before is left as it is."""
        unsaved = self.unsaved
        for row in sorted(settlement.delivered | settlement.skipped):
            if row in self.given:
                self._end_retry(row)
            elif self.cursor.add(row):
                unsaved.rows += 1
                unsaved.moved = True
        for row, hold in sorted(settlement.held.items()):
            self._hold(row, hold, now)
        self._give_up(settlement.given_up, now)
        for key, value in settlement.memory.items():
            self._remember(key, value)

    def until(self, last: int) -> int:
        """Return the last row that is for this destination, of a log that ends with ``last``."""
        return last if self.ended is None else min(self.ended, last)

    def waiting(self, last: int, after: int | None = None) -> int:
        """Return how many rows of a log that ends with ``last`` are before this destination, retried ones among them.

        With ``after`` only those after that row, and none that is retried.
        """
        until = self.until(last)
        return self.cursor.waiting(until) + self.retries if after is None else self.cursor.waiting(until, after)

    def ahead(self, last: int, after: int) -> Ahead:
        """Return what lies before it in a log that ends with ``last``, and how much of that after the row ``after``."""
        return Ahead(waiting=self.waiting(last), after=self.waiting(last, after), last=RowId(self.until(last)))

    def is_done(self, last: int) -> bool:
        """Tell whether it has moved to another city and nothing is left of it but memory."""
        return self.ended is not None and not self.waiting(last) and not self.held.total()

    @property
    def low(self) -> float:
        """The row up to which nothing is needed for it any more; infinite for one that has ended and has all."""
        return inf if self.ended is not None and self.cursor.low >= self.ended else self.cursor.low

    def lose(self, last: int) -> int:
        """Give up all rows up to ``last`` that are not settled, and return how many of its own those are."""
        until = self.until(last)
        count = sum(end - begin + 1 for begin, end in self.cursor.gaps(until, until))
        self.cursor.forget_below(last + 1)
        self.lost += count
        self.unsaved.moved = True
        self.unsaved.lost |= count > 0
        return count

    def open_rows(self, first: int, last: int) -> Iterator[tuple[int, int]]:
        """Yield which rows from ``first`` to ``last`` it still waits for, as ranges."""
        end = self.until(last)
        yield from self.cursor.gaps(end, end - first + 1, first - 1) if end >= first else ()

    def lose_some(self, ranges: Sequence[tuple[int, int]]) -> int:
        """Give up the rows of ``ranges`` that are not settled, and return how many those are."""
        count = sum(end - begin + 1 for first, last in ranges for begin, end in self.open_rows(first, last))
        self.cursor = self.cursor.joined(ranges)
        self.lost += count
        self.unsaved.moved = True
        self.unsaved.lost |= count > 0
        return count

    def lose_rows(self, rows: Collection[int]) -> int:
        """Give up rows whose records are gone or cannot be read, retried ones too, and return how many were not settled."""
        retried = [row for row in rows if row in self.given]
        for row in retried:
            self._end_retry(row)
        self.held_lost += len(retried)
        others = sum(self.cursor.add(row) for row in sorted(rows))
        self.lost += others
        self.unsaved.rows += others
        self.unsaved.moved |= others > 0
        self.unsaved.lost |= bool(retried or others)
        return len(retried) + others

    def shed(self, count: int) -> int:
        """Let go of the ``count`` oldest rows that are held and not on disk yet, and return how many there were."""
        unsaved = self.unsaved
        oldest = sorted(unsaved.held)[:count]
        for row in oldest:
            self.held[unsaved.held.pop(row)[0].kind] -= 1
        retried = unsaved.again.intersection(oldest)
        unsaved.again -= retried
        unsaved.released |= retried
        self.held_lost += len(retried)
        self.lost += len(oldest) - len(retried)
        unsaved.lost |= bool(oldest)
        return len(oldest)

    def pending(self) -> Unsaved:
        """Return all that is not known to be durable."""
        return self.unsaved if self._saving is None else self._saving.with_later(self.unsaved)

    def not_wanted(self) -> set[int]:
        """Return the retried rows that are settled though the disk does not say so yet."""
        saving = self._saving
        return {*self.unsaved.released, *self.unsaved.again, *(saving.released | saving.again if saving else ())}

    def stage(self) -> Iterator[Step]:
        """Yield what stores all that is unsaved."""
        self._saving, self.unsaved = self.unsaved, Unsaved()
        saving = self._saving
        if saving.moved:
            yield Statement(
                "REPLACE INTO cursors VALUES (?, ?, ?)", (self.number, self.cursor.low, self.cursor.above())
            )
        if saving.lost:
            yield Statement(LOST, (self.lost, self.held_lost, self.number))
        if saving.given_up:
            yield Statement(GIVEN_UP, (self.given_up, self.given_up_since, self.number))
        ended = saving.released | saving.again
        if ended:
            yield Each("DELETE FROM retries WHERE destination = ? AND id = ?", [(self.number, row) for row in ended])
        if saving.released:
            rows = [(self.number, row) for row in saving.released]
            yield Each("DELETE FROM held WHERE destination = ? AND id = ?", rows)
            yield Each(FORGET_KEPT, [(row,) for row in saving.released])
        if saving.held:
            yield Each("REPLACE INTO held VALUES (?, ?, ?, ?, ?, ?)", list(self._held_values(saving)))
        yield from self._memory_steps(saving.memory)

    def confirm(self) -> None:
        """Remember that what stage() yielded is durable."""
        self._saving = None

    def undo(self) -> None:
        """Remember that nothing of it is durable."""
        if self._saving is not None:
            self.unsaved = self._saving.with_later(self.unsaved)
            self._saving = None

    def _hold(self, row: int, hold: Hold, now: int) -> None:
        if row in self.given:
            self.given.discard(row)
            self.retries -= 1
            self.unsaved.again.add(row)
        elif self.cursor.add(row):
            self.unsaved.moved = True
        else:
            return
        self.unsaved.rows += 1
        self.unsaved.held[row] = (hold, now)
        self.held[hold.kind] += 1

    def _give_up(self, rows: Collection[int], now: int) -> None:
        count = sum(self.cursor.add(row) for row in sorted(rows))
        if count:
            self.given_up += count
            self.given_up_since = now if self.given_up_since is None else self.given_up_since
            self.unsaved.rows += count
            self.unsaved.moved = self.unsaved.given_up = True

    def _end_retry(self, row: int) -> None:
        self.given.discard(row)
        self.retries -= 1
        self.unsaved.rows += 1
        self.unsaved.released.add(row)

    def _remember(self, key: str, value: Json | None) -> None:
        self.unsaved.memory[key] = value
        if value is None:
            self.memory.pop(key, None)
        else:
            self.memory[key] = value

    def _held_values(self, saving: Unsaved) -> Iterator[tuple[object, ...]]:
        for row, (hold, now) in saving.held.items():
            yield self.number, row, hold.kind.value, _cut(hold.reason), hold.decoder, now

    def _memory_steps(self, changed: Mapping[str, Json | None]) -> Iterator[Step]:
        kept = [(self.number, key, cbor2.dumps(value)) for key, value in changed.items() if value is not None]
        gone = [(self.number, key) for key, value in changed.items() if value is None]
        if kept:
            yield Each("REPLACE INTO memory VALUES (?, ?, ?)", kept)
        if gone:
            yield Each("DELETE FROM memory WHERE destination = ? AND key = ?", gone)


def _cut(reason: str) -> str:
    return reason if len(reason) <= LONGEST_REASON else f"{reason[: LONGEST_REASON - 1]}…"
