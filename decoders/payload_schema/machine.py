"""What is known while a table runs over one payload."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from decoders.contract import DecodeError, DecodeReason, Payload, Reading
from decoders.cursor import truncated

Fields = dict[str, Any]


class Machine:
    """A payload, the place in it, and what has been found so far.

    ``variables`` holds the values that other parts of the table refer to, and no others.
    """

    __slots__ = ("data", "position", "readings", "received_at", "size", "variables", "warnings")

    def __init__(self, payload: Payload) -> None:
        self.data = payload.data
        self.size = len(payload.data)
        self.received_at = payload.received_at
        self.position = 0
        self.variables: dict[str, Any] = {}
        self.readings: list[Reading] = []
        self.warnings: list[str] = []

    def take(self, count: int, what: str) -> bytes:
        """Return the next ``count`` octets."""
        start = self.position
        end = start + count
        if end > self.size:
            raise truncated(what, count, start, self.size)
        self.position = end
        return self.data[start:end]

    def variable(self, name: str) -> Any:
        """Return what a ``$name`` stands for; DecodeError when this payload did not carry it."""
        try:
            return self.variables[name]
        except KeyError:
            raise DecodeError(DecodeReason.MALFORMED, f"${name} is not in this payload") from None


Step = Callable[[Machine, Fields], None]
"""Read one part of the payload and put what it says into the fields."""


def run(steps: Sequence[Step], machine: Machine, fields: Fields) -> None:
    """Run ``steps`` in order."""
    for step in steps:
        step(machine, fields)
