"""Milesight AT101: where a thing is outdoors, by satellites or by WLANs in reach.

Any FPort (85 by default), little endian: channel, type, value, as often as the device likes.

    01 75 uint8     battery                     1 %
    03 67 int16     temperature of the device   0.1 °C
    83 67           the same, then its alarm:   0 normal, 1 abnormal
    04 88, 84 88    int32 latitude, int32 longitude, 1e-6°, then bits 0 to 3 motion, bits 4 to 7 the fence
    05 00 uint8     position                    0 normal, 1 tilt
    06 d9           a WLAN in reach: uint8 group, 6 octets address, int8 strength, 1 dBm, bits 0 to 3 motion; an address of ff
                    in all octets ends a search in vain
    07 00 uint8     mounted                     0 install, 1 uninstall
    08 9b           angles (AT101-FH): int8 x, y, z at the beginning, then x, y, z now, 1°
    20 ce           a stored place: uint32 Unix time, int32 longitude, int32 latitude
    ff ..           what the device says of itself after it has joined

That it moves states nothing: it is what the last of several channels says. Answers to downlinks are not read.

Source: https://github.com/Milesight-IoT/SensorDecoders (at-series/at101), AT101 user guide.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from decoders.contract import Decoded, DecodeError, DecodeReason, Payload, Reading
from decoders.cursor import Cursor

SOURCE = "https://github.com/Milesight-IoT/SensorDecoders (at-series/at101), AT101 user guide"
LICENCE = "Apache-2.0"
PERSONAL = True  # the addresses of WLANs in reach are of those who live or work there
QUANTITIES = ("battery_level", "device_temperature", "latitude", "longitude", "tamper", "tilt")

Fields = dict[str, Any]
Part = Callable[[Cursor, Fields], None]

MOTIONS = {0: "unknown", 1: "start", 2: "moving", 3: "stop"}
FENCE = {0: "inside", 1: "outside", 2: "unset", 3: "unknown"}
CLASSES = {0: "Class A", 1: "Class B", 2: "Class C", 3: "Class CtoB"}
NO_WLAN = b"\xff" * 6
NOT_MEASURED = 255  # of a battery
AXES = "xyz"
STATED = {  # the field, its quantity, unit and channel
    "battery": ("battery_level", "%", None),
    "temperature": ("device_temperature", "Cel", None),
    "latitude": ("latitude", "deg", None),
    "longitude": ("longitude", "deg", None),
    **{f"inclination_angle_{axis}": ("tilt", "deg", axis) for axis in AXES},
}
MOUNTED = {"install": False, "uninstall": True}


def decode(payload: Payload) -> Decoded:
    """Read channels and values to the end, or to the first channel that is not known."""
    cursor, fields, warnings = Cursor(payload.data, "little"), Fields(), []
    while cursor.left:
        start, tag = cursor.position, cursor.take(2, "channel and type")
        part = PARTS.get(tag)
        if part is None:
            problem = f"channel {tag.hex(' ')} at {start} is not known"
            if start == 0:
                raise DecodeError(DecodeReason.UNKNOWN_MESSAGE, problem)
            warnings.append(f"{problem}; {cursor.left} octets after it were not read")
            break
        part(cursor, fields)
    return Decoded(_readings(fields), fields, tuple(warnings))


def _readings(fields: Fields) -> tuple[Reading, ...]:
    readings = _stated(fields)
    if fields.get("tamper_status") in MOUNTED:
        readings.append(Reading("tamper", MOUNTED[fields["tamper_status"]]))
    for record in fields.get("history", ()):
        if record["timestamp"]:  # 0: the device did not know the time
            readings += _stated(record, datetime.fromtimestamp(record["timestamp"], UTC))
    return tuple({(one.quantity, one.channel, one.at): one for one in readings}.values())


def _stated(fields: Fields, at: datetime | None = None) -> list[Reading]:
    known = [(name, fields[name]) for name in STATED if name in fields]
    values = [(STATED[name], value) for name, value in known if (name, value) != ("battery", NOT_MEASURED)]
    return [Reading(quantity, value, unit, channel, at) for (quantity, unit, channel), value in values]


def _battery(cursor: Cursor, fields: Fields) -> None:
    fields["battery"] = cursor.u8("battery")


def _temperature(cursor: Cursor, fields: Fields) -> None:
    fields["temperature"] = cursor.i16("temperature") / 10


def _temperature_alarm(cursor: Cursor, fields: Fields) -> None:
    _temperature(cursor, fields)
    _word("temperature_alarm", {0: "normal", 1: "abnormal"})(cursor, fields)


def _word(name: str, words: Mapping[int, str], otherwise: str = "unknown") -> Part:
    def part(cursor: Cursor, fields: Fields) -> None:
        fields[name] = words.get(cursor.u8(name), otherwise)

    return part


def _degrees(cursor: Cursor, fields: Fields, *names: str) -> None:
    fields.update({name: cursor.i32(name) / 1_000_000 for name in names})


def _place(cursor: Cursor, fields: Fields) -> None:
    _degrees(cursor, fields, "latitude", "longitude")
    status = cursor.u8("status")
    fields["motion_status"] = MOTIONS.get(status & 15, "unknown")
    fields["geofence_status"] = FENCE.get(status >> 4, "unknown")


def _wlan(cursor: Cursor, fields: Fields) -> None:
    group, address, rssi = cursor.u8("group"), cursor.take(6, "address"), cursor.i8("rssi")
    motion = MOTIONS.get(cursor.u8("status") & 15, "unknown")
    if address == NO_WLAN:
        fields["wifi_scan_result"] = "timeout"
        return
    fields |= {"wifi_scan_result": "finish", "motion_status": motion}
    network = {"group": group, "mac": address.hex(":"), "rssi": rssi, "motion_status": motion}
    fields.setdefault("wifi", []).append(network)


def _angles(cursor: Cursor, fields: Fields) -> None:
    names = [f"{when}_angle_{axis}" for when in ("initial", "inclination") for axis in AXES]
    fields.update({name: cursor.i8(name) for name in names})


def _stored(cursor: Cursor, fields: Fields) -> None:
    record: Fields = {"timestamp": cursor.u32("timestamp")}
    _degrees(cursor, record, "longitude", "latitude")
    fields.setdefault("history", []).append(record)


def _version(name: str, size: int, show: Callable[[bytes], str]) -> Part:
    def part(cursor: Cursor, fields: Fields) -> None:
        fields[name] = show(cursor.take(size, name))

    return part


PARTS: Mapping[bytes, Part] = {
    b"\x01\x75": _battery,
    b"\x03\x67": _temperature,
    b"\x83\x67": _temperature_alarm,
    b"\x04\x88": _place,
    b"\x84\x88": _place,
    b"\x05\x00": _word("position", {0: "normal", 1: "tilt"}),
    b"\x06\xd9": _wlan,
    b"\x07\x00": _word("tamper_status", {0: "install", 1: "uninstall"}),
    b"\x08\x9b": _angles,
    b"\x20\xce": _stored,
    b"\xff\x01": _version("ipso_version", 1, lambda octets: f"v{octets[0] >> 4}.{octets[0] & 15}"),
    b"\xff\x09": _version("hardware_version", 2, lambda octets: f"v{octets[0]:x}.{octets[1] >> 4}"),
    b"\xff\x0a": _version("firmware_version", 2, lambda octets: f"v{octets[0]:x}.{octets[1]:x}"),
    b"\xff\x0b": _word("device_status", {}, "on"),
    b"\xff\x0f": _word("lorawan_class", CLASSES),
    b"\xff\x16": _version("sn", 8, bytes.hex),
    b"\xff\xfe": _word("reset_event", {}, "reset"),
    b"\xff\xff": _version("tsl_version", 2, lambda octets: f"v{octets[0]}.{octets[1]}"),
}
