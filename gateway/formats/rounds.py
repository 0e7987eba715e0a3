"""One conversation with a platform that judges whole requests: parts of rows, requests, answers, the receipt.

Where the platform keeps values by their time, all parts go side by side. Where an older value must not go over a newer
one, each thing on the platform hears one time at a time, oldest first, and the newest that it heard is in the memory
under "newest/<thing>".

A request that is refused is halved down to the part that is meant. Two answers may be about a row or about the
platform, and are tries, counted in the memory under "tries/<row>": a 500 (halved, too, as far as that goes), and none at all, as from a
broker that hangs up over a message. They count while others are taken. A row with several tries is a suspect: it goes last and alone, when the
others have proved the way, and is given up after so many tries. Where nothing is taken, a 500 counts for suspects and for the oldest row: a queue
of nothing but poison comes to its end, and a platform that is ill costs a row now and then.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final, Literal

from gateway.formats import Conversation
from gateway.formats.judging import NOBODY_LISTENS, NOBODY_SUBSCRIBES, NOTHING_SAID, Fate, fate_of, words_of
from gateway.formats.naming import UnknownDevice, timestamp
from gateway.formats.parts import Mouth, Part
from gateway.model import Answer, Item, Json, Receipt, RowId

SPLITS_AFTER_500: Final = 16  # of one conversation; a single bad row among 100 costs 14, an ill platform no more
SUSPECT: Final = 3  # tries; fewer are bad luck
TRIES: Final = "tries/"

BEHIND: Final = "an older one of the same thing waits"
LATE_SKIPPED: Final = "late: an older value was left out"

Late = Literal["refuse", "send", "skip"]
LATE: Final = ("refuse", "send", "skip")


@dataclass(slots=True)
class Row:
    """A row on its way."""

    id: RowId
    tries: int
    parts: list[Part] = field(default_factory=list)  # that are not sent yet
    to: str = ""
    open: int = 0  # parts that are sent and not judged
    newest_ms: int | None = None  # of what was taken
    refused: list[str] = field(default_factory=list)
    undecided: str = ""
    ambiguous: Fate | None = None  # STUMBLED or UNCLEAR
    is_alone: bool = True  # in the request that was ambiguous

    @property
    def is_settled(self) -> bool:
        """Tell whether nothing is left to say or to hear."""
        return not (self.parts or self.open or self.undecided)


class Rounds:
    """The state of one conversation. ``tries``: after how many a row is given up."""

    def __init__(
        self, batch: Sequence[Item], memory: Mapping[str, Json], mouth: Mouth, *, late: Late = "send", tries: int = 10
    ) -> None:
        self._mouth = mouth
        self._memory = memory
        self._late = late
        self._tries = tries
        self._inexpressible: Counter[str] = Counter()
        self._warnings: list[str] = []
        self._newest: dict[str, int] = {}
        self._rows = {item.row: self._row(item) for item in batch}
        self._splits = SPLITS_AFTER_500
        self._taken: set[RowId] = set()
        self._stopped = ""
        self._retry_after: timedelta | None = None

    def talk(self) -> Conversation:
        """Yield requests until everything is said or the platform takes no more; return the receipt."""
        while not self._stopped and (parts := list(self._wave())):
            for turn in self._turns(parts):
                letters = self._unless_stopped(turn)
                while letters:
                    answers = yield [self._mouth.request(letter) for letter in letters]
                    letters = [half for pair in zip(letters, answers, strict=True) for half in self._hear(*pair)]
        return self._receipt()

    def _unless_stopped(self, letters: list[Sequence[Part]]) -> list[Sequence[Part]]:
        return [] if self._stopped else letters

    # ── what goes out ──

    def _row(self, item: Item) -> Row:
        row = Row(item.row, self._memory.get(f"{TRIES}{item.row}") or 0)
        try:
            said = self._mouth.say(item)
        except UnknownDevice as error:
            row.refused.append(str(error))
            return row
        self._inexpressible.update(said.inexpressible)
        if not item.observations:
            self._warnings.append(NOTHING_SAID)
        row.parts = list(said.parts)
        row.to = row.parts[0].to if row.parts else ""
        return row

    def _wave(self) -> Iterator[Part]:
        busy: set[str] = set()
        for row in self._rows.values():
            if self._late == "send":
                row.open, parts, row.parts = row.open + len(row.parts), row.parts, []
                yield from parts
            elif row.parts and row.to not in busy and not row.undecided:
                yield from self._step(row)
            if not row.is_settled:
                busy.add(row.to)

    def _turns(self, parts: Sequence[Part]) -> Iterator[list[Sequence[Part]]]:
        """Yield the requests that go side by side, and then each suspect's alone."""
        suspects = {part.row for part in parts if self._rows[part.row].tries >= SUSPECT}
        yield list(self._mouth.packed([part for part in parts if part.row not in suspects]))
        for row in sorted(suspects):
            yield list(self._mouth.packed([part for part in parts if part.row == row]))

    def _step(self, row: Row) -> Iterator[Part]:
        while row.parts and not row.open:  # a step that is late as a whole leaves room for the next
            step = [part for part in row.parts if part.observed_ms == row.parts[0].observed_ms]
            row.parts = row.parts[len(step) :]
            for part in step:
                if not (why := part.late or self._overtaken(part)):
                    row.open += 1
                    yield part
                elif self._late == "refuse":
                    row.refused.append(why)
                else:
                    self._warnings.append(LATE_SKIPPED)
        self._note(row)

    def _overtaken(self, part: Part) -> str:
        newest = self._newest.get(part.to, self._memory.get(f"newest/{part.to}"))
        if newest is None or part.observed_ms >= newest:
            return ""
        return f"late: {timestamp(part.observed_ms)}, and a newer value ({timestamp(newest)}) is already there"

    # ── what comes back ──

    def _hear(self, letter: Sequence[Part], answer: Answer) -> Sequence[Sequence[Part]]:
        """Judge a request; return its halves if they are to be tried."""
        if answer.retry_after is not None:
            self._retry_after = max(answer.retry_after, self._retry_after or answer.retry_after)
        fate, are_many = fate_of(answer), len(letter) > 1
        if are_many and (fate is Fate.REFUSED or (fate is Fate.STUMBLED and self._may_split(letter))):
            middle = len(letter) // 2
            return letter[:middle], letter[middle:]
        if fate is Fate.LATER:
            self._stopped = words_of(answer)
        for part in letter:
            self._settle(part, fate, answer)
            self._rows[part.row].is_alone &= not are_many
        return ()

    def _may_split(self, letter: Sequence[Part]) -> bool:
        """Tell whether a 500 is worth more requests: some, and always those that find out about the oldest row."""
        oldest = next(row.id for row in self._rows.values() if row.open)
        if any(part.row == oldest for part in letter):
            return True
        self._splits -= 1
        return self._splits >= 0

    def _settle(self, part: Part, fate: Fate, answer: Answer) -> None:
        row = self._rows[part.row]
        row.open -= 1
        match fate:
            case Fate.TAKEN:
                self._taken.add(row.id)
                row.newest_ms = max(part.observed_ms, row.newest_ms or part.observed_ms)
                if answer.status == NOBODY_SUBSCRIBES:
                    self._warnings.append(NOBODY_LISTENS)
            case Fate.REFUSED:
                row.refused.append(words_of(answer))
            case Fate.STUMBLED | Fate.UNCLEAR if not self._stopped:
                row.undecided, row.ambiguous = words_of(answer), fate
            case _:
                row.undecided = words_of(answer)
        self._note(row)

    def _note(self, row: Row) -> None:
        """Remember the newest of a row that will not be told again: one that is must not find its own values newer."""
        if self._late != "send" and row.is_settled and row.newest_ms is not None:
            before: int = self._newest.get(row.to) or self._memory.get(f"newest/{row.to}") or row.newest_ms
            self._newest[row.to] = max(row.newest_ms, before)

    # ── what comes of it ──

    def _receipt(self) -> Receipt:
        tries = self._count_tries()
        undecided = {
            row.id: row.undecided or self._stopped or BEHIND for row in self._rows.values() if not row.is_settled
        }
        refused = {
            row.id: "; ".join(dict.fromkeys(row.refused))
            for row in self._rows.values()
            if row.refused and row.id not in undecided
        }
        decided = undecided.keys() | refused.keys()
        return Receipt(
            accepted=frozenset(row for row in self._rows if row not in decided),
            refused=refused,
            undecided=undecided,
            warnings=tuple(self._warnings),
            inexpressible=self._inexpressible,
            retry_after=self._retry_after,
            memory={**{f"newest/{thing}": newest for thing, newest in self._newest.items()}, **tries},
        )

    def _count_tries(self) -> Mapping[str, Json]:
        """Give up rows that were tried enough; return what the memory keeps, and forgets, of tries."""
        open_now: dict[str, Json] = {}
        counted: set[Fate] = set()
        for row in self._rows.values():
            if row.ambiguous is not None:
                self._try(row, row.ambiguous, is_first=row.ambiguous not in counted)
                counted.add(row.ambiguous)
            if not row.is_settled and row.tries:
                open_now[f"{TRIES}{row.id}"] = row.tries
        gone = {key: None for key in self._memory if key.startswith(TRIES) and key not in open_now}
        return {**gone, **{key: tries for key, tries in open_now.items() if self._memory.get(key) != tries}}

    def _try(self, row: Row, fate: Fate, *, is_first: bool) -> None:
        """Count a try where it may be about the row, and give the row up after the last one."""
        others_are_taken = bool(self._taken - {row.id})
        is_suspect = row.tries >= SUSPECT
        if not row.is_alone:  # that will be known when it is
            row.tries += others_are_taken and not is_suspect
            return
        if fate is Fate.STUMBLED:
            may_be_the_row = may_be_given_up = others_are_taken or is_first or is_suspect
        else:  # of several without an answer the first one is it, or nobody knows
            may_be_the_row, may_be_given_up = is_first, is_first and others_are_taken
        row.tries += may_be_the_row
        if may_be_given_up and row.tries >= self._tries:
            row.refused.append(f"{row.undecided} ({row.tries} times)")
            row.undecided, row.parts = "", []
