"""Read what Dragino's event sensors (LDS03A, LWL03A, CPL01, SW3L) have in common.

Big endian. FPort 2 is an event, FPort 3 stored ones, 11 octets each:

    FF CCCCCC DDDDDD TTTTTTTT     F flags, C count, D duration, T Unix seconds

FPort 4 are the settings, FPort 5 the device (model, firmware, band, sub-band, battery). FPort 1 is used by none.

Source: Dragino wiki; codecs in lorawan-devices, from which the field names are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from decoders.contract import Decoded, DecodeError, DecodeReason, Payload, Reading
from decoders.cursor import Cursor

EVENT, STORED, SETTINGS, DEVICE = 2, 3, 4, 5
PORTS = (EVENT, STORED, SETTINGS, DEVICE)
SIZE = 11  # octets of an event
BANDS = (
    "EU868", "US915", "IN865", "AU915", "KZ865", "RU864", "AS923", "AS923_1", "AS923_2", "AS923_3", "CN470", "EU433",
    "KR920", "MA869",
)  # fmt: skip

Fields = dict[str, Any]
Readings = list[Reading]


@dataclass(frozen=True, slots=True)
class Event:
    """One event as it stands."""

    flags: int
    count: int
    duration: int
    at: datetime
    octets: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """What one model calls the parts of an event and of its settings, and what it states."""

    fields: Callable[[Event], Fields]
    stored: Callable[[Event], str]  # as the vendor's codec writes a stored event
    state: Callable[[Event], Readings]
    settings: Callable[[Cursor], Fields]
    models: Mapping[int, str]

    def decode(self, payload: Payload) -> Decoded:
        """Read an event, stored ones, the settings or the device; raises DecodeError only."""
        cursor = Cursor(payload.data)
        readings: Readings = []
        match payload.f_port:
            case 2:
                return self._event(cursor)
            case 3:
                return self._stored(cursor)
            case 4:
                fields = self.settings(cursor)
            case 5:
                fields, readings = device(cursor, self.models)
            case port:
                raise DecodeError(DecodeReason.UNKNOWN_PORT, f"{port}; known: {', '.join(map(str, PORTS))}")
        return Decoded(tuple(readings), fields, _unread(cursor))

    def _event(self, cursor: Cursor) -> Decoded:
        event = _event(cursor)
        return Decoded(tuple(self.state(event)), self.fields(event), _unread(cursor))

    def _stored(self, cursor: Cursor) -> Decoded:
        events = list(_events(cursor))
        readings = {(one.quantity, one.channel, one.at): one for event in events for one in self.state(event)}
        return Decoded(tuple(readings.values()), {"DATALOG": "".join(f"[{self.stored(event)}]," for event in events)})


def _events(cursor: Cursor) -> Iterator[Event]:
    while cursor.left:
        yield _event(cursor)


def _event(cursor: Cursor) -> Event:
    octets = cursor.take(SIZE, "event")
    inner = Cursor(octets)
    flags, count, duration = inner.u8(), inner.u24(), inner.u24()
    return Event(flags, count, duration, datetime.fromtimestamp(inner.u32(), UTC), octets)


def _unread(cursor: Cursor) -> tuple[str, ...]:
    return (f"{cursor.left} octets at the end were not read",) if cursor.left else ()


def device(cursor: Cursor, models: Mapping[int, str]) -> tuple[Fields, Readings]:
    """Return what a device says of itself on FPort 5."""
    model, firmware, band = cursor.u8("model"), cursor.take(2, "firmware"), cursor.u8("band")
    sub_band, battery = cursor.u8("sub-band"), cursor.u16("battery") / 1000
    fields: Fields = {
        "FIRMWARE_VERSION": f"{firmware[0] & 15}.{firmware[1] >> 4}.{firmware[1] & 15}",
        "SUB_BAND": "NULL" if sub_band == 0xFF else sub_band,
        "BAT": battery,
    }
    if model in models:
        fields["SENSOR_MODEL"] = models[model]
    if 1 <= band <= len(BANDS):
        fields["FREQUENCY_BAND"] = BANDS[band - 1]
    return fields, [Reading("battery_voltage", battery, "V")]


def settings(cursor: Cursor) -> Fields:
    """Return the settings that all have."""
    return {
        "TDC": cursor.u24("TDC"),
        "DISALARM": cursor.u8("DISALARM") & 1,
        "KEEP_STATUS": cursor.u8("KEEP_STATUS") & 1,
        "KEEP_TIME": cursor.u16("KEEP_TIME"),
    }


def truth(value: object) -> str:
    """Return a truth as the vendor writes it."""
    return "TRUE" if value else "FALSE"


def clock(at: datetime) -> str:
    """Return a time as the vendor writes it."""
    return f"{at:%Y-%m-%d %H:%M:%S}"
