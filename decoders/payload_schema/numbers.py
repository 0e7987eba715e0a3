"""The types that are numbers and bits: how they stand in the octets."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace

from decoders.contract import DecodeError, DecodeReason
from decoders.cursor import ByteOrder
from decoders.payload_schema.document import Mapping, shown
from decoders.payload_schema.source import Place, Source, Value
from decoders.payload_schema.wired import Make, Wire, whole

INTEGER = re.compile(r"(?:(le|be)_)?(u|s|i|uint|int)(8|16|24|32|64)")
BITS = re.compile(r"u(8|16|24|32|64)\[(\d{1,2}):(\d{1,2})\]")
FLOATS = {"f16": "e", "f32": "f", "float": "f", "f64": "d", "double": "d"}
LETTERS = {1: "B", 2: "H", 4: "I", 8: "Q"}  # of struct
MOST = {"e": 65_504.0, "f": 3.5e38, "d": 1.8e308}  # what a float of so many bits can be


# ── whole numbers ───────────────────────────────────────────────────────────────────────────────────────────────


def integer(field: Mapping, match: re.Match[str], order: ByteOrder, what: str) -> Wire:
    """Return a whole number of some width; raises TableError for an encoding that there is not."""
    prefix, letter, width = match.groups()
    size = int(width) // 8
    order = {"le": "little", "be": "big", None: order}[prefix]
    encoding = field.get("encoding")
    if encoding is None:
        return _plain_integer(size, order, what, signed=letter not in {"u", "uint"})
    if encoding not in ENCODINGS:
        raise field.wrong(f"encoding is one of {', '.join(ENCODINGS)}, not {shown(encoding)}", "encoding")
    plain, decode = _plain_integer(size, order, what, signed=False), ENCODINGS[encoding]
    inner = plain.make

    def make(source: Source, place: Place, names: Sequence[str]) -> Value:
        raw = inner(source, place, names) if inner else Value("0")
        return Value(f"{source.bind(decode, decode)}({raw.code}, {size})", "whole", 2.0 ** (8 * size))

    return replace(plain, make=make)


def _plain_integer(size: int, order: ByteOrder, what: str, *, signed: bool) -> Wire:
    most = 2.0 ** (8 * size)
    if size == 3:
        high, low = ("b" if signed else "B"), "H"
        letters = high + low if order == "big" else low + high
        return Wire(what=what, size=3, advance=3, letters=letters, order=order, make=_joined(order, most))
    letter = LETTERS[size].lower() if signed else LETTERS[size]
    return Wire(what=what, size=size, advance=size, letters=letter, order=order, make=_named(most))


def _named(most: float) -> Make:
    return lambda _source, _place, names: Value(names[0], "whole", most)


def _joined(order: ByteOrder, most: float) -> Make:
    """Return what makes a number of 24 bits of an octet, the upper one, and a word."""
    high, low = (0, 1) if order == "big" else (1, 0)
    return lambda _source, _place, names: Value(f"({names[high]} << 16 | {names[low]})", "whole", most)


def two_words(_field: Mapping, _order: ByteOrder, what: str, *, signed: bool) -> Wire:
    """Return two big-endian words, the lower one first, whatever the table's order (PS-271)."""
    make: Make = lambda _source, _place, names: Value(f"({names[1]} << 16 | {names[0]})", "whole", 2.0**32)  # noqa: E731
    return Wire(what=what, size=4, advance=4, letters="Hh" if signed else "HH", make=make)


def _sign_magnitude(raw: int, size: int) -> int:
    sign = 1 << size * 8 - 1
    return -(raw ^ sign) if raw & sign else raw


def _bcd(raw: int, size: int) -> int:
    digits = f"{raw:0{size * 2}x}"
    if not digits.isdecimal():
        raise DecodeError(DecodeReason.MALFORMED, f"0x{digits} is not binary-coded decimal")
    return int(digits)


def _gray(raw: int, size: int) -> int:
    shift = 1
    while shift < size * 8:
        raw ^= raw >> shift
        shift *= 2
    return raw


ENCODINGS: dict[str, Callable[[int, int], int]] = {"sign_magnitude": _sign_magnitude, "bcd": _bcd, "gray": _gray}


# ── bits and numbers of other kinds ─────────────────────────────────────────────────────────────────────────────


def bits(field: Mapping, match: re.Match[str], what: str) -> Wire:
    """Return a bit range: big endian whatever the table's order, and it moves on only by ``consume``."""
    size, low, high = int(match[1]) // 8, int(match[2]), int(match[3])
    if not low <= high < size * 8:
        raise field.wrong(f"bits {low} to {high} do not lie in {size * 8} bits", "type")
    first, last = size - 1 - high // 8, size - 1 - low // 8  # the octets that hold them
    shift, mask = low % 8, (1 << high - low + 1) - 1

    def make(_source: Source, place: Place, _names: Sequence[str]) -> Value:
        if first == last:
            octets = place.octet(first)
        elif last - first == 1:
            octets = f"({place.octet(first)} << 8 | {place.octet(last)})"
        else:
            octets = f"from_bytes({place.on(first).octets(last - first + 1)}, 'big')"
        moved = f"{octets} >> {shift}" if shift else octets
        return Value(
            f"({moved})" if shift + high - low == 7 and first == last else f"({moved} & {mask})", "whole", mask
        )

    return Wire(what=what, size=size, advance=whole(field, "consume", 0), make=make)


def truth(field: Mapping, _order: ByteOrder, what: str) -> Wire:
    """Return one bit, which moves on only by ``consume``; raises TableError."""
    bit = whole(field, "bit", 0)
    if bit > 7:
        raise field.wrong(f"bit is 0 to 7, not {bit}", "bit")
    make: Make = lambda _source, place, _names: Value(f"({place.octet()} & {1 << bit} != 0)", "truth", 1)  # noqa: E731
    return Wire(what=what, size=1, advance=whole(field, "consume", 0), make=make)


def real(letter: str, order: ByteOrder, what: str) -> Wire:
    """Return an IEEE 754 number; one that is none (not a number, infinite) is absent (PS-282)."""
    size = {"e": 2, "f": 4, "d": 8}[letter]

    def make(_source: Source, _place: Place, names: Sequence[str]) -> Value:
        code = f"({names[0]} if -INFINITY < {names[0]} < INFINITY else None)"
        return Value(code, "float", MOST[letter], absent=True)

    return Wire(what=what, size=size, advance=size, letters=letter, order=order, make=make)


def udec(octet: int) -> float:
    """Return what an octet is as whole and tenths, a nibble each."""
    return ((octet >> 4) * 10 + (octet & 15)) / 10


def sdec(octet: int) -> float:
    """Return what an octet is as whole, signed, and tenths, a nibble each."""
    return (((octet >> 4 ^ 8) - 8) * 10 + (octet & 15)) / 10


def decimal(decode: Callable[[int], float], what: str) -> Wire:
    """Return an octet that ``decode`` makes a number of."""

    def make(source: Source, place: Place, _names: Sequence[str]) -> Value:
        return Value(f"{source.bind(decode, decode)}({place.octet()})", "float", 160)

    return Wire(what=what, size=1, advance=1, make=make)
