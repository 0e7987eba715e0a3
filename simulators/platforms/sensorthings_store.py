"""What a SensorThings server keeps, and what it says to what is created and asked (OGC 15-078r6; FROST, istSOS4)."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from simulators.platforms.sensorthings_rules import (
    NAMES,
    REQUIRED,
    Entity,
    Json,
    Refusal,
    check,
    check_result,
    condition,
    entity_id,
    instant,
)

VERSION: Final = "v1.1"
MOST: Final = 100  # entities of a page (FROST's maxTop)

Dialect = Literal["frost", "istsos"]


@dataclass(slots=True)
class Kept:
    """What the server was told."""

    entities: dict[str, dict[int, Entity]] = field(default_factory=lambda: defaultdict(dict))  # by collection and id
    observations: Counter[str] = field(default_factory=Counter)  # by ``parameters/observation``

    @property
    def repeated(self) -> int:
        """How many observations are there a second time."""
        return sum(times - 1 for times in self.observations.values())

    @property
    def twins(self) -> Mapping[tuple[str, str], int]:
        """Which entities have the name of another one of their kind."""
        names = Counter(
            (collection, one["name"])
            for collection, kept in self.entities.items()
            for one in kept.values()
            if "name" in one
        )
        return {name: times for name, times in names.items() if times > 1}


@dataclass(slots=True)
class Store:
    """Entities of one server; every method raises Refusal for what it does not take."""

    dialect: Dialect
    url: str = ""  # below which the version stands
    refused: dict[float, Refusal] = field(default_factory=dict)  # observations by result
    kept: Kept = field(default_factory=Kept)
    _last_id: int = 0
    _features: dict[int, int] = field(default_factory=dict)  # of Locations, by their ids

    # ── questions ──

    def collection(self, tail: str, query: Mapping[str, str]) -> Entity:
        """Return a page of the collection that a path names."""
        parent, collection = self._path(tail)
        wanted = condition(query.get("$filter", ""))
        found = [
            one for one in self.kept.entities[collection].values() if wanted(one) and (parent is None or parent(one))
        ]
        skip, top = int(query.get("$skip", 0)), min(int(query.get("$top", MOST)), MOST)
        selected = [
            _selected(self._shown(collection, one), query.get("$select", "")) for one in found[skip : skip + top]
        ]
        page: Entity = {"value": selected}
        if len(found) > skip + top:
            page["@iot.nextLink"] = f"{self.url}/{VERSION}{tail}?$skip={skip + top}&$top={top}"
        return page

    def _path(self, tail: str) -> tuple[Json, str]:
        """Return which entities of a collection a path means; Refusal 404 for what is not there."""
        found = re.fullmatch(r"/(?:(Things|Datastreams)\(([^)]*)\)/)?(\w+)", tail)
        if found is None or found[3] not in REQUIRED:
            raise Refusal(404, f"Not a valid path: {tail}")
        if found[1] is None:
            return None, found[3]
        number = entity_id(found[2])
        if number not in self.kept.entities[found[1]]:
            raise Refusal(404, "Nothing found.")
        name = next((name for name, of in NAMES.get(found[3], {}).items() if of == found[1]), "")
        if not name:
            raise Refusal(404, f"Not a valid path: {tail}")
        return (lambda one: one[name] == number or (isinstance(one[name], list) and number in one[name])), found[3]

    def _shown(self, collection: str, one: Entity) -> Entity:
        plain = {name: value for name, value in one.items() if name not in NAMES.get(collection, {})}
        return {"@iot.selfLink": f"{self.url}/{VERSION}/{collection}({one['@iot.id']})", **plain}

    # ── creations ──

    def post(self, tail: str, entity: Json) -> str:
        """Create an entity and return its link behind the version."""
        nested = re.fullmatch(r"/Datastreams\(([^)]*)\)/Observations", tail)
        if nested is not None:
            number = entity_id(nested[1])
            if number not in self.kept.entities["Datastreams"]:
                raise Refusal(404, "Nothing found.")
            return f"Observations({self._create('Observations', {**entity, 'Datastream': {'@iot.id': number}})})"
        collection = tail.removeprefix("/")
        if collection not in REQUIRED:
            raise Refusal(404, f"Not a valid path: {tail}")
        return f"{collection}({self._create(collection, entity)})"

    def _create(self, collection: str, entity: Json) -> int:
        check(collection, entity)
        if self.dialect == "istsos" and any(
            one.get("name") == entity.get("name", "") for one in self.kept.entities[collection].values()
        ):
            raise Refusal(409, "Entity already exists")
        links = {
            name: self._named(NAMES[collection][name], entity[name])
            for name in NAMES.get(collection, {})
            if name in entity
        }
        if collection == "Observations":
            self._check_observation(entity, links)
        self._last_id += 1
        self.kept.entities[collection][self._last_id] = {**entity, **links, "@iot.id": self._last_id}
        if collection == "Observations":
            self.kept.observations[str((entity.get("parameters") or {}).get("observation", ""))] += 1
        if collection == "Locations":  # the Thing is there now (18-088, 8.2.3)
            for thing in links.get("Things", ()):
                self.kept.entities["Things"][thing]["Locations"] = [self._last_id]
        return self._last_id

    def _named(self, collection: str, value: Json) -> Json:
        if isinstance(value, list):
            return [self._named(collection, one) for one in value]
        if isinstance(value, dict) and value.keys() == {"@iot.id"}:
            number = value["@iot.id"]
            if not isinstance(number, int) or number not in self.kept.entities[collection]:
                # EntityFactories.entityExistsOrCreate
                raise Refusal(400, f"No such entity '{collection}' with id [{number}]")
            return number
        return self._create(collection, value)

    def _check_observation(self, entity: Entity, links: dict[str, Json]) -> None:
        stream = self.kept.entities["Datastreams"][links["Datastream"]]
        check_result(entity["result"], stream["observationType"])
        if not isinstance(entity["result"], (dict, list, str)) and entity["result"] in self.refused:
            raise self.refused[entity["result"]]
        at = instant(str(entity.get("phenomenonTime", "")))
        others = self.kept.entities["Observations"].values() if self.dialect == "istsos" else ()
        if any(one["Datastream"] == links["Datastream"] and instant(one["phenomenonTime"]) == at for one in others):
            raise Refusal(409, "Observation with the same phenomenonTime already exists")
        if "FeatureOfInterest" not in links:
            links["FeatureOfInterest"] = self._feature(stream["Thing"])

    def _feature(self, thing: int) -> int:
        """Return the feature that is made from a Thing's Location, once."""
        places = self.kept.entities["Things"][thing].get("Locations") or ()
        if not places:
            raise Refusal(400, "No FeatureOfInterest provided, and none can be generated.")
        if places[0] not in self._features:
            place = self.kept.entities["Locations"][places[0]]
            made = {name: place[name] for name in ("name", "description", "encodingType")}
            self._features[places[0]] = self._create("FeaturesOfInterest", {**made, "feature": place["location"]})
        return self._features[places[0]]

    def patch(self, tail: str, body: Entity) -> None:
        """Change an entity's members and links."""
        found = re.fullmatch(r"/(\w+)\(([^)]*)\)", tail)
        if found is None or entity_id(found[2]) not in self.kept.entities.get(found[1], {}):
            raise Refusal(404, "Nothing found.")
        links = {
            name: self._named(NAMES[found[1]][name], body[name]) for name in NAMES.get(found[1], {}) if name in body
        }
        self.kept.entities[found[1]][entity_id(found[2])] |= {**body, **links}

    def create_observations(self, groups: Json) -> list[str]:
        """Create row by row: a link, or "error" and why (ServiceDataArray.handleDataArrayItems)."""
        if not isinstance(groups, list) or not all(isinstance(one, dict) for one in groups):
            raise Refusal(400, "an array of data arrays is expected")
        undo = dict(self.kept.entities["Observations"]), Counter(self.kept.observations)
        try:
            return [link for group in groups for link in self._create_group(group)]
        except Refusal:  # a RuntimeException rolls all of the request back
            self.kept.entities["Observations"], self.kept.observations = undo
            raise

    def _create_group(self, group: Entity) -> list[str]:
        before, seen = dict(self.kept.entities["Observations"]), Counter(self.kept.observations)
        said = [self._create_row(group, row) for row in group.get("dataArray", ())]
        if self.dialect == "istsos" and any(one.startswith("error") for one in said):
            self.kept.entities["Observations"], self.kept.observations = before, seen
            said = ["error"] * len(said)
        return said

    def _create_row(self, group: Entity, row: list[Json]) -> str:
        observation = {"Datastream": group.get("Datastream"), **dict(zip(group["components"], row, strict=False))}
        if "FeatureOfInterest/id" in observation:
            observation["FeatureOfInterest"] = {"@iot.id": observation.pop("FeatureOfInterest/id")}
        try:
            return f"{self.url}/{VERSION}/Observations({self._create('Observations', observation)})"
        except Refusal as refusal:
            if refusal.status >= 500:  # a RuntimeException ends the whole request
                raise
            return f"error {refusal.message}"


def _selected(one: Entity, select: str) -> Entity:
    names = ["@iot.id" if name == "id" else name for name in select.split(",") if name]
    return {name: one[name] for name in names if name in one} if names else one
