"""Dragino LWL03A: water on a floor, told by a rope.

FPort 2 an event, FPort 3 stored events, big endian, 11 octets each (FPorts 4 and 5: `_events.py`):

    FF NNNNNN MMMMMM TTTTTTTT

    F  bit 0  1: water        bit 1  alarm        bit 2  sent because the interval is over
    N  uint24 how often there was water
    M  uint24 how long there was water the last time     1 min
    T  uint32 Unix seconds

Source: Dragino LWL03A User Manual, section 2.4; codec in lorawan-devices, from which the field names are.
"""

from __future__ import annotations

from decoders.catalogue.dragino._events import Event, Fields, Model, Readings, clock, settings, truth
from decoders.contract import Reading
from decoders.cursor import Cursor

SOURCE = "Dragino LWL03A User Manual, section 2.4"
LICENCE = "Apache-2.0"
PORTS = (2, 3, 4, 5)
QUANTITIES = ("battery_voltage", "water_present")

LEAK, ALARM, INTERVAL = 0x01, 0x02, 0x04


def _water(event: Event) -> str:
    return "LEAK" if event.flags & LEAK else "NO LEAK"


def _fields(event: Event) -> Fields:
    return {
        "TDC": "YES" if event.flags & INTERVAL else "NO",
        "ALARM": truth(event.flags & ALARM),
        "WATER_LEAK_STATUS": _water(event),
        "WATER_LEAK_TIMES": event.count,
        "LAST_WATER_LEAK_DURATION": event.duration,
        "TIME": clock(event.at),
    }


def _stored(event: Event) -> str:
    return f"{truth(event.flags & ALARM)},{_water(event)},{event.count},{event.duration},{clock(event.at)}"


def _state(event: Event) -> Readings:
    return [Reading("water_present", bool(event.flags & LEAK), at=event.at)]


def _settings(cursor: Cursor) -> Fields:
    return settings(cursor) | {"LEAK_ALARM_TIME": cursor.u8("LEAK_ALARM_TIME")}


decode = Model(fields=_fields, stored=_stored, state=_state, settings=_settings, models={0x14: "LWL03A"}).decode
