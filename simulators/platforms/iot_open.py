"""IoT Open (Lynx) for tests and dry runs: its broker with one number a topic, its REST for devices and functions.

The rules are those of IoTOpen/go-lynx 6750ba72 (`mqtt.go`: value is a float64, timestamp seconds; `devicex.go`, `functionx.go`) and of
docker-edge-client 98d3f0fd (obj/# set/# cmd/# evt/# are carried). MQTT tells no error; refusals here are what Go's decoder would not read.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, TypeGuard

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

CARRIED: Final = ("obj/", "set/", "cmd/", "evt/")
LARGEST_BODY: Final = 1 << 20
META: Final = {"devicex": ("name",), "functionx": ("device_id", "topic_read")}  # what a thing is nothing without


@dataclass(slots=True)
class Kept:
    """What was published: how often each value of a topic came with each time, and the last one."""

    values: Counter[tuple[str, float]] = field(default_factory=Counter)  # by topic and seconds
    log: dict[tuple[str, float], float] = field(default_factory=dict)
    units: dict[str, str] = field(default_factory=dict)  # the `msg` of each topic

    @property
    def repeated(self) -> int:
        """How many values came again with the same time."""
        return sum(times - 1 for times in self.values.values())


class IotOpenBroker(MqttPlatform):
    """IoT Open's broker for one client, or an edge client's own where ``client`` is ""."""

    def __init__(self, client: str = "") -> None:
        super().__init__()
        self._prefix = f"{client}/" if client else ""
        self.kept = Kept()

    def take(self, publish: Publish) -> int:
        """Keep one number with its time."""
        topic = publish.topic.removeprefix(self._prefix)
        if not publish.topic.startswith(self._prefix) or not topic.startswith(CARRIED):
            return self.refuse(NOT_AUTHORIZED, f"{publish.topic} is not the client's")
        said = read_object(publish.payload)
        if said is None or not said.keys() <= {"value", "timestamp", "msg"}:
            return self.refuse(PAYLOAD_INVALID, f"{topic}: no message")
        if not (_is_number(said.get("value")) and _is_number(said.get("timestamp"))):
            return self.refuse(PAYLOAD_INVALID, f"{topic}: value and timestamp are numbers")
        if not isinstance(said.get("msg", ""), str):
            return self.refuse(PAYLOAD_INVALID, f"{topic}: msg is a text")
        self.kept.values[topic, said["timestamp"]] += 1
        self.kept.log[topic, said["timestamp"]] = said["value"]
        self.kept.units[topic] = said.get("msg", "")
        return TAKEN


class LynxRest(WebPlatform):
    """IoT Open's REST, as far as devices and functions go; ``token`` is the X-API-Key."""

    def __init__(self, installation: int = 1, *, token: str = "") -> None:
        super().__init__(largest_body=LARGEST_BODY, token=token)
        self._installation = installation
        self.things: dict[str, list[dict[str, Json]]] = {"devicex": [], "functionx": []}

    def routes(self, app: web.Application) -> None:
        """Add the lists, and how one adds to them."""
        app.router.add_get("/api/v2/{kind}/{installation}", self.answering(self._list))
        app.router.add_post("/api/v2/{kind}/{installation}", self.answering(self._make))

    def refusal(self, refusal: Refusal) -> web.Response:
        """Return IoT Open's error body."""
        return web.json_response({"message": refusal.detail or refusal.error}, status=refusal.status)

    async def _list(self, request: web.Request) -> web.Response:
        return web.json_response(self._kind(request))

    async def _make(self, request: web.Request) -> web.Response:
        made = self._kind(request)
        said = read_object(await request.read())
        if said is None or said.get("installation_id") != self._installation or not isinstance(said.get("type"), str):
            raise Refusal(400, "Bad Request", "type and installation_id are needed")
        meta = said.get("meta")
        if not _is_meta(meta) or any(key not in meta for key in META[request.match_info["kind"]]):
            raise Refusal(400, "Bad Request", "meta is a map of texts")
        made.append({**said, "id": 11 + len(made)})
        return web.json_response(made[-1])

    def _kind(self, request: web.Request) -> list[dict[str, Json]]:
        if self.token and request.headers.get("X-API-Key") != self.token:
            raise Refusal(401, "Unauthorized", "invalid api key")
        kind = request.match_info["kind"]
        if kind not in self.things or request.match_info["installation"] != str(self._installation):
            raise Refusal(404, "Not Found", "no such installation")
        return self.things[kind]


def _is_number(value: Json) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _is_meta(meta: Json) -> TypeGuard[Mapping[str, str]]:
    return isinstance(meta, Mapping) and all(isinstance(value, str) for value in meta.values())
