"""Netvox R718WA (and R718WB): water on the floor, at one rope or electrode.

FPort 6, report type 01 (the frame and the answers on FPort 7: `_frames.py`):

    VV DD 01 BB AA    D  32 R718WA, 12 R718WB    A  uint8  0 dry, else water

Source: Netvox LoRaWAN Application Command, R718WA and R718WB; codec and examples of the vendor in lorawan-devices.
"""

from __future__ import annotations

from decoders.catalogue.netvox._frames import Model, Value, of

SOURCE = "Netvox LoRaWAN Application Command; the vendor's codec in lorawan-devices"
LICENCE = "Apache-2.0"
PORTS = (6, 7, 14)
QUANTITIES = ("battery_voltage", "low_battery", "water_present")

decode = Model(
    devices={0x32: "R718WA", 0x12: "R718WB"},
    reports={
        1: of(Value(name="WaterLeak", words={False: "NoLeak", True: "Leak"}, reads=("water_present", "", None))),
    },
).decode
