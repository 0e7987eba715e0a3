"""Sensative Yggio: flat JSON to a generic node, over MQTT v2 or by HTTP push.

    MQTT  yggio/generic/v2/<name>   {"air_temperature":21.5,"air_temperature_unit":"Cel","reportedAt":"2026-03-01T12:00:01.123Z"}
    HTTP  POST /http-push/generic?identifier=devEui   the same, and {"devEui":"A81758FFFE03ABCD", …}

A topic is reserved beforehand, and is the node's secret; an HTTP node is made beforehand (docs/platforms.md). Yggio stamps what
comes by HTTP with the time of arrival: what is not fresh does not go that way. Over MQTT ``reportedAt`` says the time; one public
client backdates so, and that Yggio heeds it is an inference.

Sources: Yggio's documentation, "Generic integration" and "MQTT"; the same in Sensative's interface code (sifis-home/yggio-components).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Final, Literal
from urllib.parse import parse_qs, urlsplit

from gateway.formats import Conversation
from gateway.formats.device_state import check_interval, with_state_inside
from gateway.formats.naming import Template, UnknownDevice, keyed, known_as, milliseconds, timestamp
from gateway.formats.parts import OneByOne, Part, Said, request_about
from gateway.formats.patience import of_a_platform
from gateway.formats.rounds import Late, Rounds
from gateway.model import Device, Eui64, Item, Json, Observation

PREFIX: Final = "yggio/generic/v2/"  # topics that Yggio lets users reserve
IDENTIFIERS: Final = ("id", "secret", "devEui", "gatewayEui", "imei", "tag", "serialNumber")  # of an HTTP push
SECRET: Final = re.compile(r"[A-Za-z0-9._-]{8,128}")

Units = Literal["beside", "none"]


class Yggio(OneByOne):
    """Sensative Yggio: flat JSON to a generic node, one message for each time that an uplink tells of."""

    def __init__(
        self,
        *,
        topic: str = "yggio/generic/v2/{id}",
        ids: Mapping[str, str] | None = None,
        units: Units = "beside",
        late: Late | None = None,
        fresh_s: int = 600,
        tries: int = 10,
        device: bool = False,
        device_interval: int = 600,
    ) -> None:
        """Take how nodes are called; ValueError says what cannot be.

        ``topic``: "/http-push/generic?identifier=devEui" goes by HTTP. {id} is what ``ids`` says of a device, else its DevEUI.
        ``late``: what becomes of a value that is older than ``fresh_s`` seconds (HTTP), or than one that is there: "refuse" it
        (default over HTTP), "send" it (default over MQTT), "skip" it (counted).
        ``units``: "beside" says each unit in a key of its own, "none" leaves them to the quantity's name.
        ``tries``: how often a message is sent that Yggio alone answers with 500.
        ``device``: true has nodes also say how devices were heard (rssi, snr), every ``device_interval`` seconds at most.
        """
        check_interval(device_interval)
        self._tells_state, self._interval_s = device, device_interval
        self._topic = Template("topic", topic, ("id", "dev_eui"))
        self._identifier = _identifier(topic) if self._topic.is_path else ""
        self._ids = known_as(ids) if self._identifier else _in_topics(known_as(ids), topic)
        self._topic.check(self._ids)
        self._with_units = _one_of("units", units, ("beside", "none")) == "beside"
        default: Late = "refuse" if self._identifier else "send"
        self._late: Late = default if late is None else late
        _one_of("late", self._late, ("refuse", "send", "skip"))
        if fresh_s < 1 or tries < 1:
            raise ValueError(f"fresh_s and tries are at least 1, not {fresh_s} and {tries}")
        self._fresh = timedelta(seconds=fresh_s)
        self._patience = of_a_platform(tries, is_path=self._topic.is_path)
        _check_names(topic, self._identifier, self._ids)

    def deliver(self, batch: Sequence[Item], memory: Mapping[str, Json]) -> Conversation:
        """Post what ``batch`` says; what is late goes by ``late``."""
        if not self._tells_state:
            return self._tell(batch, memory)
        return with_state_inside(batch, memory, self._tell, interval_s=self._interval_s)

    def _tell(self, batch: Sequence[Item], memory: Mapping[str, Json]) -> Conversation:
        return Rounds(batch, memory, self, late=self._late, patience=self._patience).talk()

    def say(self, item: Item) -> Said:
        """Return one part for each time of ``item``."""
        name = self._name(item.device)
        return Said([self._part(item, name, observed_ms, values) for observed_ms, values in keyed(item)])

    def _name(self, device: Device) -> str:
        if device.dev_eui in self._ids:
            return self._ids[device.dev_eui]
        if self._identifier and self._identifier != "devEui":
            raise UnknownDevice(device)
        return device.dev_eui.upper() if self._identifier else device.dev_eui  # upper case as Yggio's page has it

    def _part(self, item: Item, name: str, observed_ms: int, values: Mapping[str, Observation]) -> Part:
        said: dict[str, Json] = {self._identifier: name} if self._identifier else {}
        for key, observation in values.items():
            said[key] = observation.value
            if self._with_units and observation.unit:
                said[f"{key}_unit"] = observation.unit
        said["reportedAt"] = timestamp(observed_ms)
        text = json.dumps(said, ensure_ascii=False, separators=(",", ":"))
        target = str(self._topic) if self._identifier else self._topic.fill(id=name, dev_eui=item.device.dev_eui)
        late = self._stale(item, observed_ms) if self._identifier else ""
        secrets = frozenset({name} if self._identifier == "secret" else ())
        request = request_about(item, target, text.encode(), secrets=secrets)
        return Part(item.row, item.device.dev_eui, observed_ms, request, late)

    def _stale(self, item: Item, observed_ms: int) -> str:
        age = item.age + timedelta(milliseconds=milliseconds(item.uplink.heard_at.utc) - observed_ms)
        if age <= self._fresh:
            return ""
        return (
            f"late: measured at {timestamp(observed_ms)}, {age // timedelta(seconds=1)} s ago, and Yggio would stamp it with the "
            "time of arrival; over MQTT (options.topic = 'yggio/generic/v2/{id}') its own time goes along"
        )


def _identifier(topic: str) -> str:
    query = parse_qs(urlsplit(topic).query)
    found = query.get("identifier", [""])[0]
    if found not in IDENTIFIERS:
        raise ValueError(
            f"topic: {topic!r} has no identifier that Yggio knows: identifier={'|'.join(IDENTIFIERS)} is expected"
        )
    return found


def _in_topics(ids: Mapping[Eui64, str], topic: str) -> Mapping[Eui64, str]:
    """Return names as a topic takes them: a node's secret is its whole topic, and its owner's list may say that."""
    if not topic.startswith(f"{PREFIX}{{id}}"):
        return ids
    names = {dev_eui: name.removeprefix(PREFIX) for dev_eui, name in ids.items()}
    for dev_eui, name in names.items():
        if "" in name.split("/"):
            raise ValueError(f"ids: the name of {dev_eui} leaves a level of its topic empty; 'torget' is a name")
    return names


def _check_names(topic: str, identifier: str, ids: Mapping[Eui64, str]) -> None:
    if not identifier and not topic.startswith(PREFIX):
        raise ValueError(f"topic: {topic!r} does not begin with {PREFIX!r}, where Yggio takes generic messages")
    if not identifier and "{" not in topic:
        raise ValueError(f"topic: {topic!r} is the same for every device; {PREFIX}{{id}} is right")
    for dev_eui, name in ids.items():
        if identifier == "secret" and SECRET.fullmatch(name) is None:
            raise ValueError(f"ids: the secret of {dev_eui} is not 8 to 128 of A-Z a-z 0-9 - . _")


def _one_of(option: str, value: str, known: Sequence[str]) -> str:
    if value not in known:
        raise ValueError(f"{option}: {value!r} is none of {', '.join(map(repr, known))}")
    return value
