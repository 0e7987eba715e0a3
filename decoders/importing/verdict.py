"""What came of a model's examples: which passed, where the first of the others departs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from decoders.contract import DecodeReason, Encoded, EncodeReason
from decoders.importing.published import Example, Kind, Published


class Standing(StrEnum):
    """How a model stands after its examples."""

    PASSED = "passed"
    UNTESTED = "no examples"
    FAILED = "failed"
    BROKEN = "does not load"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a codec made of one example; ``problem`` is "" where that is what its publisher states."""

    example: Example
    problem: str = ""
    fields: Mapping[str, Any] | None = None  # what was decoded
    warnings: tuple[str, ...] = ()
    encoded: Encoded | None = None
    reason: DecodeReason | EncodeReason | None = None  # why it was refused

    @property
    def passed(self) -> bool:
        """Tell whether the codec says what its publisher states."""
        return not self.problem


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """A model, and what came of its examples."""

    model: Published
    content: bytes = b""  # the codec's file
    encoder: bytes = b""  # that of its encoder, where it has one of its own
    broken: str = ""  # why it does not load
    outcomes: tuple[Outcome, ...] = ()
    is_free_of_state: bool = False  # of JavaScript: its examples say the same in any order, in one context

    @property
    def standing(self) -> Standing:
        """Return how the model stands."""
        if self.broken:
            return Standing.BROKEN
        if not self.outcomes:
            return Standing.UNTESTED
        return Standing.PASSED if all(one.passed for one in self.outcomes) else Standing.FAILED

    @property
    def passed(self) -> int:
        """Return how many examples passed."""
        return sum(one.passed for one in self.outcomes)

    @property
    def failures(self) -> tuple[Outcome, ...]:
        """Return the outcomes of the examples that failed."""
        return tuple(one for one in self.outcomes if not one.passed)

    def uplinks(self) -> tuple[Outcome, ...]:
        """Return the outcomes that decoded an uplink, as its publisher states or not."""
        return tuple(one for one in self.outcomes if one.example.kind is Kind.UPLINK and one.fields is not None)

    def __str__(self) -> str:
        count = len(self.outcomes)
        match self.standing:
            case Standing.BROKEN:
                return f"does not load: {self.broken}"
            case Standing.UNTESTED:
                return "no examples"
            case Standing.PASSED:
                return f"passed {count} of {count}"
            case Standing.FAILED:
                first = self.failures[0]
                name = first.example.name[:60]
                return f"failed {len(self.failures)} of {count}: {name + ': ' if name else ''}{first.problem}"
