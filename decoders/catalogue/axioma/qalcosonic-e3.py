"""Axioma Qalcosonic E3 (and E4): a heat and cold meter's energies, volume, flow and temperatures.

FPort 100, little endian, forms that their length tells apart:

    41 "basic"         TTTTTTTT SS {HHHHHHHH VVVVVVVV}x4 PPPPPPPP            45 with cold {H CCCCCCCC V}x3
    31 "basic LT"      TTTTTTTT SS H V WWWWWW QQQQQQ AAAA BBBB EEEEEEEE P     35 with cold {H C V W …}
    48 "Nordic"        TTTTTTTT {LLLLLLLL H V W Q A B}x2                      30 with cold {L H C V W Q A B}, once

    T  uint32  now, Unix seconds                  W  uint24  thermal power, below
    S  uint8   04 low battery, 08 permanent       Q  uint24  flow 0.001 m3/h
               error, 10 empty pipe               A  int16   supply temperature 0.01 °C
    H  uint32  energy of heating 1 kWh            B  int16   return temperature 0.01 °C
    C  uint32  energy of cooling 1 kWh            E  uint32  time without an error 1 s
    V  uint32  volume 1 L                         P  uint32  period between two stored values 1 s
                                                  L  uint32  when these were stored, Unix seconds

"LT" values are those of the last full period. The first of the "basic" ones are stated as of T; of the older ones two
published codecs say times that lie a period apart, so they stay fields. These codecs disagree on W, too: in "LT" both have
0.1 kW, in "Nordic" one has 0.1 and the other 0.001: there it is powerRaw, as it stands. FPort 101 says how the device is set up
and states nothing. There is no codec of the vendor; field names are those of Yobiiq's, energies in MWh and volumes in m3.

Source: Axioma "LoRa functional description for E3 E4", as Yobiiq's and Utopi's published codecs for it read it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from decoders.contract import Decoded, DecodeError, DecodeReason, Payload, Reading
from decoders.cursor import Cursor

SOURCE = "Axioma \"LoRa functional description for E3 E4\", as Yobiiq's and Utopi's codecs read it"
LICENCE = "Apache-2.0"
PORTS = (100, 101)
QUANTITIES = ("low_battery", "thermal_energy", "water_flow", "water_temperature", "water_volume")

SETTINGS = 101
LOW_BATTERY = 0x04
CIRCUIT = "heat_carrier"  # the water that goes round, not water that is used

Fields = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Form:
    """How a payload of one length is made up."""

    records: int
    cooling: bool
    measured: bool = False  # power, flow and temperatures are there
    stored: bool = False  # each record has its own time, and there is neither state nor period


FORMS = {
    41: Form(4, cooling=False),
    45: Form(3, cooling=True),
    31: Form(1, cooling=False, measured=True),
    35: Form(1, cooling=True, measured=True),
    48: Form(2, cooling=False, measured=True, stored=True),
    30: Form(1, cooling=True, measured=True, stored=True),
}


def decode(payload: Payload) -> Decoded:
    """Read a payload by its length."""
    if payload.f_port == SETTINGS:
        return Decoded((), {"settings": payload.data.hex()}, ("FPort 101 says how the device is set up",))
    if payload.f_port not in PORTS:
        raise DecodeError(DecodeReason.UNKNOWN_PORT, f"{payload.f_port}; 100 and 101 are read")
    form = FORMS.get(len(payload.data))
    if form is None:
        lengths = ", ".join(map(str, sorted(FORMS)))
        raise DecodeError(DecodeReason.UNKNOWN_MESSAGE, f"{len(payload.data)} octets; {lengths} are known")
    cursor = Cursor(payload.data, "little")
    return _stored(cursor, form) if form.stored else _period(cursor, form)


def _stored(cursor: Cursor, form: Form) -> Decoded:
    fields: Fields = {"timestamp": cursor.u32("time")}
    records = []
    for _ in range(form.records):
        stored = {"dataloggerTimestamp": cursor.u32("time of storing")}
        records.append(stored | _record(cursor, form) | _measured(cursor, stored=True))
    readings = [one for record in records for one in _readings(record, record["dataloggerTimestamp"])]
    unique = {(one.quantity, one.channel, one.at): one for one in readings}
    if form.records == 1:
        return Decoded(tuple(unique.values()), fields | records[0])
    return Decoded(tuple(unique.values()), fields | {"listOfMeasurements": records})


def _period(cursor: Cursor, form: Form) -> Decoded:
    now, state = cursor.u32("time"), cursor.u8("state")
    records = [_record(cursor, form) for _ in range(form.records)]
    measured: Fields = _measured(cursor, stored=False) if form.measured else {}
    if form.measured:
        measured["workingTimeWithoutError"] = cursor.u32("time without an error")
    period = cursor.u32("period")
    fields: Fields = {"timestamp": now, "statusCode": state}
    if form.measured:
        at = now - now % period if period else now
        fields |= records[0] | measured | {"dataloggerTimestamp": at}
    else:
        at = now
        fields["listOfMeasurements"] = records
    fields["periodBetweenMeasurement"] = period
    low = Reading("low_battery", bool(state & LOW_BATTERY))
    return Decoded((*_readings(records[0] | measured, at), low), fields)


def _record(cursor: Cursor, form: Form) -> Fields:
    fields: Fields = {"energyForHeating": cursor.u32("energy of heating") / 1000}
    if form.cooling:
        fields["energyForCooling"] = cursor.u32("energy of cooling") / 1000
    return fields | {"volume": cursor.u32("volume") / 1000}


def _measured(cursor: Cursor, *, stored: bool) -> Fields:
    power = cursor.u24("power")
    return {
        **({"powerRaw": power} if stored else {"power": power / 10}),
        "flow": cursor.u24("flow") / 1000,
        "temperatureT1": cursor.i16("supply temperature") / 100,
        "temperatureT2": cursor.i16("return temperature") / 100,
    }


STATED = {
    "energyForHeating": ("thermal_energy", "MW.h", None),
    "energyForCooling": ("thermal_energy", "MW.h", "cooling"),
    "volume": ("water_volume", "m3", CIRCUIT),
    "flow": ("water_flow", "m3/h", CIRCUIT),
    "temperatureT1": ("water_temperature", "Cel", "supply"),
    "temperatureT2": ("water_temperature", "Cel", "return"),
}


def _readings(fields: Fields, seconds: int) -> Iterator[Reading]:
    at = datetime.fromtimestamp(seconds, UTC)
    for name, (quantity, unit, channel) in STATED.items():
        if name in fields:
            yield Reading(quantity, fields[name], unit, channel, at)
