"""One conversation with a SensorThings server: what must be there, what is there already, and the rest.

    find ─► make ─► ask about what may be there ─► CreateObservations ─► ask ─► one by one

Where nothing is new and nothing failed before, a batch is one request.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from gateway.formats import Conversation
from gateway.formats.judging import NOTHING_SAID
from gateway.formats.sensorthings.answers import Fate, words
from gateway.formats.sensorthings.course import Course
from gateway.formats.sensorthings.directory import Directory, Exchange, Failure, Identity
from gateway.formats.sensorthings.entities import location, thing
from gateway.formats.sensorthings.questions import ask
from gateway.formats.sensorthings.refs import Ref
from gateway.formats.sensorthings.rows import Row, State, Told, row, still_open
from gateway.formats.sensorthings.sending import Sending
from gateway.model import Device, Item, Json, Place, Receipt, RowId

MOST_TRIES: Final = 5  # that ended in a 500 while the server took something else: then it is the uplink, not the server
MOST_LOST: Final = 2  # requests in a row without an answer: then one by one, for something in them may be the cause
LOST: Final = "lost"  # in the memory: how many they are
UNKNOWN_DEVICE: Final = "unknown device {}: the server has no Datastream of it; `brygga city connect` makes it known"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """How one destination wants it."""

    path: str
    things: Mapping[str, Ref]  # by DevEUI
    streams: Mapping[str, Ref]  # by "<DevEUI>/<quantity>[/<channel>]"
    creates: bool
    arrays: bool
    most: int  # observations of a request


@dataclass(slots=True)
class _Where:
    """Where a thing was last, as far as a batch knows."""

    device: Device
    place: Place
    at: datetime
    moves: bool


@dataclass(slots=True)
class Delivery:
    """The state of one conversation. ``doubts`` everything: an earlier one may have ended in a crash."""

    batch: Sequence[Item]
    memory: Mapping[str, Json]
    wishes: Wishes
    doubts: bool
    found: bool = False  # something that was in doubt was there
    rows: list[Row] = field(default_factory=list)
    directory: Directory = field(init=False)

    def __post_init__(self) -> None:
        self.rows = [
            row(
                item,
                tries=self.memory.get(f"tries/{item.row}") or 0,
                doubtful=self.doubts or bool(self.memory.get(f"sent/{item.row}")),
                placed=self.wishes.creates,
            )
            for item in self.batch
        ]
        self.directory = Directory(
            path=self.wishes.path,
            memory=self.memory,
            course=Course(),
            given=dict(_given(self.rows, self.wishes)),
            creates=self.wishes.creates,
        )

    def talk(self) -> Conversation:
        """Yield requests until everything is said or the server takes no more; return the receipt."""
        told = [one for each in self.rows for one in each.told]
        yield from self._prepare(told)
        new = self.directory.made
        doubtful = [one for one in still_open(told) if one.row.doubtful and one.stream.identity not in new]
        yield from ask(doubtful, self.directory)
        self.found = any(one.state is State.TAKEN for one in doubtful)
        arrays = self.wishes.arrays and (self.memory.get(LOST) or 0) < MOST_LOST
        yield from Sending(self.directory, self.wishes.most, arrays=arrays).send(still_open(told))
        return self._receipt()

    @property
    def is_settled(self) -> bool:
        """Whether all of a batch was decided, and nothing of it was there before."""
        return bool(self.rows) and not self.found and not any(each.open for each in self.rows)

    # ── what must be there ──

    def _prepare(self, told: Sequence[Told]) -> Exchange:
        """Find or make the entities that observations name; those that cannot be had keep theirs back."""
        unknown = [one.stream for one in told if self.directory.ref(one.stream) is None]
        if not self.wishes.creates:
            yield from self.directory.resolve(unknown, {})
        else:
            moved = list(self._moved())
            places = [location(where.device, where.place) for where in moved]
            inside = {thing(where.device).identity: place for where, place in zip(moved, places, strict=True)}
            named = [other for entity in (*unknown, *places) for _, other in entity.links]
            features = [one.feature for one in told if one.feature is not None]
            yield from self.directory.resolve([*named, *features], inside)
            yield from self.directory.resolve([*unknown, *places], {})
            yield from self._bring_back(moved)
            self._note_places(moved)
        for one in told:
            self._keep_back(one)

    def _keep_back(self, one: Told) -> None:
        for entity in (one.stream, one.feature):
            if entity is None or self.directory.ref(entity) is not None:
                continue
            failure = self.directory.failed.get(
                entity.identity, Failure(self.directory.course.stopped or "not made yet")
            )
            if failure.absent:
                one.state = State.UNSAYABLE
            elif failure.for_ever:
                one.refuse(failure.words)
            else:
                one.wait(failure.words)
                one.row.ambiguous |= not self.directory.course.stopped
            return

    def _moved(self) -> Iterator[_Where]:
        """Yield the things whose place is not the one that the server was told last, and is newer, or measured where that was not."""
        for where in _newest_places(self.rows):
            if thing(where.device).identity in self.directory.given:
                continue  # the city made that thing, and said where it is
            known = self.memory.get(location(where.device, where.place).key)
            name = location(where.device, where.place).name
            if not known or (
                known[0] != name and (len(known) < 3 or (where.moves and known[2] < _milliseconds(where.at)))
            ):
                yield where

    def _bring_back(self, moved: Sequence[_Where]) -> Exchange:
        """Link things to places that were made for them earlier: making one links it, finding it does not."""
        back = [where for where in moved if self._was_elsewhere(where)]
        if not back or self.directory.course.stopped:
            return
        answers = yield [self.directory.linking(thing(one.device), location(one.device, one.place)) for one in back]
        for answer in answers:
            if self.directory.course.hear(answer, writes=True) is not Fate.TAKEN:
                self.directory.course.warnings[f"a Thing could not be moved: {words(answer)}"] += 1

    def _was_elsewhere(self, where: _Where) -> bool:
        place = location(where.device, where.place)
        was = self.memory.get(place.key)
        found = place.identity in self.directory.seen - self.directory.made
        return bool(was) and found and self.directory.ref(thing(where.device)) is not None

    def _note_places(self, moved: Sequence[_Where]) -> None:
        for where in moved:
            entity = location(where.device, where.place)
            ref = self.directory.ref(entity)
            if ref is not None:
                self.directory.learn(entity, ref, *([_milliseconds(where.at)] if where.moves else []))
            elif (failure := self.directory.failed.get(entity.identity)) is not None:
                self.directory.course.warnings[f"a Location could not be made: {failure.words}"] += 1

    # ── the receipt ──

    def _receipt(self) -> Receipt:
        course = self.directory.course
        undecided = {
            each.item.row: each.undecided or course.stopped or "not told yet" for each in self.rows if each.open
        }
        refused = {each.item.row: said for each in self.rows if (said := self._refusal(each))}
        undecided = {number: said for number, said in undecided.items() if number not in refused}
        decided = undecided.keys() | refused.keys()
        silent = sum(not each.told for each in self.rows)
        return Receipt(
            accepted=frozenset(each.item.row for each in self.rows if each.item.row not in decided),
            refused=refused,
            undecided=undecided,
            warnings=(NOTHING_SAID,) * silent + tuple(course.warnings.elements()),
            inexpressible=unsayable(self.rows),
            retry_after=course.retry_after,
            memory=self._changed({**self.directory.learned, **self._marks(undecided, refused), LOST: self._lost()}),
        )

    def _refusal(self, each: Row) -> str:
        """Return why a row will never be taken, "" where it was or may be."""
        if is_unknown(each):
            return UNKNOWN_DEVICE.format(each.item.device.dev_eui)
        if each.open and self._counts(each) and each.tries + 1 >= MOST_TRIES:
            return f"tried {MOST_TRIES} times while other uplinks were taken; last answer: {each.undecided}"
        return "" if each.open else "; ".join(each.refused)

    def _counts(self, each: Row) -> bool:
        return each.ambiguous and self.directory.course.wrote

    def _lost(self) -> Json:
        course, before = self.directory.course, self.memory.get(LOST) or 0
        return before + 1 if course.lost else None if course.wrote else before or None

    def _changed(self, said: Mapping[str, Json]) -> Mapping[str, Json]:
        return {key: value for key, value in said.items() if value != self.memory.get(key)}

    def _marks(self, undecided: Container[RowId], refused: Container[RowId]) -> Mapping[str, Json]:
        """Return what has to be known of rows that come again: tried how often, and whether something may be there."""
        marks: dict[str, Json] = {}
        for each in self.rows:
            number = each.item.row
            again, sent, tries = number in undecided, f"sent/{number}", f"tries/{number}"
            partly = each.taken and number in refused  # a person may send it again
            may_be_there = each.reached or each.taken or bool(self.memory.get(sent))
            marks[sent] = True if partly or (again and may_be_there) else None
            marks[tries] = (each.tries + self._counts(each) or None) if again else None
        return marks


def _given(rows: Sequence[Row], wishes: Wishes) -> Iterator[tuple[Identity, Ref]]:
    """Yield the entities that the configuration knows the ids of."""
    for each in rows:
        device = each.item.device
        if device.dev_eui in wishes.things:
            yield thing(device).identity, wishes.things[device.dev_eui]
        for one in each.told:
            if wishes.streams and (ref := wishes.streams.get(stream_key(one))) is not None:
                yield one.stream.identity, ref


def stream_key(one: Told) -> str:
    """Return what a configuration calls the Datastream of an observation."""
    observation = one.observation
    what = observation.quantity if observation.channel is None else f"{observation.quantity}/{observation.channel}"
    return f"{one.row.item.device.dev_eui}/{what}"


def is_unknown(each: Row) -> bool:
    """Tell whether a row's device has no Datastream at all."""
    return bool(each.told) and all(one.state is State.UNSAYABLE for one in each.told)


def unsayable(rows: Sequence[Row]) -> Mapping[str, int]:
    """Return the quantities that devices with other Datastreams have none for, counted."""
    known = [each for each in rows if not is_unknown(each)]
    return Counter(one.observation.quantity for each in known for one in each.told if one.state is State.UNSAYABLE)


def _newest_places(rows: Sequence[Row]) -> Sequence[_Where]:
    newest: dict[Identity, _Where] = {}
    for each in rows:
        device = each.item.device
        for one in each.item.observations:
            if one.place is None:
                continue
            identity = thing(device).identity
            known, moves = newest.get(identity), one.place != device.place
            if known is None or (known.moves, known.at) <= (moves, one.observed_at):
                newest[identity] = _Where(device, one.place, one.observed_at, moves=moves)
    return list(newest.values())


def _milliseconds(at: datetime) -> int:
    return round((at - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds() * 1000)
