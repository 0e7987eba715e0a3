"""Dragino SW3L: water flow, by the pulses of a turbine.

FPort 2 an event, FPort 3 stored events, big endian, 11 octets each (FPorts 4 and 5: `_events.py`):

    FF PPPPPPPP MM RR TTTTTTTT      FPort 3:   FF MM RR PPPPPPPP TTTTTTTT

    F  bit 1  alarm           bits 7-2  calculate flag: which turbine, 0: 450, 1: 390, 2: 64 pulses a litre
    P  uint32 pulses, all of them, or (M 1) those since the last event
    T  uint32 Unix seconds

The codec in lorawan-devices has 360 and 60 pulses for the second and third turbine; the vendor's newer ones have the 390
and 64 that are here.

Source: Dragino SW3L User Manual, section 2.3; codec in lorawan-devices, from which the field names are.
"""

from __future__ import annotations

from decoders.catalogue.dragino._events import Event, Fields, Model, Readings, clock, truth
from decoders.contract import Reading
from decoders.cursor import Cursor

SOURCE = "Dragino SW3L User Manual, section 2.3"
LICENCE = "Apache-2.0"
PORTS = (2, 3, 4, 5)
QUANTITIES = ("battery_voltage", "pulse_count", "water_volume")

ALARM = 0x02
PULSES_A_LITRE = {1: 390, 2: 64}
USUAL = 450
SINCE_THE_LAST = 1  # M


def _litres(event: Event, pulses: int) -> float:
    return round(pulses / PULSES_A_LITRE.get(event.flags >> 2, USUAL), 1)


def _fields(event: Event) -> Fields:
    pulses, mode = int.from_bytes(event.octets[1:5], "big"), event.octets[5]
    return {
        "MOD": mode,
        "Calculate_flag": event.flags >> 2,
        "Alarm": truth(event.flags & ALARM),
        "Water_flow_value": _litres(event, pulses),
        "Last_pulse" if mode == SINCE_THE_LAST else "Total_pulse": pulses,
        "Data_time": clock(event.at),
    }


def _stored(event: Event) -> str:
    pulses = int.from_bytes(event.octets[3:7], "big")
    said = f"{truth(event.flags & ALARM)},{event.flags >> 2},{event.octets[1]},{pulses}"
    return f"{said},{_litres(event, pulses):.1f},{clock(event.at)}"


def _state(event: Event) -> Readings:
    pulses, mode = int.from_bytes(event.octets[1:5], "big"), event.octets[5]
    if mode == SINCE_THE_LAST:
        return []  # an amount since the last event, which may have been lost
    return [
        Reading("pulse_count", pulses, "1", at=event.at),
        Reading("water_volume", _litres(event, pulses), "L", at=event.at),
    ]


def _settings(cursor: Cursor) -> Fields:
    fields: Fields = {"TDC": cursor.u24("TDC")}
    cursor.u8("reserved")
    return fields | {"Stop_Timer": cursor.u8("Stop_Timer"), "Alarm_Timer": cursor.u16("Alarm_Timer")}


decode = Model(fields=_fields, stored=_stored, state=_state, settings=_settings, models={0x11: "SW3L"}).decode
