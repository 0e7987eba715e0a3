"""What simple formats make of a row: parts, each of one thing on the platform and one time, with the request that says it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from gateway.model import Item, Request, RowId


@dataclass(frozen=True, slots=True)
class Part:
    """What one row says of one time."""

    row: RowId
    to: str  # the thing on the platform
    observed_ms: int
    target: str  # of its request
    text: str
    uplink: str  # its id
    late: str = ""  # why it comes too late whatever else was said, in words


@dataclass(frozen=True, slots=True)
class Said:
    """What a platform is told of one row, oldest first, and the quantities of values that it cannot be told."""

    parts: Sequence[Part]
    inexpressible: Sequence[str] = ()


class Mouth(Protocol):
    """A platform's words."""

    def say(self, item: Item) -> Said:
        """Return what ``item`` says; raise UnknownDevice where the platform has none such."""
        ...

    def packed(self, parts: Sequence[Part]) -> Iterator[Sequence[Part]]:
        """Yield ``parts`` as the requests hold them."""
        ...

    def request(self, parts: Sequence[Part]) -> Request:
        """Return the request that says ``parts``."""
        ...


class OneByOne:
    """The way of a platform that takes each part in a request of its own."""

    def packed(self, parts: Sequence[Part]) -> Iterator[Sequence[Part]]:
        """Yield each part alone."""
        return ([part] for part in parts)

    def request(self, parts: Sequence[Part]) -> Request:
        """Return the request that says one part; the uplink's id goes along, so that a repetition can be known."""
        [part] = parts
        return Request(
            target=part.target,
            body=part.text.encode(),
            content_type="application/json",
            headers={"uplink": part.uplink},
        )
