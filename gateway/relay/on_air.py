"""How long a server's txpk is on air: it may ask for a longer preamble, another coding rate and a CRC, and the law counts them."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from gateway.lorawan.airtime import PREAMBLE_SYMBOLS, airtime
from gateway.lorawan.phy import Direction
from gateway.model import FskRate
from gateway.sources.txpk import Txpk

FSK_PREAMBLE: Final = 5  # octets, of LoRaWAN's frames (Regional Parameters RP002, 2.3)
LEAST: Final = 6  # symbols; forwarders take the usual for fewer


def on_air(wanted: Txpk) -> timedelta:
    """Return the time on air of what a server wants sent."""
    size, rate, preamble = len(wanted.request.phy_payload), wanted.request.data_rate, wanted.preamble or 0
    if isinstance(rate, FskRate):
        return airtime(size, rate) + timedelta(seconds=max(preamble - FSK_PREAMBLE, 0) * 8 / rate.bit_rate)
    return airtime(
        size,
        rate,
        Direction.UPLINK if wanted.has_crc else Direction.DOWNLINK,  # a LoRaWAN uplink is what has a CRC
        coding_rate=wanted.coding_rate,
        preamble_symbols=preamble if preamble >= LEAST else PREAMBLE_SYMBOLS,
    )
