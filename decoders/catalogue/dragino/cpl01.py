"""Dragino CPL01: a dry contact, and its pulses.

FPort 2 an event, FPort 3 stored events, big endian, 11 octets each (FPorts 4 and 5: `_events.py`):

    FF NNNNNN MMMMMM TTTTTTTT

    F  bit 0  1: disconnected  bit 1  alarm        bits 7-2  calculate flag, the user's own
    N  uint24 pulses
    M  uint24 how long it was disconnected the last time     1 min
    T  uint32 Unix seconds

Source: Dragino CPL01 User Manual, section 2.3; codec in lorawan-devices, from which the field names are.
"""

from __future__ import annotations

from decoders.catalogue.dragino._events import Event, Fields, Model, Readings, clock, settings, truth
from decoders.contract import Reading
from decoders.cursor import Cursor

SOURCE = "Dragino CPL01 User Manual, section 2.3"
LICENCE = "Apache-2.0"
PORTS = (2, 3, 4, 5)
QUANTITIES = ("battery_voltage", "digital_input", "pulse_count")

DISCONNECTED, ALARM = 0x01, 0x02


def _fields(event: Event) -> Fields:
    return {
        "ALARM": truth(event.flags & ALARM),
        "PIN_STATUS": "DISCONNECT" if event.flags & DISCONNECTED else "CONNECT",
        "CALCULATE_FLAG": event.flags >> 2,
        "TOTAL_PULSE": event.count,
        "DISCONNECT_DURATION": event.duration,
        "TIME": clock(event.at),
    }


def _stored(event: Event) -> str:
    pin = "OPEN" if event.flags & DISCONNECTED else "CLOSE"
    return f"{truth(event.flags & ALARM)},{pin},{event.count},{event.flags >> 2},{event.duration},{clock(event.at)}"


def _state(event: Event) -> Readings:
    return [
        Reading("digital_input", not event.flags & DISCONNECTED, at=event.at),
        Reading("pulse_count", event.count, "1", at=event.at),
    ]


def _settings(cursor: Cursor) -> Fields:
    return settings(cursor) | {"TRIGGER_MODE": cursor.u8("TRIGGER_MODE") & 1}


decode = Model(fields=_fields, stored=_stored, state=_state, settings=_settings, models={0x0E: "CPL01"}).decode
