"""What a decoder and an encoder are, and all that a vendor may import.

A decoder is a pure function from a `Payload` to a `Decoded`. It reads no clock, no file and no network, keeps no
state, and for whatever bytes it is given it either returns or raises `DecodeError`: nothing else, and in bounded time. An encoder
is the same the other way round: from a `Command` to an `Encoded`, or `EncodeError`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class Payload:
    """The application payload of one uplink, decrypted.

    ``received_at`` is aware, UTC, and only there to turn a device's "3 minutes ago" into a time; vectors may leave it out.
    ``device`` tells devices of one model apart, for codecs that remember what each said before; it means nothing else.
    """

    data: bytes
    f_port: int
    received_at: datetime | None = None
    device: str = ""


@dataclass(frozen=True, slots=True)
class Reading:
    """One value that the device states: a quantity of the vocabulary, and the unit (UCUM) the device states it in.

    ``channel`` tells several of one quantity apart ("1", "external", "depth_20cm"); ``at`` is the device's own time of
    measurement (aware, UTC) where the payload carries one.
    """

    quantity: str
    value: float | int | bool | str
    unit: str = ""
    channel: str | None = None
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Decoded:
    """All that a payload says: readings for cities, the vendor's raw fields, and warnings in words."""

    readings: tuple[Reading, ...]
    fields: Mapping[str, Any] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()


class DecodeReason(StrEnum):
    """Why a payload was not decoded: the label of its counter."""

    NO_DECODER = "no_decoder"  # the device has none, or it is not installed
    UNKNOWN_PORT = "unknown_port"
    UNKNOWN_MESSAGE = "unknown_message"  # a message type, version or channel this decoder does not know
    TRUNCATED = "truncated"
    MALFORMED = "malformed"  # lengths, checksums or values that cannot be
    EMPTY = "empty"
    FAILED = "failed"  # the decoder itself broke its promise (an exception, a time-out, a wrong type)
    WAITING = "waiting"  # it was not tried: the decoder rests after what it did before, or cannot be had at the moment


class DecodeError(Exception):
    """Say why a payload cannot be read; the uplink stays in the journal until its decoder learns it."""

    def __init__(self, reason: DecodeReason, detail: str = "") -> None:
        self.reason = reason
        self.detail = detail
        super().__init__(f"{reason}: {detail}" if detail else str(reason))


class NotNow(ValueError):
    """Say what keeps a decoder from being used at the moment and may pass by itself: a machine without memory, a process that was ended."""


class Decoder(Protocol):
    """A decoder as the gateway sees it, whatever its kind.

    ``name`` is "vendor/model"; ``revision`` changes whenever the same payload may give other readings (a hash of the
    file, or a number its author raises), so that a re-decoded observation has an id of its own.
    """

    @property
    def name(self) -> str:
        """Return "vendor/model"."""
        ...

    @property
    def revision(self) -> str:
        """Return what changes whenever the same payload may give other readings."""
        ...

    def decode(self, payload: Payload) -> Decoded:
        """Return what ``payload`` says; raise DecodeError and nothing else."""
        ...


class BatchDecoder(Decoder, Protocol):
    """A decoder that works elsewhere, in a process of its own: whoever has an event loop awaits it."""

    async def decode_all(self, payloads: Sequence[Payload]) -> Sequence[Decoded | DecodeError]:
        """Return what each payload says, in order, or why it cannot be read; raise nothing."""
        ...


# ── to the device ───────────────────────────────────────────────────────────────────────────────────────────────

Command = Mapping[str, Any]  # what is asked of a device: names and values, as JSON has them; {"interval": 600}


@dataclass(frozen=True, slots=True)
class Encoded:
    """A command in the device's own octets, and the port that it listens on."""

    f_port: int
    data: bytes


class EncodeReason(StrEnum):
    """Why a command was not encoded."""

    NO_ENCODER = "no_encoder"  # nobody has written one for this model
    EMPTY = "empty"  # nothing is asked for
    UNKNOWN_COMMAND = "unknown_command"
    WRONG_VALUE = "wrong_value"
    TOO_MANY = "too_many"  # the device takes fewer commands in one downlink
    FAILED = "failed"  # the encoder itself broke its promise (an exception, a wrong type)


class EncodeError(Exception):
    """Say in words why a command cannot be told to a device, and what would be right."""

    def __init__(self, reason: EncodeReason, detail: str) -> None:
        self.reason = reason
        self.detail = detail
        super().__init__(f"{reason}: {detail}")


class Encoder(Protocol):
    """An encoder as the gateway sees it, whatever its kind."""

    @property
    def name(self) -> str:
        """Return "vendor/model"."""
        ...

    def encode(self, command: Command) -> Encoded:
        """Return ``command`` as octets; raise EncodeError and nothing else."""
        ...
