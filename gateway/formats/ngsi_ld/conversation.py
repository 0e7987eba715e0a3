"""One conversation with an NGSI-LD broker: waves of batch upserts, and the receipt.

A row goes in steps, one for each time it speaks of. A wave takes the next step of every row that no unfinished earlier
row stands before: none that speaks of one of its entities. So a wave holds no entity twice, values arrive oldest first,
and a row that stays undecided keeps what is newer than it back until it is told again. The requests of one wave go side by side.

A row that is told again begins with the first step that was not taken as a whole: in the memory stands, under "step/" and
the uplink's id, the time of the last one that was, and the first observation's id, which another decoder changes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import groupby
from typing import Final, Literal

from gateway.formats import Conversation
from gateway.formats.ngsi_ld.answers import Fate, judge
from gateway.formats.ngsi_ld.entities import Instance, Naming, instances
from gateway.formats.ngsi_ld.newest import Newest
from gateway.model import Answer, Item, Json, Receipt, Request, RowId

TRIES_AFTER_500: Final = (
    16  # splits of one conversation; a single bad entity among 100 costs 14, a broken broker no more
)
NOTHING_SAID: Final = "an uplink held no observation: nothing was sent of it"
LATE_SKIPPED: Final = "late: an older value was left out, for a newer one is already there"

Late = Literal["refuse", "send", "skip"]


@dataclass(slots=True)
class Row:
    """A row on its way."""

    id: RowId
    steps: list[list[Instance]]  # the instances of one time each, oldest first
    entities: frozenset[str]
    place: str  # in the memory
    first: str  # observation's id
    step_ms: int = 0  # the time of the step that was begun last
    told_ms: int | None = None  # of the last step that was taken as a whole
    open: int = 0  # entities that are sent and not judged
    taken: list[Instance] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    undecided: str = ""

    @property
    def settled(self) -> bool:
        """Whether nothing is left to say or to hear."""
        return not (self.steps or self.open or self.undecided)


@dataclass(frozen=True, slots=True)
class Part:
    """An entity in a request, as it is sent."""

    row: Row
    instance: Instance
    text: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """How requests are made."""

    target: str
    headers: Mapping[str, str]
    content_type: str
    most_bytes: int
    most_entities: int
    late: Late

    def request(self, parts: Sequence[Part]) -> Request:
        """Return the batch upsert of ``parts``."""
        body = b"[%b]" % b",".join(part.text for part in parts)
        return Request(target=self.target, body=body, content_type=self.content_type, headers=self.headers)

    def packed(self, parts: Sequence[Part]) -> Iterator[list[Part]]:
        """Yield ``parts`` in requests of bounded size; a part that is too large alone goes alone."""
        batch: list[Part] = []
        size = 2
        for part in parts:
            if batch and (len(batch) == self.most_entities or size + len(part.text) + 1 > self.most_bytes):
                yield batch
                batch, size = [], 2
            batch.append(part)
            size += len(part.text) + 1
        if batch:
            yield batch


class Delivery:
    """The state of one conversation."""

    def __init__(self, batch: Sequence[Item], memory: Mapping[str, Json], naming: Naming, way: Way) -> None:
        self._naming = naming
        self._way = way
        self._newest = Newest(memory)
        self._before = memory
        self._rows = [_row(item, naming, memory) for item in batch]
        self._silent = sum(not row.steps for row in self._rows)
        self._skipped = 0
        self._tries_after_500 = TRIES_AFTER_500
        self._stopped = ""
        self._retry_after: timedelta | None = None

    def talk(self) -> Conversation:
        """Yield waves until everything is said or the broker takes no more; return the receipt."""
        while not self._stopped and (parts := list(self._wave())):
            chunks = list(self._way.packed(parts))
            while chunks:
                answers = yield [self._way.request(chunk) for chunk in chunks]
                chunks = [half for pair in zip(chunks, answers, strict=True) for half in self._hear(*pair)]
        return self._receipt()

    def _wave(self) -> Iterator[Part]:
        """Take the next step of every row that may speak; what is late is taken out on the way."""
        busy: set[str] = set()
        for row in self._rows:
            if row.settled:
                continue
            if not row.undecided and busy.isdisjoint(row.entities):
                yield from self._step(row)
            if not row.settled:
                busy |= row.entities

    def _step(self, row: Row) -> Iterator[Part]:
        while row.steps and not row.open:  # a step that is late as a whole leaves room for the next
            row.step_ms = row.steps[0][0].observed_ms
            for instance in row.steps.pop(0):
                if (part := self._part(row, instance)) is not None:
                    row.open += 1
                    yield part
        if row.settled:
            self._note(row)

    def _part(self, row: Row, instance: Instance) -> Part | None:
        late: Sequence[str] = () if self._way.late == "send" else self._newest.late(instance)
        if late and self._way.late == "refuse":
            row.refused.append(self._newest.words(instance, late))
        elif late:
            self._skipped += 1
        if len(late) == len(instance.readings):
            return None
        readings = [member for name, member in instance.readings.items() if name not in late]
        stamped = self._way.late == "send" or self._newest.is_current(instance)
        return Part(row, instance, self._naming.text(instance, readings, stamped=stamped))

    def _hear(self, parts: list[Part], answer: Answer) -> tuple[list[Part], ...]:
        """Judge a request; return its halves if they are to be tried."""
        judgement = judge(answer, [part.instance.id for part in parts])
        if answer.retry_after is not None:
            self._retry_after = max(answer.retry_after, self._retry_after or answer.retry_after)
        fate = judgement.fate
        if fate is Fate.TRY_SPLIT and len(parts) > 1 and self._tries_after_500 > 0:
            self._tries_after_500 -= 1
            fate = Fate.SPLIT
        if fate is Fate.SPLIT and len(parts) > 1:
            middle = len(parts) // 2
            return parts[:middle], parts[middle:]
        if fate is Fate.UNDECIDED or (fate is Fate.TRY_SPLIT and len(parts) > 1):
            self._stopped = judgement.words
        for part in parts:
            self._settle(part, *(judgement.apart or {}).get(part.instance.id, (fate, judgement.words)))
        return ()

    def _settle(self, part: Part, fate: Fate, words: str) -> None:
        part.row.open -= 1
        match fate:
            case Fate.TAKEN:
                part.row.taken.append(part.instance)
            case Fate.REFUSED | Fate.SPLIT:
                part.row.refused.append(f"{part.instance.id}: {words}")
            case Fate.UNDECIDED | Fate.TRY_SPLIT:
                part.row.undecided = f"{part.instance.id}: {words}"
        row = part.row
        if not (row.open or row.undecided or row.refused):
            row.told_ms = row.step_ms
            self._note(row)
        elif row.settled:
            self._note(row)

    def _note(self, row: Row) -> None:
        """Remember what a row delivered that will not be told again: one that is must not find its own values newer."""
        for instance in row.taken:
            self._newest.note(instance)
        row.taken.clear()

    def _receipt(self) -> Receipt:
        undecided = {row.id: row.undecided or self._stopped for row in self._rows if not row.settled}
        refused = {row.id: "; ".join(row.refused) for row in self._rows if row.refused and row.id not in undecided}
        decided = undecided.keys() | refused.keys()
        return Receipt(
            accepted=frozenset(row.id for row in self._rows if row.id not in decided),
            refused=refused,
            undecided=undecided,
            warnings=(NOTHING_SAID,) * self._silent + (LATE_SKIPPED,) * self._skipped,
            retry_after=self._retry_after,
            memory={**self._newest.changed, **self._steps(undecided)},
        )

    def _steps(self, undecided: Mapping[RowId, str]) -> Mapping[str, Json]:
        """Return how far each undecided row has come, and forget it of those that are settled."""
        steps: dict[str, Json] = {}
        for row in self._rows:
            if row.id not in undecided:
                steps |= {row.place: None} if row.place in self._before else {}
            elif row.told_ms is not None:
                steps[row.place] = [row.told_ms, row.first]
        return steps


def _row(item: Item, naming: Naming, memory: Mapping[str, Json]) -> Row:
    said = instances(item, naming)
    place, first = f"step/{item.uplink.id}", str(item.observations[0].id) if item.observations else ""
    told_ms, of = memory.get(place) or (None, "")
    if told_ms is not None and of == first:
        said = [instance for instance in said if instance.observed_ms > told_ms]
    steps = [list(group) for _, group in groupby(said, key=lambda instance: instance.observed_ms)]
    return Row(item.row, steps, frozenset(instance.id for instance in said), place, first)
