"""A message in the making: its octets, what is known of it so far, and what was asked to be told."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from decoders.contract import EncodeError, EncodeReason

MOST_OCTETS = 242  # of a payload in EU868; no region carries more
ABSENT: Any = object()
"""What was not given, for null is a value of JSON."""


def wrong(path: str, words: object) -> EncodeError:
    """Return the complaint that what stands at ``path`` cannot be told."""
    return EncodeError(EncodeReason.WRONG_VALUE, f"{path}: {words}")


class Output:
    """Octets that are written in order, or bit by bit: which bits were said is known, so that none is said twice."""

    __slots__ = ("_said", "octets", "position")

    def __init__(self) -> None:
        self.octets = bytearray()
        self._said = bytearray()
        self.position = 0

    def reserve(self, size: int) -> None:
        """Make ``size`` octets from here on a part of the message, 0 until they are said; ValueError where it is too long."""
        end = self.position + size
        if end > MOST_OCTETS:
            raise ValueError(f"the message grows beyond {MOST_OCTETS} octets, the most that a downlink holds")
        more = end - len(self.octets)
        if more > 0:
            self.octets += bytes(more)
            self._said += bytes(more)

    def put(self, octets: bytes, bits: bytes, start: int) -> None:
        """Say the ``bits`` of ``octets`` at ``start``; ValueError where another value has said otherwise."""
        for place, (octet, mask) in enumerate(zip(octets, bits, strict=True), start):
            both = self._said[place] & mask
            if (self.octets[place] ^ octet) & both:
                raise ValueError("it shares bits with another value, which says otherwise")
            self.octets[place] |= octet & mask
            self._said[place] |= mask

    def is_said(self, bits: bytes, start: int) -> bool:
        """Tell whether all ``bits`` of the octets at ``start`` were said."""
        return all(self._said[place] & mask == mask for place, mask in enumerate(bits, start))

    def write(self, octets: bytes) -> None:
        """Say whole ``octets`` here and move behind them."""
        self.reserve(len(octets))
        self.put(octets, b"\xff" * len(octets), self.position)
        self.position += len(octets)


class Given:
    """The values of one object of the command, and which of them found their place."""

    __slots__ = ("path", "used", "values")

    def __init__(self, values: Mapping[str, Any], path: str = "") -> None:
        self.values = values
        self.path = path
        self.used: set[str] = set()

    def where(self, name: str) -> str:
        """Return the whole name of a value, for people: ``gps.latitude``."""
        return f"{self.path}{name}"

    def take(self, name: str) -> Any:
        """Return the value ``name``, which has found its place now; ABSENT when it was not given."""
        if name not in self.values:
            return ABSENT
        self.used.add(name)
        return self.values[name]

    def unused(self, names: Iterable[str]) -> frozenset[str]:
        """Return those of ``names`` that were given and have no place yet."""
        return frozenset(name for name in names if name in self.values and name not in self.used)


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """A value that was not given: the rest of the message may say it. Its octets are kept free for it."""

    where: str
    names: tuple[str, ...]  # what other fields call it
    start: int
    bits: bytes
    say: Callable[[Any], Told]
    curve: Callable[[], Iterable[Any]]  # all that it can be, in the order of its raw numbers
    empty: Callable[[], Any]  # what a decoder reads where nothing says it: of padding alone


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A value in octets."""

    octets: bytes
    bits: bytes  # which of their bits it says
    value: Any  # as a decoder will read it
    loss: float = 0.0  # what rounding took, in steps of the device


@dataclass(slots=True)
class Message:
    """What is shared while one message is put together."""

    output: Output = field(default_factory=Output)
    known: dict[str, Any] = field(default_factory=dict)  # by field name and by ``var``: values as a decoder reads them
    gaps: list[Gap] = field(default_factory=list)
    claims: list[Callable[[Message], None]] = field(default_factory=list)  # to be looked at when all else is known
    loss: float = 0.0

    def part(self) -> Message:
        """Return a message of its own that knows what this one knows: the content of a tag."""
        return Message(known=dict(self.known))

    def note(self, names: Iterable[str], told: Told) -> None:
        """Remember what was said."""
        self.known.update(dict.fromkeys(names, told.value))
        self.loss += told.loss

    def gap(self, name: str) -> Gap | None:
        """Return the last gap that ``name`` would fill."""
        return next((gap for gap in reversed(self.gaps) if name in gap.names), None)

    def settle(self, gap: Gap, value: Any) -> None:
        """Fill ``gap`` with ``value``; raises EncodeError."""
        try:
            told = gap.say(value)
            self.output.put(told.octets, told.bits, gap.start)
        except ValueError as error:
            raise wrong(gap.where, error) from error
        self.gaps.remove(gap)
        self.note(gap.names, told)

    def follows(self, given: Given, name: str, value: Any) -> None:
        """Say a value that the rest decides, or see that what was given for it agrees; raises EncodeError."""
        gap = self.gap(name)
        if gap is not None:
            self.settle(gap, value)
        elif name in self.known and self.known[name] != value:
            raise wrong(given.where(name), f"{self.known[name]} where the other values make it {value}")

    def finish(self) -> bytes:
        """Return the octets; raises EncodeError where a value is still missing, or does not follow from the others."""
        for gap in self.gaps:
            if not self.output.is_said(gap.bits, gap.start):
                raise wrong(gap.where, "it is missing, and the other values do not say it")
            if not any(gap.bits):
                self.known.update(dict.fromkeys(gap.names, gap.empty()))
        for claim in self.claims:
            claim(self)
        return bytes(self.output.octets)


NOTHING: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a message: takes what belongs there from the values and says it, or raises EncodeError."""

    say: Callable[[Message, Given], None]
    names: frozenset[str] = NOTHING  # the values that it can take
    needs: frozenset[str] = NOTHING  # those without which it cannot be said
    entries: int | None = None  # of its list, how many there always are, 0: any number; None where it is no list
