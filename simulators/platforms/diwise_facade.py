"""What diwise's iot-agent reads at its MQTT door, with the facade ``chirpstackv4``: its types, its times, its refusals.

Source: diwise/iot-agent 6ed3932 (2026-06), facades/chirpstackv4/chirpstack.go. Go's json.Unmarshal refuses a fraction
where a whole number is declared and a number where a text is; what it does not know it leaves unread.
"""

from __future__ import annotations

import binascii
import json
from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from simulators.platforms.mqtt import Received

Json = Any

UPLINKS: Final = frozenset({"up", "uplink"})
NOTHING: Final = frozenset({"txack", "down", "join"})
TEXT, WHOLE, NUMBER, MAP = "text", "whole number", "number", "object of texts"
TYPES: Final[Mapping[str, str]] = {  # by path; "rxInfo[]" is each of the list
    "deduplicationId": TEXT,
    "time": TEXT,
    "devAddr": TEXT,
    "dr": WHOLE,
    "fPort": WHOLE,
    "fCnt": WHOLE,
    "data": TEXT,
    "deviceInfo.tenantId": TEXT,
    "deviceInfo.tenantName": TEXT,
    "deviceInfo.applicationId": TEXT,
    "deviceInfo.applicationName": TEXT,
    "deviceInfo.deviceProfileId": TEXT,
    "deviceInfo.deviceProfileName": TEXT,
    "deviceInfo.deviceName": TEXT,
    "deviceInfo.devEui": TEXT,
    "deviceInfo.tags": MAP,
    "rxInfo[].gatewayId": TEXT,
    "rxInfo[].uplinkId": WHOLE,
    "rxInfo[].rssi": WHOLE,
    "rxInfo[].snr": NUMBER,
    "rxInfo[].context": TEXT,
    "rxInfo[].metadata": MAP,
    "txInfo.frequency": WHOLE,
    "txInfo.modulation.lora.bandwidth": WHOLE,
    "txInfo.modulation.lora.spreadingFactor": WHOLE,
    "txInfo.modulation.lora.codeRate": TEXT,
}


class Unprocessable(ValueError):
    """Say why the facade refuses an event: 422 at the envelope's door, acknowledged and gone at the broker's."""


@dataclass(frozen=True, slots=True)
class Event:
    """What the facade makes of an uplink; "" for the DevEUI of what it does nothing with."""

    dev_eui: str
    at: datetime
    f_port: int
    data: bytes
    object: Json


def check(received: Received) -> str:
    """Return what is wrong with a message on the topics that diwise subscribes to, "" for nothing."""
    try:
        event = read(received.topic.rpartition("/")[2], received.payload)
    except Unprocessable as error:
        return f"{received.topic}: {error}"
    return "" if event.dev_eui else f"{received.topic}: nothing comes of it"


def read(message_type: str, body: bytes) -> Event:
    """Read an event as HandleEvent does, by the last segment of its topic; raise Unprocessable."""
    if message_type in NOTHING:
        return Event("", datetime.min.replace(tzinfo=UTC), 0, b"", None)
    try:
        event = json.loads(body)
    except ValueError as error:
        raise Unprocessable(str(error)) from error
    _check_types(event)
    if not event.get("deviceInfo", {}).get("devEui"):
        raise Unprocessable("the sensor's id is missing")
    if not event.get("data") and event.get("object") is None:
        raise Unprocessable("the payload contains no data")
    return Event(
        dev_eui=event["deviceInfo"]["devEui"],
        at=datetime.fromisoformat(event["time"]),
        f_port=event.get("fPort", 0),
        data=_octets(event.get("data", "")),
        object=event.get("object"),
    )


def _octets(text: str) -> bytes:
    try:
        return b64decode(text, validate=True)
    except binascii.Error as error:
        raise Unprocessable(f"data: {error}") from error


def _check_types(event: Json) -> None:
    if not isinstance(event, dict):
        raise Unprocessable("an event is an object")
    for path, kind in TYPES.items():
        for value in _at(event, path):
            if not _is(value, kind):
                raise Unprocessable(f"{path}: {value!r} is no {kind}")


def _at(event: Json, path: str) -> list[Json]:
    found = [event]
    for step in path.split("."):
        name = step.removesuffix("[]")
        found = [one[name] for one in found if isinstance(one, dict) and one.get(name) is not None]
        if step.endswith("[]"):
            found = [each for one in found for each in one]
    return found


def _is(value: Json, kind: str) -> bool:
    if isinstance(value, bool):
        return False
    match kind:
        case "text":
            return isinstance(value, str)
        case "whole number":
            return isinstance(value, int)
        case "number":
            return isinstance(value, (int, float))
    return isinstance(value, dict) and all(isinstance(one, str) for one in value.values())
