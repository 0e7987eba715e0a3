"""NGSI-LD as a format: how one destination wants its entities named, explained and sent."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final, Literal, get_args

from gateway.formats import Conversation
from gateway.formats.device_state import GatewayState, check_interval, with_state
from gateway.formats.ngsi_ld.conversation import Delivery
from gateway.formats.ngsi_ld.entities import Naming
from gateway.formats.ngsi_ld.gateway_entity import telling_gateways
from gateway.formats.ngsi_ld.letters import Late, Way
from gateway.formats.ngsi_ld.models import dialects
from gateway.formats.ngsi_ld.reading_back import asking
from gateway.model import Item, Json, Request

LINK: Final = '<{context}>; rel="http://www.w3.org/ns/json-ld#context"; type="application/ld+json"'
URI: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s<>\"{}|\\^`]*")


class NgsiLd:
    """NGSI-LD as a format: batch upserts that update, or merges one by one, wave by wave."""

    def __init__(
        self,
        *,
        way: Literal["upsert", "merge"] = "upsert",
        context: Sequence[str] = (),
        context_in: Literal["body", "link"] = "body",
        dialect: str = "",
        tenant: str | None = None,
        id_prefix: str = "urn:ngsi-ld:",
        path: str = "/ngsi-ld/v1",
        late: Late = "refuse",
        batch_bytes: int = 256_000,
        batch_entities: int = 100,
        device: bool | None = None,
        device_interval: int = 600,
    ) -> None:
        """Take what a city's broker wants; ValueError says what cannot be.

        ``way``: "merge" is for a broker that takes no batches (diwise's context-broker): PATCH, and POST what is new.
        ``context``: URLs of the @context; none: the context of each model's subject, and the core's last.
        ``context_in``: "link" sends plain JSON with a Link header, which names one context.
        ``dialect``: "diwise" calls attributes as diwise's own readers do (CO2, PM10, humidity in percent, noiseLevel,
        waterConsumption in litres); "" as the Smart Data Models do.
        ``late``: what becomes of a value older than the one delivered: "refuse" it (the uplink is kept with the
        reason), "send" it (a broker that compares times or keeps all of them), "skip" it (counted), or tell it the
        "temporal" API, which keeps history beside the present state.
        ``device``: whether Devices also say how they were heard (rssi, snr, dateLastValueReported), and the gateway what it
        is; by default yes, but with "merge", where somebody has to prepare each type. ``device_interval``: seconds between two times.
        """
        check_interval(device_interval)
        _check(way=way, context=context, context_in=context_in, id_prefix=id_prefix, path=path, late=late)
        if batch_bytes < 1 or batch_entities < 1:
            raise ValueError(f"batch_bytes and batch_entities are at least 1, not {batch_bytes} and {batch_entities}")
        if dialect and dialect not in dialects():
            raise ValueError(
                f"dialect: {dialect!r} is none of {', '.join(map(repr, dialects()))}; '' is the schemas' own"
            )
        in_body, merges = context_in == "body", way == "merge"
        self._tells_state = not merges if device is None else device
        self._interval_s = device_interval
        headers = {} if in_body else {"Link": LINK.format(context=context[0])}
        if tenant is not None:
            headers["NGSILD-Tenant"] = tenant
        self._naming = Naming(
            id_prefix=id_prefix,
            contexts=tuple(context),
            inline=in_body,
            dialect=dialect,
            in_paths=merges,
            truths=not merges,
        )
        self._way = Way(
            path=path.rstrip("/"),
            headers=headers,
            content_type="application/ld+json" if in_body else "application/json",
            most_bytes=batch_bytes,
            most_entities=batch_entities,
            late=late,
            merges=merges,
        )

    def deliver(self, batch: Sequence[Item], memory: Mapping[str, Json]) -> Conversation:
        """Tell what ``batch`` says, oldest first for each entity; the newest times delivered go to the memory."""
        if not self._tells_state:
            return self._tell(batch, memory)
        return with_state(batch, memory, self._tell, interval_s=self._interval_s, tell_gateway=self._tell_gateways)

    def _tell(self, batch: Sequence[Item], memory: Mapping[str, Json]) -> Conversation:
        return Delivery(batch, memory, self._naming, self._way).talk()

    def _tell_gateways(self, gateways: Sequence[GatewayState], memory: Mapping[str, Json]) -> Conversation:
        return telling_gateways(gateways, memory, self._naming, self._way)

    def read_back(self, item: Item, memory: Mapping[str, Json]) -> Request | None:  # noqa: ARG002 - of the seam
        """Return what asks for the first entity that ``item`` speaks of."""
        return asking(item, self._naming, self._way)


def _check(*, way: str, context: Sequence[str], context_in: str, id_prefix: str, path: str, late: str) -> None:
    if way not in {"upsert", "merge"}:
        raise ValueError(f"way: {way!r} is neither 'upsert' nor 'merge'")
    if isinstance(context, str):
        raise ValueError(f"context: a list of URLs is expected, not the text {context!r}")  # noqa: TRY004 - a value a person wrote
    for url in context:
        if URI.fullmatch(url) is None:
            raise ValueError(f"context: {url!r} is no URL")
    if context_in not in {"body", "link"}:
        raise ValueError(f"context_in: {context_in!r} is neither 'body' nor 'link'")
    if context_in == "link" and len(context) != 1:
        raise ValueError(f"context: a Link header names one context, not {len(context)}")
    if way == "merge" and context_in == "link":
        raise ValueError("context_in: 'body' belongs to way = 'merge'; diwise reads the @context nowhere else")
    if URI.fullmatch(id_prefix) is None:
        raise ValueError(f"id_prefix: {id_prefix!r} does not begin a URI; 'urn:ngsi-ld:' does")
    if not path.startswith("/"):
        raise ValueError(f"path: {path!r} does not begin with '/'")
    if late not in get_args(Late):
        raise ValueError(f"late: {late!r} is none of {', '.join(map(repr, get_args(Late)))}")
