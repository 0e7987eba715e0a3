"""Watteco Vaqa'O Lite: indoor air, CO2, temperature, humidity, light, presence.

FPort 125. Reports are of one attribute each, `_frames.py` draws them; batches are packed, see `_batch.py`.

A batch (tags of 3 bits):

    0   u8    occupancy in 1, to steps of 1
    1   i16   temperature_1 in 0.01, to steps of 10
    2   u16   humidity_1 in 0.01, to steps of 100
    3   u16   CO2 in 1, to steps of 10
    4   u16   IAQ in 1, to steps of 10
    5   u16   illuminance in 1, to steps of 10
    6   u16   pressure in 0.1, to steps of 10

IAQ is an index of the vendor's own and stays a field.

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
        "temperature_1": "Cel",
        "temperature_2": "Cel",
        "pressure": "hPa",
        "humidity_1": "%RH",
        "humidity_2": "%RH",
        "CO2": "ppm",
    },
    unitless=("occupancy",),
    endpoints={
        "temperature": ("temperature_1", "temperature_2"),
        "humidity": ("humidity_1", "humidity_2"),
        "concentration": ("IAQ", "CO2"),
        "pin_state": ("violation_detection",),
    },
    tag_bits=3,
    series={
        0: Series("occupancy", "u8", 1, 1),
        1: Series("temperature_1", "i16", 10, 100),
        2: Series("humidity_1", "u16", 100, 100),
        3: Series("CO2", "u16", 10, 1),
        4: Series("IAQ", "u16", 10, 1),
        5: Series("illuminance", "u16", 10, 1),
        6: Series("pressure", "u16", 10, 10),
    },
)
QUANTITIES = MODEL.quantities
decode = MODEL.decode
