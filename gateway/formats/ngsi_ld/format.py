"""NGSI-LD as a format: how one destination wants its entities named, explained and sent."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final, Literal

from gateway.formats import Conversation
from gateway.formats.ngsi_ld.conversation import Delivery, Late, Way
from gateway.formats.ngsi_ld.entities import Naming
from gateway.model import Item, Json

UPSERT: Final = "/entityOperations/upsert?options=update"  # without the option a broker replaces the entity
LINK: Final = '<{context}>; rel="http://www.w3.org/ns/json-ld#context"; type="application/ld+json"'
URI: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s<>\"{}|\\^`]*")


class NgsiLd:
    """NGSI-LD as a format: ``POST …/entityOperations/upsert?options=update``, wave by wave."""

    def __init__(
        self,
        *,
        context: Sequence[str] = (),
        context_in: Literal["body", "link"] = "body",
        tenant: str | None = None,
        id_prefix: str = "urn:ngsi-ld:",
        path: str = "/ngsi-ld/v1",
        late: Late = "refuse",
        batch_bytes: int = 256_000,
        batch_entities: int = 100,
    ) -> None:
        """Take what a city's broker wants; ValueError says what cannot be.

        ``context``: URLs of the @context; none: the context of each model's subject, and the core's last.
        ``context_in``: "link" sends plain JSON with a Link header, which names one context.
        ``late``: what becomes of a value older than the one delivered: "refuse" it (the uplink is kept with the
        reason), "send" it (a broker that compares times or keeps all of them), "skip" it (counted).
        """
        _check(context=context, context_in=context_in, id_prefix=id_prefix, path=path, late=late)
        if batch_bytes < 1 or batch_entities < 1:
            raise ValueError(f"batch_bytes and batch_entities are at least 1, not {batch_bytes} and {batch_entities}")
        in_body = context_in == "body"
        headers = {} if in_body else {"Link": LINK.format(context=context[0])}
        if tenant is not None:
            headers["NGSILD-Tenant"] = tenant
        self._naming = Naming(id_prefix=id_prefix, contexts=tuple(context), inline=in_body)
        self._way = Way(
            target=path.rstrip("/") + UPSERT,
            headers=headers,
            content_type="application/ld+json" if in_body else "application/json",
            most_bytes=batch_bytes,
            most_entities=batch_entities,
            late=late,
        )

    def deliver(self, batch: Sequence[Item], memory: Mapping[str, Json]) -> Conversation:
        """Upsert what ``batch`` says, oldest first for each entity; the newest times delivered go to the memory."""
        return Delivery(batch, memory, self._naming, self._way).talk()


def _check(*, context: Sequence[str], context_in: str, id_prefix: str, path: str, late: str) -> None:
    if isinstance(context, str):
        raise ValueError(f"context: a list of URLs is expected, not the text {context!r}")  # noqa: TRY004 - a value a person wrote
    for url in context:
        if URI.fullmatch(url) is None:
            raise ValueError(f"context: {url!r} is no URL")
    if context_in not in {"body", "link"}:
        raise ValueError(f"context_in: {context_in!r} is neither 'body' nor 'link'")
    if context_in == "link" and len(context) != 1:
        raise ValueError(f"context: a Link header names one context, not {len(context)}")
    if URI.fullmatch(id_prefix) is None:
        raise ValueError(f"id_prefix: {id_prefix!r} does not begin a URI; 'urn:ngsi-ld:' does")
    if not path.startswith("/"):
        raise ValueError(f"path: {path!r} does not begin with '/'")
    if late not in {"refuse", "send", "skip"}:
        raise ValueError(f"late: {late!r} is none of 'refuse', 'send', 'skip'")
