"""The EUI of a gateway that has none: a serial modem's is made of this machine and the source's name."""

from __future__ import annotations

import hashlib
from typing import Final

from gateway.machine import fingerprint
from gateway.model import Eui64

PURPOSE: Final = b"brygga serial gateway 1\0"
LOCAL, GROUP = 0x02, 0x01  # of an EUI's first octet: given by whoever runs it; of many


def derived_eui(name: str) -> Eui64:
    """Return the same EUI for as long as machine and name are the same, whichever modem is plugged in where.

    It is marked as locally administered (IEEE 802, "U/L"), so that it is no maker's.
    """
    digest = hashlib.sha256(PURPOSE + (fingerprint() or "").encode() + b"\0" + name.encode()).digest()
    first = (digest[0] | LOCAL) & ~GROUP
    return Eui64(bytes((first, *digest[1:8])).hex())
