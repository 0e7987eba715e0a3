"""Captures made octet by octet, as the specifications of their headers draw them."""

from __future__ import annotations

import struct
from collections.abc import Iterable

ETHERNET, NULL, LOOP, RAW, SLL = 1, 0, 108, 101, 113
FORWARDER, SERVER = bytes((10, 0, 0, 2)), bytes((10, 0, 0, 1))


def pcap(packets: Iterable[tuple[float, bytes]], link: int = ETHERNET) -> bytes:
    """Return a pcap file, little endian, microseconds (draft-ietf-opsawg-pcap)."""
    head = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 0x40000, link)
    return head + b"".join(
        struct.pack("<IIII", int(at), round(at % 1 * 1e6), len(packet), len(packet)) + packet for at, packet in packets
    )


def udp(payload: bytes, *, source: int = 40_000, destination: int = 1700) -> bytes:
    return struct.pack(">HHHH", source, destination, 8 + len(payload), 0) + payload


def ipv4(payload: bytes, *, protocol: int = 17, fragment: int = 0) -> bytes:
    """Return an IPv4 packet; ``fragment`` are its flags and offset (RFC 791)."""
    head = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(payload), 7, fragment, 64, protocol, 0)
    return head + FORWARDER + SERVER + payload


def ipv6(payload: bytes, *, next_header: int = 17) -> bytes:
    return (
        struct.pack(">IHBB", 6 << 28, len(payload), next_header, 64) + bytes(15) + b"\1" + bytes(15) + b"\2" + payload
    )


def ethernet(packet: bytes, *, kind: int = 0x0800, vlans: Iterable[int] = ()) -> bytes:
    tags = b"".join(struct.pack(">HH", 0x8100, vlan) for vlan in vlans)
    return bytes(12) + tags + struct.pack(">H", kind) + packet
