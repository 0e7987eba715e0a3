"""Watteco In'O: ten inputs, four outputs.

FPort 125. Reports are of one attribute each, `_frames.py` draws them.

Source: Watteco support pages; the vendor's codec (Codec-API-LoRaWAN), from which the names are.
"""

from __future__ import annotations

from decoders.catalogue.watteco._frames import model

SOURCE = "https://support.watteco.com"
LICENCE = "Apache-2.0"
PORTS = (125,)

MODEL = model(
    units={
        "disposable_battery_voltage": "V",
        "main_or_external_voltage": "V",
        "debounce_period": "ms",
        "poll_period": "ms",
    },
    unitless=(
        "index_1",
        "index_2",
        "index_3",
        "index_4",
        "index_5",
        "index_6",
        "index_7",
        "index_8",
        "index_9",
        "index_10",
        "pin_state_1",
        "pin_state_2",
        "pin_state_3",
        "pin_state_4",
        "pin_state_5",
        "pin_state_6",
        "pin_state_7",
        "pin_state_8",
        "pin_state_9",
        "pin_state_10",
        "output_1",
        "output_2",
        "output_3",
        "output_4",
    ),
    endpoints={
        "pin_state": (
            "pin_state_1",
            "pin_state_2",
            "pin_state_3",
            "pin_state_4",
            "pin_state_5",
            "pin_state_6",
            "pin_state_7",
            "pin_state_8",
            "pin_state_9",
            "pin_state_10",
        ),
        "index": (
            "index_1",
            "index_2",
            "index_3",
            "index_4",
            "index_5",
            "index_6",
            "index_7",
            "index_8",
            "index_9",
            "index_10",
        ),
        "output": ("output_1", "output_2", "output_3", "output_4"),
    },
)
QUANTITIES = MODEL.quantities
decode = MODEL.decode
