"""Watteco Intens'O: the current of a conductor.

FPort 125. Reports are of one attribute each, `_frames.py` draws them; batches are packed, see `_batch.py`.

A batch (tags of 2 bits):

    0   f32   Irms in 1, to steps of 0.1
    1   u16   battery_voltage in 0.001, to steps of 100

Source: Watteco support pages; the vendor's codec (Codec-API-LoRaWAN), from which the names are.
"""

from __future__ import annotations

from decoders.catalogue.watteco._batch import Series
from decoders.catalogue.watteco._frames import model

SOURCE = "https://support.watteco.com"
LICENCE = "Apache-2.0"
PORTS = (125,)

MODEL = model(
    units={"disposable_battery_voltage": "V", "Irms": "A", "battery_voltage": "V"},
    endpoints={"analog": ("Irms",)},
    tag_bits=2,
    series={
        0: Series("Irms", "f32", 0.1, 1),
        1: Series("battery_voltage", "u16", 100, 1000),
    },
)
QUANTITIES = MODEL.quantities
decode = MODEL.decode
