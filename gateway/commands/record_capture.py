"""A recording as a capture (pcap): each datagram a UDP packet on the loopback interface, as tcpdump would have caught it there.

What a radio that speaks no GWMP heard is in it as the PUSH_DATA that a packet forwarder would have sent. Each gateway has a port of
its own.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, BinaryIO, Final

import dpkt  # type: ignore[import-untyped]

from gateway.commands.recorded_datagrams import pushed
from gateway.model import Eui64, Json
from gateway.sources.recording.lines import read_lines

ETHERNET: Final = 1  # what Linux calls its loopback interface, with addresses of zeros
LONGEST_PACKET: Final = 0x40000  # octets, as tcpdump says it
LOOPBACK: Final = bytes((127, 0, 0, 1))
SERVER_PORT: Final = 1700
FIRST_PORT: Final = 49_152  # of those that nobody may claim (RFC 6335)
PORTS: Final = 16_384
UDP: Final = 17


class Capture:
    """A capture that is written."""

    def __init__(self, stream: BinaryIO, began: datetime) -> None:
        self._began = began
        self._writer = dpkt.pcap.Writer(stream, snaplen=LONGEST_PACKET, linktype=ETHERNET)
        self._ports: dict[Eui64, int] = {}

    def write(self, line: Mapping[str, Json]) -> None:
        """Write one record."""
        at = self._began + timedelta(seconds=line["at_s"])
        port = self._ports.setdefault(Eui64(line["gateway"]), FIRST_PORT + len(self._ports) % PORTS)
        for record in read_lines([json.dumps(line).encode()]):
            for _, datagram in pushed(record):
                self._writer.writepkt(_packet(datagram, port), round(at.timestamp(), 6))


def _packet(datagram: bytes, port: int) -> bytes:
    udp = dpkt.udp.UDP(sport=port, dport=SERVER_PORT, ulen=8 + len(datagram), data=datagram)
    packet: Any = dpkt.ip.IP(src=LOOPBACK, dst=LOOPBACK, p=UDP, data=udp)
    return bytes(dpkt.ethernet.Ethernet(src=bytes(6), dst=bytes(6), type=dpkt.ethernet.ETH_TYPE_IP, data=packet))
