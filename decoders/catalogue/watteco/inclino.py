"""Watteco Inclin'O: tilt, acceleration.

FPort 125. Reports are of one attribute each, `_frames.py` draws them; batches are packed, see `_batch.py`.

A batch (tags of 3 bits):

    0   u16   ACCmg in 1, to steps of 1
    1   f32   Tilt in 0.001, to steps of 0.1

The tilt of a batch is a thousandth of a report's in the vendor's codec; only a report states it.

Source: Watteco support pages; the vendor's codec (Codec-API-LoRaWAN), from which the names are.
"""

from __future__ import annotations

from decoders.catalogue.watteco._batch import Series
from decoders.catalogue.watteco._frames import model

SOURCE = "https://support.watteco.com"
LICENCE = "Apache-2.0"
PORTS = (125,)

MODEL = model(
    units={"disposable_battery_voltage": "V", "Tilt": "deg", "ACCmg": "mg"},
    unitless=("occupancy",),
    endpoints={"analog": ("Tilt",)},
    tag_bits=3,
    series={
        0: Series("ACCmg", "u16", 1, 1),
        1: Series("Tilt", "f32", 0.1, 1000),
    },
    batched={"Tilt": None},
)
QUANTITIES = MODEL.quantities
decode = MODEL.decode
