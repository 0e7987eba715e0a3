"""The types of the language, the other way round: how a raw value is put into octets."""

from __future__ import annotations

import math
import struct
from collections.abc import Callable
from typing import Any

from decoders.cursor import ByteOrder
from decoders.payload_schema import document
from decoders.payload_schema.encoding_octets import bitfield_string, skip, text, version_string
from decoders.payload_schema.encoding_values import as_number
from decoders.payload_schema.encoding_wired import Say, Wire, all_bits
from decoders.payload_schema.wire import BITS, FLOATS, INTEGER, whole


def wire(field: document.Mapping, order: ByteOrder) -> Wire:
    """Return how ``field`` stands in the octets; raises TableError for a type that does not exist."""
    kind = field.get("type", "u8")
    if not isinstance(kind, str):
        raise field.wrong(f"type {kind!r} is no word")
    order = _order(field, order)
    if match := INTEGER.fullmatch(kind):
        prefix, letter, width = match.groups()
        order = {"le": "little", "be": "big", None: order}[prefix]
        return _integer(field, kind, int(width) // 8, order, signed=letter not in {"u", "uint"})
    if match := BITS.fullmatch(kind):
        return _bits(field, kind, int(match[1]) // 8, int(match[2]), int(match[3]))
    if kind in FLOATS:
        return _float(kind, FLOATS[kind], order)
    made = _KINDS.get(kind)
    if made is None:
        raise field.wrong(f"there is no type {kind!r}, or none that can be told")
    return made(field, order)


def _order(field: document.Mapping, order: ByteOrder) -> ByteOrder:
    own = field.get("endian", order)
    if own not in ("big", "little"):
        raise field.wrong(f"endian is big or little, not {own!r}")
    return "little" if own == "little" else "big"


# ── numbers ─────────────────────────────────────────────────────────────────────────────────────────────────────


def _integer(field: document.Mapping, kind: str, size: int, order: ByteOrder, *, signed: bool) -> Wire:
    bits, encoding = size * 8, field.get("encoding")
    code: Callable[[int], int] = _plain
    low, high = -(1 << bits - 1) if signed else 0, (1 << bits - (1 if signed else 0)) - 1
    if encoding is not None:
        if encoding not in ENCODINGS:
            raise field.wrong(f"encoding is one of {', '.join(ENCODINGS)}, not {encoding!r}")
        signed = False
        low, high, code = ENCODINGS[encoding](size)

    def say(raw: int) -> tuple[bytes, bytes]:
        return all_bits(code(raw).to_bytes(size, order, signed=signed))

    return Wire(say=say, words=kind, size=size, low=low, high=high)


Encoding = tuple[int, int, Callable[[int], int]]


def _plain(raw: int) -> int:
    return raw


def _sign_magnitude(size: int) -> Encoding:
    sign = 1 << size * 8 - 1
    return 1 - sign, sign - 1, lambda raw: sign - raw if raw < 0 else raw


def _bcd(size: int) -> Encoding:
    return 0, 10 ** (size * 2) - 1, lambda raw: int(str(raw), 16)


def _gray(size: int) -> Encoding:
    return 0, (1 << size * 8) - 1, lambda raw: raw ^ raw >> 1


ENCODINGS: dict[str, Callable[[int], Encoding]] = {"sign_magnitude": _sign_magnitude, "bcd": _bcd, "gray": _gray}


def _two_words(kind: str, *, signed: bool) -> Wire:
    def say(raw: int) -> tuple[bytes, bytes]:
        octets = raw.to_bytes(4, "big", signed=signed)
        return all_bits(octets[2:] + octets[:2])  # the lower word first, whatever the table's order (PS-271)

    low, high = (-(1 << 31), (1 << 31) - 1) if signed else (0, (1 << 32) - 1)
    return Wire(say=say, words=kind, size=4, low=low, high=high)


def _bits(field: document.Mapping, kind: str, size: int, low: int, high: int) -> Wire:
    if not low <= high < size * 8:
        raise field.wrong(f"bits {low} to {high} do not lie in {size * 8} bits")
    most = (1 << high - low + 1) - 1
    mask = (most << low).to_bytes(size, "big")

    def say(raw: int) -> tuple[bytes, bytes]:
        return (raw << low).to_bytes(size, "big"), mask

    return Wire(say=say, words=kind, size=size, step=whole(field, "consume", 0), low=0, high=most)


def _bool(field: document.Mapping, _: ByteOrder) -> Wire:
    bit = whole(field, "bit", 0)
    if bit > 7:
        raise field.wrong(f"bit is 0 to 7, not {bit}")
    mask = bytes([1 << bit])

    def say(raw: Any) -> tuple[bytes, bytes]:
        if raw not in (0, 1):
            raise ValueError(f"{raw!r} where true or false is expected")
        return (mask if raw else b"\0"), mask

    return Wire(say=say, words="bool", size=1, step=whole(field, "consume", 0), is_number=False)


_MOST = {"e": 65504.0, "f": 3.4028234663852886e38, "d": math.inf}


def _float(kind: str, code: str, order: ByteOrder) -> Wire:
    form = struct.Struct((">" if order == "big" else "<") + code)
    most = _MOST[code]
    say: Say = lambda raw: all_bits(form.pack(raw))  # noqa: E731 - its type is what it is made for
    return Wire(say=say, words=kind, size=form.size, is_whole=False, low=-most, high=most)


def _decimal(kind: str, low: float, high: float) -> Wire:
    def say(raw: Any) -> tuple[bytes, bytes]:
        tens, tenths = divmod(round(as_number(raw) * 10), 10)
        return all_bits(bytes([(tens & 15) << 4 | tenths]))

    return Wire(say=say, words=kind, size=1, is_whole=False, low=low, high=high)


_KINDS: dict[str, Callable[[document.Mapping, ByteOrder], Wire]] = {
    "bool": _bool,
    "skip": skip,
    "u32le16": lambda *_: _two_words("u32le16", signed=False),
    "s32le16": lambda *_: _two_words("s32le16", signed=True),
    **dict.fromkeys(("udec", "UDec"), lambda *_: _decimal("udec", 0, 15.9)),
    **dict.fromkeys(("sdec", "SDec"), lambda *_: _decimal("sdec", -8, 7.9)),
    "bitfield_string": bitfield_string,
    "version_string": version_string,
    **dict.fromkeys(("bytes", "hex", "hex:upper", "ascii", "string", "base64"), text),
}
