"""LoRa modems that answer like the real ones, behind a pseudo-terminal or a TCP port.

`modems.py` and `wimod.py` are the modems: octets in, octets out. `line.py` is what they are plugged into, with all that can be wrong on it.
"""

from __future__ import annotations

from simulators.serial_modem.line import Fault, Plug, behind_tcp
from simulators.serial_modem.modems import OnAir, Rak3172Modem, Rn2483Modem, SimulatedModem, WioE5Modem
from simulators.serial_modem.wimod import WimodModem

MODEMS: dict[str, type[SimulatedModem]] = {
    "rn2483": Rn2483Modem,
    "wio_e5": WioE5Modem,
    "rak3172": Rak3172Modem,
    "wimod": WimodModem,
}

__all__ = [
    "MODEMS",
    "Fault",
    "OnAir",
    "Plug",
    "Rak3172Modem",
    "Rn2483Modem",
    "SimulatedModem",
    "WimodModem",
    "WioE5Modem",
    "behind_tcp",
]
