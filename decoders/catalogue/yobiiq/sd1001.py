"""Yobiiq iQ SD1001: a smoke detector.

FPorts 8 values, 50 what it is, big endian: CC TT V… (`_registers.py`); on FPort 8 the channel says what it is:

    01 battery 1 %     02 mains power    03 low battery    04 fault    05 smoke    06 smoke at another one it is
    connected with     07 test button: 0 no, 1 yes

Field names and words are those of the vendor's codec.

Source: Yobiiq's codec for the iQ SD1001 in chirpstack-device-profiles (MIT).
"""

from __future__ import annotations

from decoders.catalogue.yobiiq import _registers
from decoders.catalogue.yobiiq._registers import ABOUT, INFORMATION, Device, Register

SOURCE = _registers.SOURCE
LICENCE = "Apache-2.0"
PORTS = (0, 8, 50)
QUANTITIES = ("battery_level", "low_battery", "smoke_detected")

VALUES = 8
ALARM = {0: "Normal", 1: "Alarm"}

decode = Device(
    ports={
        VALUES: {
            0x01: Register(name="batteryLevelInPercentage", reads=("battery_level", "%", None)),
            0x02: Register(name="powerEvent", words={0: "AC Power Off", 1: "AC Power On"}),
            0x03: Register(name="lowBatteryAlarm", words=ALARM, reads=("low_battery", "", None)),
            0x04: Register(name="faultAlarm", words=ALARM),
            0x05: Register(name="smokeAlarm", words=ALARM, reads=("smoke_detected", "", None)),
            0x06: Register(name="interconnectAlarm", words=ALARM),
            0x07: Register(name="testButtonPressed", words={0: "Normal", 1: "Pushed"}),
        },
        INFORMATION: {**ABOUT, 0x16: Register(name="deviceSerialNumber", size=5, digits=True)},
    },
    by_channel=frozenset({VALUES}),
    about={
        "codecVersion": "1.1.0",
        "deviceModel": "SD-1001",
        "productCode": "1002015",
        "manufacturer": "YOBIIQ B.V.",
    },
).decode
