"""A recording that tcpdump or Wireshark wrote (pcap, pcapng): what went over UDP to a network server's port.

dpkt reads files, link types and headers. It raises what it likes for octets that are no packet: this is the one place that
knows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, BinaryIO, Final

import dpkt  # type: ignore[import-untyped]

from gateway.sources.recording.records import Bad, BadRecordReason, Datagram, Passed, Record

LARGEST_READ: Final = 1 << 20  # octets that dpkt may ask for at once: a damaged length would be made room for
UDP: Final = 17
IP_TYPES: Final = frozenset({0x0800, 0x86DD})  # of Ethernet


def _ip(octets: bytes) -> Any:
    return dpkt.ip6.IP6(octets) if octets[0] >> 4 == 6 else dpkt.ip.IP(octets)


# https://www.tcpdump.org/linktypes.html
LINKS: Final[Mapping[int, tuple[str, Callable[[bytes], Any]]]] = {
    0: ("loopback of BSD", dpkt.loopback.Loopback),
    1: ("Ethernet", dpkt.ethernet.Ethernet),
    12: ("raw IP", _ip),
    14: ("raw IP", _ip),
    101: ("raw IP", _ip),
    108: ("loopback of OpenBSD", dpkt.loopback.Loopback),
    113: ("Linux cooked", dpkt.sll.SLL),
    228: ("raw IPv4", dpkt.ip.IP),
    229: ("raw IPv6", dpkt.ip6.IP6),
    276: ("Linux cooked v2", dpkt.sll2.SLL2),
}


class NoCapture(Exception):
    """Say in words why a file is no capture that can be read."""


def read_capture(file: BinaryIO, port: int) -> Iterator[Record]:
    """Return the records of a capture; raise NoCapture where its header cannot be read, and nothing after that."""
    try:
        reader = dpkt.pcap.UniversalReader(_Bounded(file))
        link_type = int(reader.datalink())
    except Exception as error:  # a vendor's seam: see above
        raise NoCapture(f"it begins like a capture and has no header of one ({error})") from error
    if link_type not in LINKS:
        known = ", ".join(f"{name} ({number})" for number, (name, _) in LINKS.items())
        raise NoCapture(f"it was captured on a link of type {link_type}; those that are known are {known}")
    return _records(iter(reader), LINKS[link_type][1], port)


def _records(packets: Iterator[tuple[Any, bytes]], unwrap: Callable[[bytes], Any], port: int) -> Iterator[Record]:
    while True:
        try:
            at, octets = next(packets)
        except StopIteration:
            return
        except Exception as error:  # noqa: BLE001 - a vendor's seam: see above
            yield Record(None, None, Bad(BadRecordReason.BROKEN_OFF, f"the capture cannot be read on ({error})"))
            return
        utc = _utc(at)
        yield Record(None if utc is None else float(at), utc, _what(octets, unwrap, port))


def _what(octets: bytes, unwrap: Callable[[bytes], Any], port: int) -> Datagram | Passed | Bad:
    try:
        return _datagram(_network_layer(unwrap(octets)), port)
    except Exception:  # noqa: BLE001 - a vendor's seam: see above
        return Bad(BadRecordReason.PACKET)


def _network_layer(layer: Any) -> Any:
    """Return the IP packet that ``layer`` is or carries (VLAN tags are the link's); None where it carries none.

    Raises ValueError for one that should carry one, and was cut off before its header ended.
    """
    while not isinstance(layer, dpkt.ip.IP | dpkt.ip6.IP6):
        if not isinstance(layer.data, dpkt.Packet):
            if getattr(layer, "ethtype", None) in IP_TYPES or getattr(layer, "type", None) in IP_TYPES:
                raise ValueError(layer)
            return None
        layer = layer.data
    return layer


def _datagram(packet: Any, port: int) -> Datagram | Passed | Bad:
    if packet is None or packet.p != UDP:
        return Passed.OTHER_PACKETS
    if _is_fragment(packet):
        return Bad(BadRecordReason.FRAGMENT)
    udp = packet.data
    if not isinstance(udp, dpkt.udp.UDP):
        return Bad(BadRecordReason.TRUNCATED_PACKET)
    if port not in {udp.sport, udp.dport}:
        return Passed.OTHER_PACKETS
    length = udp.ulen - 8
    if length > len(udp.data):
        return Bad(BadRecordReason.TRUNCATED_PACKET)
    return Datagram(bytes(udp.data[:length])) if udp.dport == port else Passed.FROM_SERVER


def _is_fragment(packet: Any) -> bool:
    if isinstance(packet, dpkt.ip.IP):
        return bool(packet.mf or packet.offset)
    return any(isinstance(header, dpkt.ip6.IP6FragmentHeader) for header in packet.all_extension_headers)


def _utc(at: Any) -> datetime | None:
    try:
        return datetime.fromtimestamp(float(at), UTC)
    except (ValueError, OverflowError, OSError):
        return None


class _Bounded:
    """A file of which nobody can ask for more than `LARGEST_READ` octets at once, nor for all of it."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def read(self, count: int) -> bytes:
        if not 0 <= count <= LARGEST_READ:
            raise ValueError(f"a length of {count} octets")
        return self._file.read(count)

    def seek(self, place: int) -> int:
        return self._file.seek(place)
