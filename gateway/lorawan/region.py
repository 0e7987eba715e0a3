"""Regions as data (LoRaWAN Regional Parameters RP002-1.0.4): a region is one `Region`, read by the same code.

The tables stand in `gateway.lorawan.regions`, a file each.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from gateway.lorawan.airtime import REQUIRED_SNR_DB, airtime, required_snr_db
from gateway.lorawan.regions.as923 import AS923_1, AS923_2, AS923_3, AS923_4
from gateway.lorawan.regions.au915 import AU915
from gateway.lorawan.regions.eu433 import EU433
from gateway.lorawan.regions.eu868 import EU868
from gateway.lorawan.regions.us915 import US915
from gateway.lorawan.regions.values import Channel, Region, SubBand

__all__ = [
    "AS923_1",
    "AS923_2",
    "AS923_3",
    "AS923_4",
    "AU915",
    "EU433",
    "EU868",
    "JOIN_ACCEPT_DELAY1",
    "RECEIVE_DELAY1",
    "REGIONS",
    "REQUIRED_SNR_DB",
    "RX2_AFTER_RX1",
    "US915",
    "Channel",
    "Region",
    "SubBand",
    "airtime",
    "required_snr_db",
]

RECEIVE_DELAY1: Final = timedelta(seconds=1)  # RP002-1.0.4, "Default settings"; a session may say otherwise
JOIN_ACCEPT_DELAY1: Final = timedelta(seconds=5)  # the same
RX2_AFTER_RX1: Final = timedelta(seconds=1)  # RECEIVE_DELAY2 and JOIN_ACCEPT_DELAY2

REGIONS: Final = {region.name: region for region in (EU868, EU433, US915, AU915, AS923_1, AS923_2, AS923_3, AS923_4)}
