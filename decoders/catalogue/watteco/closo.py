"""Watteco Clos'O: a door or a window that is open.

FPort 125. Reports are of one attribute each, `_frames.py` draws them.

Source: Watteco support pages; the vendor's codec (Codec-API-LoRaWAN), from which the names are.
"""

from __future__ import annotations

from decoders.catalogue.watteco._frames import model

SOURCE = "https://support.watteco.com"
LICENCE = "Apache-2.0"
PORTS = (125,)

MODEL = model(
    units={"disposable_battery_voltage": "V", "debounce_period": "ms", "poll_period": "ms"},
    unitless=("index", "open"),
    endpoints={"pin_state": ("violation_detection", "open")},
)
QUANTITIES = MODEL.quantities
decode = MODEL.decode
