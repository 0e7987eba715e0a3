"""Netvox R718B (and R718CJ, CK, CT, CR, CE): the temperature at a probe, PT100 or a thermocouple.

FPort 6, report type 01 (the frame and the answers on FPorts 7 and 14: `_frames.py`):

    VV DD 01 BB TTTT

    D  90 R718CJ, 91 R718CK, 92 R718CT, 93 R718CR, 94 R718CE, 95 R718B
    T  int16  temperature at the probe 0.1 °C

Source: Netvox LoRaWAN Application Command, R718B and R718C; codec and examples of the vendor in lorawan-devices.
"""

from __future__ import annotations

from decoders.catalogue.netvox._frames import Model, Value, of, temperature

SOURCE = "Netvox LoRaWAN Application Command; the vendor's codec in lorawan-devices"
LICENCE = "Apache-2.0"
PORTS = (6, 7, 14)
QUANTITIES = ("air_temperature", "battery_voltage", "low_battery")

decode = Model(
    devices={0x90: "R718CJ", 0x91: "R718CK", 0x92: "R718CT", 0x93: "R718CR", 0x94: "R718CE", 0x95: "R718B"},
    reports={1: of(temperature(div=10, channel="external"))},
    changes=(Value(name="TempChange", size=2, div=10),),
).decode
