"""Adeunis Comfort CO2: CO2, air temperature and humidity indoors, two digital inputs.

Any FPort (1 by default), big endian: code, state, then by code (the frames of all models: `_frames.py`):

    6a  {TTTT HH CCCC}…            samples, the newest first: int16 0.1 °C, uint8 1 %, uint16 1 ppm
    6b  AA TTTT HH CCCC            alarm: bit 5 CO2, bit 4 temperature, bit 0 humidity; the values
    30  II DD TTTT CCCC HH tttt [cccc hh AAAA aaaa bb]
                                   the last day: icon, bad air 10 min, greatest, least, average
    10  AAAA BBBB NNNN PPPP RR [DD SS]
                                   settings: daily frame, records, samples, period 2 s, repeats, black-out

How far the older samples of 6a lie apart is a setting that is not in the frame: the newest is stated as a reading, all
are reported as fields. Field names are those of the vendor's codec in The Things Stack's repository.

Source: Adeunis Comfort CO2 user guide, section "Description of frames"; codec of the vendor in lorawan-devices.
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

SOURCE = "Adeunis Comfort CO2 user guide; the vendor's codec in lorawan-devices"
LICENCE = "Apache-2.0"
QUANTITIES = ("air_temperature", "co2", "digital_input", "low_battery", "pulse_count", "relative_humidity")

PPM = "ppm"


def _air(temperature: float, humidity: int, co2: int, at: datetime | None) -> Readings:
    return [
        Reading("air_temperature", temperature, "Cel", at=at),
        Reading("relative_humidity", humidity, "%", at=at),
        Reading("co2", co2, "[ppm]", at=at),
    ]


def _samples(cursor: Cursor, at: datetime | None) -> tuple[Fields, Readings]:
    found: list[tuple[float, int, int]] = []
    while cursor.left:
        found.append((cursor.i16("temperature") / 10, cursor.u8("humidity"), cursor.u16("co2")))
    fields: Fields = {
        "decodingInfo": NEWEST_FIRST,
        "temperature": series(CELSIUS, [one[0] for one in found]),
        "humidity": series(PERCENT, [one[1] for one in found]),
        "co2": series(PPM, [one[2] for one in found]),
    }
    return fields, _air(*found[0], at) if found else []


def _alarm(cursor: Cursor, at: datetime | None) -> tuple[Fields, Readings]:
    which, temperature = cursor.u8("alarm"), cursor.i16("temperature") / 10
    humidity, co2 = cursor.u8("humidity"), cursor.u16("co2")
    fields: Fields = {
        "alarmTemperature": {"alarmStatus": truth(which & 0x10), "temperature": unit(CELSIUS, temperature)},
        "alarmHumidity": {"alarmStatus": truth(which & 0x01), "humidity": unit(PERCENT, humidity)},
        "alarmCo2": {"alarmStatus": truth(which & 0x20), "co2": unit(PPM, co2)},
    }
    return fields, _air(temperature, humidity, co2, at)


def _day(cursor: Cursor, _: datetime | None) -> tuple[Fields, Readings]:
    fields: Fields = {
        "icone": cursor.u8("icone"),
        "qaiRedDuration": unit("min", cursor.u8("qaiRedDuration") * 10),
        "temperatureMax": unit(CELSIUS, cursor.i16("temperatureMax") / 10),
        "co2Max": unit(PPM, cursor.u16("co2Max")),
        "humidityMax": unit(PERCENT, cursor.u8("humidityMax")),
        "temperatureMin": unit(CELSIUS, cursor.i16("temperatureMin") / 10),
    }
    if cursor.left:
        fields |= {
            "co2Min": unit(PPM, cursor.u16("co2Min")),
            "humidityMin": unit(PERCENT, cursor.u8("humidityMin")),
            "temperatureAverage": unit(CELSIUS, cursor.i16("temperatureAverage") / 10),
            "co2Average": unit(PPM, cursor.u16("co2Average")),
            "humidityAverage": unit(PERCENT, cursor.u8("humidityAverage")),
        }
    return fields, []


def _settings(cursor: Cursor, _: datetime | None) -> tuple[Fields, Readings]:
    fields: Fields = {"dailyFrameActivated": cursor.u16("daily frame") != 0} | _frames.sampling_settings(cursor)
    fields["redundantSamples"] = cursor.u8("redundant samples")
    if cursor.left:
        fields["blackOutDuration"] = unit("h", cursor.u8("blackOutDuration"))
        fields["blackOutStartTime"] = unit("h", cursor.u8("blackOutStartTime"))
    return fields, []


decode = Model(
    frames={
        **_frames.COMMON,
        **_frames.INPUTS,
        **_frames.VERSIONS,
        0x10: ("Comfort CO2 configuration", _settings),
        0x30: ("Comfort CO2 Daily frame", _day),
        0x6A: ("Comfort CO2 data", _samples),
        0x6B: ("Comfort CO2 alarm", _alarm),
    },
    timed=_frames.INPUT_FRAMES | {0x30, 0x6A, 0x6B},
    states={"configurationInconsistency": _frames.INCONSISTENT, "timestamp": _frames.TIMESTAMP},
).decode
