"""Watteco Indoor Temperature: air temperature.

FPort 125. Reports are of one attribute each, `_frames.py` draws them; batches are packed, see `_batch.py`.

A batch (tags of 2 bits):

    0   i16   Temperature in 0.01, to steps of 10
    2   u16   BatteryVoltage in 0.001, to steps of 1

Source: Watteco support pages; the vendor's codec (Codec-API-LoRaWAN), from which the names are.
"""

from __future__ import annotations

from decoders.catalogue.watteco._batch import Series
from decoders.catalogue.watteco._frames import model

SOURCE = "https://support.watteco.com"
LICENCE = "Apache-2.0"
PORTS = (125,)

MODEL = model(
    units={"disposable_battery_voltage": "V", "temperature": "Cel", "Temperature": "Cel", "BatteryVoltage": "V"},
    tag_bits=2,
    series={
        0: Series("Temperature", "i16", 10, 100),
        2: Series("BatteryVoltage", "u16", 1, 1000),
    },
)
QUANTITIES = MODEL.quantities
decode = MODEL.decode
