"""ThingsBoard: telemetry of many devices over one gateway's MQTT connection, or by HTTP with each device's own token.

    MQTT  v1/gateway/connect      {"device":"a81758fffe03abcd","type":"default"}                    once a device
          v1/gateway/attributes   {"a81758fffe03abcd":{"dev_eui":…,"unit_air_temperature":"Cel",…}}  what changes seldom, when it changed
          v1/gateway/telemetry    {"a81758fffe03abcd":[{"ts":1772366401123,"values":{"air_temperature":21.5}}]}
    HTTP  POST /api/v1/<token>/attributes   {"dev_eui":…}
          POST /api/v1/<token>/telemetry    [{"ts":…,"values":{…}}]

``ts`` is in milliseconds. History is kept by its time, and the latest value only moves forward (`thingsboard.yml`,
SQL_TS_UPDATE_BY_LATEST_TIMESTAMP), so all goes side by side; the same key and time again overwrites itself (thingsboard/issues/5714). A server makes
the session of a device that sends telemetry by itself (`checkDeviceConnected`), as "default": connect is needed once, for the device's profile, and not at each connection.

Sources: thingsboard dfe65d5a; what the vendor's SDK publishes, tb-mqtt-client 1.13.14 (tests/vectors/thingsboard).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import groupby
from typing import Final

from gateway.formats import Conversation, Identity
from gateway.formats.device_state import GatewayState, check_interval, with_state
from gateway.formats.naming import Template, UnknownDevice, keyed, known_as
from gateway.formats.parts import Part, Said, request_about
from gateway.formats.patience import of_a_platform
from gateway.formats.rounds import Rounds
from gateway.formats.thingsboard_devices import Ask, OverHttp, OverMqtt, connect, hidden, introduce
from gateway.formats.thingsboard_gateway import telling_gateway
from gateway.model import Device, Item, Json, Observation, Receipt, Request

GATEWAY: Final = "v1/gateway/telemetry"
TELEMETRY: Final = "/telemetry"
RPC: Final = "v1/gateway/rpc"
NEW_NAME: Final = 4  # octets around a device's list: a colon, two brackets, a comma


class ThingsBoard:
    """ThingsBoard: telemetry with its own time, of many devices in one message."""

    def __init__(
        self,
        *,
        topic: str = GATEWAY,
        ids: Mapping[str, str] | None = None,
        profile: str = "default",
        batch_bytes: int = 60_000,
        tries: int = 10,
        device: bool = True,
        device_interval: int = 600,
    ) -> None:
        """Take how devices are called; ValueError says what cannot be.

        ``topic``: "/api/v1/{id}/telemetry" goes by HTTP, and then ``ids`` says each device's token. Over MQTT it says each
        device's name there, else that is the DevEUI.
        ``profile``: the device profile of devices that ThingsBoard makes when it first hears of them (MQTT).
        ``batch_bytes``: of one message; ThingsBoard takes 65536 (NETTY_MAX_PAYLOAD_SIZE) and ends the connection over more.
        ``tries``: how often a row is sent that ThingsBoard alone answers with 500, as it does to what it cannot read.
        ``device``: whether devices also say how they were heard (rssi, snr), and over MQTT the gateway what it is.
        ``device_interval``: seconds between two times.
        """
        check_interval(device_interval)
        if topic != GATEWAY and not (topic.startswith("/") and topic.endswith(TELEMETRY)):
            raise ValueError(f"topic: {topic!r} is neither {GATEWAY!r} nor '/api/v1/{{id}}{TELEMETRY}'")
        self._topic = Template("topic", topic, ("id",))
        if self._topic.is_path and "id" not in self._topic.names:
            raise ValueError(
                f"topic: {topic!r} has no {{id}}; '/api/v1/{{id}}{TELEMETRY}' puts the device's token there"
            )
        if batch_bytes < 1 or tries < 1:
            raise ValueError(f"batch_bytes and tries are at least 1, not {batch_bytes} and {tries}")
        if not profile:
            raise ValueError("profile: is empty; 'default' is what ThingsBoard calls its own")
        self._ids = known_as(ids)
        self._profile = profile
        self._ask: Ask = OverHttp(_attributes(topic)) if self._topic.is_path else OverMqtt(profile)
        self._most = batch_bytes
        self._patience = of_a_platform(tries, is_path=self._topic.is_path)
        self._tells_state, self._interval_s = device, device_interval

    def identity(self, host: str) -> Identity:  # noqa: ARG002 - of the seam
        """Return where ThingsBoard's commands come from, and its answers go."""
        return Identity() if self._topic.is_path else Identity(commands_topic=RPC, states_topic=RPC)

    def called(self, device: Device) -> str:
        """Return the name that ``device`` has at ThingsBoard."""
        return self._ids.get(device.dev_eui, device.dev_eui)

    def greetings(self, devices: Sequence[Device]) -> Sequence[Request]:
        """Return a connect for each device: a server passes on requests for those that this connection has spoken of."""
        return [connect(self.called(device), self._profile) for device in devices]

    def deliver(self, batch: Sequence[Item], memory: Mapping[str, Json]) -> Conversation:
        """Say who is new and what changed of devices, then all telemetry of ``batch``, then how devices were heard."""
        if not self._tells_state:
            return self._tell(batch, memory)
        gateway = None if self._topic.is_path else self._tell_gateways
        return with_state(batch, memory, self._tell, interval_s=self._interval_s, tell_gateway=gateway)

    def _tell_gateways(self, gateways: Sequence[GatewayState], memory: Mapping[str, Json]) -> Conversation:  # noqa: ARG002 - of the seam
        return telling_gateway(gateways)

    def _tell(self, batch: Sequence[Item], memory: Mapping[str, Json]) -> Conversation:
        introduced = yield from introduce(batch, memory, self._profile, self._name, self._ask)
        receipt: Receipt = yield from Rounds(batch, memory, self, patience=self._patience).talk()
        return replace(
            receipt,
            warnings=(*receipt.warnings, *introduced.warnings),
            memory={**receipt.memory, **introduced.memory},
        )

    def say(self, item: Item) -> Said:
        """Return one part for each time of ``item``."""
        name = self._name(item.device)
        return Said([self._part(item, name, observed_ms, values) for observed_ms, values in keyed(item)])

    def packed(self, parts: Sequence[Part]) -> Iterator[Sequence[Part]]:
        """Yield ``parts`` in messages of bounded size, each device's together; a part that is too large alone goes alone."""
        ordered = sorted(parts, key=lambda part: part.to)  # stable: oldest first for each device
        groups = groupby(ordered, key=lambda part: part.to) if self._topic.is_path else [("", iter(ordered))]
        for _, group in groups:
            yield from self._bounded(group)

    def request(self, parts: Sequence[Part]) -> Request:
        """Return the message that says ``parts``."""
        lists = {
            name: b"[%b]" % b",".join(part.request.body for part in group)
            for name, group in groupby(parts, key=lambda part: part.to)
        }
        if self._topic.is_path:
            [body] = lists.values()
        else:
            body = b"{%b}" % b",".join(b"%b:%b" % (json.dumps(name).encode(), said) for name, said in lists.items())
        first = parts[0].request
        return Request(target=first.target, body=body, content_type="application/json", secrets=first.secrets)

    # ── telemetry ──

    def _name(self, device: Device) -> str:
        if self._topic.is_path and device.dev_eui not in self._ids:
            raise UnknownDevice(device)
        return self.called(device)

    def _part(self, item: Item, name: str, observed_ms: int, values: Mapping[str, Observation]) -> Part:
        said = {"ts": observed_ms, "values": {key: one.value for key, one in values.items()}}
        text = json.dumps(said, separators=(",", ":")).encode()
        secrets = hidden(name) if self._topic.is_path else frozenset[str]()
        return Part(item.row, name, observed_ms, request_about(item, self._topic.fill(id=name), text, secrets=secrets))

    def _bounded(self, parts: Iterator[Part]) -> Iterator[Sequence[Part]]:
        batch: list[Part] = []
        size = 2
        for part in parts:
            octets = len(part.request.body) + 1
            name = len(json.dumps(part.to)) + NEW_NAME
            more = octets if batch and batch[-1].to == part.to else octets + name
            if batch and size + more > self._most:
                yield batch
                batch, size, more = [], 2, octets + name
            batch.append(part)
            size += more
        if batch:
            yield batch


def _attributes(topic: str) -> Template:
    return Template("topic", f"{topic.removesuffix(TELEMETRY)}/attributes", ("id",))
