"""What the families of modems have in common: octets in, what was said out; and what is to be written, with the answers that are right.

A driver is sans-I/O: it opens nothing, waits for nothing and reads no clock. `session.py` holds the conversation.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum, StrEnum
from typing import Final, Protocol

from gateway.model import LoraRate

LONGEST_PAYLOAD: Final = 255  # octets of a PHYPayload: LoRa's length field has eight bits
LONGEST_LINE: Final = 640  # octets: 255 of a frame as hex digits, and what stands around them
PREAMBLE: Final = 8  # symbols, RP002
IDENTITY_S: Final = 0.5  # modems say who they are within 50 ms; a speed that is wrong is not waited at for long
SYNC_WORD: Final = 0x34  # of public networks, RP002: LoRaWAN's on every channel


class BadReason(StrEnum):
    """Why something that a modem said is no frame: the label of its counter."""

    HEX = "hex"  # a frame whose digits are no octets
    LENGTH = "length"  # none, too many, or not as many as the modem said
    SIGNAL = "signal"  # a frame without its RSSI and SNR: a line before it was lost
    OVERLONG = "overlong"  # no end where one had to be
    CHECKSUM = "checksum"
    ESCAPE = "escape"  # a SLIP sequence that there is not
    NOT_UNDERSTOOD = "not_understood"  # a line that this modem does not say, or the rest of one


@dataclass(frozen=True, slots=True)
class Channel:
    """Where a modem listens: one frequency and one data rate."""

    frequency_hz: int
    data_rate: LoraRate


@dataclass(frozen=True, slots=True)
class Packet:
    """A frame as the modem told it; what is None is asked for, or not known to this modem."""

    phy_payload: bytes
    rssi_dbm: float | None = None
    snr_db: float | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What may answer a command: a line without its end, or a message without its frame."""

    octets: bytes


@dataclass(frozen=True, slots=True)
class Bad:
    """What is neither."""

    reason: BadReason


class Event(Enum):
    """What a modem says by itself, besides frames."""

    RADIO_ERROR = "radio_error"  # a frame whose CRC failed, or that broke off
    RESTARTED = "restarted"  # it has forgotten what it was told


Said = Packet | Answer | Bad | Event


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """A command and its answer.

    ``wanted`` matches the whole answer that is right, ``then`` what follows it; ``limit_s`` is for each try. Where the exchange
    is ``optional`` it is tried once, and a refusal or silence is no matter.
    """

    send: bytes
    wanted: re.Pattern[bytes]
    then: re.Pattern[bytes] | None = None
    limit_s: float = 1.0
    optional: bool = False


class Driver(Protocol):
    """One family of modems; made anew for each time that a port is opened."""

    family: str  # as `modem` in the configuration says it
    makes: str  # for people
    baud: int
    refusal: re.Pattern[bytes]  # what answers a command that it does not do
    busy: re.Pattern[bytes]  # what answers one that it will do in a moment
    wake: Sequence[Exchange]  # what makes it hear a command, whatever it does
    identity: Exchange  # that no other family answers so
    caveats: Sequence[str]  # what a person must know of this family

    def take(self, octets: bytes) -> Iterator[Said]:
        """Take what came from the line, whole or in pieces, and yield what was said."""
        ...

    def firmware(self, answer: bytes) -> str:
        """Return the version that an answer to `identity` tells."""
        ...

    def settings(self, channel: Channel) -> Sequence[Exchange]:
        """Return what makes it hear LoRaWAN uplinks on ``channel``, whatever it did before."""
        ...

    def check(self) -> Exchange:
        """Return what is asked when it was silent for long."""
        ...

    def was_idle(self, answer: bytes) -> bool:
        """Tell from an answer to `check` whether it had stopped to receive."""
        ...

    def after(self, said: Packet | Event) -> Sequence[Exchange]:
        """Return what has to be said for it to go on receiving."""
        ...

    def measured(self, packet: Packet, answers: Sequence[bytes | None]) -> Packet:
        """Return a packet with what the answers to `after` tell of it."""
        ...


def payload_of(digits: bytes) -> bytes | Bad:
    """Read a PHYPayload from hex digits."""
    if len(digits) % 2 or not re.fullmatch(rb"[0-9A-Fa-f]*", digits):
        return Bad(BadReason.HEX)
    octets = bytes.fromhex(digits.decode("ascii"))
    return octets if 0 < len(octets) <= LONGEST_PAYLOAD else Bad(BadReason.LENGTH)
