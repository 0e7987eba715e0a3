"""Room 6, formats: items become the words of a platform, and its answers become a receipt. Sans-I/O."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol, runtime_checkable

from gateway.model import Answer, Device, Item, Json, Receipt, Request

Conversation = Generator[Sequence[Request], Sequence[Answer], Receipt]
"""Yield requests that may go side by side; be sent their answers in the same order; return the receipt."""


class Format(Protocol):
    """A platform's language. It knows no transport, reads no clock, and keeps nothing but ``memory``."""

    def deliver(self, batch: Sequence[Item], memory: Mapping[str, Json]) -> Conversation:
        """Hold the conversation that delivers ``batch`` (oldest first).

        Each row ends in the receipt as accepted, refused, or undecided; a row whose observations cannot be expressed
        at all is accepted and counted in ``inexpressible``, never dropped in silence.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Who a platform wants its client to be; None where it does not care."""

    client_id: str | None = None
    username: str | None = None
    mqtt_version: str | None = None
    resource: str | None = None  # what a token made of a shared access key is for
    commands_topic: str | None = None  # where its commands come from
    states_topic: str | None = None  # and where it is told what became of them


@runtime_checkable
class Known(Protocol):
    """A format whose platform says how its clients are called."""

    def identity(self, host: str) -> Identity:
        """Return how the gateway has to call itself at ``host``."""
        ...


@runtime_checkable
class ReadsBack(Protocol):
    """A format whose platform can be asked for what it was told."""

    def read_back(self, item: Item, memory: Mapping[str, Json]) -> Request | None:
        """Return what asks for it; the answer has the uplink's id in it where it is there. None: it said nothing.

        ``memory``: what the delivery of ``item`` left.
        """
        ...


@runtime_checkable
class Commandable(Protocol):
    """A format whose platform commands devices by its own names, and only those that are announced to it."""

    def called(self, device: Device) -> str:
        """Return what the platform calls ``device``; "" where it has no name for it."""
        ...

    def greetings(self, devices: Sequence[Device]) -> Sequence[Request]:
        """Return what is said on each new connection, so that commands for ``devices`` come."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Registry:
    """The web service where a platform's things are made, beside its door for measurements."""

    url: str
    key_header: str  # of the platform's own kind of key
    key_user: str = ""  # the user name that goes with the key at the door for measurements: its password is the key


@dataclass(frozen=True, slots=True)
class Provided:
    """What a platform is prepared for now, and what it refused to make, in words."""

    words: str  # "2 devices and 7 functions"
    problems: tuple[str, ...] = ()


Providing = Generator[Sequence[Request], Sequence[Answer], Provided]
"""As `Conversation`; what is asked has the method GET, all else makes something."""


@runtime_checkable
class Provides(Protocol):
    """A format whose platform shows nothing but what was made there beforehand, and that can ask for it."""

    def registry(self, host: str) -> Registry:
        """Return where things are made, of a platform whose door for measurements is at ``host``."""
        ...

    def provide(self, items: Sequence[Item]) -> Providing:
        """Have made what all that ``items`` say needs; what is there is not made again. ValueError names an option that is missing."""
        ...


class Shape(StrEnum):
    """Whose words a platform uses."""

    BRYGGA = "brygga"
    CHIRPSTACK = "chirpstack"
    THE_THINGS_STACK = "the_things_stack"
    THINGSBOARD = "thingsboard"
    AZURE = "azure"
