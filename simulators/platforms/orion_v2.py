"""A strict NGSIv2 broker (FIWARE Orion) for tests and dry runs: batch updates in, entities out, and faults on demand.

Its rules are those of fiware-orion's manual (c678400b, doc/manuals/orion-api.md) and of what Orion 4.1.0 answered. It keeps what it was
told, and counts what Orion would not notice: uplinks that came twice, and older values that went over newer ones.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from aiohttp import web

from simulators.platforms.orion_v2_rules import Json, check_entity, check_headers
from simulators.platforms.web_platform import Refusal, WebPlatform

LARGEST_BODY: Final = 1 << 20  # octets; "1MB by default" (manual, "inReqPayloadMaxSize")
ACTIONS: Final = frozenset({"append", "appendStrict", "update", "delete", "replace"})

Key = tuple[str, str, str]  # service, service path, entity id


@dataclass(slots=True)
class Kept:
    """What the broker was told."""

    entities: dict[Key, dict[str, Json]] = field(default_factory=dict)
    instances: Counter[tuple[str, str, str]] = field(default_factory=Counter)  # by id, attribute and TimeInstant
    sources: Counter[tuple[str, str]] = field(default_factory=Counter)  # by id and the value of `source`
    went_back: list[str] = field(default_factory=list)  # attributes whose older value went over a newer one


class OrionV2(WebPlatform):
    """An NGSIv2 broker on a local port: ``start``, change its mood at any time, ``stop``."""

    def __init__(self, *, largest_body: int = LARGEST_BODY, token: str = "") -> None:
        """``token``: of a PEP proxy before it, which wants it as X-Auth-Token or Bearer."""
        super().__init__(largest_body=largest_body, token=token)
        self.refused: dict[str, Refusal] = {}  # by entity id
        self.kept = Kept()
        self.batches: list[list[str]] = []  # the ids of each update that was read, in order

    @property
    def uplink_ids(self) -> frozenset[str]:
        """The ids of all uplinks that something came of."""
        return frozenset(source.rpartition("#")[2] for _, source in self.kept.sources)

    @property
    def repeated(self) -> int:
        """How many times an entity was told again from an uplink that it had."""
        return sum(times - 1 for times in self.kept.sources.values())

    def entity(self, entity_id: str, service: str = "", path: str = "/") -> Mapping[str, Json]:
        """Return the current state of an entity; KeyError if it is unknown."""
        return self.kept.entities[service.lower(), path, entity_id]

    def routes(self, app: web.Application) -> None:
        """Add the two paths that a gateway and a person who looks need."""
        app.router.add_post("/v2/op/update", self.answering(self._update))
        app.router.add_get("/v2/entities/{id}", self.answering(self._entity))

    def refusal(self, refusal: Refusal) -> web.Response:
        """Return Orion's error body (manual, "Error Responses")."""
        body = {"error": refusal.error, "description": refusal.detail}
        return web.json_response(body, status=refusal.status)

    async def _update(self, request: web.Request) -> web.Response:
        service, path = self._tenant(request)
        if request.content_type != "application/json":
            detail = "not supported content type: " + request.content_type
            raise Refusal(415, "UnsupportedMediaType", detail)
        try:
            said = json.loads(await request.read(), parse_constant=_no_constant)
        except ValueError as error:
            raise Refusal(400, "ParseError", "Errors found in incoming JSON buffer") from error
        if not isinstance(said, dict) or said.get("actionType") not in ACTIONS:
            raise Refusal(400, "BadRequest", "invalid update action type")
        entities = said.get("entities")
        if not isinstance(entities, list) or not entities:
            raise Refusal(400, "BadRequest", "empty update action entities")
        self.batches.append([str(one.get("id")) if isinstance(one, dict) else "" for one in entities])
        for entity in entities:  # one bad entity, and nothing of the batch is written (Orion 4.1.0)
            check_entity(entity)
            if entity["id"] in self.refused:
                raise self.refused[entity["id"]]
        for entity in entities:  # in order, the last one wins (Orion 4.1.0)
            self._append((service, path, entity["id"]), entity)
        return web.Response(status=204)

    def _tenant(self, request: web.Request) -> tuple[str, str]:
        if self.token:
            bearer = request.headers.get("Authorization", "").removeprefix("Bearer ")
            if self.token not in {request.headers.get("X-Auth-Token"), bearer}:
                raise Refusal(401, "Unauthorized", "Auth-token not found in request header")
        service = request.headers.get("Fiware-Service", "")
        path = request.headers.get("Fiware-ServicePath", "/")
        check_headers(service, path)
        return service.lower(), path

    def _append(self, key: Key, entity: dict[str, Json]) -> None:
        known = self.kept.entities.get(key, {})
        attributes = {name: one for name, one in entity.items() if name not in {"id", "type"}}
        for name, attribute in attributes.items():
            at = _time_of(attribute)
            self.kept.instances[key[2], name, at] += 1
            if at < _time_of(known.get(name, {})):
                self.kept.went_back.append(f"{key[2]} {name} {at}")
        if "source" in attributes:
            self.kept.sources[key[2], attributes["source"]["value"]] += 1
        self.kept.entities[key] = {**known, "id": entity["id"], "type": entity["type"], **attributes}

    async def _entity(self, request: web.Request) -> web.Response:
        service, path = self._tenant(request)
        key = service, path, request.match_info["id"]
        if key not in self.kept.entities:
            raise Refusal(404, "NotFound", "The requested entity has not been found. Check type and id")
        return web.json_response(self.kept.entities[key])


def _time_of(attribute: Mapping[str, Json]) -> str:
    found: str = attribute.get("metadata", {}).get("TimeInstant", {}).get("value", "")
    return found


def _no_constant(name: str) -> Json:
    raise ValueError(f"{name} is no JSON")
