"""Adeunis Delta P: differential pressure of a ventilation duct, 0 to 10 V, two digital inputs.

Any FPort (1 by default), big endian: code, state, then by code (the frames of all models: `_frames.py`):

    53  {PPPP}…                    samples, the newest first: int16 1 Pa
    54  AA PPPP                    alarm; the pressure
    55  {VVVV}…                    samples of the 0 to 10 V input, the newest first: int16 1 mV
    56  AA VVVV                    alarm of that input; the voltage
    10  KKKK BBBB NNNN PPPP        settings: keep-alive 10 s, records a frame, samples a record, period 2 s
    11  NNNN PPPP BBBB             settings of the 0 to 10 V input
    2f  RR                         answer to a downlink

How far the older samples lie apart is a setting that is not in the frame: the newest is stated as a reading, all are
reported as fields. Field names are those of the vendor's codec in The Things Stack's repository.

Source: Adeunis Delta P user guide, section "Description of frames"; codec of the vendor in lorawan-devices.
"""

from __future__ import annotations

from datetime import datetime

from decoders.catalogue.adeunis import _frames
from decoders.catalogue.adeunis._frames import (
    NEWEST_FIRST,
    Fields,
    Frame,
    Model,
    Readings,
    periods,
    series,
    truth,
    unit,
)
from decoders.contract import Reading
from decoders.cursor import Cursor

SOURCE = "Adeunis Delta P user guide; the vendor's codec in lorawan-devices"
LICENCE = "Apache-2.0"
QUANTITIES = ("analog_input_voltage", "differential_pressure", "digital_input", "low_battery", "pulse_count")

ANSWERS = {1: "success", 2: "errorGeneric", 3: "errorWrongState", 4: "errorInvalidRequest"}
# Field, the vendor's unit, quantity and its unit.
PRESSURE = ("deltaPressure", "pa", "differential_pressure", "Pa")
VOLTAGE = ("voltage", "mV", "analog_input_voltage", "mV")

What = tuple[str, str, str, str]


def _samples(what: What) -> Frame:
    name, vendors, quantity, ucum = what

    def frame(cursor: Cursor, at: datetime | None) -> tuple[Fields, Readings]:
        values = []
        while cursor.left:
            values.append(cursor.i16(name))
        fields = {"decodingInfo": NEWEST_FIRST, name: series(vendors, values)}
        return fields, [Reading(quantity, values[0], ucum, at=at)] if values else []

    return frame


def _alarm(what: What) -> Frame:
    name, vendors, quantity, ucum = what

    def frame(cursor: Cursor, at: datetime | None) -> tuple[Fields, Readings]:
        status, value = cursor.u8("alarm"), cursor.i16(name)
        return {"alarmStatus": truth(status), name: unit(vendors, value)}, [Reading(quantity, value, ucum, at=at)]

    return frame


def _voltage_settings(cursor: Cursor, _: datetime | None) -> tuple[Fields, Readings]:
    samples, sampling, records = cursor.u16("samples"), cursor.u16("period"), cursor.u16("records")
    return {
        "numberOfHistorizationBeforeSending": records,
        "numberOfSamplingBeforeHistorization": samples,
        "samplingPeriod": unit("s", sampling * 2),
    } | periods(sampling, samples, records), []


def _answer(cursor: Cursor, _: datetime | None) -> tuple[Fields, Readings]:
    return {"requestStatus": ANSWERS.get(cursor.u8("status"), "errorOtherReason")}, []


decode = Model(
    frames={
        **_frames.COMMON,
        **_frames.ALIVE,
        **_frames.INPUTS,
        0x10: ("Delta P configuration", _frames.settings_with_life_sign),
        0x11: ("Delta P 0-10V configuration", _voltage_settings),
        0x2F: ("Delta P Downlink ack", _answer),
        0x53: ("Delta P periodic data", _samples(PRESSURE)),
        0x54: ("Delta P alarm", _alarm(PRESSURE)),
        0x55: ("Delta P - periodic 0-10 V", _samples(VOLTAGE)),
        0x56: ("Delta P - alarm 0-10 V", _alarm(VOLTAGE)),
    },
    timed=_frames.INPUT_FRAMES,
    states={"configurationInconsistency": _frames.INCONSISTENT},
).decode
