"""Sensative Strips: doors, temperature, humidity, light, water, presence, in a strip of 3 mm.

FPort 1, reports, big endian: uint16 number of the newest stored record, then type and value, as often as the device
likes. A set high bit of a type says that the value is stored as a record too.

    00                 nothing, a sign of life    0d uint8    wetness                    1 %
    01 uint8           battery          1 %       0e uint8    water alarm                0 or 1
    02 int16           temperature      0.1 °C    0f uint8    oil or foil alarm          0 is none
    03 uint8           temperature alarm          10 uint8    user's button              0 or 1
    04 int16           mean temperature 0.1 °C    11 uint16   door openings              count
    05 uint8           mean temperature alarm     12 uint8    presence                   0 or 1
    06 uint8           humidity         0.5 %     13 uint16   infrared reflection
    07 uint16          light            1 lx      14 uint16   infrared reflection, near
    08 uint16          light, second    1 lx      15 uint8    something is very close    0 or 1
    09 uint8           door             1 closed  16 uint8    room: 0 dirty, 1 occupied, 2 cleaning, 3 clean
    0a uint8           door alarm       0 or 1    50 = 06 02  51 = 06 04   52 = 09 02
    0b uint8           tamper           0 or 1    6e 8 octets software and restart counters
    0c uint8           tamper alarm     0 or 1    70, 71, 72 uint16  raw capacitance: flood, pad, end

    alarms of temperature: bit 0 too warm, bit 1 too cold

FPort 2, stored records: uint16 number of the first, then for each uint32 seconds ago, type and value as above.

A type that is not known ends what can be read, for no length stands in the payload. Field names are those of the
vendor's translator for The Things Stack, with the temperature of 50 and 52 as an object like all others, as the
vendor's reference translator has it.

Source: https://github.com/Sensative/strips-lora-translator-open-source (the vendor's reference translator).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from email.utils import format_datetime
from typing import Any

from decoders.contract import Decoded, DecodeError, DecodeReason, Payload, Reading
from decoders.cursor import Cursor

SOURCE = "https://github.com/Sensative/strips-lora-translator-open-source"
LICENCE = "Apache-2.0"
PORTS = (1, 2)
QUANTITIES = (
    "air_temperature", "battery_level", "button_pressed", "door_open", "illuminance", "presence", "relative_humidity",
    "tamper", "water_present",
)  # fmt: skip

RECORDED = 0x80
ROOM_STATES = {0: "dirty", 1: "occupied", 2: "cleaning", 3: "clean"}

Fields = dict[str, Any]
Readings = list[Reading]
Report = Callable[[Cursor, Fields, Readings], None]


def decode(payload: Payload) -> Decoded:
    """Read reports or stored records."""
    match payload.f_port:
        case 1:
            return _reports(Cursor(payload.data))
        case 2:
            return _history(Cursor(payload.data), payload.received_at)
        case _:
            raise DecodeError(DecodeReason.UNKNOWN_PORT, f"{payload.f_port}; known: 1, 2")


def _reports(cursor: Cursor) -> Decoded:
    newest = cursor.u16("historySeqNr")
    fields: Fields = {"historySeqNr": newest, "prevHistSeqNr": newest}
    readings: Readings = []
    while cursor.left:
        at, kind = cursor.position, cursor.u8("type")
        report = REPORTS.get(kind & ~RECORDED)
        if report is None:
            return _stopped(_last(readings), fields, f"type {kind:02x} at {at} is not known", at == 2)
        if kind & RECORDED:
            fields["prevHistSeqNr"] -= 1
        report(cursor, fields, readings)
    return Decoded(_last(readings), fields)


def _history(cursor: Cursor, received_at: datetime | None) -> Decoded:
    number = cursor.u16("historySeqNr")
    history: Fields = {}
    stated: Readings = []
    fields: Fields = {"history": history}
    if received_at is not None and cursor.left:
        history["now"] = _utc(received_at)
    while cursor.left:
        ago, at = timedelta(seconds=cursor.u32("seconds ago")), cursor.position
        kind = cursor.u8("type")
        report = REPORTS.get(kind & ~RECORDED)
        if report is None:
            return _stopped(_last(stated), fields, f"type {kind:02x} at {at} is not known", not stated)
        record: Fields = {}
        readings: Readings = []
        report(cursor, record, readings)
        if received_at is not None:
            moment = received_at - ago
            record["timeStamp"] = _utc(moment)
            stated += [Reading(one.quantity, one.value, one.unit, one.channel, moment) for one in readings]
        history[str(number)] = record
        number += 1
    undated = () if received_at else ("the time of reception is not known, so no record has a time",)
    return Decoded(_last(stated), fields, undated)


def _stopped(readings: tuple[Reading, ...], fields: Fields, problem: str, nothing_read: bool) -> Decoded:  # noqa: FBT001 - what was read decides whether this is an error
    if nothing_read:
        raise DecodeError(DecodeReason.UNKNOWN_MESSAGE, problem)
    return Decoded(readings, fields, (f"{problem}; what follows it was not read",))


def _utc(moment: datetime) -> str:
    """Return a time as the vendor's translator writes it, e.g. ``Mon, 01 Jun 2026 12:00:00 GMT``."""
    return format_datetime(moment.replace(microsecond=0), usegmt=True)


def _last(readings: Readings) -> tuple[Reading, ...]:
    return tuple({(one.quantity, one.channel, one.at): one for one in readings}.values())


# ── the types ───────────────────────────────────────────────────────────────────────────────────────────────────


def _number(
    name: str,
    read: Callable[[Cursor, str], int],
    quantity: str | None = None,
    unit: str = "",
    *,
    channel: str | None = None,
    divisor: int = 1,
) -> Report:
    def report(cursor: Cursor, fields: Fields, readings: Readings) -> None:
        raw = read(cursor, name)
        value = raw if divisor == 1 else raw / divisor
        fields[name] = {"value": value}
        if quantity is not None:
            readings.append(Reading(quantity, value, unit, channel))

    return report


def _yes(name: str, quantity: str | None = None, channel: str | None = None) -> Report:
    def report(cursor: Cursor, fields: Fields, readings: Readings) -> None:
        value = cursor.u8(name) != 0
        fields[name] = {"value": value}
        if quantity is not None:
            readings.append(Reading(quantity, value, channel=channel))

    return report


def _alarm(name: str) -> Report:
    def report(cursor: Cursor, fields: Fields, _: Readings) -> None:
        bits = cursor.u8(name)
        fields[name] = {"highAlarm": bool(bits & 1), "lowAlarm": bool(bits & 2)}

    return report


def _both(first: Report, second: Report) -> Report:
    def report(cursor: Cursor, fields: Fields, readings: Readings) -> None:
        first(cursor, fields, readings)
        second(cursor, fields, readings)

    return report


def _nothing(_: Cursor, fields: Fields, __: Readings) -> None:
    fields["emptyFrame"] = {}


def _battery(cursor: Cursor, fields: Fields, readings: Readings) -> None:
    fields["battery"] = cursor.u8("battery")
    readings.append(Reading("battery_level", fields["battery"], "%"))


def _door(cursor: Cursor, fields: Fields, readings: Readings) -> None:
    closed = cursor.u8("door") != 0
    fields["door"] = {"value": closed}
    readings.append(Reading("door_open", not closed))


def _oil(cursor: Cursor, fields: Fields, _: Readings) -> None:
    value = cursor.u8("oilAlarm")
    fields |= {"oilAlarm": {"value": value}, "foilAlarm": {"value": value != 0}}  # the older strips' name


def _room(cursor: Cursor, fields: Fields, _: Readings) -> None:
    value = cursor.u8("disinfectAlarm")
    state = {"state": ROOM_STATES[value]} if value in ROOM_STATES else {}
    fields["disinfectAlarm"] = {"value": value, **state}


def _software(cursor: Cursor, fields: Fields, _: Readings) -> None:
    fields["swversion"] = {"value": f"{cursor.u32('swversion'):x}"}
    for name in ("startUpCount", "watchdogCount", "stackTxFailRebootCount", "badConditionsCounter"):
        fields[name] = {"value": cursor.u8(name)}


TEMPERATURE = _number("temperature", Cursor.i16, "air_temperature", "Cel", divisor=10)
MEAN_TEMPERATURE = _number("averageTemperature", Cursor.i16, "air_temperature", "Cel", channel="average", divisor=10)
HUMIDITY = _number("humidity", Cursor.u8, "relative_humidity", "%", divisor=2)

REPORTS: Mapping[int, Report] = {
    0: _nothing,
    1: _battery,
    2: TEMPERATURE,
    3: _alarm("tempAlarm"),
    4: MEAN_TEMPERATURE,
    5: _alarm("avgTempAlarm"),
    6: HUMIDITY,
    7: _number("lux", Cursor.u16, "illuminance", "lx"),
    8: _number("lux2", Cursor.u16, "illuminance", "lx", channel="2"),
    9: _door,
    10: _yes("doorAlarm"),
    11: _yes("tamperReport", "tamper"),
    12: _yes("tamperAlarm", "tamper", "alarm"),
    13: _number("flood", Cursor.u8),
    14: _yes("floodAlarm", "water_present"),
    15: _oil,
    16: _yes("userSwitch1Alarm", "button_pressed"),
    17: _number("doorCount", Cursor.u16),
    18: _yes("presence", "presence"),
    19: _number("IRproximity", Cursor.u16),
    20: _number("IRcloseproximity", Cursor.u16),
    21: _yes("closeProximityAlarm"),
    22: _room,
    80: _both(HUMIDITY, TEMPERATURE),
    81: _both(HUMIDITY, MEAN_TEMPERATURE),
    82: _both(_door, TEMPERATURE),
    110: _software,
    112: _number("capacitanceFlood", Cursor.u16),
    113: _number("capacitancePad", Cursor.u16),
    114: _number("capacitanceEnd", Cursor.u16),
}
