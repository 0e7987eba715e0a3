"""How a command's fields lie in its octets: stated once beside each field, read and written by the same code.

    data_rate: Annotated[int, bits(0, 7, 4)]      octet 0 after the CID, bits 7 to 4, as the specification prints them

Bits that no field claims are reserved: ignored when read, zero when written (LoRaWAN 1.0.4 and 1.1, section 1.2).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Final, Self, get_type_hints

from gateway.errors import BadFrame, BadFrameReason
from gateway.lorawan.phy import Direction

FREQUENCY_STEP_HZ: Final = 100  # LoRaWAN 1.0.4, section 5.6; 0 is not 0 Hz but "none" or "the default"


@dataclass(frozen=True, slots=True)
class Part:
    """A field's place in the payload, which is taken as one little-endian number, and the values it can say."""

    shift: int
    width: int
    lowest: int
    highest: int
    step: int = 1
    kind: type[int] = int

    def value(self, number: int) -> int:
        """Return the field out of the payload's number."""
        raw = number >> self.shift & (1 << self.width) - 1
        if raw * self.step > self.highest:
            raw -= 1 << self.width  # two's complement
        return self.kind(raw * self.step)

    def number(self, value: int) -> int:
        """Return the payload's number with this field alone in it."""
        return (value // self.step & (1 << self.width) - 1) << self.shift

    def can_say(self, value: int) -> bool:
        """Tell whether the wire has a code for a value."""
        return self.lowest <= value <= self.highest and value % self.step == 0

    def __str__(self) -> str:
        return f"{self.lowest} to {self.highest}" + (f" in steps of {self.step}" if self.step > 1 else "")


def bits(octet: int, first: int, last: int) -> Part:
    """Return bits ``first`` down to ``last`` of an octet, unsigned."""
    width = first - last + 1
    return Part(8 * octet + last, width, 0, (1 << width) - 1)


def signed_bits(octet: int, first: int, last: int) -> Part:
    """Return bits ``first`` down to ``last`` of an octet, two's complement."""
    width = first - last + 1
    return Part(8 * octet + last, width, -(1 << width - 1), (1 << width - 1) - 1)


def flag(octet: int, bit: int) -> Part:
    """Return one bit of an octet, true or false."""
    return Part(8 * octet + bit, 1, 0, 1, kind=bool)


def octets(first: int, count: int) -> Part:
    """Return whole octets, unsigned."""
    return Part(8 * first, 8 * count, 0, (1 << 8 * count) - 1)


def frequency(first: int) -> Part:
    """Return three octets of frequency, in Hz."""
    return Part(8 * first, 24, 0, ((1 << 24) - 1) * FREQUENCY_STEP_HZ, FREQUENCY_STEP_HZ)


class MacCommand:
    """One command. Each is a frozen value of its own type; making one with what the wire cannot say raises ValueError."""

    __slots__ = ()
    cid: ClassVar[int]
    direction: ClassVar[Direction]

    def __post_init__(self) -> None:
        for name, part in layout(type(self)).parts.items():
            value: int = getattr(self, name)
            if not part.can_say(value):
                raise ValueError(f"{type(self).__name__}.{name}: {value} is not in {part}")

    @classmethod
    def from_bytes(cls, command: bytes) -> Self:
        """Read exactly this command, its CID first; raises BadFrame where it is another one or of another length."""
        if command[:1] != bytes((cls.cid,)):
            raise BadFrame(
                BadFrameReason.NOT_SUPPORTED, f"{cls.__name__}: CID {cls.cid:02x} expected, not {command[:1].hex()!r}"
            )
        expected = 1 + layout(cls).size
        if len(command) != expected:
            reason = BadFrameReason.TRUNCATED if len(command) < expected else BadFrameReason.TOO_LONG
            raise BadFrame(reason, f"{cls.__name__}: {len(command)} octets where {expected} are expected")
        number = int.from_bytes(command[1:], "little")
        return cls(**{name: part.value(number) for name, part in layout(cls).parts.items()})

    def to_bytes(self) -> bytes:
        """Return the command as it goes over the air, its CID first."""
        number = sum(part.number(getattr(self, name)) for name, part in layout(type(self)).parts.items())
        return bytes((self.cid,)) + number.to_bytes(layout(type(self)).size, "little")


class UplinkCommand(MacCommand):
    """What an end device says."""

    __slots__ = ()
    direction = Direction.UPLINK


class DownlinkCommand(MacCommand):
    """What the network says."""

    __slots__ = ()
    direction = Direction.DOWNLINK


@dataclass(frozen=True, slots=True)
class Layout:
    """The payload of one kind of command."""

    parts: Mapping[str, Part]  # by field
    size: int  # octets after the CID


_LAYOUTS: Final[dict[type[MacCommand], Layout]] = {}  # found once, at a command's first use


def layout(command: type[MacCommand]) -> Layout:
    """Return the layout that a kind of command states in its fields; the last octet always has one."""
    if command not in _LAYOUTS:
        hints = get_type_hints(command, include_extras=True)
        parts = {name: part for name, hint in hints.items() if (part := _part(hint)) is not None}
        size = max((part.shift + part.width + 7) // 8 for part in parts.values()) if parts else 0
        _LAYOUTS[command] = Layout(parts, size)
    return _LAYOUTS[command]


def _part(hint: object) -> Part | None:
    return next((one for one in getattr(hint, "__metadata__", ()) if isinstance(one, Part)), None)
