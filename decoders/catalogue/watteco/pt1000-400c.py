"""Watteco PT1000 400 °C: temperature of a probe in something hot.

FPort 125. Reports are of one attribute each, `_frames.py` draws them; batches are packed, see `_batch.py`.

A batch (tags of 1 bit):

    0   i16   temperature in 0.1, to steps of 1
    1   u16   battery_voltage in 0.001, to steps of 100

The vendor's codec reads a report in 0.01 °C, in which 400 °C has no place, and a batch in 0.1 °C: only a batch states it.

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
    units={"disposable_battery_voltage": "V", "temperature": "Cel", "battery_voltage": "V"},
    tag_bits=1,
    series={
        0: Series("temperature", "i16", 1, 10),
        1: Series("battery_voltage", "u16", 100, 1000),
    },
    reported={"temperature": None},
    batched={"temperature": Meaning("surface_temperature", "Cel", "external")},
)
QUANTITIES = MODEL.quantities
decode = MODEL.decode
