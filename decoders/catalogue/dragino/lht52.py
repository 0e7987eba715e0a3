"""Dragino LHT52: air temperature and humidity indoors, and a probe.

FPort 2, big endian:

    TTTT HHHH EEEE XX SSSSSSSS

    T  int16   air temperature             0.01 °C
    H  uint16  relative humidity           0.1 %
    E  int16   temperature of the probe    0.01 °C; 7fff: none
    X  uint8   what E is
    S  uint32  Unix seconds

FPort 3 are stored records, which the vendor leaves to others, FPort 4 the number of the probe, FPort 5 the device:

    MM VVVV FF UU BBBB                     model, firmware, band, sub-band, battery 1 mV

Source: Dragino LHT52 User Manual, section 2.4; codec in lorawan-devices, from which the field names are.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from decoders.contract import Decoded, DecodeError, DecodeReason, Payload, Reading
from decoders.cursor import Cursor

SOURCE = "Dragino LHT52 User Manual, section 2.4"
LICENCE = "Apache-2.0"
PORTS = (2, 3, 4, 5)
QUANTITIES = ("air_temperature", "battery_voltage", "relative_humidity")

SIZE = 11  # octets of a report
NO_VALUE = 0x7FFF


def decode(payload: Payload) -> Decoded:
    """Read a report, or what the device says of itself."""
    cursor = Cursor(payload.data)
    match payload.f_port:
        case 2 if len(payload.data) == SIZE:
            return _report(cursor)
        case 2:
            return Decoded((), {"Status": "RPL data or sensor reset"})
        case 3:
            return Decoded((), {"Status": "Data retrieved, your need to parse it by the application server"})
        case 4:
            return Decoded((), {"DS18B20_ID": cursor.take(8, "DS18B20_ID").hex()})
        case 5:
            return _device(cursor)
        case port:
            raise DecodeError(DecodeReason.UNKNOWN_PORT, f"{port}; known: 2, 3, 4, 5")


def _report(cursor: Cursor) -> Decoded:
    air, humidity, probe = cursor.i16("TempC_SHT"), cursor.u16("Hum_SHT"), cursor.i16("TempC_DS")
    kind, seconds = cursor.u8("Ext"), cursor.u32("Systimestamp")
    fields = {
        "TempC_SHT": air / 100,
        "Hum_SHT": humidity / 10,
        "TempC_DS": probe / 100,
        "Ext": kind,
        "Systimestamp": seconds,
    }
    at = datetime.fromtimestamp(seconds, UTC) if seconds else None
    readings = []
    if air != NO_VALUE:
        readings.append(Reading("air_temperature", air / 100, "Cel", at=at))
        readings.append(Reading("relative_humidity", humidity / 10, "%", at=at))
    if probe != NO_VALUE:
        readings.append(Reading("air_temperature", probe / 100, "Cel", "external", at))
    return Decoded(tuple(readings), fields)


def _device(cursor: Cursor) -> Decoded:
    fields: dict[str, Any] = {
        "Sensor_Model": cursor.u8("Sensor_Model"),
        "Firmware_Version": f"{cursor.u16('Firmware_Version'):02x}",
        "Freq_Band": cursor.u8("Freq_Band"),
        "Sub_Band": cursor.u8("Sub_Band"),
        "Bat_mV": cursor.u16("Bat_mV"),
    }
    return Decoded((Reading("battery_voltage", fields["Bat_mV"], "mV"),), fields)
