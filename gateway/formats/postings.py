"""One conversation of messages that stand each for itself: events, templates, telemetry of a cloud. Sans-I/O.

What a row says is sent side by side, and each answer decides what it is of. A platform may also answer with nothing but
a closed connection (Azure IoT Hub and any broker of MQTT 3.1.1), or with words that fit a bad message as well as a bad
day (500, 404, MQTT's "not authorized"). Such an answer is a try: in the memory stands, under "tries/" and the row, how many
there were. From the third on messages go one at a time, and the suspect last; when others were taken before it
and it fails once more, it is the message, and refused. One that is left alone is tried ten times, and refused when others
were taken since its first try. While nothing is taken, nothing is refused: then it is the line.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Final

from gateway.formats import Conversation
from gateway.formats.judging import NOBODY_LISTENS, NOBODY_SUBSCRIBES, NOTHING_SAID
from gateway.model import Answer, Item, Json, Receipt, Request, RowId, Verdict

TRIES: Final = 3  # that may be bad luck; the next one is not, when others went through
TRIES_ALONE: Final = 10  # with nothing else to send beside it
SPLITS: Final = 16  # of one conversation after a 500; a single bad message among 100 costs 14
AMBIGUOUS: Final = frozenset({404, 500, 0x87})  # of the message, or of the platform: nobody can tell from one answer
TRIES_KEY: Final = "tries/"  # below zero when others were taken meanwhile; a whole number, as other formats keep it


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What becomes of a row: messages, why some of it can never be sent, and what has no words."""

    row: RowId
    requests: tuple[Request, ...] = ()
    refusals: tuple[str, ...] = ()
    inexpressible: Mapping[str, int] = field(default_factory=dict)


@dataclass(slots=True, eq=False)
class _Row:
    said: Said
    tries: int  # before this conversation
    had_witness: bool  # others were taken since its first try
    open: int  # messages without an answer that decides
    refused: list[str] = field(default_factory=list)
    undecided: str = ""
    tried: bool = False  # in this conversation


@dataclass(frozen=True, slots=True)
class _Part:
    row: _Row
    request: Request


_Letter = tuple[_Part, ...]  # what goes in one request


class Posting:
    """The state of one conversation. ``most`` messages of one target go together, as a JSON array."""

    def __init__(self, said: Sequence[Said], memory: Mapping[str, Json], *, most: int = 1) -> None:
        self._rows = [_row(one, memory) for one in said]
        self._before = memory
        self._narrow = any(row.tries >= TRIES for row in self._rows)
        self._most = 1 if self._narrow else most
        self._splits = SPLITS
        self._taken = 0
        self._stopped = ""
        self._warnings: list[str] = []
        self._retry_after: timedelta | None = None

    def talk(self) -> Conversation:
        """Yield requests until all are answered or the platform takes no more; return the receipt."""
        waiting = deque(self._letters())
        while waiting and not self._stopped:
            turn = [waiting.popleft() for _ in range(1 if self._narrow else len(waiting))]
            answers = yield [_request(letter) for letter in turn]
            for letter, answer in zip(turn, answers, strict=True):
                waiting.extendleft(self._hear(letter, answer))
        return self._receipt()

    def _letters(self) -> Iterator[_Letter]:
        """Put messages together in their order; what was tried often goes last, when the others have proved the line."""
        in_order = sorted(self._rows, key=lambda row: row.tries >= TRIES)
        letter: list[_Part] = []
        for part in (_Part(row, request) for row in in_order for request in row.said.requests):
            if letter and (len(letter) == self._most or part.request.target != letter[0].request.target):
                yield tuple(letter)
                letter = []
            letter.append(part)
        if letter:
            yield tuple(letter)

    def _hear(self, letter: _Letter, answer: Answer) -> Sequence[_Letter]:
        """Judge one answer; return the halves of a letter that was not taken as a whole."""
        if answer.retry_after is not None:
            self._retry_after = max(answer.retry_after, self._retry_after or answer.retry_after)
        match answer.verdict:
            case Verdict.TAKEN:
                self._take(letter, answer)
            case Verdict.UNCLEAR:
                self._try(
                    letter[:1] if not self._stopped else (), words(answer)
                )  # the first one is it, or nobody knows
                self._leave(letter, answer)
            case Verdict.REFUSED | Verdict.LATER if answer.status in AMBIGUOUS:
                return self._doubt(letter, answer)
            case Verdict.REFUSED if len(letter) > 1:
                return _halves(letter)
            case Verdict.REFUSED:
                self._refuse(letter[0].row, words(answer))
            case Verdict.LATER:
                self._leave(letter, answer)
        return ()

    def _take(self, letter: _Letter, answer: Answer) -> None:
        self._taken += 1
        for part in letter:
            part.row.open -= 1
            if answer.status == NOBODY_SUBSCRIBES:
                self._warnings.append(NOBODY_LISTENS)

    def _leave(self, letter: _Letter, answer: Answer) -> None:
        """Leave messages for another time, and stop: what comes after would fare no better."""
        self._stopped = words(answer)
        for part in letter:
            part.row.undecided = part.row.undecided or self._stopped

    def _doubt(self, letter: _Letter, answer: Answer) -> Sequence[_Letter]:
        if len(letter) > 1 and self._splits > 0:
            self._splits -= 1
            return _halves(letter)
        self._try(letter, words(answer))
        return ()

    def _try(self, letter: _Letter, why: str) -> None:
        for part in letter:
            part.row.tried = True
            part.row.undecided = part.row.undecided or why

    def _refuse(self, row: _Row, why: str) -> None:
        row.open -= 1
        row.refused.append(why)

    # ── the receipt ──

    def _receipt(self) -> Receipt:
        for row in self._rows:
            self._give_up(row)
        undecided = {row.said.row: row.undecided or self._stopped for row in self._rows if row.open > 0}
        decided = [row for row in self._rows if row.open <= 0]
        silent = sum(not (row.said.requests or row.said.refusals or row.said.inexpressible) for row in decided)
        inexpressible: Counter[str] = Counter()
        for row in decided:
            inexpressible.update(row.said.inexpressible)
        return Receipt(
            accepted=frozenset(row.said.row for row in decided if not row.refused),
            refused={row.said.row: "; ".join(dict.fromkeys(row.refused)) for row in decided if row.refused},
            undecided=undecided,
            warnings=(*self._warnings, *(NOTHING_SAID,) * silent),
            inexpressible=inexpressible,
            retry_after=self._retry_after,
            memory=self._tries(),
        )

    def _give_up(self, row: _Row) -> None:
        """Refuse a row that failed again, alone or by a word of its own, while others were taken."""
        least = TRIES if self._taken else TRIES_ALONE - 1
        if row.open > 0 and row.tried and row.tries >= least and (self._taken or row.had_witness):
            row.open = 0
            row.refused.append(f"tried {row.tries + 1} times while others were taken; last: {row.undecided}")

    def _tries(self) -> Mapping[str, Json]:
        """Return the counts of what is still open, and forget the others: also of rows that ended some other way."""
        now = {
            f"{TRIES_KEY}{row.said.row}": (row.tries + row.tried) * (-1 if row.had_witness or self._taken else 1)
            for row in self._rows
            if row.open > 0 and row.tries + row.tried
        }
        gone = {key: None for key in self._before if key.startswith(TRIES_KEY) and key not in now}
        return {**gone, **{key: tries for key, tries in now.items() if self._before.get(key) != tries}}


def words(answer: Answer) -> str:
    """Return what a platform said, for people."""
    return answer.detail or f"{answer.verdict}: status {answer.status}"


def unwrapped(item: Item, inner: Conversation) -> Said:
    """Return what a format whose messages stand each for itself says of one row, without sending anything."""
    requests: list[Request] = []
    receipt = yet_to_end = Receipt()
    answers: Sequence[Answer] | None = None
    while receipt is yet_to_end:
        try:
            asked = next(inner) if answers is None else inner.send(answers)
        except StopIteration as end:
            receipt = end.value
        else:
            requests += asked
            answers = [Answer(verdict=Verdict.TAKEN, status=0)] * len(asked)
    refusals = tuple(receipt.refused.values())
    return Said(row=item.row, requests=tuple(requests), refusals=refusals, inexpressible=receipt.inexpressible)


def _row(said: Said, memory: Mapping[str, Json]) -> _Row:
    known = memory.get(f"{TRIES_KEY}{said.row}") or 0
    return _Row(said, abs(known), known < 0, len(said.requests), list(said.refusals))


def _halves(letter: _Letter) -> Sequence[_Letter]:
    """Return both halves, the second first: they go to the front of a queue one by one."""
    middle = len(letter) // 2
    return letter[middle:], letter[:middle]


def _request(letter: _Letter) -> Request:
    first = letter[0].request
    if len(letter) == 1:
        return first
    return replace(first, body=b"[" + b",".join(part.request.body for part in letter) + b"]", headers={})
