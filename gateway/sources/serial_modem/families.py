"""The families of modems that there are drivers for, in the order in which they are looked for. A new one is a file and a line here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from gateway.sources.serial_modem.driver import Driver
from gateway.sources.serial_modem.rak3172 import Rak3172
from gateway.sources.serial_modem.rn2483 import Rn2483
from gateway.sources.serial_modem.wimod import Wimod
from gateway.sources.serial_modem.wio_e5 import WioE5

FAMILIES: Final[Mapping[str, type[Driver]]] = {
    "rn2483": Rn2483,
    "wio_e5": WioE5,
    "rak3172": Rak3172,
    "wimod": Wimod,
}


def to_try(modem: str, found_before: str = "") -> Sequence[str]:
    """Return the families that may be at the other end, the likeliest first; ``modem`` is one, or "auto"."""
    if modem != "auto":
        return (modem,)
    return sorted(FAMILIES, key=lambda family: family != found_before)
