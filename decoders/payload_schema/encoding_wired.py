"""How a raw value stands in octets, for all that says one."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Say = Callable[[Any], tuple[bytes, bytes]]
"""Return the octets of a raw value, and which of their bits it says; ValueError in words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wire:
    """How the raw values of one field stand in the octets."""

    say: Say
    words: str  # its type, for people
    size: int | None  # octets; None where the value decides
    announced: str | None = None  # the field that says how many octets it has
    step: int | None = None  # how far the next field begins; None: behind all of it
    is_number: bool = True
    is_whole: bool = True
    low: float = -math.inf  # of its raw numbers
    high: float = math.inf

    def bits(self) -> bytes:
        """Return which bits of its octets a value says; none where the value decides."""
        if self.is_number or self.words == "bool":
            return self.say(0)[1]
        return (b"\0" if self.words == "skip" else b"\xff") * (self.size or 0)


def all_bits(octets: bytes) -> tuple[bytes, bytes]:
    """Return ``octets``, all of whose bits are said."""
    return octets, b"\xff" * len(octets)
