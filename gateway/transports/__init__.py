"""Room 7, transports: requests go out, answers come back. Each is a client of one protocol and knows no format."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from gateway.model import Answer, Json, Request


class Transport(Protocol):
    """A connection to one platform, opened when first needed and opened again after a failure."""

    async def send(self, requests: Sequence[Request]) -> Sequence[Answer]:
        """Send side by side, as far as the platform's window allows, and return an answer for each, in order.

        Raises Unreachable when the platform took nothing at all (no connection). A request that was sent and not
        answered has an UNCLEAR answer; one that was never sent because the connection broke has LATER.
        """
        ...

    async def close(self) -> None:
        """Say good-bye within a few seconds."""
        ...

    def status(self) -> Mapping[str, Json]:
        """Return what people and metrics want to see: connected, since when, protocol, last error."""
        ...
