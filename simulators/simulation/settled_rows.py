"""What the disk says of each destination (law 2): every row that it does not wait for any more has a reason that is known."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

import cbor2

from simulators.simulation.formats import NEWEST
from simulators.simulation.heard_rows import HeardRows
from simulators.simulation.platforms import Platform
from simulators.simulation.trace import Trace

DESTINATIONS: Final = (
    "SELECT number, name, began, ended, lost, given_up, held_lost, low, above"
    " FROM destinations JOIN cursors ON destination = number"
)
GIVEN_UP: Final = "undecided"  # how the reason of a row begins that the telling loop set aside by itself
AGAIN: Final = "again"  # the kind of a held row that is only on its way back


@dataclass(slots=True, kw_only=True)
class Ledger:
    """What one destination had on disk when it was read last."""

    number: int
    last: int  # the row up to which it was looked at
    ended: int | None = None
    open: set[int] = field(default_factory=set)  # rows that it waits for
    held: dict[int, str] = field(default_factory=dict)  # kind, by row
    gone: set[int] = field(default_factory=set)  # that it never got: let go, or not there any more while it waited
    held_lost: int = 0

    @property
    def is_done(self) -> bool:
        """Tell whether it waits for nothing and holds nothing."""
        return not self.open and not self.held


class SettledRows:
    """The destinations of a journal, and what became of their rows."""

    def __init__(
        self,
        database: sqlite3.Connection,
        rows: HeardRows,
        platforms: Mapping[str, Platform],
        selects: Callable[[str, str], bool],
        trace: Trace,
    ) -> None:
        """``selects`` tells whether a destination, by name, is to have what a device says, by its EUI."""
        self._database = database
        self._rows = rows
        self._platforms = platforms
        self._selects = selects
        self._trace = trace
        self.ledgers: dict[str, Ledger] = {}
        self.had_held: set[tuple[str, int]] = set()  # destinations and rows that were ever held: they come late

    def look(self) -> None:
        """Read what is there now, and ask of each change why."""
        held = self._held()
        present = {}
        for number, name, began, ended, *losses, low, above in self._database.execute(DESTINATIONS).fetchall():
            ledger = self.ledgers.get(name) or Ledger(number=number, last=began)
            until = self._rows.last if ended is None else min(ended, self._rows.last)
            if ledger.ended is not None and ended is None:
                ledger.last = until  # it is configured again: what was heard meanwhile is another city's
            ledger.ended = ended
            self._look_at(name, ledger, _open(low, above, until), held.get(number, {}), until, losses)
            present[name] = ledger
            self._check_memory(name, ledger)
            self._check_there(name, ledger)
        for name, gone in self.ledgers.items():
            if name not in present and not gone.is_done:
                self._trace.break_law("2", f"{name} is gone, with {len(gone.open)} open and {len(gone.held)} held rows")
        self.ledgers = present

    def _held(self) -> dict[int, dict[int, tuple[str, str]]]:
        found: dict[int, dict[int, tuple[str, str]]] = {}
        for number, row, kind, reason in self._database.execute("SELECT destination, id, kind, reason FROM held"):
            found.setdefault(number, {})[row] = (kind, reason)
        return found

    def _look_at(
        self,
        name: str,
        ledger: Ledger,
        now: set[int],
        held: Mapping[int, tuple[str, str]],
        until: int,
        losses: Sequence[int],
    ) -> None:
        came = {row for row in range(ledger.last + 1, until + 1) if row in self._rows.by_row}
        waited = ledger.open | came
        if back := now - waited:
            self._trace.break_law("2", f"{name}: rows {sorted(back)[:5]} were settled, and are open again")
        lost, given_up, held_lost = losses
        left = waited - now - held.keys()
        ledger.gone |= {row for row in left if not self._is_explained(name, row)} | (now - self._rows.there)
        self._check_lost(name, ledger, lost, given_up)
        self._check_released(name, ledger, held, held_lost - ledger.held_lost)
        for row in held.keys() - ledger.held.keys():
            self._check_held(name, row, *held[row])
        ledger.open, ledger.held = now, {row: kind for row, (kind, _) in held.items()}
        ledger.last, ledger.held_lost = max(ledger.last, until), held_lost
        self.had_held |= {(name, row) for row in held}

    def _check_lost(self, name: str, ledger: Ledger, lost: int, given_up: int) -> None:
        """Hold what is counted against the rows that are lost: a count is durable with the loss, the cursor follows.

        Of rows that are given up some may not have been for the destination: nobody has looked at them.
        """
        unexplained = [row for row in ledger.gone if not self._is_explained(name, row)]
        if len(unexplained) > lost + given_up or lost > len(ledger.gone):
            words = f"{name} never gets rows {sorted(unexplained)[-5:]}; {len(unexplained)} such, {lost} lost and {given_up} given up"
            self._trace.break_law("2", words)

    def _check_released(self, name: str, ledger: Ledger, held: Mapping[int, object], lost: int) -> None:
        left = ledger.held.keys() - held.keys()
        unexplained = [row for row in left if not self._is_explained(name, row)]
        if not len(unexplained) <= lost <= len(left):
            self._trace.break_law(
                "2", f"{name}: held rows {sorted(unexplained)[:5]} are gone, {lost} are counted as lost"
            )

    def _is_explained(self, name: str, row: int) -> bool:
        heard = self._rows.by_row[row]
        return heard.said.id in self._platforms[name].answered or not self._selects(name, heard.said.dev_eui)

    def _check_held(self, name: str, row: int, kind: str, reason: str) -> None:
        heard, platform = self._rows.by_row[row], self._platforms[name]
        why: Mapping[str, bool] = {
            "refused": heard.said.id in platform.refusals or reason.startswith(GIVEN_UP),
            "undecoded": heard.said.garbled,
            "undated": heard.heard_at.quality < 2,
            AGAIN: True,
        }
        if not why.get(kind, False):
            self._trace.break_law("2", f"{name}: row {row} is held as {kind} for no reason: {reason}")

    def _check_memory(self, name: str, ledger: Ledger) -> None:
        sql = "SELECT value FROM memory WHERE destination = ? AND key = ?"
        for (value,) in self._database.execute(sql, (ledger.number, NEWEST)):
            if (newest := cbor2.loads(value)) in ledger.open:
                self._trace.break_law("2", f"{name}: its memory knows row {newest}, which it waits for")

    def _check_there(self, name: str, ledger: Ledger) -> None:
        kept = {row for (row,) in self._database.execute("SELECT id FROM kept")} if ledger.held else set()
        if gone := ledger.held.keys() - self._rows.there - kept:
            self._trace.break_law("2", f"{name} holds rows {sorted(gone)[:5]}, which are no longer there")

    def at_risk(self, name: str) -> set[UUID]:
        """Return the uplinks that a platform has taken, and that would be told again after a crash now."""
        ledger, platform = self.ledgers.get(name), self._platforms[name]
        waits: Sequence[int] = () if ledger is None else [*ledger.open, *ledger.held]
        return {self._rows.by_row[row].said.id for row in waits} & platform.answered


def _open(low: int, above: bytes, until: int) -> set[int]:
    bounds = cbor2.loads(above) if above else []
    rows = set(range(low + 1, until + 1))
    for first, last in zip(bounds[0::2], bounds[1::2], strict=True):
        rows.difference_update(range(first, last + 1))
    return rows
