"""Netvox R315 (01 to 10): up to eight sensors in one, which of them the frame says.

FPort 6 (the frame and the answers on FPort 7: `_frames.py`):

    VV d2 01 BB EEEE SSSS TTTT HH
    VV d2 02 BB LLLL

    E  uint16  what it has, bits: 0 temperature and humidity, 1 light, 2 infrared, 3 button, 4 tilt, 5 contact inside,
               6 and 7 contacts outside, 8 and 9 shocks inside and outside, 10 dry contact, 11 and 12 water, 13 seat, 14 glass
    S  uint16  what these say, bits: 0 infrared and so on, each two lower than in E
    T  int16   air temperature 0.01 °C    H  uint8  relative humidity 0.5 %; without bit 0 of E there is none of the two
    L  uint16  illuminance 1 lx

Where a bit of E is not set, the sensor is not there and nothing is stated. Tilt, shocks and broken glass have no quantity in
the vocabulary: they are in the field BinarySensorReport, which as FunctionEnable is written in binary digits, and field
names have the vendor's spelling ("Sensoer").

Source: Netvox LoRaWAN Application Command, R315; codec and examples of the vendor in lorawan-devices.
"""

from __future__ import annotations

from collections.abc import Iterator

from decoders.catalogue.netvox._frames import Fields, Model, Value, illuminance, of
from decoders.contract import Reading
from decoders.cursor import Cursor

SOURCE = "Netvox LoRaWAN Application Command; the vendor's codec in lorawan-devices"
LICENCE = "Apache-2.0"
PORTS = (6, 7, 14)
QUANTITIES = (
    "air_temperature", "battery_voltage", "button_pressed", "digital_input", "door_open", "illuminance", "low_battery",
    "motion", "presence", "relative_humidity", "water_present",
)  # fmt: skip

CLIMATE = 1
SHIFT = 2  # between the bits of what it has and of what they say
STATES: dict[int, tuple[str, str | None]] = {
    0: ("motion", None),
    1: ("button_pressed", None),
    3: ("door_open", "internal"),
    4: ("door_open", "external_1"),
    5: ("door_open", "external_2"),
    8: ("digital_input", None),
    9: ("water_present", "1"),
    10: ("water_present", "2"),
    11: ("presence", "seat"),
}


def _report(cursor: Cursor) -> tuple[Fields, list[Reading]]:
    has, says = cursor.u16("what it has"), cursor.u16("what these say")
    temperature, humidity = cursor.i16("temperature") / 100, cursor.u8("humidity") / 2
    fields: Fields = {"FunctionEnable": f"{has:b}", "BinarySensorReport": f"{says:b}"}
    readings = list(_states(has >> SHIFT, says))
    if not has & CLIMATE:
        return fields | {"Temp": "0xFFFF", "Humi": "0xFF"}, readings
    climate = [Reading("air_temperature", temperature, "Cel"), Reading("relative_humidity", humidity, "%")]
    return fields | {"Temp": temperature, "Humi": humidity}, climate + readings


def _states(has: int, says: int) -> Iterator[Reading]:
    for bit, (quantity, channel) in STATES.items():
        if has >> bit & 1:
            yield Reading(quantity, bool(says >> bit & 1), channel=channel)


decode = Model(
    devices={0xD2: "R315"},
    reports={1: _report, 2: of(illuminance())},
    changes=(
        Value(name="TempChange", size=2, div=100),
        Value(name="HumiChange", div=2),
        Value(name="IllumChange"),
    ),
    answers={
        0x83: ("SetPIREnableRsp", ()),
        0x84: ("GetPIREnableRsp", (Value(name="PIREnable"),)),
        0x85: ("SetShockSensorSensitivityRsp", ()),
        0x86: (
            "GetShockSensorSensitivityRsp",
            (Value(name="InternalShockSensoerSensitivity"), Value(name="ExternalShockSensoerSensitivity")),
        ),
        0x87: ("SetIRDisableTimeRsp", ()),
        0x88: ("GetIRDisableTimeRsp", (Value(name="IRSDisableTime", size=2), Value(name="IRSDetectionTime", size=2))),
        0x89: ("SetAlarmOnTimeRsp", ()),
        0x8A: ("GetAlarmOnTimeRsp", (Value(name="AlarmOnTime", size=2),)),
        0x8B: ("SetDryContactPointOutTypeRsp", ()),
        0x8C: ("GetDryContactPointOutTypeRsp", (Value(name="DryContactPointOutType"),)),
        0x8D: ("SetRestoreReportRsp", ()),
        0x8E: ("GetRestoreReportRsp", (Value(name="RestoreReportSet"),)),
    },
).decode
