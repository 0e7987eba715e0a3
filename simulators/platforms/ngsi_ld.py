"""A strict NGSI-LD broker for tests and the demo: batch upserts in, entities out, and faults on demand.

It answers as the standard or as Orion-LD does, keeps what it was told, and counts what a broker would not notice:
uplinks that came twice, and older values that went over newer ones.
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from aiohttp import web

from simulators.platforms.ngsi_ld_rules import (
    NO_ATTRIBUTES,
    Json,
    Problem,
    bad_request,
    check_entity,
    check_media_type,
    check_temporal_entity,
    context_urls,
    temporal_instances,
)

PATH: Final = "/ngsi-ld/v1"
LARGEST_BODY: Final = 1 << 20  # octets; Orion's default
PROBLEM_JSON: Final = "application/problem+json"

Dialect = Literal["etsi", "orion_ld"]
Take = Callable[[web.Request], Awaitable[web.Response]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What the broker does instead of answering well; ``status`` 0 with ``silent`` takes everything and hangs up."""

    status: int = 0  # 0: as if nothing were wrong
    retry_after_s: int | None = None
    delay_s: float = 0
    silent: bool = False  # close the connection without an answer
    detail: str = "as the test asked"


@dataclass(slots=True)
class Kept:
    """What the broker was told."""

    entities: dict[tuple[str, str], dict[str, Json]] = field(default_factory=dict)  # by tenant and id
    instances: Counter[tuple[str, str, str]] = field(default_factory=Counter)  # by id, attribute and observedAt
    sources: Counter[tuple[str, str]] = field(default_factory=Counter)  # by id and the value of `source`
    history: Counter[tuple[str, str, str]] = field(default_factory=Counter)  # the same, of the temporal API
    went_back: list[str] = field(default_factory=list)  # attributes whose older value went over a newer one

    def take(self, tenant: str, entity: Mapping[str, Json], *, replaces: bool = False) -> bool:
        """Store an entity, and return whether it is new."""
        key = tenant, entity["id"]
        known = self.entities.get(key)
        attributes = {name: value for name, value in entity.items() if name not in NO_ATTRIBUTES}
        for name, attribute in attributes.items():
            at = attribute.get("observedAt", "")
            self.instances[entity["id"], name, at] += 1
            if known is not None and at < known.get(name, {}).get("observedAt", ""):
                self.went_back.append(f"{entity['id']} {name} {at}")
        if "source" in attributes:
            self.sources[entity["id"], attributes["source"]["value"]] += 1
        before = known if known is not None and not replaces else {}
        self.entities[key] = {**before, "id": entity["id"], "type": entity["type"], **attributes}
        return known is None


class NgsiLdReceiver:
    """An NGSI-LD broker on a local port: ``start``, change its mood at any time, ``stop``."""

    def __init__(
        self,
        *,
        dialect: Dialect = "etsi",
        tenants: Iterable[str] = (),
        contexts: Iterable[str] | None = None,
        largest_body: int = LARGEST_BODY,
        temporal: bool = True,
    ) -> None:
        """``tenants`` exist beside the default one; of ``contexts`` alone it can fetch (None: of all).

        ``temporal``: whether it has the temporal API, as Orion-LD has with TRoE, Scorpio and Stellio always.
        """
        self.dialect: Dialect = dialect
        self.tenants = frozenset(tenants)
        self.contexts = None if contexts is None else frozenset(contexts)
        self.refused: dict[str, Problem] = {}  # by entity id
        self.refuses_whole_batches = False  # one bad entity, and nothing of its batch is taken
        self.faults: deque[Fault] = deque()  # one for each of the next requests
        self.mood: Fault | None = None  # for every request while it is set
        self.kept = Kept()
        self.answers: Counter[int] = Counter()  # by status; 0 is none
        self.batches: list[list[str]] = []  # the ids of each request that was read, in order
        self.url = ""
        self._largest_body = largest_body
        self._temporal = temporal
        self._runner: web.AppRunner | None = None

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> str:
        """Listen, and return the URL below which NGSI-LD begins."""
        app = web.Application(client_max_size=self._largest_body)
        self.add_routes(app.router)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, host, port)
        await site.start()
        address = self._runner.addresses[0]
        self.url = f"http://{address[0]}:{address[1]}"
        return self.url

    async def stop(self) -> None:
        """Close all connections and forget nothing: a broker that is started again knows what it knew."""
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    @property
    def uplink_ids(self) -> frozenset[str]:
        """The ids of all uplinks that something came of."""
        return frozenset(source.rpartition("#")[2] for _, source in self.kept.sources if "#" in source)

    @property
    def repeated(self) -> int:
        """How many times an entity was told again from an uplink that it had."""
        return sum(times - 1 for times in self.kept.sources.values())

    def entity(self, entity_id: str, tenant: str = "") -> Mapping[str, Json]:
        """Return the current state of an entity; KeyError if it is unknown."""
        return self.kept.entities[tenant, entity_id]

    # ── HTTP ──

    def add_routes(self, router: web.UrlDispatcher) -> None:
        """Add what the broker answers at all."""
        router.add_post(f"{PATH}/entityOperations/upsert", self._upsert)
        router.add_get(f"{PATH}/entities/{{id}}", self._entity)
        if self._temporal:
            router.add_post(f"{PATH}/temporal/entities", self._history)

    async def _upsert(self, request: web.Request) -> web.StreamResponse:
        return await self.answered(request, self._take)

    async def _history(self, request: web.Request) -> web.StreamResponse:
        return await self.answered(request, self._remember)

    async def answered(self, request: web.Request, take: Take) -> web.StreamResponse:
        """Answer as ``take`` does, or as the next fault or the mood has it; counted."""
        fault = self.faults.popleft() if self.faults else self.mood
        if fault is not None and fault.delay_s:
            await asyncio.sleep(fault.delay_s)
        try:
            if fault is not None and fault.status:
                kind = "InternalError" if fault.status >= 500 else "BadRequestData"
                raise Problem(fault.status, kind, "Fault", fault.detail)  # noqa: TRY301 - answered as any other
            response = await take(request)
        except Problem as problem:
            response = _refusal(problem, fault)
        if fault is not None and fault.silent:
            self.answers[0] += 1
            assert request.transport is not None
            request.transport.abort()
        else:
            self.answers[response.status] += 1
        return response

    async def _take(self, request: web.Request) -> web.Response:
        tenant = self._tenant(request)
        entities = await self._entities(request, list)
        ids = [str(entity.get("id")) if isinstance(entity, dict) else "" for entity in entities]
        self.batches.append(ids)
        errors = dict(self._errors(entities))
        if errors and self.refuses_whole_batches:
            raise next(iter(errors.values()))
        created: list[str] = []
        updated: list[str] = []
        for index, entity in enumerate(entities):
            if index not in errors:
                is_new = self.kept.take(tenant, entity, replaces=request.query.get("options", "") != "update")
                (created if is_new else updated).append(entity["id"])
        return self._answer(created, updated, [(ids[index], problem) for index, problem in errors.items()])

    def _tenant(self, request: web.Request) -> str:
        tenant = request.headers.get("NGSILD-Tenant", "")
        if tenant and tenant not in self.tenants:
            raise Problem(404, "NonexistentTenant", "No such tenant", tenant)
        if request.query.get("options", "update") not in {"update", "replace"}:
            raise bad_request("Invalid options", request.query["options"])
        return tenant

    async def _remember(self, request: web.Request) -> web.Response:
        """Add instances to an entity's history: 201 if it is new there, 204 if not (GS CIM 009, 5.6.11 and 6.18)."""
        self._tenant(request)
        (entity,) = await self._entities(request, dict)
        check_temporal_entity(entity)
        is_known = any(key[0] == entity["id"] for key in self.kept.history)
        for name, instance in temporal_instances(entity):
            self.kept.history[entity["id"], name, instance["observedAt"]] += 1
        headers = {"Location": f"{PATH}/temporal/entities/{entity['id']}"}
        return web.Response(status=204) if is_known else web.Response(status=201, headers=headers)

    async def _entities(self, request: web.Request, kind: type) -> list[Json]:
        try:
            entities = json.loads(await request.read(), parse_constant=_no_constant)
        except web.HTTPRequestEntityTooLarge as error:
            raise Problem(413, "RequestEntityTooLarge", "Too large", error.text or "") from error
        except ValueError as error:
            raise Problem(400, "InvalidRequest", "JSON parse error", str(error)) from error
        if not isinstance(entities, kind) or not entities:
            what = "an array with at least one entity" if kind is list else "an entity"
            raise bad_request("Invalid payload", f"{what} is expected")
        entities = entities if isinstance(entities, list) else [entities]
        link = request.headers.get("Link")
        check_media_type(request.content_type, link, entities)
        for url in context_urls(entities, link):
            if self.contexts is not None and url not in self.contexts:
                raise Problem(503, "LdContextNotAvailable", "Unable to fetch the @context", url)
        return entities

    def _errors(self, entities: list[Json]) -> Iterator[tuple[int, Problem]]:
        seen: set[str] = set()
        for index, entity in enumerate(entities):
            try:
                check_entity(entity)
            except Problem as problem:
                yield index, problem
                continue
            if entity["id"] in seen:
                yield index, bad_request("Repeated entity", f"{entity['id']} is in the batch twice")
            elif entity["id"] in self.refused:
                yield index, self.refused[entity["id"]]
            seen.add(entity["id"])

    def _answer(self, created: list[str], updated: list[str], errors: list[tuple[str, Problem]]) -> web.Response:
        mixed = self.dialect == "orion_ld" and created and updated
        if errors or mixed:
            listed = [{"entityId": entity_id, "error": problem.body()} for entity_id, problem in errors]
            return web.json_response({"success": created + updated, "errors": listed}, status=207)
        if created:
            return web.json_response(created, status=201)
        return web.Response(status=204)

    async def _entity(self, request: web.Request) -> web.Response:
        key = request.headers.get("NGSILD-Tenant", ""), request.match_info["id"]
        if key not in self.kept.entities:
            return _refusal(Problem(404, "ResourceNotFound", "Entity not found", key[1]), None)
        return web.json_response(self.kept.entities[key])


def _refusal(problem: Problem, fault: Fault | None) -> web.Response:
    headers = {}
    if fault is not None and fault.retry_after_s is not None:
        headers["Retry-After"] = str(fault.retry_after_s)
    return web.json_response(problem.body(), status=problem.status, content_type=PROBLEM_JSON, headers=headers)


def _no_constant(name: str) -> Json:
    raise ValueError(f"{name} is no JSON")
