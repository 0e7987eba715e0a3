"""Adeunis Motion: presence and brightness indoors, two digital inputs.

Any FPort (1 by default), big endian: code, state, then by code (the frames of all models: `_frames.py`):

    5c  PP {SS LL}…                somebody is there now; samples, the newest first: presence 1 % of the time, brightness 1 %
    5d  PP LL                      alarm of presence; brightness
    4e  GGGG {NNNN LL}…            detections in all; samples, the newest first: detections, brightness 1 %
    4f  GGGG NNNN                  alarm of presence: detections in all, since the last
    50  AA LL                      alarm of brightness; brightness
    10  KKKK BBBB NNNN PPPP IIII   settings: keep-alive 10 s, records a frame, samples a record, period 2 s, inhibition 10 s

How far the older samples lie apart is a setting that is not in the frame: they are reported as fields. Brightness is in
percent of the sensor's range, no illuminance. Field names are those of the vendor's codec in The Things Stack's repository.

Source: Adeunis Motion user guide, section "Description of frames"; codec of the vendor in lorawan-devices.
"""

from __future__ import annotations

from datetime import datetime

from decoders.catalogue.adeunis import _frames
from decoders.catalogue.adeunis._frames import NEWEST_FIRST, PERCENT, Fields, Model, Readings, series, truth, unit
from decoders.contract import Reading
from decoders.cursor import Cursor

SOURCE = "Adeunis Motion user guide; the vendor's codec in lorawan-devices"
LICENCE = "Apache-2.0"
QUANTITIES = ("digital_input", "low_battery", "motion_count", "presence", "pulse_count")


def _presence(cursor: Cursor, at: datetime | None) -> tuple[Fields, Readings]:
    there = cursor.u8("presence") != 0
    presences, brightness = [], []
    while cursor.left:
        presences.append(cursor.u8("presence"))
        brightness.append(cursor.u8("luminosity"))
    fields: Fields = {
        "presenceDetectedWhenSending": there,
        "decodingInfo": NEWEST_FIRST,
        "presence": series(PERCENT, presences),
        "luminosity": series(PERCENT, brightness),
    }
    return fields, [Reading("presence", there, at=at)]


def _presence_alarm(cursor: Cursor, at: datetime | None) -> tuple[Fields, Readings]:
    status, brightness = cursor.u8("alarm"), cursor.u8("luminosity")
    fields = {"alarmPresence": {"alarmStatus": truth(status), "luminosity": unit(PERCENT, brightness)}}
    return fields, [Reading("presence", status != 0, at=at)]


def _detections(cursor: Cursor, at: datetime | None) -> tuple[Fields, Readings]:
    total = cursor.u16("globalCounterValue")
    counts, brightness = [], []
    while cursor.left:
        counts.append(cursor.i16("counterValues"))
        brightness.append(cursor.u8("luminosity"))
    fields: Fields = {
        "globalCounterValue": total,
        "decodingInfo": f"counterValues/{NEWEST_FIRST}",
        "counterValues": counts,
        "luminosity": series(PERCENT, brightness),
    }
    return fields, [Reading("motion_count", total, "1", at=at)]


def _detection_alarm(cursor: Cursor, at: datetime | None) -> tuple[Fields, Readings]:
    total, recent = cursor.u16("globalCounterValue"), cursor.u16("counterValue")
    fields = {"alarmPresence": {"globalCounterValue": total, "counterValue": recent}}
    return fields, [Reading("motion_count", total, "1", at=at)]


def _brightness_alarm(cursor: Cursor, _: datetime | None) -> tuple[Fields, Readings]:
    status, brightness = cursor.u8("alarm"), cursor.u8("luminosity")
    return {"alarmLuminosity": {"alarmStatus": truth(status), "luminosity": unit(PERCENT, brightness)}}, []


def _settings(cursor: Cursor, at: datetime | None) -> tuple[Fields, Readings]:
    fields, _ = _frames.settings_with_life_sign(cursor, at)
    return fields | {"presenceDetectorInhibition": unit("s", cursor.u16("inhibition") * 10)}, []


decode = Model(
    frames={
        **_frames.COMMON,
        **_frames.ALIVE,
        **_frames.INPUTS,
        0x10: ("Motion configuration", _settings),
        0x4E: ("Motion data", _detections),
        0x4F: ("Motion presence alarm", _detection_alarm),
        0x50: ("Motion luminosity alarm", _brightness_alarm),
        0x5C: ("Motion data", _presence),
        0x5D: ("Motion presence alarm", _presence_alarm),
    },
    timed=_frames.INPUT_FRAMES,
    states={"configurationInconsistency": _frames.INCONSISTENT},
).decode
