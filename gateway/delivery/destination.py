"""Where observations go."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from gateway.formats import Format
from gateway.model import Device, Eui64
from gateway.sharing import ALL, Share
from gateway.transports import Transport

FindDevice = Callable[[Eui64], Device | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    """A city's words, the way there, which devices it gets, and in which order."""

    name: str
    format: Format
    transport: Transport
    selects: Callable[[Device], bool]
    share: Share = ALL
    batch: int = 100  # rows of one conversation: as many are told again at most after a crash
    longest_delay: float = 60.0  # seconds between two tries at a platform that is away
    strict: bool = False  # oldest first, whatever waits; else what is heard now goes first
    backlog_per_s: float = 0.0  # rows a second of what waited; 0: as many as the platform takes
    give_up: timedelta | None = None  # how long a row is waited for; None: for ever
    uncertain_time: bool = False  # it takes rows whose time is known within bounds only
    side_by_side: int = 100  # requests that the transport has on their way at a time
    gather_s: float = 0.0  # that a row waits for others to go with it, on a line that is paid by the octet
    first_contact_s: float = (
        0.0  # within which, by chance, it is spoken to first: after a power cut all gateways start at once
    )
    words: str = ""  # a digest of how it is spoken to; with another one its dead letters are tried again
    memory_of: str = ""  # a digest of the platform; with another one its memory begins anew
