"""Watteco Pulse Sens'O: three pulse inputs, for water, gas and electricity meters.

FPort 125. Reports are of one attribute each, `_frames.py` draws them; batches are packed, see `_batch.py`.

A batch (tags of 4 bits):

    0   u32   index_1 in 1, to steps of 1
    1   u32   index_2 in 1, to steps of 1
    2   u32   index_3 in 1, to steps of 1
    3   bool  pin_state_1 in 1, to steps of 1
    4   bool  pin_state_2 in 1, to steps of 1
    5   bool  pin_state_3 in 1, to steps of 1
    6   u16   battery_voltage in 0.001, to steps of 100
    7   u16   multi_state in 0.01, to steps of 1

What a pulse stands for is the meter's affair: counts are stated, not volumes.

Source: Watteco support pages; the vendor's codec (Codec-API-LoRaWAN), from which the names are.
"""

from __future__ import annotations

from decoders.catalogue.watteco._batch import Series
from decoders.catalogue.watteco._frames import model

SOURCE = "https://support.watteco.com"
LICENCE = "Apache-2.0"
PORTS = (125,)

MODEL = model(
    units={"disposable_battery_voltage": "V", "debounce_period": "ms", "poll_period": "ms", "battery_voltage": "V"},
    unitless=("index_1", "index_2", "index_3", "pin_state_1", "pin_state_2", "pin_state_3"),
    endpoints={
        "index": ("index_1", "index_2", "index_3"),
        "pin_state": ("pin_state_1", "pin_state_2", "pin_state_3"),
        "pin_state_4": ("NA",),
        "pin_state_5": ("NA",),
        "pin_state_6": ("NA",),
        "pin_state_7": ("NA",),
        "pin_state_8": ("NA",),
        "pin_state_9": ("NA",),
        "pin_state_10": ("NA",),
    },
    tag_bits=4,
    series={
        0: Series("index_1", "u32", 1, 1),
        1: Series("index_2", "u32", 1, 1),
        2: Series("index_3", "u32", 1, 1),
        3: Series("pin_state_1", "bool", 1, 1),
        4: Series("pin_state_2", "bool", 1, 1),
        5: Series("pin_state_3", "bool", 1, 1),
        6: Series("battery_voltage", "u16", 100, 1000),
        7: Series("multi_state", "u16", 1, 100),
    },
)
QUANTITIES = MODEL.quantities
decode = MODEL.decode
