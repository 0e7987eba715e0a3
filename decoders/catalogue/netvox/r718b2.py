"""Netvox R718B2 (and R718CK2, CT2): the temperatures at two probes, PT100 or thermocouples.

FPort 6, report type 01 (the frame and the answers on FPorts 7 and 14: `_frames.py`):

    VV DD 01 BB TTTT UUUU

    D  14 R718B2, 16 R718CK2, 17 R718CT2
    T, U  int16  temperatures at the first and the second probe 0.1 °C

Source: Netvox LoRaWAN Application Command, R718B2; codec and examples of the vendor in lorawan-devices.
"""

from __future__ import annotations

from decoders.catalogue.netvox._frames import Model, Value, of, temperature

SOURCE = "Netvox LoRaWAN Application Command; the vendor's codec in lorawan-devices"
LICENCE = "Apache-2.0"
PORTS = (6, 7, 14)
QUANTITIES = ("air_temperature", "battery_voltage", "low_battery")

decode = Model(
    devices={0x14: "R718B2", 0x16: "R718CK2", 0x17: "R718CT2"},
    reports={
        1: of(
            temperature("Temp1", div=10, channel="external_1"),
            temperature("Temp2", div=10, channel="external_2"),
        )
    },
    changes=(Value(name="TempChange", size=2, div=10),),
).decode
