"""One conversation with an NGSI-LD broker: waves of upserts or merges, and the receipt.

A row goes in steps, one for each time it speaks of. A wave takes the next step of every row that no unfinished earlier
row stands before: none that speaks of one of its entities. So a wave holds no entity twice, values arrive oldest first,
and a row that stays undecided keeps what is newer than it back until it is told again. The requests of one wave go side by side.

A row that is told again begins with the first step that was not taken as a whole: in the memory stands, under "step/" and
the uplink's id, the time of the last one that was, and the first observation's id, which another decoder changes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import timedelta
from itertools import groupby
from typing import Final

from gateway.formats import Conversation
from gateway.formats.judging import NOTHING_SAID
from gateway.formats.ngsi_ld.answers import Fate, judge, judge_one
from gateway.formats.ngsi_ld.entities import Instance, Naming, instances
from gateway.formats.ngsi_ld.letters import SIDE_BY_SIDE, Letter, Part, Row, Stage, Way
from gateway.formats.ngsi_ld.newest import Newest
from gateway.model import Answer, Item, Json, Receipt, RowId

TRIES_AFTER_500: Final = (
    16  # splits of one conversation; a single bad entity among 100 costs 14, a broken broker no more
)
BEHIND: Final = "an older one of the same thing waits"
LATE_SKIPPED: Final = "late: an older value was left out, for a newer one is already there"

Say = Callable[[Item, Naming], Sequence[Instance]]
"""Return what a row says, the oldest first."""


class Delivery:
    """The state of one conversation."""

    def __init__(
        self, batch: Sequence[Item], memory: Mapping[str, Json], naming: Naming, way: Way, say: Say = instances
    ) -> None:
        self._naming = naming
        self._way = way
        self._newest = Newest(memory)
        self._before = memory
        self._rows = [_row(item, say(item, naming), memory) for item in batch]
        self._silent = sum(not row.steps for row in self._rows)
        self._skipped = 0
        self._tries_after_500 = TRIES_AFTER_500
        self._stopped = ""
        self._retry_after: timedelta | None = None

    def talk(self) -> Conversation:
        """Yield waves until everything is said or the broker takes no more; return the receipt."""
        while not self._stopped and (parts := list(self._wave())):
            waiting = list(self._way.letters(parts))
            while waiting:
                turn, rest = waiting[:SIDE_BY_SIDE], waiting[SIDE_BY_SIDE:]
                answers = yield [self._way.request(letter) for letter in turn]
                following = [more for pair in zip(turn, answers, strict=True) for more in self._hear(*pair)]
                waiting = following + self._unless_stopped(rest)
        return self._receipt()

    def _unless_stopped(self, letters: list[Letter]) -> list[Letter]:
        return [] if self._stopped else letters

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
                for part in self._parts(row, instance):
                    row.open += 1
                    yield part
        if row.settled:
            self._note(row)

    def _parts(self, row: Row, instance: Instance) -> Iterator[Part]:
        late: Sequence[str] = () if self._way.late == "send" else self._newest.late(instance)
        if late:
            yield from self._late(row, instance, late)
        if len(late) < len(instance.readings):
            readings = [member for name, member in instance.readings.items() if name not in late]
            stamped = self._way.late == "send" or self._newest.is_current(instance)
            if self._newest.has_position(instance.device):  # what was measured is better than where it was put once
                instance.registered = ""
            yield Part(row, instance, self._naming.members(instance, readings, stamped=stamped))

    def _late(self, row: Row, instance: Instance, names: Sequence[str]) -> Iterator[Part]:
        match self._way.late:
            case "temporal":
                yield Part(row, instance, self._naming.history(instance, names), is_history=True)
            case "refuse":
                row.refused.append(self._newest.words(instance, names))
            case _:
                self._skipped += 1

    def _hear(self, letter: Letter, answer: Answer) -> tuple[Letter, ...]:
        """Judge a request; return what is asked next in its place: the other method, or the halves of a batch."""
        if answer.retry_after is not None:
            self._retry_after = max(answer.retry_after, self._retry_after or answer.retry_after)
        if (following := letter.following(answer)) is not None:
            return (following,)
        is_batch = letter.stage is Stage.UPSERT
        judgement = judge(answer, letter.ids) if is_batch else judge_one(answer, letter.stage)
        fate, are_many = judgement.fate, len(letter.parts) > 1
        if fate is Fate.TRY_SPLIT and are_many and self._tries_after_500 > 0:
            self._tries_after_500 -= 1
            fate = Fate.SPLIT
        if fate is Fate.SPLIT and are_many:
            return letter.halves()
        if fate is Fate.UNDECIDED or (fate is Fate.TRY_SPLIT and are_many):
            self._stopped = judgement.words
        for part in letter.parts:
            self._settle(part, *(judgement.apart or {}).get(part.instance.id, (fate, judgement.words)))
        return ()

    def _settle(self, part: Part, fate: Fate, words: str) -> None:
        part.row.open -= 1
        match fate:
            case Fate.TAKEN if part.is_history:  # what is there now stays the newest
                pass
            case Fate.TAKEN:
                part.row.taken.append(part.instance)
            case Fate.PARTLY:
                part.row.taken.append(part.instance)
                part.row.refused.append(f"{part.instance.id}: {words}")
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
        undecided = {row.id: row.undecided or self._stopped or BEHIND for row in self._rows if not row.settled}
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


def _row(item: Item, said: Sequence[Instance], memory: Mapping[str, Json]) -> Row:
    place, first = f"step/{item.uplink.id}", str(item.observations[0].id) if item.observations else ""
    told_ms, of = memory.get(place) or (None, "")
    if told_ms is not None and of == first:
        said = [instance for instance in said if instance.observed_ms > told_ms]
    steps = [list(group) for _, group in groupby(said, key=lambda instance: instance.observed_ms)]
    return Row(item.row, steps, frozenset(instance.id for instance in said), place, first)
