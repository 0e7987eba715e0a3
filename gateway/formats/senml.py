"""SenML packs (RFC 8428), one for each uplink, in JSON or CBOR.

    [{"bn":"urn:dev:mac:a81758fffe03abcd:","bt":1721654321.123,"n":"uplink","vs":"<the uplink's id>"},
     {"n":"air_temperature","u":"Cel","v":21.5},
     {"n":"soil_moisture/depth_20cm","u":"/","v":0.35,"t":-600.0}]

The base name is the DevEUI as RFC 9039 writes an EUI-64, the base time is the time of hearing; a record whose sensor
stated a time of its own carries the difference. Names are the vocabulary's, with the channel after a slash. Units are
primary units of the IANA registry, so that every reader of RFC 8428 understands them; ``units="secondary"`` keeps
hPa, ppm or kWh and says so with base version 26 (RFC 9100: version 10, and feature 4 of RFC 8798). A quantity that has
no unit in the registry goes out without one, as the RFC allows: its name says in the vocabulary what it is counted in.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from string import Formatter
from typing import Final, Literal

import cbor2

from decoders.vocabulary import QUANTITIES
from decoders.vocabulary.units import convert
from gateway.formats import Conversation
from gateway.formats.device_state import check_interval, with_state_inside
from gateway.formats.parts import OneByOne, Said, request_about, standing_alone
from gateway.formats.patience import UNKNOWN_PLATFORM
from gateway.formats.rounds import Rounds
from gateway.model import Item, Json, Observation, Request

SECONDARY_UNITS_VERSION: Final = 26  # RFC 9100: 10 + 2^4

# SenML's names for units, in UCUM. IANA "SenML Units", RFC 8428 and RFC 8798.
PRIMARY: Final[Mapping[str, str]] = {
    "%EL": "%",
    "%RH": "%",
    "/": "1",
    "A": "A",
    "Cel": "Cel",
    "Hz": "Hz",
    "J": "J",
    "NTU": "[NTU]",
    "Pa": "Pa",
    "S/m": "S/m",
    "V": "V",
    "VA": "V.A",
    "W": "W",
    "W/m2": "W/m2",
    "count": "1",
    "dB": "dB",
    "dBW": "dB{W}",
    "deg": "deg",  # registered, but with an asterisk: rad is preferred, and nobody reads wind directions in radians
    "kg": "kg",
    "kg/m3": "kg/m3",
    "lat": "deg",
    "lon": "deg",
    "lx": "lx",
    "m": "m",
    "m/s": "m/s",
    "m/s2": "m/s2",
    "m3": "m3",
    "m3/s": "m3/s",
    "pH": "[pH]",
    "rad": "rad",
    "s": "s",
    "var": "V.A{reactive}",
    "vars": "V.A.s{reactive}",
}
# IANA "Secondary Units", RFC 8798: its UCUM code, and the primary unit it scales.
SECONDARY: Final[Mapping[str, tuple[str, str]]] = {
    "/100": ("%", "/"),
    "/1000": ("[ppth]", "/"),
    "cm": ("cm", "m"),
    "dBm": ("dB{mW}", "dBW"),
    "hPa": ("hPa", "Pa"),
    "kWh": ("kW.h", "J"),
    "km/h": ("km/h", "m/s"),
    "kvarh": ("kV.A.h{reactive}", "vars"),
    "mA": ("mA", "A"),
    "mV": ("mV", "V"),
    "mm": ("mm", "m"),
    "mm/h": ("mm/h", "m/s"),
    "ppm": ("[ppm]", "/"),
    "ug/m3": ("ug/m3", "kg/m3"),
}

Units = Literal["primary", "secondary"]


@dataclass(frozen=True, slots=True)
class _Record:
    """What all records of one quantity and channel share."""

    name: str
    unit: str  # SenML; "" for none
    ucum: str  # what the value is converted to; "" where it stays as it is
    json: str  # '{"n":"…","u":"…"'


class SenMl(OneByOne):
    """SenML as a format: one request for each uplink, all of a batch at once."""

    def __init__(
        self,
        *,
        encoding: Literal["json", "cbor"] = "json",
        topic: str = "brygga/{dev_eui}/senml",
        base_name: str = "urn:dev:mac:{dev_eui}:",
        units: Units = "primary",
        device: bool = False,
        device_interval: int = 600,
    ) -> None:
        """Templates know {dev_eui}, {device}, {entity} and {entity_type}; ValueError says what is wrong with one.

        ``device``: true has packs also say how devices were heard (rssi, snr), every ``device_interval`` seconds at most.
        """
        check_interval(device_interval)
        self._tells_state, self._interval_s = device, device_interval
        if encoding not in {"json", "cbor"}:
            raise ValueError(f"encoding: {encoding!r} is neither 'json' nor 'cbor'")
        if units not in {"primary", "secondary"}:
            raise ValueError(f"units: {units!r} is neither 'primary' nor 'secondary'")
        self._topic = _template("topic", topic)
        self._base_name = _template("base_name", base_name)
        if re.search(r"[+#\x00]", topic):
            raise ValueError(f"topic: {topic!r} holds a wildcard; a message goes to one topic")
        if not re.match(r"[A-Za-z0-9]", base_name.format_map(_EXAMPLE)):
            raise ValueError(f"base_name: {base_name!r} begins with a character that SenML names do not begin with")
        self._units: Units = units
        self._pack: Callable[[Item, str], bytes] = self._json if encoding == "json" else self._cbor
        self._content_type = f"application/senml+{encoding}"

    def deliver(self, batch: Sequence[Item], memory: Mapping[str, Json]) -> Conversation:
        """Send all packs side by side and believe each answer; in ``memory`` stands what was said of devices themselves."""
        if not self._tells_state:
            return self._tell(batch, memory)
        return with_state_inside(batch, memory, self._tell, interval_s=self._interval_s)

    def _tell(self, batch: Sequence[Item], memory: Mapping[str, Json]) -> Conversation:
        return Rounds(batch, memory, self, patience=UNKNOWN_PLATFORM).talk()

    def say(self, item: Item) -> Said:
        """Return the pack of ``item``; nothing where it has no observation."""
        return standing_alone(item, [self._request(item)] if item.observations else [])

    def _request(self, item: Item) -> Request:
        fields = {
            "dev_eui": item.device.dev_eui,
            "device": item.device.name or item.device.dev_eui,
            "entity": item.device.entity.id or item.device.dev_eui,
            "entity_type": item.device.entity.type or "device",
        }
        target = self._topic.format_map({key: _NO_LEVEL.sub("_", value) for key, value in fields.items()})
        body = self._pack(item, _NO_NAME.sub("-", self._base_name.format_map(fields)))
        return request_about(item, target, body, content_type=self._content_type)

    def _json(self, item: Item, base_name: str) -> bytes:
        heard_at = item.uplink.heard_at.utc
        version = f'"bver":{SECONDARY_UNITS_VERSION},' if self._units == "secondary" else ""
        base_time = round(heard_at.timestamp(), 3)
        parts = [f'{{{version}"bn":"{base_name}","bt":{base_time!r},"n":"uplink","vs":"{item.uplink.id}"}}']
        for observation in item.observations:
            record = _record(observation.quantity, observation.channel, self._units)
            value = _value(observation, record)
            shown = repr(value) if type(value) in _NUMBERS else json.dumps(value)
            delay = observation.observed_at - heard_at
            time = f',"t":{_seconds(delay)!r}' if delay else ""
            parts.append(f'{record.json},"{_JSON_LABELS[type(value)]}":{shown}{time}}}')
        return f"[{','.join(parts)}]".encode()

    def _cbor(self, item: Item, base_name: str) -> bytes:
        heard_at = item.uplink.heard_at.utc
        base: dict[int, object] = {
            BN: base_name,
            BT: round(heard_at.timestamp(), 3),
            N: "uplink",
            VS: str(item.uplink.id),
        }
        if self._units == "secondary":
            base[BVER] = SECONDARY_UNITS_VERSION
        pack = [base]
        for observation in item.observations:
            record = _record(observation.quantity, observation.channel, self._units)
            value = _value(observation, record)
            fields: dict[int, object] = {N: record.name, _CBOR_LABELS[type(value)]: value}
            if record.unit:
                fields[U] = record.unit
            if delay := observation.observed_at - heard_at:
                fields[T] = _seconds(delay)
            pack.append(fields)
        return cbor2.dumps(pack)


BVER, BN, BT, N, U, V, VS, VB, T = -1, -2, -3, 0, 1, 2, 3, 4, 6  # RFC 8428, table 4
_CBOR_LABELS: Final[Mapping[type, int]] = {int: V, float: V, str: VS, bool: VB}
_JSON_LABELS: Final[Mapping[type, str]] = {int: "v", float: "v", str: "vs", bool: "vb"}
_NUMBERS: Final = frozenset({int, float})
_NO_NAME: Final = re.compile(r"[^A-Za-z0-9:./_-]")  # RFC 8428, section 4.5.1
_NO_LEVEL: Final = re.compile(r"[+#/\x00]")  # what would add levels to a topic, or make it a filter
_EXAMPLE: Final = {"dev_eui": "0" * 16, "device": "device", "entity": "entity", "entity_type": "Type"}


def _template(option: str, text: str) -> str:
    try:
        fields = {name for _, name, _, _ in Formatter().parse(text) if name is not None}
    except ValueError as error:
        raise ValueError(f"{option}: {text!r}: {error}") from error
    for name in sorted(fields - _EXAMPLE.keys()):
        known = ", ".join(f"{{{one}}}" for one in _EXAMPLE)
        raise ValueError(f"{option}: {{{name}}} is none of {known}")
    return text


@lru_cache(maxsize=4096)  # quantities and channels of a city's decoders; channels are the decoders' words
def _record(quantity: str, channel: str | None, units: Units) -> _Record:
    name = quantity if channel is None else f"{quantity}/{_NO_NAME.sub('-', channel)}"
    unit, ucum = unit_of(quantity, units)
    shown = f',"u":"{unit}"' if unit else ""
    return _Record(name, unit, ucum, f'{{"n":"{name}"{shown}')


def unit_of(quantity: str, units: Units = "primary") -> tuple[str, str]:
    """Return the SenML unit that ``quantity`` goes out in, and its UCUM code if the value must be converted."""
    known = QUANTITIES[quantity]
    unit = known.senml_unit
    if not unit:
        return "", ""
    if unit in SECONDARY:
        ucum, primary = SECONDARY[unit]
        if units == "primary":
            unit, ucum = primary, PRIMARY[primary]
    else:
        ucum = PRIMARY[unit]
    return unit, "" if ucum == known.unit else ucum


def _value(observation: Observation, record: _Record) -> float | bool | str:
    value = observation.value
    if not record.ucum or isinstance(value, (bool, str)):
        return value
    return convert(value, observation.unit, record.ucum)


def _seconds(delay: timedelta) -> float:
    return round(delay.total_seconds(), 3)
