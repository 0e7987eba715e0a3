"""Read what TEKTELIC's sensors have in common: values behind a channel and a type, again and again.

FPort 10, big endian:

    CC TT value

    CC TT 67  int16   temperature 0.1 °C            CC TT 04  uint16  count
    CC TT 68  uint8   relative humidity 0.5 %       CC TT 00  uint8   state: 0, or 255 (some: 1)

FPort 100 are answers about settings: they are reported as they stand. A channel that a model's table does not know ends what
can be read: what came before counts. Field names are those of the vendor's codecs in lorawan-devices.

Source: TEKTELIC technical reference manuals; codecs in lorawan-devices.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from decoders.contract import Decoded, DecodeError, DecodeReason, Payload, Reading
from decoders.cursor import Cursor

VALUES, SETTINGS = 10, 100
PORTS = (VALUES, SETTINGS)

Fields = dict[str, Any]
Tag = tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """A value: its field, octets, sign and parts of one, and the reading that it states."""

    name: str
    group: str = ""  # the object that the field is in
    octets: Literal[1, 2, 4] = 2
    signed: bool = False
    parts: int = 1  # 10: the raw value is in tenths
    quantity: str = ""
    unit: str = ""
    channel: str | None = None
    truth: bool = False  # 0 is no, anything else yes
    whole: bool = False  # the vendor's codec rounds the field; the reading is as the device states it

    def read(self, cursor: Cursor) -> int:
        """Return the raw value at the cursor."""
        return int.from_bytes(cursor.take(self.octets, self.name), "big", signed=self.signed)


AIR = Value(name="ambient_temperature", signed=True, parts=10, quantity="air_temperature", unit="Cel")
HUMIDITY = Value(name="relative_humidity", octets=1, parts=2, quantity="relative_humidity", unit="%")
BATTERY = Value(name="battery_voltage", parts=1000, quantity="battery_voltage", unit="V")
OLD_BATTERY = Value(name="battery_voltage", signed=True, parts=100, quantity="battery_voltage", unit="V")


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """A model's values by channel and type; ``plain`` leaves out the port and the octets, which most codecs report."""

    values: Mapping[Tag, Value | tuple[Value, ...]]
    plain: bool = False

    def decode(self, payload: Payload) -> Decoded:
        """Read values, or report an answer about settings as it stands; raises DecodeError only."""
        if payload.f_port not in PORTS:
            raise DecodeError(DecodeReason.UNKNOWN_PORT, f"{payload.f_port}; known: {', '.join(map(str, PORTS))}")
        fields: Fields = {} if self.plain else {"port": str(payload.f_port), "raw": _shown(payload.data)}
        if payload.f_port == SETTINGS:
            return Decoded((), fields | {"settings": payload.data.hex()})
        return self._values(payload.data, fields)

    def _values(self, data: bytes, fields: Fields) -> Decoded:
        cursor = Cursor(data)
        readings: dict[tuple[str, str | None], Reading] = {}
        while cursor.left:
            start = cursor.position
            tag = (cursor.u8("channel"), cursor.u8("type"))
            values = self.values.get(tag)
            if values is None:
                what = f"channel {tag[0]:02x} type {tag[1]:02x} at {start}"
                if not start:
                    raise DecodeError(DecodeReason.UNKNOWN_MESSAGE, what)
                return Decoded(tuple(readings.values()), fields, (f"{what} is not known: {data[start:].hex()}",))
            for value in values if isinstance(values, tuple) else (values,):
                for reading in _taken(value, cursor, fields):
                    readings[reading.quantity, reading.channel] = reading
        return Decoded(tuple(readings.values()), fields)


def _taken(value: Value, cursor: Cursor, fields: Fields) -> Iterator[Reading]:
    raw = value.read(cursor)
    number: float = raw if value.parts == 1 else raw / value.parts
    into = fields.setdefault(value.group, {}) if value.group else fields
    into[value.name] = math.floor(number + 0.5) if value.whole else number
    if value.quantity:
        yield Reading(value.quantity, raw != 0 if value.truth else number, value.unit, value.channel)


def _shown(data: bytes) -> str:
    return f"[{', '.join(f'{octet:02X}' for octet in data)}]"
