"""Watteco Smart Plug: energy, power and mains of a socket, which switches.

FPort 125. Reports are of one attribute each, `_frames.py` draws them; batches are packed, see `_batch.py`.

A batch (tags of 1 bit):

    0   i24   ActiveEnergy in 1, to steps of 1

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
        "active_energy": "Wh",
        "reactive_energy": "VArh",
        "active_power": "W",
        "reactive_power": "VAr",
        "frequency": "Hz",
        "frequency_min": "Hz",
        "frequency_max": "Hz",
        "Vrms": "V",
        "Vrms_min": "V",
        "Vrms_max": "V",
        "Vpeak": "V",
        "Vpeak_min": "V",
        "Vpeak_max": "V",
        "ActiveEnergy": "Wh",
    },
    unitless=("output",),
    tag_bits=1,
    series={
        0: Series("ActiveEnergy", "i24", 1, 1),
    },
)
QUANTITIES = MODEL.quantities
decode = MODEL.decode
