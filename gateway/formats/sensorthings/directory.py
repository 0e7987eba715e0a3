"""The entities of a server that are known here: from the memory, found by name, or made.

Find before create: a crash between the making and its answer leaves an entity that is found the next time. A server that
refuses a second one of a name (409) has it from somebody who was quicker; then it is found, too.
"""

from __future__ import annotations

import json
from collections.abc import Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import quote

from gateway.formats.sensorthings.answers import Fate, is_other_unit, values, words
from gateway.formats.sensorthings.course import Course
from gateway.formats.sensorthings.entities import Entity
from gateway.formats.sensorthings.observations import reference
from gateway.formats.sensorthings.refs import Ref, in_path, literal, of_id, of_link
from gateway.model import Answer, Json, Request

JSON: Final = "application/json"
UNKNOWN: Final = Ref("")  # of an entity that is there, whose id nobody needs

Exchange = Generator[Sequence[Request], Sequence[Answer], None]
Identity = tuple[str, str]  # an Entity's


@dataclass(frozen=True, slots=True)
class Failure:
    """Why an entity cannot be had: for ever, or for now."""

    words: str
    for_ever: bool = False
    absent: bool = False  # nobody made it, and it is not for us to


@dataclass(slots=True)
class Directory:
    """What is known before a conversation, and what it learns; ``learned`` goes to the memory."""

    path: str
    memory: Mapping[str, Json]
    course: Course
    given: Mapping[Identity, Ref] = field(default_factory=dict)  # by the configuration
    creates: bool = True
    refs: dict[Identity, Ref] = field(default_factory=dict)
    made: set[Identity] = field(default_factory=set)  # in this conversation: nothing was in them before
    seen: set[Identity] = field(default_factory=set)  # in this conversation: they are there
    failed: dict[Identity, Failure] = field(default_factory=dict)
    learned: dict[str, Json] = field(default_factory=dict)

    def ref(self, entity: Entity) -> Ref | None:
        """Return the id of ``entity``; None while it is not known."""
        found = self.given.get(entity.identity) or self.refs.get(entity.identity)
        if found is None:
            kept = self.memory.get(entity.key)
            if entity.key not in self.learned and kept and kept[0] == entity.name:
                found = self.refs[entity.identity] = Ref(kept[1])
        return found

    def learn(self, entity: Entity, ref: Ref, *more: Json) -> None:
        """Keep the id of ``entity``, over restarts too."""
        self.refs[entity.identity] = ref
        self.learned[entity.key] = [entity.name, str(ref), *more]

    def forget(self, entity: Entity) -> None:
        """Look for ``entity`` again the next time; what the configuration names stays."""
        self.refs.pop(entity.identity, None)
        self.learned[entity.key] = None

    def resolve(self, entities: Iterable[Entity], inside: Mapping[Identity, Entity]) -> Exchange:
        """Find those that are not known yet, and make those that are not there.

        ``inside``: Locations that are made together with their Things, by the Things' identities.
        """
        wanted = {entity.identity: entity for entity in entities if self.ref(entity) is None}
        missing = [entity for entity in wanted.values() if entity.identity not in self.failed]
        absent = yield from self._find(missing)
        if not self.creates:
            self.failed |= {
                one.identity: Failure(f"there is no {one.collection} {one.name!r}", absent=True) for one in absent
            }
            return
        ready = [entity for entity in absent if not self._lacks(entity)]
        twice = yield from self._create(ready, inside)
        for entity in (yield from self._find(twice)):
            said = f"{entity.collection} {entity.name!r}: 409, it is there, and it cannot be found"
            self.failed[entity.identity] = Failure(said, for_ever=True)

    def _lacks(self, entity: Entity) -> bool:
        """Tell whether something that ``entity`` names cannot be had; then it cannot be either."""
        for _, other in entity.links:
            if self.ref(other) is None:
                self.failed[entity.identity] = self.failed.get(
                    other.identity, Failure(self.course.stopped or "not made yet")
                )
                return True
        return False

    def _find(self, entities: Sequence[Entity]) -> Generator[Sequence[Request], Sequence[Answer], list[Entity]]:
        """Ask for each by its name, and return those that are not there."""
        if not entities or self.course.stopped:
            return []
        answers = yield [self._question(entity) for entity in entities]
        return [entity for entity, answer in zip(entities, answers, strict=True) if self._is_absent(entity, answer)]

    def _is_absent(self, entity: Entity, answer: Answer) -> bool:
        judged = self.course.hear(answer)
        found = values(answer) if judged is Fate.TAKEN else None
        if found is None:
            if judged in {Fate.MISSING, Fate.NO_SUCH_WAY}:  # of a collection that every server has: the path is wrong
                self.course.stopped = self.course.stopped or f"{words(answer)}: is {self.path!r} right behind the URL?"
            self.failed[entity.identity] = Failure(f"{entity.collection} {entity.name!r}: {words(answer)}")
            return False
        if not found:
            return True
        own = next((one for one in found if (one.get("properties") or {}).get("brygga") == entity.key), found[0])
        if is_other_unit(own, entity.body):
            said = f"Datastream {entity.name!r} measures in {own['unitOfMeasurement']['definition']} there"
            self.failed[entity.identity] = Failure(
                f"{said} and in {entity.body['unitOfMeasurement']['definition']} here: give it another name",
                for_ever=True,
            )
            return False
        self._take(entity, of_link(str(own.get("@iot.selfLink", ""))), own.get("@iot.id"), answer)
        return False

    def _create(
        self, entities: Sequence[Entity], inside: Mapping[Identity, Entity]
    ) -> Generator[Sequence[Request], Sequence[Answer], list[Entity]]:
        """Make all, and return those that somebody else has made meanwhile."""
        if not entities or self.course.stopped:
            return []
        answers = yield [self._making(entity, inside.get(entity.identity)) for entity in entities]
        twice = []
        for entity, answer in zip(entities, answers, strict=True):
            judged = self.course.hear(answer, writes=True)
            if judged is Fate.EXISTS:
                twice.append(entity)
            elif judged is Fate.TAKEN:
                self._note_made(entity, inside.get(entity.identity), answer)
            else:
                self._note_refused(entity, judged, answer)
        return twice

    def _note_made(self, entity: Entity, location: Entity | None, answer: Answer) -> None:
        self.made.add(entity.identity)
        self._take(entity, of_link(answer.headers.get("Location", "")), None, answer)
        if location is not None:
            self.learn(location, UNKNOWN)

    def _note_refused(self, entity: Entity, judged: Fate, answer: Answer) -> None:
        refused = judged in {Fate.REFUSED, Fate.TOO_LARGE}
        stale = [other for _, other in entity.links if other.identity not in self.seen | self.given.keys()]
        for other in stale:  # perhaps one of them is there no more: found again, or made, the next time
            self.forget(other)
        for_ever = refused and not stale
        self.failed[entity.identity] = Failure(
            f"{entity.collection} {entity.name!r}: {words(answer)}", for_ever=for_ever
        )

    def _take(self, entity: Entity, ref: Ref | None, iot_id: Json, answer: Answer) -> None:
        try:
            self.learn(entity, ref or of_id(iot_id if iot_id is not None else json.loads(answer.body)["@iot.id"]))
            self.seen.add(entity.identity)
        except (ValueError, TypeError, KeyError, RecursionError):
            # It is there: the next time it is found by its name.
            self.failed[entity.identity] = Failure(f"{entity.collection} {entity.name!r}: the answer names no id")

    def _question(self, entity: Entity) -> Request:
        condition = quote(f"name eq {literal(entity.name)}", safe="")
        target = f"{self.path}/{entity.collection}?$filter={condition}&$top=10"
        return Request(method="GET", target=target, body=b"", content_type="")

    def linking(self, thing: Entity, location: Entity) -> Request:
        """Return the request that says that ``thing`` is at ``location``; both are known."""
        place, where = self.ref(thing), self.ref(location)
        assert place is not None
        assert where is not None
        body = json.dumps({"Locations": [reference(where)]}).encode()
        return Request(
            method="PATCH", target=f"{self.path}/{thing.collection}{in_path(place)}", body=body, content_type=JSON
        )

    def _making(self, entity: Entity, location: Entity | None) -> Request:
        links: dict[str, Json] = {}
        for name, other in entity.links:
            ref = self.ref(other)
            assert ref is not None
            links[name] = [reference(ref)] if name == "Things" else reference(ref)
        if location is not None:
            links["Locations"] = [location.body]
        body = json.dumps({**entity.body, **links}, ensure_ascii=False, separators=(",", ":")).encode()
        return Request(target=f"{self.path}/{entity.collection}", body=body, content_type=JSON)
