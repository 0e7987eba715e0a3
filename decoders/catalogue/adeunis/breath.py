"""Adeunis Breath: volatile organic compounds and particles indoors, two digital inputs.

Any FPort (1 by default), big endian: code, state, then by code (the frames of all models: `_frames.py`):

    6d  {VVVV AAAA BBBB CCCC}…     samples, the newest first: TVOC, PM10, PM2.5, PM1, uint16 1 ug/m3 each
    6e  FF VVVV AAAA BBBB CCCC     alarm: bits 0 to 3, which of them; the values
    30  VVVV AAAA BBBB CCCC        the greatest of the last day; or of each least, greatest, average and minutes of alarm
    10  DD BBBB PPPP AA PPPP RR    settings: daily frame, records, period 1 s, alarm repeated, its period 1 s, repeats

How far the older samples of 6d lie apart is a setting that is not in the frame: the newest is stated as a reading, all
are reported as fields. TVOC is stated by the device as a mass, for which the vocabulary has no word: it stays a field.
Field names are those of the vendor's codec in The Things Stack's repository.

Source: Adeunis Breath user guide, section "Description of frames"; codec of the vendor in lorawan-devices.
"""

from __future__ import annotations

from datetime import datetime

from decoders.catalogue.adeunis import _frames
from decoders.catalogue.adeunis._frames import NEWEST_FIRST, Fields, Model, Readings, series, truth, unit
from decoders.contract import Reading
from decoders.cursor import Cursor

SOURCE = "Adeunis Breath user guide; the vendor's codec in lorawan-devices"
LICENCE = "Apache-2.0"
QUANTITIES = ("digital_input", "low_battery", "pm1", "pm10", "pm2_5", "pulse_count")

MASS = "µg/m3"
VALUES = {"tvoc": "", "pm10": "pm10", "pm25": "pm2_5", "pm1": "pm1"}  # with the quantity of each
SHORT_DAY = 8  # octets
SENSOR_ERROR = 0x16  # as the vendor's codec has it


def _one(cursor: Cursor) -> dict[str, int]:
    return {name: cursor.u16(name) for name in VALUES}


def _readings(sample: dict[str, int], at: datetime | None) -> Readings:
    return [Reading(VALUES[name], value, "ug/m3", at=at) for name, value in sample.items() if VALUES[name]]


def _samples(cursor: Cursor, at: datetime | None) -> tuple[Fields, Readings]:
    found = []
    while cursor.left:
        found.append(_one(cursor))
    fields: Fields = {"decodingInfo": NEWEST_FIRST}
    fields |= {name: series(MASS, [sample[name] for sample in found]) for name in VALUES}
    return fields, _readings(found[0], at) if found else []


def _alarm(cursor: Cursor, at: datetime | None) -> tuple[Fields, Readings]:
    which, sample = cursor.u8("alarm"), _one(cursor)
    fields = {
        name: {"alarmStatus": truth(which >> place & 1)} | unit(MASS, value)
        for place, (name, value) in enumerate(sample.items())
    }
    return fields, _readings(sample, at)


def _day(cursor: Cursor, _: datetime | None) -> tuple[Fields, Readings]:
    if cursor.left <= SHORT_DAY:
        return {name: {"max": unit(MASS, value)} for name, value in _one(cursor).items()}, []
    fields: Fields = {}
    for name in VALUES:
        fields[name] = {part: unit(MASS, cursor.u16(f"{name} {part}")) for part in ("min", "max", "average")}
        if name != "pm1":  # which has no alarm of its own
            fields[name]["duration"] = unit("min", cursor.u16(f"{name} duration"))
    return fields, []


def _settings(cursor: Cursor, _: datetime | None) -> tuple[Fields, Readings]:
    return {
        "dailyFrameActivated": cursor.u8("daily frame") != 0,
        "numberOfHistorizationBeforeSending": cursor.u16("records"),
        "historyPeriod": unit("s", cursor.u16("historyPeriod")),
        "alarmRepeatActivated": cursor.u8("alarm repeat") != 0,
        "alarmRepeatPeriod": unit("s", cursor.u16("alarmRepeatPeriod")),
        "redundantSamples": cursor.u8("redundant samples"),
    }, []


decode = Model(
    frames={
        **_frames.COMMON,
        **_frames.INPUTS,
        **_frames.VERSIONS,
        0x10: ("Breath configuration", _settings),
        0x30: ("Daily frame", _day),
        0x6D: ("Breath periodic data", _samples),
        0x6E: ("Breath alarm", _alarm),
    },
    timed=_frames.INPUT_FRAMES,
    states={"configurationInconsistency": _frames.INCONSISTENT, "sensorError": SENSOR_ERROR},
).decode
