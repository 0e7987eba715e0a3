"""Watteco Monit'O: voltages of 0 to 100 mV and 0 to 70 V.

FPort 125. Reports are of one attribute each, `_frames.py` draws them; batches are packed, see `_batch.py`.

A batch (tags of 3 bits):

    0   f32   0-100_mV in 1, to steps of 0.02
    1   f32   0-70_V in 1, to steps of 17
    2   u16   battery_voltage in 0.001, to steps of 100
    3   u16   external_level in 0.001, to steps of 100

The vendor gives mV as the unit of what he calls 0-70_V; it stays a field.

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
        "0-100_mV": "mV",
        "0-70_V": "mV",
        "battery_voltage": "V",
        "external_level": "V",
    },
    endpoints={"analog": ("0-100_mV", "0-70_V")},
    tag_bits=3,
    series={
        0: Series("0-100_mV", "f32", 0.02, 1),
        1: Series("0-70_V", "f32", 17, 1),
        2: Series("battery_voltage", "u16", 100, 1000),
        3: Series("external_level", "u16", 100, 1000),
    },
)
QUANTITIES = MODEL.quantities
decode = MODEL.decode
