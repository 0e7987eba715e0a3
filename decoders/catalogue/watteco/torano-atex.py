"""Watteco Toran'O ATEX: pulses, contacts, 4 to 20 mA and 0 to 5 V.

FPort 125. Reports are of one attribute each, `_frames.py` draws them; batches are packed, see `_batch.py`.

A batch (tags of 4 bits):

    0   u32   index_1 in 1, to steps of 1
    1   u32   index_2 in 1, to steps of 1
    2   u32   index_3 in 1, to steps of 1
    3   bool  pin_state_1 in 1, to steps of 1
    4   bool  pin_state_2 in 1, to steps of 1
    5   bool  pin_state_3 in 1, to steps of 1
    6   f32   4-20_mA in 1, to steps of 0.004
    7   f32   0-5_V_1 in 1, to steps of 1
    8   f32   0-5_V_2 in 1, to steps of 1
    9   f32   ratiometric_0-5_V_1 in 1, to steps of 1
    10  f32   ratiometric_0-5_V_2 in 1, to steps of 1
    11  u16   battery_voltage in 1, to steps of 100

A batch has the battery's voltage in mV, and the vendor's codec calls them V: the field follows it, the reading is in mV.

Source: Watteco support pages; the vendor's codec (Codec-API-LoRaWAN), from which the names are.
"""

from __future__ import annotations

from decoders.catalogue.watteco._batch import Series
from decoders.catalogue.watteco._frames import model
from decoders.catalogue.watteco._variables import Meaning

SOURCE = "https://support.watteco.com"
LICENCE = "Apache-2.0"
PORTS = (125,)

MODEL = model(
    units={
        "disposable_battery_voltage": "V",
        "4-20_mA": "mA",
        "0-5_V_1": "V",
        "0-5_V_2": "V",
        "ratiometric_0-5_V_1": "V",
        "ratiometric_0-5_V_2": "V",
        "battery_voltage": "V",
    },
    unitless=("index_1", "index_2", "index_3", "pin_state_1", "pin_state_2", "pin_state_3"),
    endpoints={
        "analog": ("4-20_mA", "0-5_V_1", "0-5_V_2", "ratiometric_0-5_V_1", "ratiometric_0-5_V_2"),
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
        6: Series("4-20_mA", "f32", 0.004, 1),
        7: Series("0-5_V_1", "f32", 1, 1),
        8: Series("0-5_V_2", "f32", 1, 1),
        9: Series("ratiometric_0-5_V_1", "f32", 1, 1),
        10: Series("ratiometric_0-5_V_2", "f32", 1, 1),
        11: Series("battery_voltage", "u16", 100, 1),
    },
    batched={"battery_voltage": Meaning("battery_voltage", "mV")},
)
QUANTITIES = MODEL.quantities
decode = MODEL.decode
