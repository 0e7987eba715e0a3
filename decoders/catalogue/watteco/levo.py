"""Watteco Lev'O: a level sensor's 4 to 20 mA or 0 to 10 V.

FPort 125. Reports are of one attribute each, `_frames.py` draws them; batches are packed, see `_batch.py`.

A batch (tags of 3 bits):

    0   f32   4-20_mA in 1, to steps of 0.004
    1   f32   0-10_V in 1, to steps of 1
    2   u16   battery_voltage in 0.001, to steps of 100
    3   u16   external_power_voltage in 0.001, to steps of 100
    4   u32   index in 1, to steps of 1

The level follows from the range of the sensor, which the payload does not tell: current and voltage are stated.

Source: Watteco support pages; the vendor's codec (Codec-API-LoRaWAN), from which the names are.
"""

from __future__ import annotations

from decoders.catalogue.watteco._batch import Series
from decoders.catalogue.watteco._frames import model

SOURCE = "https://support.watteco.com"
LICENCE = "Apache-2.0"
PORTS = (125,)

MODEL = model(
    units={
        "disposable_battery_voltage": "V",
        "4-20_mA": "mA",
        "0-10_V": "V",
        "battery_voltage": "V",
        "external_power_voltage": "V",
    },
    unitless=("index",),
    endpoints={"analog": ("4-20_mA", "0-10_V")},
    tag_bits=3,
    series={
        0: Series("4-20_mA", "f32", 0.004, 1),
        1: Series("0-10_V", "f32", 1, 1),
        2: Series("battery_voltage", "u16", 100, 1000),
        3: Series("external_power_voltage", "u16", 100, 1000),
        4: Series("index", "u32", 1, 1),
    },
)
QUANTITIES = MODEL.quantities
decode = MODEL.decode
