"""Netvox R311G: illuminance.

FPort 6, report type 01 (the frame and the answers on FPort 7: `_frames.py`):

    VV 04 01 BB LLLL    L  uint16  illuminance 1 lx

Source: Netvox LoRaWAN Application Command, R311G; codec and examples of the vendor in lorawan-devices.
"""

from __future__ import annotations

from decoders.catalogue.netvox._frames import Model, Value, illuminance, of

SOURCE = "Netvox LoRaWAN Application Command; the vendor's codec in lorawan-devices"
LICENCE = "Apache-2.0"
PORTS = (6, 7, 14)
QUANTITIES = ("battery_voltage", "illuminance", "low_battery")

decode = Model(
    devices={0x04: "R311G"},
    reports={1: of(illuminance())},
    changes=(Value(name="IlluminanceChange", size=2),),
).decode
