"""ThingsBoard for tests and dry runs: a gateway's MQTT API, devices' HTTP API, and faults on demand.

The rules are those of thingsboard dfe65d5a (AbstractGatewaySessionHandler, DeviceApiController, JsonConverter): a message with anything in it
that cannot be read is not taken at all; a device that nobody connected is made as "default"; an unknown token is 401 without a body;
JSON that cannot be parsed is 500 with the parser's words. Over MQTT the real one closes the connection over a bad message; here the PUBACK says 0x99.

A request to a device (`call`) reaches a gateway only over a connection that has subscribed and has spoken of the device: its session is made by
connect, telemetry or attributes (AbstractGatewaySessionHandler.onDeviceConnect subscribes it). The first answer ends a request; others are dropped.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from aiohttp import web

from simulators.platforms.mqtt_platform import NOT_AUTHORIZED, PAYLOAD_INVALID, TAKEN, Json, MqttPlatform, read_object
from simulators.platforms.scripted_broker import Publish
from simulators.platforms.web_platform import Refusal, WebPlatform

LARGEST: Final = 65_536  # octets, NETTY_MAX_PAYLOAD_SIZE, and of telemetry over HTTP (`max_payload_size`)
PACKET_TOO_LARGE: Final = 0x95
RPC: Final = "v1/gateway/rpc"
MILLISECONDS: Final = 10**12  # what is less was in seconds: 10^12 ms are in 2001

Value = tuple[str, str, int]  # device, key, milliseconds


class Unreadable(Exception):
    """Say what JsonConverter cannot read."""


@dataclass(slots=True)
class Kept:
    """What devices told."""

    values: Counter[Value] = field(default_factory=Counter)  # how often each came
    log: dict[Value, Json] = field(default_factory=dict)  # the same key and time overwrites itself
    attributes: dict[str, dict[str, Json]] = field(default_factory=dict)  # by device
    profiles: dict[str, str] = field(default_factory=dict)  # by device
    connects: Counter[str] = field(default_factory=Counter)
    own: dict[str, Json] = field(
        default_factory=dict
    )  # of the gateway itself: attributes, and the latest of each series
    answers: dict[int, Json] = field(default_factory=dict)  # by the request's id
    dropped: int = 0  # answers that nobody waited for

    @property
    def repeated(self) -> int:
        """How many values came again with the same time."""
        return sum(times - 1 for times in self.values.values())

    def take(self, device: str, entries: Iterable[tuple[int, dict[str, Json]]]) -> None:
        """Keep telemetry, and make its device where there is none."""
        self.profiles.setdefault(device, "default")  # checkDeviceConnected
        for ts, values in entries:
            for key, value in values.items():
                self.values[device, key, ts] += 1
                self.log[device, key, ts] = value


class ThingsBoardBroker(MqttPlatform):
    """The gateway's MQTT API."""

    def __init__(self) -> None:
        super().__init__()
        self.kept = Kept()
        self._sessions: dict[str, int] = {}  # the connection that has spoken of a device
        self._waiting: dict[int, str] = {}  # requests without an answer, and their devices
        self._calls = 0

    def can_call(self, device: str) -> bool:
        """Tell whether a request to ``device`` would be passed on now."""
        return self._sessions.get(device) in self._broker.subscribed

    @property
    def acknowledged(self) -> Sequence[int]:
        """Return the ids of the requests that the gateway has taken (PUBACK)."""
        return [one - 1 for one in self._broker.acknowledged]

    def call(self, device: str, method: str, params: Json) -> int:
        """Ask something of ``device``, and return the request's id; KeyError where it has no session."""
        number, self._calls = self._calls, self._calls + 1  # DeviceActorMessageProcessor.rpcSeq begins at 0
        self._send(device, {"id": number, "method": method, "params": params}, number + 1)
        self._waiting[number] = device
        return number

    def restart(self) -> None:
        """Forget all requests and count from 0 again, as a server does that is started anew."""
        self._waiting.clear()
        self._calls = 0

    def _send(self, device: str, data: Json, mid: int) -> None:
        body = json.dumps({"device": device, "data": data}).encode()
        self._broker.tell(self._sessions[device], RPC, body, mid)

    def take(self, publish: Publish) -> int:
        """Take a whole message, or nothing of it."""
        if len(publish.payload) > LARGEST:
            return self.refuse(PACKET_TOO_LARGE, f"{len(publish.payload)} octets")
        said = read_object(publish.payload)
        if said is None:
            return self.refuse(PAYLOAD_INVALID, f"{publish.topic}: can't parse value")
        match publish.topic:
            case "v1/gateway/connect":
                return self._opened(publish, [str(said.get("device"))], self._connect(said))
            case "v1/gateway/attributes":
                return self._opened(publish, said, self._attributes(said))
            case "v1/gateway/telemetry":
                return self._opened(publish, said, self._telemetry(said))
            case "v1/gateway/rpc":
                return self._answer_of(said)
            case "v1/devices/me/attributes":
                self.kept.own.update(said)
                return TAKEN
            case "v1/devices/me/telemetry":
                return self._own_telemetry(said)
        return self.refuse(NOT_AUTHORIZED, f"{publish.topic} is no topic of a gateway")

    def _opened(self, publish: Publish, devices: Iterable[str], reason: int) -> int:
        if reason == TAKEN:
            self._sessions |= dict.fromkeys(devices, publish.connection)
        return reason

    def _answer_of(self, said: dict[str, Json]) -> int:
        number = said.get("id")
        if not isinstance(said.get("device"), str) or not isinstance(number, int) or "data" not in said:
            return self.refuse(PAYLOAD_INVALID, "Can't parse value: device, id and data are expected")
        if self._waiting.get(number) != said["device"]:
            self.kept.dropped += 1
            return TAKEN
        del self._waiting[number]
        self.kept.answers[number] = said["data"]
        return TAKEN

    def _own_telemetry(self, said: dict[str, Json]) -> int:
        try:
            for _, values in _entries([said]):
                self.kept.own.update(values)
        except Unreadable as error:
            return self.refuse(PAYLOAD_INVALID, str(error))
        return TAKEN

    def _connect(self, said: dict[str, Json]) -> int:
        device = said.get("device")
        if not isinstance(device, str) or not device:
            return self.refuse(PAYLOAD_INVALID, "Device name is empty!")
        self.kept.connects[device] += 1
        self.kept.profiles.setdefault(device, said.get("type") or "default")
        return TAKEN

    def _attributes(self, said: dict[str, Json]) -> int:
        if not all(isinstance(one, dict) for one in said.values()):
            return self.refuse(PAYLOAD_INVALID, "Can't parse value")
        for device, attributes in said.items():
            self.kept.attributes.setdefault(device, {}).update(attributes)
        return TAKEN

    def _telemetry(self, said: dict[str, Json]) -> int:
        try:
            read = {device: list(_entries(one)) for device, one in said.items() if device}
        except Unreadable as error:
            return self.refuse(PAYLOAD_INVALID, str(error))
        for device, entries in read.items():
            self.kept.take(device, entries)
        return TAKEN


class ThingsBoardHttp(WebPlatform):
    """The devices' HTTP API; ``tokens`` are the devices there are."""

    def __init__(self, tokens: Iterable[str]) -> None:
        super().__init__(largest_body=LARGEST)
        self.tokens = set(tokens)
        self.poison: set[str] = set()  # keys that the rule engine stumbles over: 500, whenever they come
        self.kept = Kept()

    def routes(self, app: web.Application) -> None:
        """Add the two paths of a device that tells something."""
        app.router.add_post("/api/v1/{token}/telemetry", self.answering(self._telemetry))
        app.router.add_post("/api/v1/{token}/attributes", self.answering(self._attributes))

    def refusal(self, refusal: Refusal) -> web.Response:
        """Return a bare status with a text, as ResponseEntity does."""
        return web.Response(status=refusal.status, text=refusal.detail)

    async def _telemetry(self, request: web.Request) -> web.Response:
        token, said = await self._read(request)
        try:
            entries = list(_entries(said if isinstance(said, list) else [said]))
        except Unreadable as error:
            raise Refusal(500, "Internal Server Error", str(error)) from error
        if any(self.poison & values.keys() for _, values in entries):
            raise Refusal(500, "Internal Server Error")
        self.kept.take(token, entries)
        return web.Response(status=200)

    async def _attributes(self, request: web.Request) -> web.Response:
        token, said = await self._read(request)
        if not isinstance(said, dict):
            raise Refusal(500, "Internal Server Error", "Can't parse value")
        self.kept.attributes.setdefault(token, {}).update(said)
        return web.Response(status=200)

    async def _read(self, request: web.Request) -> tuple[str, Json]:
        token = request.match_info["token"]
        body = await request.read()
        if token not in self.tokens:
            raise Refusal(401, "Unauthorized")
        try:
            return token, json.loads(body)
        except ValueError as error:
            raise Refusal(500, "Internal Server Error", f"com.google.gson.JsonSyntaxException: {error}") from error


def _entries(said: Json) -> Iterator[tuple[int, dict[str, Json]]]:
    if not isinstance(said, list):
        raise Unreadable("Can't parse value: an array of {ts, values} is expected")
    for one in said:
        if not isinstance(one, dict) or not isinstance(one.get("values"), dict) or not isinstance(one.get("ts"), int):
            raise Unreadable(f"Can't parse value: {json.dumps(one)[:80]}")
        if one["ts"] < MILLISECONDS:  # the real one would date it to 1970
            raise Unreadable(f"ts {one['ts']} is not in milliseconds")
        yield one["ts"], one["values"]
