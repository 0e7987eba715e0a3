"""One conversation with a platform that judges whole requests: parts of rows, requests, answers, the receipt.

Where the platform keeps values by their time, all parts go side by side. Where an older value must not go over a newer
one, each thing on the platform hears one time at a time, oldest first, and the newest that it heard is in the memory
under "newest/<thing>".

A request that is refused is halved down to the part that is meant; one that meets a 500 too, as far as that goes. A broker's line that
broke over what was in flight is opened again: the first part without an answer goes alone, then the others; where that one was not it (a
broker may acknowledge late) by halves. So whoever is innocent arrives in the same conversation, and what it costs is a few connections. Over HTTP
no request breaks another's line, and only what shares a body is parted. When a row is given up: patience.py.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final, Literal, TypeVar

from gateway.formats import Conversation
from gateway.formats.judging import (
    NOBODY_LISTENS,
    NOBODY_SUBSCRIBES,
    NOT_FOUND,
    NOTHING_SAID,
    Fate,
    fate_of,
    words_of,
)
from gateway.formats.missing import PROVED, WAY, Missing
from gateway.formats.naming import UnknownDevice, timestamp
from gateway.formats.parts import Mouth, Part, Said
from gateway.formats.patience import TRIES_KEY, Patience, Tries
from gateway.model import Answer, Item, Json, Receipt, RowId

SPLITS_AFTER_500: Final = 16  # of one conversation; a single bad row among 100 costs 14, an ill platform no more
SILENCES: Final = 10  # of one conversation: each costs a connection; a bad part costs two, a known one costs one
SILENCES_UNWITNESSED: Final = 3  # all, the first alone, and the others: then it is the line

BEHIND: Final = "an older one of the same thing waits"
LATE_SKIPPED: Final = "late: an older value was left out"

Late = Literal["refuse", "send", "skip"]
LATE: Final = ("refuse", "send", "skip")
_T = TypeVar("_T")
Letter = Sequence[Part]  # what goes in one request
Turn = Sequence[Letter]  # what goes side by side


@dataclass(slots=True)
class Row:
    """A row on its way."""

    id: RowId
    said: Said
    tries: Tries
    parts: Sequence[Part] = ()  # that are not sent yet
    to: str = ""
    open: int = 0  # parts that are sent and not judged
    newest_ms: int | None = None  # of what was taken
    refused: list[str] = field(default_factory=list)
    undecided: str = ""

    @property
    def is_settled(self) -> bool:
        """Tell whether nothing is left to say or to hear."""
        return not (self.parts or self.open or self.undecided)


class Rounds:
    """The state of one conversation."""

    def __init__(
        self,
        batch: Sequence[Item],
        memory: Mapping[str, Json],
        mouth: Mouth,
        *,
        late: Late = "send",
        patience: Patience | None = None,
    ) -> None:
        self._mouth = mouth
        self._memory = memory
        self._late = late
        self._patience = patience or Patience()
        self._warnings: list[str] = []
        self._newest: dict[str, int] = {}
        self._rows = {item.row: self._row(item) for item in batch}
        self._splits = SPLITS_AFTER_500
        self._silences = 0
        self._acknowledges_late = False
        self._taken: set[RowId] = set()
        self._stopped = ""
        self._retry_after: timedelta | None = None
        self._missing = Missing(memory.get(WAY) == PROVED)

    def talk(self) -> Conversation:
        """Yield requests until everything is said or the platform takes no more; return the receipt."""
        while not self._stopped and (parts := list(self._wave())):
            turns = deque(self._turns(parts))
            while turns and not self._stopped:
                turn = turns.popleft()
                answers = yield [self._mouth.request(letter) for letter in turn]
                turns.extendleft(reversed(self._hear(turn, answers)))
        return self._receipt()

    # ── what goes out ──

    def _row(self, item: Item) -> Row:
        try:
            said = self._mouth.say(item)
        except UnknownDevice as error:
            said = Said((), refused=[str(error)])
        row = Row(item.row, said, Tries.read(self._memory.get(f"{TRIES_KEY}{item.row}")), said.parts)
        row.refused += said.refused
        row.to = row.parts[0].to if row.parts else ""
        return row

    def _wave(self) -> Iterator[Part]:
        busy: set[str] = set()
        for row in self._rows.values():
            if self._late == "send":
                row.open, parts, row.parts = row.open + len(row.parts), row.parts, ()
                yield from parts
            elif row.parts and row.to not in busy and not row.undecided:
                yield from self._step(row)
            if not row.is_settled:
                busy.add(row.to)

    def _turns(self, parts: Sequence[Part]) -> Iterator[Turn]:
        """Yield the requests that go side by side, and then each suspect's alone."""
        suspects = {part.row for part in parts if self._rows[part.row].tries.is_suspect}
        if others := [part for part in parts if part.row not in suspects]:
            yield list(self._mouth.packed(others))
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

    def _hear(self, turn: Turn, answers: Sequence[Answer]) -> Sequence[Turn]:
        """Judge the answers of a turn; return the turns that go next because of them."""
        halves: list[Letter] = []
        silent: list[Letter] = []
        unsent: list[Letter] = []
        words = ""
        for letter, answer in zip(turn, answers, strict=True):
            fate = fate_of(answer, self._patience.doubtful)
            if answer.retry_after is not None:
                self._retry_after = max(answer.retry_after, self._retry_after or answer.retry_after)
            if len(letter) > 1 and (fate is Fate.REFUSED or self._is_worth_halving(letter, fate, answer)):
                halves += _halves(letter)
            elif fate is Fate.UNCLEAR and (len(letter) > 1 or not _has_line_of_its_own(letter)):
                silent.append(letter)
                words = words_of(answer)
            elif fate is Fate.LATER and not answer.status:  # the line broke before it
                unsent.append(letter)
                words = words_of(answer)
            else:
                self._settle(letter, fate, answer)
        again = [*self._after_silence(silent, words), unsent] if silent else []
        if unsent and not silent:
            self._stopped = words
        return [one for one in (halves, *again) if one]

    def _is_worth_halving(self, letter: Letter, fate: Fate, answer: Answer) -> bool:
        """Tell whether more requests may find out what of a letter is meant; the target that a 404 is about is the same for all of it."""
        is_about_it = answer.status != NOT_FOUND or not self._patience.knows_things
        return fate is Fate.STUMBLED and is_about_it and self._may_split(letter)

    def _may_split(self, letter: Letter) -> bool:
        """Tell whether a 500 is worth more requests: some, and always those that find out about the oldest row."""
        self._splits -= 1
        oldest = next(row.id for row in self._rows.values() if row.open)
        return self._splits >= 0 or any(part.row == oldest for part in letter)

    def _after_silence(self, silent: Sequence[Letter], words: str) -> Sequence[Turn]:
        """Return how the letters without an answer are said again; one part that nothing else was with is the matter."""
        self._silences += 1
        first = silent[0]
        self._rows[first[0].row].tries.now = Fate.UNCLEAR
        if len(silent) == len(first) == 1:
            row = self._rows[first[0].row]
            row.undecided, row.open, row.tries.is_isolated = words, row.open - 1, True
        if self._silences >= (SILENCES if self._taken else SILENCES_UNWITNESSED):
            self._stopped = words
        if len(silent) == 1:
            return [[half] for half in _halves(first)] if len(first) > 1 else []
        return _halves(silent) if self._acknowledges_late else [[first], silent[1:]]

    def _settle(self, letter: Letter, fate: Fate, answer: Answer) -> None:
        if fate is Fate.LATER:
            self._stopped = words_of(answer)
        is_missing = self._patience.knows_things and fate is Fate.STUMBLED and answer.status == NOT_FOUND
        if is_missing:
            self._missing.note(letter[0].to, letter[0].request.shown().target, words_of(answer))
        for part in letter:
            row = self._rows[part.row]
            row.open -= 1
            match fate:
                case Fate.TAKEN:
                    self._take(part, row, answer)
                case Fate.REFUSED:
                    row.refused.append(words_of(answer))
                case _:
                    row.undecided = words_of(answer)
            if fate in {Fate.STUMBLED, Fate.UNCLEAR}:
                row.tries.now, row.tries.is_alone = fate, row.tries.is_alone and (len(letter) == 1 or is_missing)
            self._note(row)

    def _take(self, part: Part, row: Row, answer: Answer) -> None:
        self._acknowledges_late |= row.tries.now is Fate.UNCLEAR
        self._taken.add(row.id)
        row.newest_ms = max(part.observed_ms, row.newest_ms or part.observed_ms)
        if answer.status == NOBODY_SUBSCRIBES:
            self._warnings.append(NOBODY_LISTENS)

    def _note(self, row: Row) -> None:
        """Remember the newest of a row that will not be told again: one that is must not find its own values newer."""
        if self._late != "send" and row.is_settled and row.newest_ms is not None:
            before: int = self._newest.get(row.to) or self._memory.get(f"newest/{row.to}") or row.newest_ms
            self._newest[row.to] = max(row.newest_ms, before)

    # ── what comes of it ──

    def _receipt(self) -> Receipt:
        memory = {**self._judge_missing(), **self._count_tries()}
        settled = [row for row in self._rows.values() if row.is_settled]
        silent = sum(not (row.said.parts or row.said.refused or row.said.inexpressible) for row in settled)
        return Receipt(
            accepted=frozenset(row.id for row in settled if not row.refused),
            refused={row.id: "; ".join(dict.fromkeys(row.refused)) for row in settled if row.refused},
            undecided={
                row.id: row.undecided or self._stopped or BEHIND for row in self._rows.values() if not row.is_settled
            },
            warnings=(*self._warnings, *(NOTHING_SAID,) * silent),
            inexpressible=Counter(quantity for row in settled for quantity in row.said.inexpressible),
            retry_after=self._retry_after,
            memory={**{f"newest/{thing}": newest for thing, newest in self._newest.items()}, **memory},
        )

    def _judge_missing(self) -> Mapping[str, Json]:
        if not self._patience.knows_things:
            return {}
        self._missing.judge(self._rows.values(), is_taken=bool(self._taken))
        if self._missing.targets and not self._taken:
            self._warnings.append(self._missing.complaint())
        return self._missing.memory(is_taken=bool(self._taken))

    def _count_tries(self) -> Mapping[str, Json]:
        """Give up rows that were tried enough; return what the memory keeps, and forgets, of tries."""
        open_now: dict[str, Json] = {}
        counted: set[Fate] = set()
        for row in self._rows.values():
            if row.tries.now is not None and not row.is_settled:
                self._end(row, is_first=row.tries.now not in counted)
                counted.add(row.tries.now)
            if not row.is_settled and row.tries.count:
                open_now[f"{TRIES_KEY}{row.id}"] = row.tries.as_json()
        gone = {key: None for key in self._memory if key.startswith(TRIES_KEY) and key not in open_now}
        return {**gone, **{key: tries for key, tries in open_now.items() if self._memory.get(key) != tries}}

    def _end(self, row: Row, *, is_first: bool) -> None:
        witness = bool(self._taken - {row.id})
        if row.tries.end(self._patience, witness=witness, is_first=is_first):
            while_others = " while others were taken" if row.tries.witnessed else ""
            row.refused.append(f"tried {row.tries.count} times{while_others}; last: {row.undecided or self._stopped}")
            row.undecided, row.parts, row.open = "", (), 0


def _has_line_of_its_own(letter: Letter) -> bool:
    return letter[0].request.target.startswith("/")  # a path: HTTP. A topic begins so only where a person wrote it


def _halves(letters: Sequence[_T]) -> tuple[Sequence[_T], Sequence[_T]]:
    middle = len(letters) // 2
    return letters[:middle], letters[middle:]
