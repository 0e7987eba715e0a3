"""What stands in a recording, one after another: datagrams of packet forwarders, frames, and what cannot be heard again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from gateway.model import Eui64, TimeQuality
from gateway.sources.rxpk import Received


class BadRecordReason(StrEnum):
    """Why a record is not heard again: the label of its counter; `BadDatagramReason` names what is wrong inside a datagram."""

    LINE = "line"  # of a file of lines: not JSON, or without what its kind needs
    PACKET = "packet"  # of a capture: shorter than its own headers, or otherwise not what its link type says
    TRUNCATED_PACKET = "truncated_packet"  # captured in part only (tcpdump -s)
    FRAGMENT = "fragment"  # a part of a datagram: its other parts are other packets
    UNDATED = "undated"  # it has no date, and dates are asked for
    BROKEN_OFF = "broken_off"  # the file ends in the middle of a record, or cannot be read on


class Passed(StrEnum):
    """What is no fault and brings nothing: the label of its counter."""

    FROM_SERVER = "from_server"  # an answer to a forwarder, a downlink
    OTHER_LINES = "other_lines"  # of a file of lines: it tells of something else
    OTHER_PACKETS = "other_packets"  # of a capture: not UDP from or to the port


@dataclass(frozen=True, slots=True)
class Bad:
    """A record that is not heard again, and why, in words for people."""

    reason: BadRecordReason
    words: str = ""


@dataclass(frozen=True, slots=True)
class Datagram:
    """What a packet forwarder sent to its server."""

    octets: bytes


@dataclass(frozen=True, slots=True)
class Radioed:
    """A frame as one gateway heard it, without the protocol that brought it."""

    gateway: Eui64
    received: Received


@dataclass(frozen=True, slots=True)
class Record:
    """One of a recording; ``at_s`` are seconds of its own time, which begins anywhere; None: directly after the one before."""

    at_s: float | None
    utc: datetime | None
    what: Datagram | Radioed | Passed | Bad
    quality: TimeQuality | None = None  # of its date, where the recording says
