"""Dragino LAQ4: CO2, TVOC, temperature and humidity indoors.

FPort 2, big endian, by the mode in bits 6-2 of M:

    BBBB MM VVVV CCCC TTTT HHHH            1: what is measured
    BBBB MM tt TT hh HH cccc CCCC          31: alarm limits of temperature, humidity and CO2

    B  uint16  battery                     1 mV          M  bit 0  alarm
    V  uint16  TVOC                        1 ppb         C  uint16  CO2                1 ppm
    T  int16   temperature                 0.1 °C        H  uint16  relative humidity  0.1 %

Field names are those of the vendor's codec in lorawan-devices; the public Payload Schema table of this model has others.

Source: Dragino LAQ4 User Manual, section 2.3.
"""

from __future__ import annotations

from typing import Any

from decoders.contract import Decoded, DecodeError, DecodeReason, Payload, Reading
from decoders.cursor import Cursor

SOURCE = "Dragino LAQ4 User Manual, section 2.3"
LICENCE = "Apache-2.0"
PORTS = (2,)
QUANTITIES = ("air_temperature", "battery_voltage", "co2", "relative_humidity", "tvoc")

MEASURED, LIMITS = 1, 31


def decode(payload: Payload) -> Decoded:
    """Read what is measured, or the alarm limits."""
    if payload.f_port not in PORTS:
        raise DecodeError(DecodeReason.UNKNOWN_PORT, f"{payload.f_port}; known: 2")
    cursor = Cursor(payload.data)
    battery, flags = cursor.u16("Bat_V") / 1000, cursor.u8("mode")
    readings = [Reading("battery_voltage", battery, "V")]
    fields: dict[str, Any] = {"Bat_V": battery}
    match flags >> 2 & 0x1F:
        case 1:
            fields |= _measured(cursor, flags, readings)
        case 31:
            fields |= _limits(cursor)
        case mode:
            raise DecodeError(DecodeReason.UNKNOWN_MESSAGE, f"mode {mode}; known: {MEASURED}, {LIMITS}")
    warnings = (f"{cursor.left} octets at the end were not read",) if cursor.left else ()
    return Decoded(tuple(readings), fields, warnings)


def _measured(cursor: Cursor, flags: int, readings: list[Reading]) -> dict[str, Any]:
    fields = {
        "Work_mode": "CO2",
        "Alarm_status": "TRUE" if flags & 1 else "FALSE",
        "TVOC_ppb": cursor.u16("TVOC_ppb"),
        "CO2_ppm": cursor.u16("CO2_ppm"),
        "TempC_SHT": cursor.i16("TempC_SHT") / 10,
        "Hum_SHT": cursor.u16("Hum_SHT") / 10,
    }
    readings += [
        Reading("tvoc", fields["TVOC_ppb"], "[ppb]"),
        Reading("co2", fields["CO2_ppm"], "[ppm]"),
        Reading("air_temperature", fields["TempC_SHT"], "Cel"),
        Reading("relative_humidity", fields["Hum_SHT"], "%"),
    ]
    return fields


def _limits(cursor: Cursor) -> dict[str, Any]:
    return {
        "Work_mode": "ALARM",
        "SHTEMPMIN": cursor.i8("SHTEMPMIN"),
        "SHTEMPMAX": cursor.i8("SHTEMPMAX"),
        "SHTHUMMIN": cursor.u8("SHTHUMMIN"),
        "SHTHUMMAX": cursor.u8("SHTHUMMAX"),
        "CO2MIN": cursor.u16("CO2MIN"),
        "CO2MAX": cursor.u16("CO2MAX"),
    }
