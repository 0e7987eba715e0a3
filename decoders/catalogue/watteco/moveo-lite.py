"""Watteco Move'O Lite: presence, air temperature, humidity, light.

FPort 125. Reports are of one attribute each, `_frames.py` draws them; batches are packed, see `_batch.py`.

A batch (tags of 3 bits):

    0   u8    OCC in 1, to steps of 1
    1   i16   temperature in 0.01, to steps of 10
    2   u16   humidity in 0.01, to steps of 100
    5   u16   luminosity in 0.01, to steps of 10

What a batch calls luminosity is a hundredth of a report's illuminance in the vendor's codec; it stays a field.

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
        "illuminance": "lx",
        "temperature": "Cel",
        "pressure": "hPa",
        "humidity": "%RH",
        "luminosity": "lx",
    },
    unitless=("occupancy", "OCC"),
    endpoints={"pin_state": ("violation_detection",)},
    tag_bits=3,
    series={
        0: Series("OCC", "u8", 1, 1),
        1: Series("temperature", "i16", 10, 100),
        2: Series("humidity", "u16", 100, 100),
        5: Series("luminosity", "u16", 10, 100),
    },
)
QUANTITIES = MODEL.quantities
decode = MODEL.decode
