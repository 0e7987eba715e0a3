"""SenseCAP wireless sensors and S2101 to S2105: frames of one value each.

Little endian; as many frames of 7 octets as there are values, then a checksum:

    CC IIII VVVVVVVV  CC IIII VVVVVVVV ...  XXXX

    C  uint8   channel of the sensor; 0 is the device itself
    I  uint16  what V is
               0000  versions: uint16 software, uint16 hardware, the first part in the high octet
               0002  sensor's id, its low 4 octets
               0003  sensor's id, its high 4 octets
               0007  uint16 battery, 1 %; uint16 interval, 1 min
               0120  the sensor was removed
               0001, 0004, 0005, 0006  sensor's version and others, which the vendor's codec passes over
               1001 and more: a measurement; int32, 0.001 of its unit (see MEASUREMENTS)
    X  uint16  CRC-16/KERMIT of all before it

The fields are those of the vendor's codec in The Things Stack's repository. Of its two files one writes a value below 0 as
a text and checks the checksum, the other does neither: here it is a number, and the checksum is checked.

Source: SenseCAP S210x user guide, section 9.3; list of measurement ids,
https://wiki.seeedstudio.com/sensecraft-data-platform/api/appendix/list_of_measurement_ids
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from decoders.contract import Decoded, DecodeError, DecodeReason, Payload, Reading
from decoders.cursor import Cursor

SOURCE = "https://wiki.seeedstudio.com/sensecraft-data-platform/api/appendix/list_of_measurement_ids"
LICENCE = "Apache-2.0"

# What is not here (pH, liquid level, gases, ...) is of no certain quantity of the vocabulary: it stays a message.
MEASUREMENTS: Mapping[int, tuple[str, str]] = {
    4097: ("air_temperature", "Cel"),
    4098: ("relative_humidity", "%"),
    4099: ("illuminance", "lx"),
    4100: ("co2", "[ppm]"),
    4101: ("atmospheric_pressure", "Pa"),
    4102: ("soil_temperature", "Cel"),
    4103: ("soil_moisture", "%"),
    4104: ("wind_direction", "deg"),
    4105: ("wind_speed", "m/s"),
    4107: ("par", "umol/(m2.s)"),
    4108: ("soil_conductivity", "dS/m"),
    4109: ("dissolved_oxygen", "mg/L"),
    4110: ("soil_moisture", "%"),
    4111: ("soil_conductivity", "dS/m"),
    4112: ("soil_temperature", "Cel"),
    4113: ("rain_intensity", "mm/h"),
    4115: ("distance", "cm"),
    4123: ("water_conductivity", "uS/cm"),
    4124: ("water_temperature", "Cel"),
    4127: ("solar_irradiance", "W/m2"),
    4129: ("par", "umol/(m2.s)"),
    4137: ("leaf_wetness", "%"),
}
QUANTITIES = ("battery_level", *sorted({quantity for quantity, _ in MEASUREMENTS.values()}))

FRAME, CHECKSUM = 7, 2  # octets
FIRST_MEASUREMENT = 4097
ID_LOW, ID_HIGH = 2, 3
PASSED_OVER = {1, 4, 5, 6}
OWN_CHANNEL = 1  # of the one sensor that most of these devices have

Message = dict[str, Any]
Said = tuple[list[Message], list[Reading]]


def decode(payload: Payload) -> Decoded:
    """Read all frames; a checksum that is wrong is an error."""
    _check(payload.data)
    cursor = Cursor(payload.data[:-CHECKSUM], "little")
    messages: list[Message] = []
    readings: dict[tuple[str, str | None], Reading] = {}
    halves: dict[int, str] = {}
    while cursor.left:
        channel, kind, value = cursor.u8("channel"), cursor.u16("id"), cursor.take(4, "value")
        if kind in {ID_LOW, ID_HIGH}:
            halves[kind] = value[::-1].hex().upper()
            continue
        said, stated = _frame(channel, kind, value)
        messages += said
        for reading in stated:
            readings.setdefault((reading.quantity, reading.channel), reading)
    if len(halves) == len({ID_LOW, ID_HIGH}):
        messages.insert(0, {"type": "upload_sensor_id", "channel": 1, "sensorId": halves[ID_HIGH] + halves[ID_LOW]})
    fields = {"valid": True, "err": 0, "payload": payload.data.hex().upper(), "messages": messages}
    return Decoded(tuple(readings.values()), fields)


def _check(data: bytes) -> None:
    if len(data) < FRAME + CHECKSUM or (len(data) - CHECKSUM) % FRAME:
        raise DecodeError(DecodeReason.TRUNCATED, f"{len(data)} octets; frames of {FRAME} and {CHECKSUM} are expected")
    if _crc(data):
        raise DecodeError(DecodeReason.MALFORMED, f"the checksum {data[-CHECKSUM:].hex()} is not that of the frames")


def _crc(data: bytes) -> int:
    """Return the CRC-16/KERMIT of ``data``, which is 0 when it ends with its own."""
    crc = 0
    for octet in data:
        crc ^= octet
        for _ in range(8):
            crc = crc >> 1 ^ 0x8408 if crc & 1 else crc >> 1
    return crc


def _frame(channel: int, kind: int, value: bytes) -> Said:
    if kind >= FIRST_MEASUREMENT:
        return _measurement(channel, kind, value)
    if kind in PASSED_OVER:
        return [], []
    if kind in SPECIAL:
        return SPECIAL[kind](value)
    return [{"type": "unknown_message", "dataID": kind, "dataValue": value.hex().upper()}], []


def _measurement(channel: int, kind: int, value: bytes) -> Said:
    number = int.from_bytes(value, "little", signed=True) / 1000
    message = {"type": "report_telemetry", "measurementId": kind, "measurementValue": number}
    if kind not in MEASUREMENTS:
        return [message], []
    quantity, unit = MEASUREMENTS[kind]
    return [message], [Reading(quantity, number, unit, None if channel == OWN_CHANNEL else str(channel))]


def _versions(value: bytes) -> Said:
    version = {"hardwareVersion": f"{value[3]}.{value[2]}", "softwareVersion": f"{value[1]}.{value[0]}"}
    return [{"type": "upload_version", **version}], []


def _battery(value: bytes) -> Said:
    cursor = Cursor(value, "little")
    battery, minutes = cursor.u16("battery"), cursor.u16("interval")
    messages = [{"type": "upload_battery", "battery": battery}, {"type": "upload_interval", "interval": minutes * 60}]
    return messages, [Reading("battery_level", battery, "%")]


def _removed(_: bytes) -> Said:
    return [{"type": "report_remove_sensor", "channel": 1}], []


SPECIAL: Mapping[int, Callable[[bytes], Said]] = {0x0000: _versions, 0x0007: _battery, 0x0120: _removed}
