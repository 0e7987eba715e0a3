"""Watteco Triphas'O: energies, powers, voltages and currents of three phases.

FPort 125. Reports are of one attribute each, `_frames.py` draws them; a report of 800a, 800b is of a phase, its endpoint: 0 a,
1 b, 2 c, 3 all. A batch is not sent.

Positive is what is taken, negative what is given back; a reading of a power is their difference. Negative reactive energy
stays a field, for the vocabulary has no name for it.

Source: Watteco support pages; the vendor's codec (Codec-API-LoRaWAN), from which the names are.
"""

from __future__ import annotations

from decoders.catalogue.watteco._attributes import ENERGIES, PHASES, POWERS
from decoders.catalogue.watteco._frames import model

SOURCE = "https://support.watteco.com"
LICENCE = "Apache-2.0"
PORTS = (125,)

UNITS = {
    "active_energy": "Wh",
    "reactive_energy": "VArh",
    "active_power": "W",
    "reactive_power": "VAr",
    "Vrms": "V",
    "Irms": "A",
    "angle": "deg",
}
OF_A_PHASE = ("Vrms", "Irms", "angle")


def _units() -> dict[str, str]:
    """Return the unit of each variable of each phase."""
    found = {"main_or_external_voltage": "V"}
    for phase in PHASES:
        found |= {f"{name}_{phase}": UNITS[name.partition("_")[2]] for name in (*ENERGIES, *POWERS)}
        found |= {f"{name}_{phase}": unit for name, unit in UNITS.items() if name not in OF_A_PHASE or phase != "abc"}
    return found


MODEL = model(
    units=_units(),
    unitless=("disposable_battery_voltage", "index", "pin_state", "output"),
    endpoints={name: tuple(f"{name}_{phase}" for phase in PHASES) for name in (*ENERGIES, *POWERS, *OF_A_PHASE)},
)
QUANTITIES = MODEL.quantities
decode = MODEL.decode
