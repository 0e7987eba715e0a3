"""diwise's context-broker for tests and dry runs: entities one by one, and its own ways of saying no.

Each rule names where it was read: diwise/context-broker 658649c (2026-03), in internal/pkg/presentation/api/ngsi-ld
and pkg/ngsild. Behind the real one stand other brokers (Orion-LD), whose strictness `ngsi_ld_rules` has.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from typing import Final
from urllib.parse import quote, unquote, unquote_plus

from aiohttp import web

from simulators.platforms.ngsi_ld import PATH, NgsiLdReceiver
from simulators.platforms.ngsi_ld_rules import NO_ATTRIBUTES, Json, Problem, check_entity

DEFAULT_TENANT: Final = "default"  # handlers.go, NGSIMiddleware
MEDIA_TYPES: Final = frozenset({"application/json", "application/ld+json"})  # handlers.go, AllowContentType
LEFT_BY_GO: Final = "$&+,/:;=@-_.~"  # net/url, shouldEscape in a path


class DiwiseContextBroker(NgsiLdReceiver):
    """The broker on a local port; see `NgsiLdReceiver` for ``faults``, ``mood`` and ``kept``."""

    def __init__(self, *, tenants: Iterable[str] = (), types: Collection[str] | None = None, token: str = "") -> None:
        """``types`` have a context source (None: all have); only who shows ``token`` may write ("": everybody)."""
        super().__init__(tenants={DEFAULT_TENANT, *tenants}, temporal=False)
        self.types = types
        self.token = token
        self.spoiled: list[str] = []  # attributes of which it made something else

    def add_routes(self, router: web.UrlDispatcher) -> None:
        """Add what handlers.go routes for writing: no batches, and ``attrs/`` only with its slash."""
        router.add_post(f"{PATH}/entities", self._create)
        router.add_patch(f"{PATH}/entities/{{id}}", self._merge)
        router.add_patch(f"{PATH}/entities/{{id}}/attrs/", self._merge)
        router.add_get(f"{PATH}/entities/{{id}}", self._retrieve)
        router.add_delete(f"{PATH}/entities/{{id}}", self._delete)

    async def _create(self, request: web.Request) -> web.StreamResponse:
        return await self.answered(request, self._created)

    async def _merge(self, request: web.Request) -> web.StreamResponse:
        return await self.answered(request, self._merged)

    async def _retrieve(self, request: web.Request) -> web.StreamResponse:
        return await self.answered(request, self._retrieved)

    async def _delete(self, request: web.Request) -> web.StreamResponse:
        return await self.answered(request, self._deleted)

    # ── what each does ──

    async def _created(self, request: web.Request) -> web.Response:
        """Create an entity (entities.go, NewCreateEntityHandler; context-broker.go, CreateEntity)."""
        body = await _body(request)
        entity = _read(body, Problem(400, "InvalidRequest", "Invalid Request", "unable to decode request payload"))
        if not (entity.get("id") and entity.get("type")):
            raise Problem(400, "InvalidRequest", "Invalid Request", "failed to parse entity")
        if not self._may_write(request):
            raise Problem(401, "UnauthorizedRequest", "Unauthorized Request", "not authorized")
        tenant = self._known_tenant(request)
        if self.types is not None and entity["type"] not in self.types:
            words = f"no context source found that could create type {entity['type']} with id {entity['id']}"
            raise Problem(404, "ResourceNotFound", "Not Found", words)
        self._check(entity)
        if (tenant, entity["id"]) in self.kept.entities:
            raise Problem(409, "AlreadyExists", "Already Exists", entity["id"])
        self.batches.append([entity["id"]])
        self.kept.take(tenant, self._as_it_keeps(entity))
        return web.Response(status=201, headers={"Location": f"{PATH}/entities/{quote(entity['id'], safe='')}"})

    async def _merged(self, request: web.Request) -> web.Response:
        """Merge into an entity (entities.go, NewMergeEntityHandler): a body it cannot read is a 500 there."""
        body = await _body(request)
        fragment = _read(body, Problem(500, "InternalError", "Internal Error", "failed to unmarshal entity"))
        if not self._may_write(request):  # "messageToSendToNonAuthenticatedClients"
            raise Problem(404, "ResourceNotFound", "Not Found", "not found")
        tenant, entity_id = self._known_tenant(request), _entity_id(request)
        known = self._found(tenant, entity_id)
        entity = {**fragment, "id": entity_id, "type": known["type"]}
        self._check(entity)
        self.batches.append([entity_id])
        self.kept.take(tenant, self._as_it_keeps(entity))
        return web.Response(status=204)

    async def _retrieved(self, request: web.Request) -> web.Response:
        return web.json_response(self._found(self._known_tenant(request), _entity_id(request)))

    async def _deleted(self, request: web.Request) -> web.Response:
        if not self._may_write(request):
            raise Problem(401, "UnauthorizedRequest", "Unauthorized Request", "not authorized")
        tenant, entity_id = self._known_tenant(request), _entity_id(request)
        self._found(tenant, entity_id)
        del self.kept.entities[tenant, entity_id]
        return web.Response(status=204)

    # ── rules ──

    def _may_write(self, request: web.Request) -> bool:
        return not self.token or request.headers.get("Authorization") == f"Bearer {self.token}"

    def _known_tenant(self, request: web.Request) -> str:
        tenant = request.headers.get("NGSILD-Tenant", DEFAULT_TENANT)
        if tenant not in self.tenants:  # errors.go, NewUnknownTenantError
            raise Problem(404, "NonexistentTenant", "Non Existent Tenant", f"unknown tenant: {tenant}")
        return tenant

    def _found(self, tenant: str, entity_id: str) -> Mapping[str, Json]:
        found = self.kept.entities.get((tenant, entity_id))
        if found is None:
            words = f"no context source found that could update attributes for entity {entity_id}"
            raise Problem(404, "ResourceNotFound", "Not Found", words)
        return found

    def _check(self, entity: Mapping[str, Json]) -> None:
        check_entity({name: value for name, value in entity.items() if name != "@context"})
        if entity["id"] in self.refused:
            raise self.refused[entity["id"]]

    def _as_it_keeps(self, entity: Mapping[str, Json]) -> Mapping[str, Json]:
        """Return what it makes of an entity: booleans become a text (properties.go, UnmarshalP)."""
        kept = dict(entity)
        for name, attribute in entity.items():
            if name not in NO_ATTRIBUTES and isinstance(attribute.get("value"), bool):
                kept[name] = {"type": "Property", "value": "support for type bool not implemented"}
                self.spoiled.append(f"{entity['id']} {name}")
        return kept


async def _body(request: web.Request) -> bytes:
    if request.content_type not in MEDIA_TYPES:  # chi, middleware.AllowContentType: the status and nothing else
        raise web.HTTPUnsupportedMediaType(text="")
    return await request.read()


def _read(body: bytes, problem: Problem) -> dict[str, Json]:
    """Read an entity or a fragment; ``problem`` for what has no @context in it, too (entities.go, UnmarshalJSON)."""
    try:
        entity = json.loads(body)
    except ValueError as error:
        raise problem from error
    if not isinstance(entity, dict) or not isinstance(entity.get("@context"), (str, list)):
        raise problem
    return entity


def _entity_id(request: web.Request) -> str:
    """Decode an id as chi and entities.go do: twice where Go would have written the path in the same way."""
    raw = request.raw_path.removeprefix(f"{PATH}/entities/").partition("/")[0]
    once = unquote(raw)
    return unquote_plus(once if quote(once, safe=LEFT_BY_GO) == raw else raw)
