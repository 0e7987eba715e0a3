"""Watteco Alt'O: distance, tilt, acceleration.

FPort 125. Reports are of one attribute each, `_frames.py` draws them; batches are packed, see `_batch.py`.

A batch (tags of 3 bits):

    0   u16   ACCmg in 1, to steps of 1
    1   f32   Tilt in 1, to steps of 0.1
    2   f32   distance in 1, to steps of 0.001
    3   u16   magnitude in 1, to steps of 1
    4   u16   battery_voltage in 0.001, to steps of 0.1
    5   i16   acc_temperature in 0.01, to steps of 0.1

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
        "Tilt": "deg",
        "ACCmg": "mg",
        "distance": "m",
        "battery_voltage": "V",
        "acc_temperature": "Cel",
    },
    endpoints={"analog": ("Tilt", "distance"), "number": ("ACCmg", "magnitude")},
    tag_bits=3,
    series={
        0: Series("ACCmg", "u16", 1, 1),
        1: Series("Tilt", "f32", 0.1, 1),
        2: Series("distance", "f32", 0.001, 1),
        3: Series("magnitude", "u16", 1, 1),
        4: Series("battery_voltage", "u16", 0.1, 1000),
        5: Series("acc_temperature", "i16", 0.1, 100),
    },
)
QUANTITIES = MODEL.quantities
decode = MODEL.decode
