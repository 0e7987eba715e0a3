"""What simple formats make of a row: parts, each of one thing on the platform and one time, with the request that says it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Protocol

from gateway.formats.naming import milliseconds
from gateway.model import Item, Request, RowId


@dataclass(frozen=True, slots=True)
class Part:
    """What one row says of one time."""

    row: RowId
    to: str  # the thing on the platform
    observed_ms: int
    request: Request  # that says it alone
    late: str = ""  # why it comes too late whatever else was said, in words


@dataclass(frozen=True, slots=True)
class Said:
    """What a platform is told of one row, oldest first; the quantities that have no words there, and what can never be sent."""

    parts: Sequence[Part]
    inexpressible: Sequence[str] = ()
    refused: Sequence[str] = ()  # why, in words


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
        """Return the request that says one part."""
        [part] = parts
        return part.request


class Arrays:
    """The way of a platform that takes up to ``most`` neighbours of one target as a JSON array; one is said as it is."""

    def __init__(self, most: int) -> None:
        self._most = most

    def packed(self, parts: Sequence[Part]) -> Iterator[Sequence[Part]]:
        """Yield ``parts`` in their order, ``most`` together."""
        for _, group in groupby(parts, key=lambda part: part.request.target):
            same = list(group)
            yield from (same[at : at + self._most] for at in range(0, len(same), self._most))

    def request(self, parts: Sequence[Part]) -> Request:
        """Return the request that says ``parts``: an array is known by no single uplink's id."""
        first = parts[0].request
        if len(parts) == 1:
            return first
        return replace(first, body=b"[" + b",".join(part.request.body for part in parts) + b"]", headers={})


def request_about(
    item: Item,
    target: str,
    body: bytes,
    *,
    content_type: str = "application/json",
    method: str = "POST",
    secrets: frozenset[str] = frozenset(),
) -> Request:
    """Return the request that says ``body``; the uplink's id goes along, so that a repetition can be known."""
    headers = {"uplink": str(item.uplink.id)}
    return Request(target=target, body=body, content_type=content_type, method=method, headers=headers, secrets=secrets)


def standing_alone(
    item: Item, requests: Sequence[Request], *, inexpressible: Sequence[str] = (), refused: Sequence[str] = ()
) -> Said:
    """Return what is said of ``item`` in messages that each stand for themselves, of its device at the time of hearing."""
    heard_ms = milliseconds(item.uplink.heard_at.utc)
    parts = [Part(item.row, item.device.dev_eui, heard_ms, request) for request in requests]
    return Said(parts, inexpressible, refused)
