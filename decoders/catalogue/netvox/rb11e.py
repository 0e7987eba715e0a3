"""Netvox RB11E: somebody in the room, its temperature and light.

FPort 6, report type 01 (the frame and the answers on FPort 7: `_frames.py`):

    VV 03 01 BB TTTT LLLL OO DD

    T  int16   air temperature 0.01 °C
    L  uint16  illuminance 1 lx
    O  uint8   1 somebody is there (infrared)
    D  uint8   1 it was taken from its holder

Source: Netvox LoRaWAN Application Command, RB11E; codec and examples of the vendor in lorawan-devices.
"""

from __future__ import annotations

from decoders.catalogue.netvox._frames import Model, Value, illuminance, of, temperature

SOURCE = "Netvox LoRaWAN Application Command; the vendor's codec in lorawan-devices"
LICENCE = "Apache-2.0"
PORTS = (6, 7, 14)
QUANTITIES = ("air_temperature", "battery_voltage", "illuminance", "low_battery", "presence", "tamper")

decode = Model(
    devices={0x03: "RB11E"},
    reports={
        1: of(
            temperature(),
            illuminance(),
            Value(name="Occupy", reads=("presence", "", None)),
            Value(name="DisassembledAlarm", reads=("tamper", "", None)),
        )
    },
    changes=(Value(name="TempChange", size=2, div=100), Value(name="IlluminanceChange", size=2)),
    answers={
        0x83: ("SetIRDisableTimeRsp", ()),
        0x84: ("GetIRDisableTimeRsp", (Value(name="IRDisableTime", size=2), Value(name="IRDetectionTime", size=2))),
    },
).decode
