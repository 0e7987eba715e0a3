"""Watteco Temp'O Outdoor: air temperature.

FPort 125. Reports are of one attribute each, `_frames.py` draws them; batches are packed, see `_batch.py`.

A batch (tags of 3 bits):

    0   i16   temperature in 0.01, to steps of 10
    5   u16   battery_voltage in 0.001, to steps of 100

Source: Watteco support pages; the vendor's codec (Codec-API-LoRaWAN), from which the names are.
"""

from __future__ import annotations

from decoders.catalogue.watteco._batch import Series
from decoders.catalogue.watteco._frames import model

SOURCE = "https://support.watteco.com"
LICENCE = "Apache-2.0"
PORTS = (125,)

MODEL = model(
    units={"disposable_battery_voltage": "V", "temperature": "Cel", "battery_voltage": "V"},
    tag_bits=3,
    series={
        0: Series("temperature", "i16", 10, 100),
        5: Series("battery_voltage", "u16", 100, 1000),
    },
)
QUANTITIES = MODEL.quantities
decode = MODEL.decode
