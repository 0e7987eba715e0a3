"""Room 7, transports: requests go out, answers come back. Each is a client of one protocol and knows no format."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from gateway.model import Answer, Json, Request


class Transport(Protocol):
    """A connection to one platform, opened when first needed and opened again after a failure."""

    async def send(self, requests: Sequence[Request]) -> Sequence[Answer]:
        """Send side by side, as far as the platform's window allows, and return an answer for each, in order.

        Raises Unreachable when the platform took nothing at all (no connection). A request that was sent and not
        answered has an UNCLEAR answer; one that was never sent because the connection broke has LATER, with status 0.
        """
        ...

    async def close(self) -> None:
        """Say good-bye within a few seconds."""
        ...

    def status(self) -> Mapping[str, Json]:
        """Return what people and metrics want to see: connected, since when, protocol, last error."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What a platform sent us."""

    topic: str
    body: bytes
    number: int  # the packet identifier, which stays the same when it is sent again; 0 where it cannot be (QoS 0)
    is_retained: bool = False  # kept by the broker for whoever comes: nobody knows how old it is
    is_repeated: bool = False  # the broker sends it again, for our acknowledgement did not come


Take = Callable[[Message], Awaitable[None]]
"""Return when a message is safe: only then it is acknowledged."""


class Listener(Transport, Protocol):
    """A transport that platforms also speak to us through."""

    async def receive(self, take: Take) -> None:
        """Keep a connection open and give what comes to ``take``, one at a time, in its order.

        Ends only by Unreachable: there is no connection, or it was lost. What was not safe then comes again.
        """
        ...
