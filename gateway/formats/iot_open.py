"""IoT Open (Lynx): one number a topic, with its own time, over MQTT.

    <client>/obj/brygga/<device>/air_temperature    {"value":21.5,"timestamp":1772366401.123,"msg":"Cel"}

``timestamp`` is in seconds since the epoch with its fraction, and is kept; ``value`` is a number (IoTOpen/go-lynx, `mqtt.go`: float64),
so a truth value is 1 or 0 and a text cannot be said. ``msg`` is free text, and says the unit. A function whose meta ``topic_read`` is the topic
without the client's id makes it a value that people see: `iot_open_functions.py` asks for those over REST.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Final

from gateway.formats import Conversation, Provided, Providing, Registry
from gateway.formats.iot_open_functions import provide
from gateway.formats.naming import Template, key_of, keyed, known_as
from gateway.formats.parts import OneByOne, Part, Said, request_about
from gateway.formats.patience import Patience
from gateway.formats.rounds import Late, Rounds
from gateway.model import Device, Item, Json, Observation

TOPIC: Final = "obj/brygga/{id}/{key}"


class IotOpen(OneByOne):
    """IoT Open (Lynx): one number a topic, with its own time."""

    def __init__(
        self,
        *,
        client: str = "",
        topic: str = TOPIC,
        ids: Mapping[str, str] | None = None,
        late: Late = "send",
        tries: int = 10,
        installation: int = 0,
    ) -> None:
        """Take where values go; ValueError says what cannot be.

        ``client``: the number of the client at IoT Open, the first level of each topic there; "" at an edge client's own broker, which puts it in front.
        ``topic``: behind that, the functions' `topic_read`. {id} is what ``ids`` says of a device, else its DevEUI; {key} is the quantity with its channel.
        ``late``: what becomes of a value older than the newest of its device: "send" it (its time goes along), "refuse" it, "skip" it (counted).
        ``installation``: its number at IoT Open, in which `brygga destination provision` has functions made.
        """
        if client and not client.isdigit():
            raise ValueError(f"client: {client!r} is no number of a client at IoT Open; '1459' is one")
        if not topic.startswith("obj/"):
            raise ValueError(f"topic: {topic!r} does not begin with 'obj/', where IoT Open takes values")
        if late not in {"refuse", "send", "skip"}:
            raise ValueError(f"late: {late!r} is none of 'refuse', 'send', 'skip'")
        if tries < 1:
            raise ValueError(f"tries: {tries} is less than 1")
        if installation < 0:
            raise ValueError(f"installation: {installation} is no number of an installation at IoT Open; 12 is one")
        self._client = f"{client}/" if client else ""
        self._topic = Template("topic", topic, ("id", "dev_eui", "key"))
        if "key" not in self._topic.names:
            raise ValueError(f"topic: {topic!r} has no {{key}}; a topic holds one value, {TOPIC!r} is right")
        if not self._topic.names & {"id", "dev_eui"}:
            raise ValueError(f"topic: {topic!r} is the same for every device; {TOPIC!r} is right")
        self._ids = known_as(ids)
        self._topic.check(self._ids)
        self._late: Late = late
        self._installation = installation
        self._patience = Patience(tries=tries)

    def deliver(self, batch: Sequence[Item], memory: Mapping[str, Json]) -> Conversation:
        """Publish each value of ``batch``."""
        return Rounds(batch, memory, self, late=self._late, patience=self._patience).talk()

    def say(self, item: Item) -> Said:
        """Return a part for each value of ``item`` that is a number or a truth value."""
        parts: list[Part] = []
        texts: list[str] = []
        for observed_ms, values in keyed(item):
            for key, observation in values.items():
                if isinstance(observation.value, str):
                    texts.append(observation.quantity)
                    continue
                topic = self._client + self.topic_read(item.device, key)
                request = request_about(item, topic, _message(observation, observed_ms))
                parts.append(Part(item.row, item.device.dev_eui, observed_ms, request))
        return Said(parts, texts)

    def topic_read(self, device: Device, key: str) -> str:
        """Return the topic of a value as a function's meta names it: without the client's id."""
        return self._topic.fill(id=self._ids.get(device.dev_eui, device.dev_eui), dev_eui=device.dev_eui, key=key)

    def registry(self, host: str) -> Registry:
        """Return IoT Open's REST at ``host``; with the user name "apikey" its key is the broker's password, too."""
        return Registry(url=f"https://{host}", key_header="X-API-Key", key_user="apikey")

    def provide(self, items: Sequence[Item]) -> Providing:
        """Have a function made for each value of ``items``, and its device; ValueError without the installation's number."""
        if not self._installation:
            raise ValueError("options.installation: is missing; the number of the installation at IoT Open is expected")
        return self._provide(items)

    def _provide(self, items: Sequence[Item]) -> Providing:
        known = yield from provide(items, self, self._installation)
        shown = {topic for item in items for topic in self.functions(item)} & known.topics
        devices = "1 device" if len(known.devices) == 1 else f"{len(known.devices)} devices"
        words = f"{devices}, and functions for {len(shown)} of their values"
        return Provided(words, known.problems)

    def functions(self, item: Item) -> Mapping[str, Observation]:
        """Return each value of ``item`` that a function can show, by its `topic_read`."""
        said = [one for one in item.observations if not isinstance(one.value, str)]
        return {self.topic_read(item.device, key_of(one.quantity, one.channel)): one for one in said}


def _message(observation: Observation, observed_ms: int) -> bytes:
    value = observation.value
    said: dict[str, Json] = {
        "value": int(value) if isinstance(value, bool) else value,
        "timestamp": observed_ms / 1000,
        "msg": observation.unit,
    }
    return json.dumps(said, separators=(",", ":")).encode()
