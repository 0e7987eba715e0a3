"""Netvox R311A (and R718F): a door or window that is open, by a reed switch.

FPort 6, report type 01 (the frame and the answers on FPort 7: `_frames.py`):

    VV DD 01 BB OO

    D  02 R311A, 1d R718F, 7d R730F    O  uint8  0 closed, the magnet is near; 1 open

Source: Netvox LoRaWAN Application Command, R311A and R718F; codec and examples of the vendor in lorawan-devices.
"""

from __future__ import annotations

from decoders.catalogue.netvox._frames import Model, Value, of

SOURCE = "Netvox LoRaWAN Application Command; the vendor's codec in lorawan-devices"
LICENCE = "Apache-2.0"
PORTS = (6, 7, 14)
QUANTITIES = ("battery_voltage", "door_open", "low_battery")

decode = Model(
    devices={0x02: "R311A", 0x1D: "R718F", 0x7D: "R730F"},
    reports={1: of(Value(name="OnOff", reads=("door_open", "", None)))},
).decode
