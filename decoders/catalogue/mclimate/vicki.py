"""MClimate Vicki: a radiator's thermostat, the room's temperature and humidity, and how far its valve is open.

Any FPort (2 by default), big endian, 9 octets; an answer to a command stands in front of them:

    [answers] RR GG TT HH PP MM QN BF CC

    R  01, or 81 from firmware 3.5 on
    G  uint8   target 1 °C
    T  uint8   temperature: T * 165 / 256 - 40 °C; with 81: (T - 28.33333) / 5.66666 °C
    H  uint8   relative humidity 100/256 %
    P, Q  12 bits  the motor's position: Q (bits 7-4) is its upper part       M, N  12 bits  its range, N (bits 3-0) likewise
    B  bits 7-4  battery 2 V + 0.1 V
    F  bits 3-0  open window, the motor takes much, takes little, the sensor is broken
    C  bits 7-3  child lock, not calibrated, on its backplate, thinks that it is online, frost protection

    answers  04 HW SW versions, 12 minutes between two reports, 14 child lock, 15 least and greatest target, 18 mode of operation

The valve is open by 1 - position / range. A broken sensor's temperature is not stated; an open window is concluded from the
temperature, no contact, and stays a field. Fields are those of the vendor's codec: the reason 81 is the number 81.

Source: MClimate Vicki device communication protocol; codec of the vendor in chirpstack-device-profiles and Actility's catalogue.
"""

from __future__ import annotations

import math
from typing import Any

from decoders.catalogue.mclimate._shared import hundredths, versions
from decoders.contract import Decoded, DecodeError, DecodeReason, Payload, Reading
from decoders.cursor import Cursor

SOURCE = "MClimate Vicki device communication protocol; the vendor's codec in chirpstack-device-profiles"
LICENCE = "Apache-2.0"
QUANTITIES = (
    "air_temperature", "battery_voltage", "relative_humidity", "temperature_setpoint", "valve_position",
)  # fmt: skip

SIZE = 9
OLD, NEW = 0x01, 0x81
FLAGS = ("openWindow", "highMotorConsumption", "lowMotorConsumption", "brokenSensor")
STATES = ("childLock", "calibrationFailed", "attachedBackplate", "perceiveAsOnline", "antiFreezeProtection")

Fields = dict[str, Any]


def decode(payload: Payload) -> Decoded:
    """Read a report, and what is answered in front of it."""
    if len(payload.data) < SIZE:
        raise DecodeError(DecodeReason.TRUNCATED, f"a report has {SIZE} octets, here are {len(payload.data)}")
    head, report = payload.data[:-SIZE], payload.data[-SIZE:]
    if report[0] not in {OLD, NEW}:
        raise DecodeError(DecodeReason.UNKNOWN_MESSAGE, f"a report begins 01 or 81, not {report[0]:02x}")
    answers, warnings = _answers(Cursor(head))
    fields, readings = _report(Cursor(report))
    return Decoded(readings, answers | fields, warnings)


def _report(cursor: Cursor) -> tuple[Fields, tuple[Reading, ...]]:
    reason, target = cursor.u8("reason"), cursor.u8("target")
    temperature = hundredths(_temperature(reason, cursor.u8("temperature")))
    humidity = hundredths(cursor.u8("humidity") * 100 / 256)
    low_position, low_range = cursor.u8("position"), cursor.u8("range")
    position = cursor.bits(4, "position") << 8 | low_position
    span = cursor.bits(4, "range") << 8 | low_range
    battery = hundredths(2 + cursor.bits(4, "battery") * 0.1)
    openness = math.floor((1 - position / span) * 100 + 0.5) if span else 0
    fields: Fields = {
        "reason": int(f"{reason:x}"),
        "targetTemperature": target,
        "sensorTemperature": temperature,
        "relativeHumidity": humidity,
        "motorRange": span,
        "motorPosition": position,
        "batteryVoltage": battery,
        **{name: bool(cursor.bits(1, name)) for name in FLAGS + STATES},
        "valveOpenness": openness,
        "targetTemperatureFloat": target,
    }
    stated = [] if fields["brokenSensor"] else [Reading("air_temperature", temperature, "Cel")]
    stated += [
        Reading("relative_humidity", humidity, "%"),
        Reading("temperature_setpoint", target, "Cel"),
        Reading("battery_voltage", battery, "V"),
    ]
    return fields, (*stated, *([Reading("valve_position", openness, "%")] if position <= span and span else []))


def _temperature(reason: int, octet: int) -> float:
    return octet * 165 / 256 - 40 if reason == OLD else (octet - 28.33333) / 5.66666


def _answers(cursor: Cursor) -> tuple[Fields, tuple[str, ...]]:
    fields: Fields = {}
    while cursor.left:
        match cursor.u8("answer"):
            case 0x04:
                fields["deviceVersions"] = versions(cursor)
            case 0x12:
                fields["keepAliveTime"] = cursor.u8("minutes")
            case 0x14:
                fields["childLock"] = cursor.u8("child lock") == 1
            case 0x15:
                least, greatest = cursor.u8("least target"), cursor.u8("greatest target")
                fields["temperatureRangeSettings"] = {"min": least, "max": greatest}
            case 0x18:
                fields["operationalMode"] = cursor.u8("mode")
            case other:
                return fields, (f"answer {other:02x} is not known: {cursor.rest().hex()}",)
    return fields, ()
