"""A Request as an MQTT PUBLISH packet: its properties packed, its size and its faults known before it is sent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from paho.mqtt.properties import Properties

from gateway.model import Answer, Request, Verdict
from gateway.transports.reasons import PACKET_TOO_LARGE, TOPIC_INVALID

EXPIRY: Final = 0x02  # property identifiers, MQTT 5.0, section 2.2.2.2
CONTENT_TYPE: Final = 0x03
USER_PROPERTY: Final = 0x26
LONGEST_STRING: Final = 0xFFFF  # octets, MQTT 5.0, section 1.5.4
CACHE_SIZE: Final = 64  # a destination has a content type or two; headers that name the uplink are not kept


class PackedProperties(Properties):
    """Properties that are octets already: paho builds a table of 27 names for each of its own."""

    octets: bytes

    def __init__(self, octets: bytes) -> None:
        object.__setattr__(self, "octets", octets)  # paho's __setattr__ takes its own names only

    def pack(self) -> bytes:
        """Return the length and the properties."""
        return self.octets


class PropertyCache:
    """The properties of requests that have no headers and do not expire, kept by content type."""

    def __init__(self) -> None:
        self._kept: dict[str, PackedProperties] = {}

    def of(self, request: Request) -> PackedProperties:
        """Return the packed properties; ValueError for a text that MQTT cannot carry."""
        if request.headers or request.expires_s is not None:
            return pack(request.content_type, request.headers, request.expires_s)
        found = self._kept.get(request.content_type)
        if found is None:
            found = pack(request.content_type, {})
            if len(self._kept) < CACHE_SIZE:
                self._kept[request.content_type] = found
        return found


def pack(content_type: str, headers: Mapping[str, str], expires_s: int | None = None) -> PackedProperties:
    """Pack a content type ("" for none), user properties, and how long the broker may keep it (None: for ever)."""
    octets = bytearray()
    if expires_s is not None:
        octets += bytes([EXPIRY]) + expires_s.to_bytes(4, "big")
    if content_type:
        octets += bytes([CONTENT_TYPE]) + _string(content_type)
    for name, value in headers.items():
        octets += bytes([USER_PROPERTY]) + _string(name) + _string(value)
    return PackedProperties(_variable_length(len(octets)) + bytes(octets))


def packet_octets(request: Request, properties: PackedProperties | None) -> int:
    """Return the size of the whole PUBLISH packet, as a broker's Maximum Packet Size counts it."""
    rest = 2 + len(request.target.encode()) + 2 + len(request.body) + (len(properties.octets) if properties else 0)
    return 1 + len(_variable_length(rest)) + rest


def unsendable(why: str) -> Answer:
    """Refuse what no broker may be sent."""
    return Answer(verdict=Verdict.REFUSED, status=TOPIC_INVALID, detail=f"not sent: {why}")


def too_large(octets: int, most: int) -> Answer:
    """Refuse a packet that the broker has said it would not take."""
    detail = f"not sent: {octets} octets, and the broker takes packets of {most} (its Maximum Packet Size)"
    return Answer(verdict=Verdict.REFUSED, status=PACKET_TOO_LARGE, detail=detail)


def _variable_length(value: int) -> bytes:
    """Write a Variable Byte Integer (MQTT 5.0, section 1.5.5)."""
    octets = bytearray()
    while value > 0x7F:
        octets.append(value & 0x7F | 0x80)
        value >>= 7
    octets.append(value)
    return bytes(octets)


def _string(text: str) -> bytes:
    octets = text.encode()
    if len(octets) > LONGEST_STRING or "\0" in text:
        raise ValueError(f"{text[:40]!r}… of {len(octets)} octets is no MQTT string (up to 65535 octets, no U+0000)")
    return len(octets).to_bytes(2, "big") + octets
