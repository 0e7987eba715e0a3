"""Watteco TH: air temperature and humidity.

FPort 125. Reports are of one attribute each, `_frames.py` draws them; batches are packed, see `_batch.py`.

A batch (tags of 2 bits):

    0   i16   temperature in 0.01, to steps of 10
    1   u16   humidity in 0.01, to steps of 100
    2   u16   battery_voltage in 0.001, to steps of 1
    3   bool  violation_detection in 1, to steps of 1

Source: Watteco support pages; the vendor's codec (Codec-API-LoRaWAN), from which the names are.
"""

from __future__ import annotations

from decoders.catalogue.watteco._batch import Series
from decoders.catalogue.watteco._frames import model

SOURCE = "https://support.watteco.com"
LICENCE = "Apache-2.0"
PORTS = (125,)

MODEL = model(
    units={"disposable_battery_voltage": "V", "temperature": "Cel", "humidity": "%RH", "battery_voltage": "V"},
    unitless=("index",),
    endpoints={"pin_state": ("violation_detection",)},
    tag_bits=2,
    series={
        0: Series("temperature", "i16", 10, 100),
        1: Series("humidity", "u16", 100, 100),
        2: Series("battery_voltage", "u16", 1, 1000),
        3: Series("violation_detection", "bool", 1, 1),
    },
)
QUANTITIES = MODEL.quantities
decode = MODEL.decode
