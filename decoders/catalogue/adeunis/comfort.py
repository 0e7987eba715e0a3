"""Adeunis Comfort (and Comfort 2): air temperature and humidity indoors, two digital inputs.

Any FPort (1 by default), big endian: code, state, then by code (the frames of all models: `_frames.py`):

    4c  {TTTT HH}…                 samples, the newest first: int16 0.1 °C, uint8 1 %
    4d  AA TTTT HH                 alarm: bit 4 temperature, bit 0 humidity; the values
    10  KKKK BBBB NNNN PPPP [RR]   settings: keep-alive 10 s, records a frame, samples a record, period 2 s, repeats

How far the older samples of 4c lie apart is a setting that is not in the frame: the newest is stated as a reading, all
are reported as fields. Field names are those of the vendor's codec in The Things Stack's repository.

Source: Adeunis Comfort user guide, section "Description of frames"; codec of the vendor in lorawan-devices.
"""

from __future__ import annotations

from datetime import datetime

from decoders.catalogue.adeunis import _frames
from decoders.catalogue.adeunis._frames import (
    CELSIUS,
    NEWEST_FIRST,
    PERCENT,
    Fields,
    Model,
    Readings,
    series,
    truth,
    unit,
)
from decoders.contract import Reading
from decoders.cursor import Cursor

SOURCE = "Adeunis Comfort user guide; the vendor's codec in lorawan-devices"
LICENCE = "Apache-2.0"
QUANTITIES = ("air_temperature", "digital_input", "low_battery", "pulse_count", "relative_humidity")


def _air(temperature: float, humidity: int, at: datetime | None) -> Readings:
    return [
        Reading("air_temperature", temperature, "Cel", at=at),
        Reading("relative_humidity", humidity, "%", at=at),
    ]


def _samples(cursor: Cursor, at: datetime | None) -> tuple[Fields, Readings]:
    temperatures: list[float] = []
    humidities: list[int] = []
    while cursor.left:
        temperatures.append(cursor.i16("temperature") / 10)
        humidities.append(cursor.u8("humidity"))
    fields: Fields = {
        "decodingInfo": NEWEST_FIRST,
        "temperature": series(CELSIUS, temperatures),
        "humidity": series(PERCENT, humidities),
    }
    return fields, _air(temperatures[0], humidities[0], at) if temperatures else []


def _alarm(cursor: Cursor, at: datetime | None) -> tuple[Fields, Readings]:
    which, temperature, humidity = cursor.u8("alarm"), cursor.i16("temperature") / 10, cursor.u8("humidity")
    fields: Fields = {
        "alarmTemperature": {"alarmStatus": truth(which >> 4), "temperature": unit(CELSIUS, temperature)},
        "alarmHumidity": {"alarmStatus": truth(which & 1), "humidity": unit(PERCENT, humidity)},
    }
    return fields, _air(temperature, humidity, at)


def _settings(cursor: Cursor, at: datetime | None) -> tuple[Fields, Readings]:
    fields, _ = _frames.settings_with_life_sign(cursor, at)
    if cursor.left:
        fields["redundantSamples"] = cursor.u8("redundant samples")
    return fields, []


decode = Model(
    frames={
        **_frames.COMMON,
        **_frames.ALIVE,
        **_frames.INPUTS,
        **_frames.VERSIONS,
        0x10: ("Comfort 2 configuration", _settings),
        0x4C: ("Comfort 2 data", _samples),
        0x4D: ("Comfort 2 alarm", _alarm),
    },
    timed=_frames.INPUT_FRAMES | {0x4C, 0x4D},
    states={"configurationInconsistency": _frames.INCONSISTENT, "timestamp": _frames.TIMESTAMP},
).decode
