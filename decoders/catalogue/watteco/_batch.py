"""Read Watteco's "batch": samples of several series, each with its time, packed to bits.

Bits are read from the lowest of each octet on; of a number of more than 8 bits the highest octet comes first.

    NNNN CTSx  uint8  N series, T all have common times, S no samples follow
    3 bits     number of the batch, 1 bit unused
    per series tag, time, first value [, 2 bits coding, 2 bits table]
    samples    per series: tag, 8 bits count, 2 bits table of the times, {time, value}…
               or, common: 8 bits count, 2 bits table, times, then per series tag, {1 bit there, value}…
    time       when the batch was sent

A time is 32 bits of seconds at first, then a difference; a value is a difference to the one before it, in steps of the series'
resolution. A difference is a prefix code that says how many bits follow (0: none, 15: the whole number instead).

Source: Watteco support pages, "BR_UNCOMPRESS"; the vendor's codec.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice

from decoders.contract import DecodeError, DecodeReason

KINDS = {"bool": (1, False), "u8": (8, False), "u16": (16, False), "i16": (16, True), "i24": (24, True),
         "u32": (32, False), "f32": (32, False)}  # fmt: skip
WHOLE = 15  # the prefix that says: no difference, the number itself
TIMES = 1  # the table that times of series are coded with

# The prefix codes of each table, by how many bits follow.
CODES: Sequence[str] = (
    """
    00 01 11 101 1001 10001 100001 1000001 10000001 1000000000 10000000010 10000000011 10000000100 10000000101 10000000110
    10000000111
    """,
    """
    1101111 11010 1100 011 111 10 00 010 110110 110111011 110111001 1101110101 1101110100 1101110000 11011100011
    11011100010
    """,
    """
    1001 101 00 01 11 10001 100001 1000001 10000001 1000000000 10000000010 10000000011 10000000100 10000000101 10000000110
    10000000111
    """,
)
TABLES: Sequence[Mapping[str, int]] = tuple({code: size for size, code in enumerate(codes.split())} for codes in CODES)
LONGEST_CODE = 11


@dataclass(frozen=True, slots=True)
class Series:
    """What a tag stands for: a variable's name, its kind of number, its resolution and what it is divided by."""

    name: str
    kind: str
    resolution: float = 1
    divisor: float = 1


@dataclass(frozen=True, slots=True)
class Sample:
    """A value, and how many seconds before the batch was sent it was measured."""

    name: str
    value: float
    age: int


@dataclass(slots=True)
class _Open:
    """A series while it is read."""

    series: Series
    coding: int = 0
    table: int = 0
    samples: list[tuple[int, float]] = field(default_factory=list)  # time, raw value


@dataclass(frozen=True, slots=True)
class Batch:
    """All that a batch says, series by series as the model's table has them."""

    counter: int
    samples: tuple[Sample, ...]


def read(data: bytes, tag_bits: int, series: Mapping[int, Series]) -> Batch:
    """Return what the batch in ``data`` says; raises DecodeError."""
    bits = _Bits(data)
    flags = bits.take(8)
    counter = bits.take(3)
    bits.take(1)
    found: dict[int, _Open] = {}
    time = _heads(bits, flags, tag_bits, series, found)
    if not flags & 0x04:
        reader = _common if flags & 0x02 else _separate
        time = reader(bits, flags >> 4, tag_bits, found, time)
    sent = bits.time(time)
    samples = tuple(
        Sample(found[tag].series.name, value / found[tag].series.divisor, sent - at)
        for tag in series
        if tag in found
        for at, value in found[tag].samples
    )
    return Batch(counter, samples)


def _heads(bits: _Bits, flags: int, tag_bits: int, series: Mapping[int, Series], found: dict[int, _Open]) -> int:
    time = 0
    for _ in range(flags >> 4):
        tag = bits.take(tag_bits)
        if tag not in series:
            raise DecodeError(DecodeReason.UNKNOWN_MESSAGE, f"series {tag} of a batch is not known")
        time = bits.time(time)
        one = found[tag] = _Open(series[tag])
        one.samples.append((time, bits.number(one.series.kind)))
        if not flags & 0x04:
            one.coding, one.table = bits.take(2), bits.take(2)
    return time


def _series(bits: _Bits, tag_bits: int, found: Mapping[int, _Open]) -> _Open:
    tag = bits.take(tag_bits)
    if tag not in found:
        raise DecodeError(DecodeReason.MALFORMED, f"samples of series {tag}, which the batch has not opened")
    return found[tag]


def _separate(bits: _Bits, count: int, tag_bits: int, found: Mapping[int, _Open], last: int) -> int:
    for _ in range(count):
        one = _series(bits, tag_bits, found)
        samples = bits.take(8)
        table = bits.take(2) if samples else 0
        for _ in range(samples):
            time = bits.later(one.samples[-1][0], table)
            one.samples.append((time, bits.value(one, bits.prefix(one.table))))
            last = max(last, time)
    return last


def _common(bits: _Bits, count: int, tag_bits: int, found: Mapping[int, _Open], _: int) -> int:
    samples, table = bits.take(8), bits.take(2)
    times: list[int] = []
    first = next(iter(found.values())).samples[0][0] if found else 0
    for _place in range(samples):
        times.append(bits.later(times[-1], table) if times else bits.first(first, table))
    for _ in range(count):
        one = _series(bits, tag_bits, found)
        repeated = False  # the first value is said once more, as no difference
        for time in islice(times, samples):
            if not bits.take(1):
                continue
            size = bits.prefix(one.table)
            if size == 0 and not repeated:
                repeated = True
                continue
            one.samples.append((time, bits.value(one, size)))
    return times[-1] if times else 0


class _Bits:
    """A place among the bits of a payload."""

    def __init__(self, data: bytes) -> None:
        self._bits = "".join(f"{octet:08b}"[::-1] for octet in data)
        self._position = 0

    def take(self, count: int) -> int:
        """Return the next ``count`` bits as a number."""
        value, size = 0, count % 8 or 8
        while count:
            value = value << 8 | int(self._piece(size)[::-1], 2)
            count, size = count - size, 8
        return value

    def prefix(self, table: int) -> int:
        """Return which of a table's 16 codes comes next."""
        if table >= len(TABLES):
            raise DecodeError(DecodeReason.MALFORMED, f"coded with table {table}, which does not exist")
        for size in range(2, LONGEST_CODE + 1):
            found = TABLES[table].get(self._bits[self._position : self._position + size])
            if found is not None:
                self._position += size
                return found
        raise DecodeError(DecodeReason.TRUNCATED, f"no code at bit {self._position} of {len(self._bits)}")

    def number(self, kind: str) -> float:
        """Return a whole number or a float as it stands."""
        size, signed = KINDS[kind]
        raw = self.take(size)
        if kind == "f32":
            return _float(raw)
        return raw - (1 << size) if signed and raw >> size - 1 else raw

    def value(self, one: _Open, size: int) -> float:
        """Return the value after the last of a series, told by a prefix of ``size``."""
        before = one.samples[-1][1]
        if size == WHOLE:
            return self.number(one.series.kind)
        if size == 0:
            return before
        raw, top = self.take(size), (1 << size) - 1
        match one.coding:
            case 0:
                steps = raw if raw >> size - 1 else raw - top
            case 1:
                steps = raw + top
            case _:
                steps = -raw - top
        return before + steps * one.series.resolution

    def time(self, before: int) -> int:
        """Return a time that may be the first: then it stands whole."""
        return self.later(before, TIMES) if before else self.take(32)

    def first(self, time: int, table: int) -> int:
        """Return the first of common times, which is the first series' own."""
        return self.take(32) if self.prefix(table) == WHOLE else time

    def later(self, before: int, table: int) -> int:
        """Return the time after ``before``."""
        size = self.prefix(table)
        if size == WHOLE:
            return self.take(32)
        return before + self.take(size) + (1 << size) - 1 if size else before

    def _piece(self, size: int) -> str:
        end = self._position + size
        if end > len(self._bits):
            raise DecodeError(DecodeReason.TRUNCATED, f"{size} bits expected at {self._position} of {len(self._bits)}")
        piece = self._bits[self._position : end]
        self._position = end
        return piece


def _float(raw: int) -> float:
    value = float(struct.unpack(">f", raw.to_bytes(4, "big"))[0])
    if value - value:  # infinite or not a number
        raise DecodeError(DecodeReason.MALFORMED, f"{value} is no value")
    return value
