"""Room 6, formats: items become the words of a platform, and its answers become a receipt. Sans-I/O."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from enum import StrEnum
from typing import Protocol

from gateway.model import Answer, Item, Json, Receipt, Request

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


class Shape(StrEnum):
    """Whose words a platform uses."""

    BRYGGA = "brygga"
    CHIRPSTACK = "chirpstack"
    THE_THINGS_STACK = "the_things_stack"
