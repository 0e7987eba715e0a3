"""Netvox R311W: water on the floor, at two ropes or electrodes.

FPort 6, report type 01 (the frame and the answers on FPort 7: `_frames.py`):

    VV 06 01 BB AA CC    A, C  uint8  0 dry, else water, at the first and at the second

Source: Netvox LoRaWAN Application Command, R311W; codec and examples of the vendor in lorawan-devices.
"""

from __future__ import annotations

from decoders.catalogue.netvox._frames import Model, Value, of

SOURCE = "Netvox LoRaWAN Application Command; the vendor's codec in lorawan-devices"
LICENCE = "Apache-2.0"
PORTS = (6, 7, 14)
QUANTITIES = ("battery_voltage", "low_battery", "water_present")

WORDS = {False: "NoLeak", True: "Leak"}

decode = Model(
    devices={0x06: "R311W"},
    reports={
        1: of(
            Value(name="WaterLeak_1", words=WORDS, reads=("water_present", "", "1")),
            Value(name="WaterLeak_2", words=WORDS, reads=("water_present", "", "2")),
        )
    },
).decode
