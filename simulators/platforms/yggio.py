"""Sensative Yggio for tests and dry runs: its broker with reserved topics, its HTTP push, and faults on demand.

Known: topics and identifiers, and that a push is answered 200 and stamped on arrival (Yggio's documentation, "Generic integration", "MQTT";
a third party who read its source). Not known: what a push to a missing node is answered. Here that is 404, as `brygga` has to expect.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from aiohttp import web

from simulators.platforms.mqtt_platform import (
    NOT_AUTHORIZED,
    PAYLOAD_INVALID,
    TAKEN,
    Json,
    MqttPlatform,
    read_object,
)
from simulators.platforms.scripted_broker import Publish
from simulators.platforms.web_platform import Refusal, WebPlatform

TOPIC: Final = re.compile(r"yggio/generic/v2/[^+#]+")
IDENTIFIERS: Final = frozenset({"id", "secret", "devEui", "gatewayEui", "imei", "tag", "serialNumber"})
LARGEST_BODY: Final = 1 << 20
ARRIVED: Final = ""  # the time of a value that the platform stamped itself: no test's clock foretells it

Value = tuple[str, str, str]  # node, key, time


@dataclass(slots=True)
class Kept:
    """What nodes were told."""

    values: Counter[Value] = field(default_factory=Counter)  # how often each came
    current: dict[tuple[str, str], Json] = field(default_factory=dict)  # by node and key: what came last
    went_back: list[str] = field(default_factory=list)  # keys whose older value went over a newer one
    newest: dict[str, str] = field(default_factory=dict)  # `reportedAt` of each node's last message

    def take(self, node: str, said: Mapping[str, Json], at: str) -> None:
        """Keep all values of one message."""
        if at and at < self.newest.get(node, ""):
            self.went_back.append(f"{node} {at}")
        self.newest[node] = max(at, self.newest.get(node, ""))
        for key, value in said.items():
            self.values[node, key, at] += 1
            self.current[node, key] = value

    @property
    def repeated(self) -> int:
        """How many values came again with the same time."""
        return sum(times - 1 for (_, _, at), times in self.values.items() if at)


class YggioBroker(MqttPlatform):
    """Yggio's broker. Only reserved topics may be published to; ``topics`` None: all that begin right are reserved."""

    def __init__(self, topics: Iterable[str] | None = None) -> None:
        super().__init__()
        self.topics = None if topics is None else set(topics)
        self.kept = Kept()

    def take(self, publish: Publish) -> int:
        """Keep a message of a reserved topic whose body is flat JSON."""
        if TOPIC.fullmatch(publish.topic) is None or (self.topics is not None and publish.topic not in self.topics):
            return self.refuse(NOT_AUTHORIZED, f"{publish.topic} is not reserved")
        said = read_object(publish.payload)
        if said is None or any(isinstance(value, (dict, list)) for value in said.values()):
            return self.refuse(PAYLOAD_INVALID, f"{publish.topic}: no flat JSON object")
        at = said.pop("reportedAt", ARRIVED)
        if at != ARRIVED and not _is_instant(at):
            return self.refuse(PAYLOAD_INVALID, f"{publish.topic}: reportedAt {at!r} is no time")
        self.kept.take(publish.topic.rpartition("/")[2], said, at)
        return TAKEN


class YggioPush(WebPlatform):
    """Yggio's HTTP push. Nodes are made beforehand, by the value of an identifier; ``nodes`` None: all are there."""

    def __init__(self, nodes: Iterable[str] | None = None, *, token: str = "") -> None:
        """``token``: Yggio asks for none; a city's proxy before it may."""
        super().__init__(largest_body=LARGEST_BODY, token=token)
        self.nodes = None if nodes is None else set(nodes)
        self.kept = Kept()

    def routes(self, app: web.Application) -> None:
        """Add the one path."""
        app.router.add_post("/http-push/generic", self.answering(self._push))

    def refusal(self, refusal: Refusal) -> web.Response:
        """Return a refusal; how Yggio words its own is not known."""
        return web.json_response({"message": refusal.detail or refusal.error}, status=refusal.status)

    async def _push(self, request: web.Request) -> web.Response:
        if self.token and request.headers.get("Authorization") != f"Bearer {self.token}":
            raise Refusal(401, "Unauthorized")
        identifier = request.query.get("identifier") or request.headers.get("identifier", "")
        if identifier not in IDENTIFIERS:
            raise Refusal(400, "Bad Request", f"identifier {identifier!r} is not known")
        said = read_object(await request.read())
        if said is None or request.content_type != "application/json":
            raise Refusal(400, "Bad Request", "a JSON object is expected")
        if any(isinstance(value, (dict, list)) for value in said.values()):
            raise Refusal(400, "Bad Request", "the body is flat JSON")
        if not isinstance(node := said.pop(identifier, None), str):
            raise Refusal(400, "Bad Request", f"{identifier} is not in the body")
        if self.nodes is not None and node not in self.nodes:
            raise Refusal(404, "Not Found", "no such node")
        said.pop("reportedAt", None)  # stamped on receipt, whatever stands there
        self.kept.take(node, said, ARRIVED)
        return web.Response(status=200, text=json.dumps({}), content_type="application/json")


def _is_instant(text: Json) -> bool:
    try:
        return isinstance(text, str) and datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        return False
