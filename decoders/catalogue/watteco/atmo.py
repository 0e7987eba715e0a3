"""Watteco Atm'O: air temperature, humidity and pressure, two pulse inputs.

FPort 125. Reports are of one attribute each, `_frames.py` draws them; batches are packed, see `_batch.py`.

A batch (tags of 3 bits):

    0   i16   temperature in 0.01, to steps of 1
    1   u16   humidity in 0.01, to steps of 1
    2   i16   pressure in 1, to steps of 1
    3   u32   index_1 in 1, to steps of 1
    4   u32   index_2 in 1, to steps of 1
    5   u16   battery_voltage in 0.001, to steps of 1

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
        "debounce_period": "ms",
        "poll_period": "ms",
        "temperature": "Cel",
        "pressure": "hPa",
        "humidity": "%RH",
        "battery_voltage": "V",
    },
    unitless=("index_1", "index_2", "pin_state_1", "pin_state_2"),
    endpoints={"index": ("index_1", "index_2"), "pin_state": ("pin_state_1", "pin_state_2")},
    tag_bits=3,
    series={
        0: Series("temperature", "i16", 1, 100),
        1: Series("humidity", "u16", 1, 100),
        2: Series("pressure", "i16", 1, 1),
        3: Series("index_1", "u32", 1, 1),
        4: Series("index_2", "u32", 1, 1),
        5: Series("battery_voltage", "u16", 1, 1000),
    },
)
QUANTITIES = MODEL.quantities
decode = MODEL.decode
