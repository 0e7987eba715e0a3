"""EUIs as Basics Station writes them: "00-16-C0-01-FF-10-A2-35", the id6 "16:c001:ff10:a235", or a number."""

from __future__ import annotations

import re
from typing import Final

from gateway.model import Eui64, Json

GROUPS: Final = 4  # of an id6: 16 bits each, as in an IPv6 address
_OCTETS: Final = re.compile(r"(?:[0-9a-f]{2}([-:]))(?:[0-9a-f]{2}\1){6}[0-9a-f]{2}", re.IGNORECASE)
_PLAIN: Final = re.compile(r"[0-9a-f]{16}", re.IGNORECASE)
_ID6: Final = re.compile(r"[0-9a-f:]{2,19}", re.IGNORECASE)
_GROUP: Final = re.compile(r"[0-9a-f]{1,4}", re.IGNORECASE)


def read_router(value: Json) -> Eui64:
    """Return the EUI that a station gives as its `router`: as `read_eui`, 16 hex digits, or a number; else ValueError."""
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1 << 64:
        return Eui64(f"{value:016x}")
    if isinstance(value, str) and _PLAIN.fullmatch(value):
        return Eui64(value.lower())
    return read_eui(value)


def read_eui(value: Json) -> Eui64:
    """Return the EUI of eight octets parted by dashes or colons, or of an id6; ValueError for all else."""
    if isinstance(value, str):
        if _OCTETS.fullmatch(value):
            return Eui64(re.sub("[-:]", "", value).lower())
        if _ID6.fullmatch(value):
            return Eui64("".join(f"{int(group, 16):04x}" for group in _groups(value)))
    raise ValueError("no EUI: eight octets such as 00-16-C0-01-FF-10-A2-35, or an id6 such as 16:c001:ff10:a235")


def _groups(id6: str) -> list[str]:
    """Return the four groups of an id6; "::" stands for as many zeros as there is room for."""
    head, squeezed, tail = id6.partition("::")
    left, right = (part.split(":") if part else [] for part in (head, tail))
    missing = GROUPS - len(left) - len(right)
    if (missing < 1 if squeezed else missing != 0) or not all(map(_GROUP.fullmatch, left + right)):
        raise ValueError("no EUI: an id6 has four groups of up to four hex digits")
    return [*left, *["0"] * missing, *right]


def id6(eui: Eui64) -> str:
    """Return an EUI as a station writes its own, e.g. "16:c001:ff10:a235": of zeros none is left out, which every reader understands."""
    return ":".join(f"{int(eui[place : place + 4], 16):x}" for place in range(0, 16, 4))


def dashed(eui: Eui64) -> str:
    """Return an EUI as the protocol writes that of a device."""
    return "-".join(eui[place : place + 2] for place in range(0, 16, 2)).upper()
