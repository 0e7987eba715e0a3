"""Dragino LDS03A: a door, outdoors.

FPort 2 an event, FPort 3 stored events, big endian, 11 octets each (FPorts 4 and 5: `_events.py`):

    FF NNNNNN MMMMMM TTTTTTTT

    F  bit 0  1: open         bit 1  alarm
    N  uint24 how often it has been opened
    M  uint24 how long it was open the last time     1 min
    T  uint32 Unix seconds

Source: Dragino LDS03A User Manual, section 2.4; codec in lorawan-devices, from which the field names are.
"""

from __future__ import annotations

from decoders.catalogue.dragino._events import Event, Fields, Model, Readings, clock, settings, truth
from decoders.contract import Reading

SOURCE = "Dragino LDS03A User Manual, section 2.4"
LICENCE = "Apache-2.0"
PORTS = (2, 3, 4, 5)
QUANTITIES = ("battery_voltage", "door_open")

OPEN, ALARM = 0x01, 0x02


def _door(event: Event) -> str:
    return "OPEN" if event.flags & OPEN else "CLOSE"


def _fields(event: Event) -> Fields:
    return {
        "ALARM": truth(event.flags & ALARM),
        "DOOR_OPEN_STATUS": _door(event),
        "DOOR_OPEN_TIMES": event.count,
        "LAST_DOOR_OPEN_DURATION": event.duration,
        "TIME": clock(event.at),
    }


def _stored(event: Event) -> str:
    return f"{truth(event.flags & ALARM)},{_door(event)},{event.count},{event.duration},{clock(event.at)}"


def _state(event: Event) -> Readings:
    return [Reading("door_open", bool(event.flags & OPEN), at=event.at)]


decode = Model(fields=_fields, stored=_stored, state=_state, settings=settings, models={0x0A: "LDS03A"}).decode
