"""What Sensative's Square and Puck share: values by number, each with its age, and what program the device runs.

FPort 1, big endian, one after the other:

    HH [AA] VV

    H  bits 7-6 how many octets A has: 0, 1, 2, 4; bits 5-0 the number of the value, of whose bits 4-3 follow the octets of V:
       0 and 1 one, 2 two, 3 four
    A  seconds before the value in front of it (the first: before now)
    V  signed

FPort 11, the same in fewer octets:

    H  bit 7 A is there, one octet; bit 6 V is there, else it is 0; bits 5-0 the number. Values of four octets come as two
    A  2 s, bits 7-3 exponent, 2-0 mantissa (for exponents above 1 the middle of what is meant)
    V  of two instead of four octets: bit 15 sign, 14-10 exponent, 9-0 mantissa

FPort 15: uint32 CRC of the program, uint32 when it was built (Unix seconds, bits 1-0 how), its version as text

What a number is called and by what it is multiplied is the program's: `Program`. The vendor's codec adds the lower octet of
a shortened V after the exponent is applied; here it is a part of the mantissa. Fields are those of that codec, without the
texts that it adds; a value's own time is with its reading.

Source: Sensative's codecs for the LoRa Alliance (MIT), which are generated of the programs' tables.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from decoders.contract import Decoded, DecodeError, DecodeReason, Payload, Reading
from decoders.cursor import Cursor

OUTPUT, COMPRESSED, RULE = PORTS = (1, 11, 15)
SOURCE = "Sensative's codecs for the LoRa Alliance, in Actility's catalogue"

AGES = (0, 1, 2, 4)  # octets
SIZES = (1, 1, 2, 4)
FIRST = 0x80  # the number 0 is called 0x80 in the programs' tables
BUILT_HOW = 0x3
OLDEST = timedelta(days=3650)  # a device's battery lasts; more is an age that was garbled

Value = tuple[str, float, str, str, str | None]  # its name, its factor; quantity ("" none), unit and channel


@dataclass(frozen=True, slots=True)
class Sample:
    """A value as it came: its number, how long ago it was measured, and the integer."""

    number: int
    age: timedelta
    raw: int


@dataclass(frozen=True, slots=True)
class Program:
    """What the numbers of a program mean."""

    values: Mapping[int, Value]

    def decode(self, payload: Payload) -> Decoded:
        """Read a payload by its port; raises DecodeError."""
        cursor = Cursor(payload.data)
        match payload.f_port:
            case 1:
                return self._told(list(_samples(cursor)), payload.received_at)
            case 11:
                return self._told(list(_compressed(cursor)), payload.received_at)
            case 15:
                return Decoded((), {"decoded": {"result": {"vsm": _rule(cursor)}}})
            case other:
                raise DecodeError(DecodeReason.UNKNOWN_PORT, f"{other}; 1, 11 and 15 are read")

    def _told(self, samples: list[Sample], now: datetime | None) -> Decoded:
        output: dict[str, Any] = {}
        readings: dict[tuple[str, str | None, datetime | None], Reading] = {}
        warnings: list[str] = []
        for sample in samples:
            if sample.number not in self.values:
                warnings.append(f"value {sample.number:02x} is not known: {sample.raw}")
                continue
            name, factor, quantity, unit, channel = self.values[sample.number]
            value = round(sample.raw * factor, 4)
            output.setdefault(name, value)  # the newest come first
            at = now - sample.age if now and timedelta() < sample.age < OLDEST else None
            if quantity and (at or not sample.age):
                reading = Reading(quantity, value if unit else sample.raw != 0, unit, channel, at)
                readings.setdefault((quantity, channel, at), reading)
        return Decoded(tuple(readings.values()), {"decoded": {"result": {"output": output}}}, tuple(warnings))


def _samples(cursor: Cursor) -> Iterator[Sample]:
    age = timedelta()
    while cursor.left:
        head = cursor.u8("head")
        number = head & 0x3F
        age += timedelta(seconds=_whole(cursor, AGES[head >> 6], "age"))
        yield Sample(FIRST + number, age, _whole(cursor, SIZES[number >> 3 & 3], "value", signed=True))


def _compressed(cursor: Cursor) -> Iterator[Sample]:
    age = timedelta()
    while cursor.left:
        head = cursor.u8("head")
        number = head & 0x3F
        if head & 0x80:
            age += timedelta(seconds=2 * _float8(cursor.u8("age")))
        yield Sample(FIRST + number, age, _short(cursor, SIZES[number >> 3 & 3]) if head & 0x40 else 0)


def _short(cursor: Cursor, size: int) -> int:
    return _float16(cursor.u16("value")) if size > 2 else _whole(cursor, size, "value", signed=True)


def _whole(cursor: Cursor, size: int, what: str, *, signed: bool = False) -> int:
    return int.from_bytes(cursor.take(size, what), "big", signed=signed)


def _float8(octet: int) -> int:
    return _floating(octet >> 3, octet & 0x7, 0x8)


def _float16(value: int) -> int:
    magnitude = _floating(value >> 10 & 0x1F, value & 0x3FF, 0x400)
    return -magnitude if value & 0x8000 else magnitude


def _floating(exponent: int, mantissa: int, one: int) -> int:
    if exponent == 0:
        return mantissa
    if exponent == 1:
        return one + mantissa
    return (one + mantissa << exponent - 1) + (1 << exponent - 2)


def _rule(cursor: Cursor) -> dict[str, Any]:
    said: dict[str, Any] = {"rulesCrc32": cursor.u32("CRC")}
    if cursor.left >= 4:
        built = cursor.u32("time of the build")
        at = datetime.fromtimestamp(built & ~BUILT_HOW, UTC)
        said |= {"buildDate": f"{at:%Y-%m-%dT%H:%M:%S}.000Z", "buildType": built & BUILT_HOW}
    if cursor.left:
        said["buildGitVersion"] = cursor.rest().decode("latin-1")
    return said
