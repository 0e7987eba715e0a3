"""MClimate HT Sensor: temperature and humidity of a room, and of a thermistor where one is connected.

Any FPort (2 by default), big endian, 7 octets, or the first 5; an answer to a command stands in front of 7:

    [answers] 01 TTTT HH BB [XY YY]

    T  uint16   air temperature 0.1 °C, 400 is 0 °C
    H  uint8    relative humidity 100/256 %
    B  bits 7-4 battery 2 V + 0.1 V
    X  bit 2    no thermistor is connected
    Y  bits 1-0 and 8 bits  its temperature 0.1 °C

    answers  04 HW SW versions, 12 minutes between two reports

The vendor's codec asks for bit 2 of X in binary digits without the zeros in front, which are not there where X is small: it
then finds no thermistor ever. Here the bit decides, as the vendor's protocol says. Field names are those of that codec, the
thermistor's temperature 0 without one.

Source: MClimate HT Sensor device communication protocol; codec of the vendor in chirpstack-device-profiles.
"""

from __future__ import annotations

from typing import Any

from decoders.catalogue.mclimate._shared import hundredths, versions
from decoders.contract import Decoded, DecodeError, DecodeReason, Payload, Reading
from decoders.cursor import Cursor

SOURCE = "MClimate HT Sensor device communication protocol; the vendor's codec in chirpstack-device-profiles"
LICENCE = "Apache-2.0"
QUANTITIES = ("air_temperature", "battery_voltage", "relative_humidity")

REPORT = 0x01
SHORT, LONG = 5, 7
NOT_CONNECTED = 0x04

Fields = dict[str, Any]


def decode(payload: Payload) -> Decoded:
    """Read a report, and what is answered in front of it."""
    size = SHORT if len(payload.data) == SHORT else LONG
    if len(payload.data) < size:
        raise DecodeError(DecodeReason.TRUNCATED, f"a report has 5 or 7 octets, here are {len(payload.data)}")
    head, report = payload.data[:-size], payload.data[-size:]
    if report[0] != REPORT:
        raise DecodeError(DecodeReason.UNKNOWN_MESSAGE, f"a report begins 01, not {report[0]:02x}")
    answers, warnings = _answers(Cursor(head))
    fields, readings = _report(Cursor(report[1:]))
    return Decoded(tuple(readings), answers | fields, warnings)


def _report(cursor: Cursor) -> tuple[Fields, list[Reading]]:
    temperature = hundredths((cursor.u16("temperature") - 400) / 10)
    humidity = hundredths(cursor.u8("humidity") * 100 / 256)
    battery = hundredths(2 + (cursor.u8("battery") >> 4) * 0.1)
    fields: Fields = {"sensorTemperature": temperature, "relativeHumidity": humidity, "batteryVoltage": battery}
    readings = [
        Reading("air_temperature", temperature, "Cel"),
        Reading("relative_humidity", humidity, "%"),
        Reading("battery_voltage", battery, "V"),
    ]
    if cursor.left:
        outside = cursor.u16("thermistor")
        connected = not outside >> 8 & NOT_CONNECTED
        value = (outside & 0x3FF) / 10 if connected else 0
        fields |= {"thermistorProperlyConnected": connected, "extThermistorTemperature": value}
        readings += [Reading("air_temperature", value, "Cel", "external")] if connected else []
    return fields, readings


def _answers(cursor: Cursor) -> tuple[Fields, tuple[str, ...]]:
    fields: Fields = {}
    while cursor.left:
        match cursor.u8("answer"):
            case 0x04:
                fields["deviceVersions"] = versions(cursor)
            case 0x12:
                fields["keepAliveTime"] = cursor.u8("minutes")
            case other:
                return fields, (f"answer {other:02x} is not known: {cursor.rest().hex()}",)
    return fields, ()
