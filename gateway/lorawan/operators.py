"""Whose device a DevAddr belongs to: the well-known networks, by the NetID that the LoRa Alliance gave them.

Source: TheThingsNetwork/docs, "NetID and DevAddr Prefix Assignments". NetIDs 000000 and 000001 are everybody's. Small
networks of far parts of the world are left out: a name is a hint here, no more.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from gateway.lorawan.dev_addr import ADDRESS_BITS, dev_addr_prefix
from gateway.model import DevAddr

NET_IDS: Final[Mapping[int, str]] = {
    0x000000: "private or experimental",
    0x000001: "private or experimental",
    0x000002: "Actility",
    0x000003: "Proximus",
    0x000004: "Swisscom",
    0x000006: "La Poste",
    0x000007: "Bouygues Telecom",
    0x000008: "Orbiwise",
    0x000009: "Senet",
    0x00000A: "KPN",
    0x00000B: "EveryNet",
    0x00000D: "SK Telecom",
    0x00000E: "Sagemcom",
    0x00000F: "Orange",
    0x000010: "A2A Smart City",
    0x000012: "Kerlink",
    0x000013: "The Things Network",
    0x000015: "Cisco",
    0x000017: "MultiTech",
    0x000018: "Loriot",
    0x000019: "NNNCo",
    0x00001F: "Axatel",
    0x000022: "Comcast",
    0x000030: "SoftBank",
    0x000036: "Netze BW",
    0x000037: "Tektelic",
    0x000039: "Amazon",
    0x600001: "Digita",
    0x600002: "Netmore",
    0x600005: "IoT Network",
    0x600007: "EDF",
    0x600008: "Unidata",
    0x60000A: "Öresundskraft",
    0x600010: "Senet",
    0x600013: "Actility",
    0x600014: "Kerlink",
    0x600017: "Schneider Electric",
    0x600018: "Minol Zenner Connect",
    0x60001C: "MachineQ",
    0x60001F: "KPN",
    0x600024: "Netze BW",
    0x600025: "Tektelic",
    0x600027: "Birdz",
    0x60002B: "Amazon",
    0x60002C: "myDevices",
    0x60002D: "Helium",
    0x60002E: "Eutelsat",
    0xC00012: "Netmore",
    0xC00013: "Lyse",
    0xC00016: "Schneider Electric",
    0xC00017: "Connexin",
    0xC00018: "Minol Zenner Connect",
    0xC00028: "Lacuna Space",
    0xC0002A: "Milesight",
    0xC00053: "Helium",
    0xC00056: "Eutelsat",
    0xC00058: "The Things Network",
    0xC00059: "Quandify",
}
_BLOCKS: Final = {dev_addr_prefix(net_id)[::-1]: name for net_id, name in NET_IDS.items()}  # by bits and prefix
_BITS: Final = sorted({bits for bits, _ in _BLOCKS})


def operator(address: DevAddr) -> str | None:
    """Return who gave a DevAddr; None where it is nobody well known."""
    number = int(address, 16)
    for bits in _BITS:
        name = _BLOCKS.get((bits, number >> ADDRESS_BITS - bits << ADDRESS_BITS - bits))
        if name is not None:
            return name
    return None
