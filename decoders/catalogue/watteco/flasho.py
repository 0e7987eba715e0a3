"""Watteco Flash'O: flashes of an electricity meter's lamp.

FPort 125. Reports are of one attribute each, `_frames.py` draws them; batches are packed, see `_batch.py`.

A batch (tags of 1 bit):

    0   u32   index in 1, to steps of 1
    1   u16   battery_voltage in 0.001, to steps of 100

What a flash stands for is the meter's affair: counts are stated, not energies.

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
    unitless=("index", "pin_state"),
    tag_bits=1,
    series={
        0: Series("index", "u32", 1, 1),
        1: Series("battery_voltage", "u16", 100, 1000),
    },
)
QUANTITIES = MODEL.quantities
decode = MODEL.decode
