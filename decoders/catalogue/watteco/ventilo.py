"""Watteco Ventil'O: differential pressure of a ventilation duct, temperature.

FPort 125. Reports are of one attribute each, `_frames.py` draws them; batches are packed, see `_batch.py`.

A batch (tags of 3 bits):

    0   i16   mean_differential_pressure_since_last_report in 1, to steps of 1
    1   i16   minimal_differential_pressure_since_last_report in 1, to steps of 1
    2   i16   maximal_differential_pressure_since_last_report in 1, to steps of 1
    3   u16   battery_voltage in 0.001, to steps of 1
    4   i16   temperature in 0.01, to steps of 10
    5   i16   differential_pressure in 1, to steps of 1
    6   u32   index in 1, to steps of 1
    7   bool  state in 1, to steps of 1

A differential pressure is signed, by the type in its report; the vendor's codec reads it unsigned.

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
        "main_or_external_voltage": "V",
        "solar_harvesting_voltage": "V",
        "temperature": "Cel",
        "differential_pressure": "Pa",
        "mean_differential_pressure_since_last_report": "Pa",
        "minimal_differential_pressure_since_last_report": "Pa",
        "maximal_differential_pressure_since_last_report": "Pa",
        "battery_voltage": "V",
    },
    unitless=("index", "pin_state", "disposable_battery_voltage"),
    tag_bits=3,
    series={
        0: Series("mean_differential_pressure_since_last_report", "i16", 1, 1),
        1: Series("minimal_differential_pressure_since_last_report", "i16", 1, 1),
        2: Series("maximal_differential_pressure_since_last_report", "i16", 1, 1),
        3: Series("battery_voltage", "u16", 1, 1000),
        4: Series("temperature", "i16", 10, 100),
        5: Series("differential_pressure", "i16", 1, 1),
        6: Series("index", "u32", 1, 1),
        7: Series("state", "bool", 1, 1),
    },
)
QUANTITIES = MODEL.quantities
decode = MODEL.decode
