"""Quandify CubicMeter 1.1 (plastic and copper): water consumption, leaks, temperatures of water and surroundings.

FPort 1, status, 28 octets, little endian:

    UUUUUUUU EEEE VVVVVVVV HHHHHHHH ........ LL AA RR NN XX TT

    U  uint32  time since the last restart (not in the vendor's published output)
    E  uint16  bit 15: no water in the pipe; the rest: error, 384 is reverse flow
    V  uint32  volume                          1 l
    H  uint32  heat                            (not in the vendor's published output)
    .  8 octets reserved
    L  uint8   leak: 3 medium, 4 large
    A  uint8   battery under load              8 mV above 1800 mV
    R  uint8   battery at rest                 8 mV above 1800 mV
    N  uint8   coldest water since the last    0.5 °C above -20 °C
    X  uint8   warmest water since the last    0.5 °C above -20 °C
    T  uint8   surroundings                    0.5 °C above -20 °C

FPort 6, answer to a downlink: port of the downlink, status, type, then by type a status as above (1), what the device
is (2, 35 octets) or its settings (4, 38 octets).

Source: https://github.com/quandify/cubicmeter-1.1 (the vendor's codec).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from decoders.contract import Decoded, DecodeError, DecodeReason, Payload, Reading
from decoders.cursor import Cursor

SOURCE = "https://github.com/quandify/cubicmeter-1.1"
LICENCE = "Apache-2.0"
PORTS = (1, 6)
QUANTITIES = (
    "air_temperature", "backflow_detected", "battery_voltage", "leak_detected", "water_temperature", "water_volume",
)  # fmt: skip

NOT_SENSING = 0x8000
REVERSE_FLOW = 384
LEAKING = 3  # this and more; smaller leaks are found by the vendor's cloud only
LOW_BATTERY_MV = 3100  # the vendor's limit
APP_STATES = {4: "pipeSelection", 5: "metering"}
STATUSES = {0: "ok", 1: "commandError", 2: "payloadError", 3: "valueError"}
PIPES = {
    0: "Custom",
    1: "Copper 15 mm",
    2: "Copper 18 mm",
    3: "Copper 22 mm",
    4: "Chrome 15 mm",
    5: "Chrome 18 mm",
    6: "Chrome 22 mm",
    7: "Pal 16 mm",
    8: "Pal 20 mm",
    9: "Pal 25 mm",
    14: "Pex 16 mm",
    15: "Pex 20 mm",
    16: "Pex 25 mm",
    17: "Distpipe",
}

Fields = dict[str, Any]
Content = tuple[Fields, tuple[Reading, ...], tuple[str, ...]]


def decode(payload: Payload) -> Decoded:
    """Read a status or an answer."""
    match payload.f_port:
        case 1:
            kind, (decoded, readings, warnings) = "statusReport", _status(payload.data)
        case 6:
            kind, (decoded, readings, warnings) = "response", _answer(payload.data)
        case _:
            raise DecodeError(DecodeReason.UNKNOWN_PORT, f"{payload.f_port}; known: 1, 6")
    fields = {
        "fPort": payload.f_port,
        "length": len(payload.data),
        "hexBytes": payload.data.hex().upper(),
        "type": kind,
        "decoded": decoded,
    }
    return Decoded(readings, fields, warnings)


def _sized(data: bytes, size: int, what: str) -> Cursor:
    if len(data) < size:
        raise DecodeError(DecodeReason.TRUNCATED, f"{what}: {size} octets expected, {len(data)} there")
    if len(data) > size:
        raise DecodeError(DecodeReason.MALFORMED, f"{what}: {size} octets expected, {len(data)} there")
    return Cursor(data, "little")


def _status(data: bytes) -> Content:
    cursor = _sized(data, 28, "status")
    cursor.u32("uptime")
    error, litres = cursor.u16("error"), cursor.u32("volume")
    cursor.take(12, "heat and reserved")
    leak, loaded, rested = cursor.u8("leak"), _millivolts(cursor), _millivolts(cursor)
    coldest, warmest, surroundings = _celsius(cursor), _celsius(cursor), _celsius(cursor)
    fields = {
        "errorCode": error & ~NOT_SENSING,
        "isSensing": not error & NOT_SENSING,
        "totalVolume": litres,
        "leakState": leak,
        "batteryActive": loaded,
        "batteryRecovered": rested,
        "waterTemperatureMin": coldest,
        "waterTemperatureMax": warmest,
        "ambientTemperature": surroundings,
    }
    readings = (
        Reading("water_volume", litres, "L"),
        Reading("leak_detected", leak >= LEAKING),
        Reading("backflow_detected", fields["errorCode"] == REVERSE_FLOW),
        Reading("water_temperature", coldest, "Cel", "min"),
        Reading("water_temperature", warmest, "Cel", "max"),
        Reading("air_temperature", surroundings, "Cel"),
        Reading("battery_voltage", rested, "mV"),
        Reading("battery_voltage", loaded, "mV", "active"),
    )
    return fields, readings, tuple(_warnings(fields))


def _millivolts(cursor: Cursor) -> int:
    return 1800 + cursor.u8("battery") * 8


def _celsius(cursor: Cursor) -> float:
    return cursor.u8("temperature") * 0.5 - 20


def _warnings(fields: Fields) -> list[str]:
    warnings = []
    if not fields["isSensing"]:
        warnings.append("Not sensing water")
    if fields["errorCode"] == REVERSE_FLOW:
        warnings.append("Reverse flow")
    elif fields["errorCode"]:
        warnings.append(f"Contact support, error {fields['errorCode']}")
    if fields["batteryRecovered"] <= LOW_BATTERY_MV:
        warnings.append("Low battery")
    return warnings


def _answer(data: bytes) -> Content:
    cursor = Cursor(data, "little")
    port, status, kind = cursor.u8("port"), cursor.u8("status"), cursor.u8("type")
    if status not in STATUSES:
        raise DecodeError(DecodeReason.UNKNOWN_MESSAGE, f"answer with status {status}")
    if kind not in ANSWERS:
        raise DecodeError(DecodeReason.UNKNOWN_MESSAGE, f"answer of type {kind}")
    name, read = ANSWERS[kind]
    content, readings, warnings = read(cursor.rest())
    return {"fPort": port, "status": STATUSES[status], "type": name, "data": content}, readings, warnings


def _nothing(_: bytes) -> Content:
    return {}, (), ()


def _hardware(data: bytes) -> Content:
    cursor = _sized(data, 35, "hardware report")
    firmware, hardware, state = cursor.u32("firmware"), cursor.u8("hardware"), cursor.u8("state")
    pipe = data[28]
    if state not in APP_STATES:
        raise DecodeError(DecodeReason.UNKNOWN_MESSAGE, f"state {state} is none of {', '.join(map(str, APP_STATES))}")
    if pipe not in PIPES:
        raise DecodeError(DecodeReason.UNKNOWN_MESSAGE, f"pipe {pipe}")
    fields = {
        "appState": APP_STATES[state],
        "firmwareVersion": f"{firmware >> 24}.{firmware >> 16 & 0xFF}.{firmware & 0xFFFF}",
        "hardwareVersion": hardware,
        "pipe": {"id": pipe, "type": PIPES[pipe]},
    }
    return fields, (), ()


def _settings(data: bytes) -> Content:
    cursor = _sized(data, 38, "settings report")
    cursor.take(5, "reserved")
    return {"lorawanReportInterval": cursor.u32("lorawanReportInterval")}, (), ()


ANSWERS: Mapping[int, tuple[str, Callable[[bytes], Content]]] = {
    0: ("none", _nothing),
    1: ("statusReport", _status),
    2: ("hardwareReport", _hardware),
    4: ("settingsReport", _settings),
}
