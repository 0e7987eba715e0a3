"""The types of the language: how a value stands in the octets."""

from __future__ import annotations

import base64
import math
import re
import struct
from collections.abc import Callable
from typing import Any

from decoders.contract import DecodeError, DecodeReason
from decoders.cursor import ByteOrder
from decoders.payload_schema.document import Mapping
from decoders.payload_schema.machine import Machine

Read = Callable[[Machine], Any]
"""Take a raw value off the payload; None is absent."""

INTEGER = re.compile(r"(?:(le|be)_)?(u|s|i|uint|int)(8|16|24|32|64)")
BITS = re.compile(r"u(8|16|24|32|64)\[(\d+):(\d+)\]")
FLOATS = {"f16": "e", "f32": "f", "float": "f", "f64": "d", "double": "d"}
TEXTS = {"bytes", "hex", "hex:upper", "ascii", "string", "base64"}
NOT_YET = {"version_string"}
MOST_BITS = 8 * 255  # of a payload


def reader(field: Mapping, order: ByteOrder) -> Read:
    """Return what reads ``field``; raises TableError for a type that is not supported."""
    kind = field.get("type", "u8")
    if not isinstance(kind, str):
        raise field.wrong(f"type {kind!r} is no word")
    order = _order(field, order)
    what = str(field.get("name", kind))
    if match := INTEGER.fullmatch(kind):
        return _integer(field, match, order, what)
    if match := BITS.fullmatch(kind):
        return _bits(field, match, what)
    if kind in FLOATS:
        return _float(FLOATS[kind], order, what)
    if kind in TEXTS:
        return _text(field, kind, what)
    others: dict[str, Callable[[], Read]] = {
        "u32le16": lambda: _two_words(what, signed=False),
        "s32le16": lambda: _two_words(what, signed=True),
        "bool": lambda: _bool(field, what),
        "skip": lambda: _skip(field, what),
        "udec": lambda: _decimal(what, signed=False),
        "sdec": lambda: _decimal(what, signed=True),
        "bitfield_string": lambda: _bitfield_string(field, order, what),
        "enum": lambda: _enum(field, order),
    }
    if kind in others:
        return others[kind]()
    if kind in NOT_YET or re.search(r"[<@:+]", kind):
        raise field.wrong(f"type {kind!r} is a part of the language that is not supported")
    raise field.wrong(f"there is no type {kind!r}")


def _order(field: Mapping, order: ByteOrder) -> ByteOrder:
    own = field.get("endian", order)
    if own == "big":
        return "big"
    if own == "little":
        return "little"
    raise field.wrong(f"endian is big or little, not {own!r}")


def _integer(field: Mapping, match: re.Match[str], order: ByteOrder, what: str) -> Read:
    prefix, letter, width = match.groups()
    size = int(width) // 8
    order = {"le": "little", "be": "big", None: order}[prefix]
    encoding = field.get("encoding")
    signed = letter not in {"u", "uint"} and encoding is None
    if encoding is None:
        return _plain_integer(size, order, what, signed=signed)
    if encoding not in ENCODINGS:
        raise field.wrong(f"encoding is one of {', '.join(ENCODINGS)}, not {encoding!r}")
    raw, decode = _plain_integer(size, order, what, signed=False), ENCODINGS[encoding]
    return lambda machine: decode(raw(machine), size)


def _plain_integer(size: int, order: ByteOrder, what: str, *, signed: bool) -> Read:
    def read(machine: Machine) -> int:
        return int.from_bytes(machine.take(size, what), order, signed=signed)

    def read_octet(machine: Machine) -> int:
        position = machine.position
        if position >= machine.size:
            machine.take(1, what)
        machine.position = position + 1
        return machine.data[position]

    return read_octet if size == 1 and not signed else read


def _two_words(what: str, *, signed: bool) -> Read:
    """Return a reader of two big-endian words, the lower one first, whatever the table's order (PS-271)."""

    def read(machine: Machine) -> int:
        octets = machine.take(4, what)
        return int.from_bytes(octets[2:] + octets[:2], "big", signed=signed)

    return read


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


def _bits(field: Mapping, match: re.Match[str], what: str) -> Read:
    """Return a reader of a bit range: big endian whatever the table's order, and it moves on only by ``consume``."""
    size, low, high = int(match[1]) // 8, int(match[2]), int(match[3])
    if not low <= high < size * 8:
        raise field.wrong(f"bits {low} to {high} do not lie in {size * 8} bits")
    mask = (1 << high - low + 1) - 1
    consume = whole(field, "consume", 0)

    def read(machine: Machine) -> int:
        start = machine.position
        raw = int.from_bytes(machine.take(size, what), "big")
        machine.position = min(start + consume, machine.size)
        return raw >> low & mask

    return read


def _bool(field: Mapping, what: str) -> Read:
    bit, consume = whole(field, "bit", 0), whole(field, "consume", 0)

    def read(machine: Machine) -> bool:
        start = machine.position
        raw = machine.take(1, what)[0]
        machine.position = min(start + consume, machine.size)
        return bool(raw >> bit & 1)

    return read


def _float(code: str, order: ByteOrder, what: str) -> Read:
    form = struct.Struct((">" if order == "big" else "<") + code)

    def read(machine: Machine) -> float | None:
        (value,) = form.unpack(machine.take(form.size, what))
        return float(value) if math.isfinite(value) else None

    return read


def _decimal(what: str, *, signed: bool) -> Read:
    def read(machine: Machine) -> float:
        raw = machine.take(1, what)[0]
        whole = raw >> 4
        if signed and whole >= 8:
            whole -= 16
        return (whole * 10 + (raw & 15)) / 10

    return read


def _skip(field: Mapping, what: str) -> Read:
    take = _taker(field, what)

    def read(machine: Machine) -> None:
        take(machine)

    return read


def _taker(field: Mapping, what: str) -> Callable[[Machine], bytes]:
    if field.get("length") == "remaining":
        return lambda machine: machine.take(machine.size - machine.position, what)
    length = whole(field, "length", 1)
    return lambda machine: machine.take(length, what)


def _text(field: Mapping, kind: str, what: str) -> Read:
    if "length" not in field:
        raise field.wrong(f"type {kind} needs a length")
    take = _taker(field, what)
    show = _shower(field, kind)
    return lambda machine: show(take(machine))


def _shower(field: Mapping, kind: str) -> Callable[[bytes], Any]:
    form = field.get("format", "hex") if kind == "bytes" else kind
    separator = str(field.get("separator", ""))
    forms: dict[str, Callable[[bytes], Any]] = {
        "hex": lambda raw: separator.join(f"{octet:02x}" for octet in raw),
        "hex:upper": lambda raw: separator.join(f"{octet:02X}" for octet in raw),
        "base64": lambda raw: base64.b64encode(raw).decode("ascii"),
        "array": list,
        "ascii": lambda raw: raw.decode("ascii", "replace").rstrip("\0"),
        "string": lambda raw: raw.decode("utf-8", "replace").rstrip("\0"),
    }
    if form not in forms:
        raise field.wrong(f"format is one of hex, hex:upper, base64, array, not {form!r}")
    return forms[form]


def _bitfield_string(field: Mapping, order: ByteOrder, what: str) -> Read:
    length = whole(field, "length", 2)
    prefix, delimiter = str(field.get("prefix", "")), str(field.get("delimiter", "."))
    parts = field.get("parts")
    if not isinstance(parts, list) or not all(_is_part(part) for part in parts):
        raise field.wrong("parts is a list of [first bit, width] or [first bit, width, hex]")
    plan = [(part[0], (1 << part[1]) - 1, "x" if part[2:] == ["hex"] else "d") for part in parts]

    def read(machine: Machine) -> str:
        raw = int.from_bytes(machine.take(length, what), order)
        return prefix + delimiter.join(format(raw >> first & mask, form) for first, mask, form in plan)

    return read


def _is_part(part: object) -> bool:
    if not isinstance(part, list) or not 2 <= len(part) <= 3:
        return False
    bits = all(isinstance(one, int) and 0 <= one <= MOST_BITS for one in part[:2])
    return bits and part[2:] in ([], ["hex"], ["decimal"])


def _enum(field: Mapping, order: ByteOrder) -> Read:
    base = Mapping(type=field.get("base", "u8"), name=field.get("name", "enum"))
    base.line, base.file = field.line, field.file
    raw = reader(base, order)
    values = field.get("values")
    if isinstance(values, list):
        values = dict(enumerate(values))
    if not isinstance(values, dict):
        raise field.wrong("an enum has values, a list or a mapping")
    try:
        labels = {int(key): label for key, label in values.items()}
    except (TypeError, ValueError):
        raise field.wrong("the keys of an enum's values are whole numbers") from None

    def read(machine: Machine) -> Any:
        number = raw(machine)
        return labels.get(number, field.get("default", f"unknown({number})"))

    return read


def whole(field: Mapping, key: str, default: int) -> int:
    """Return the whole number at ``key``, 0 or more; raises TableError."""
    count = field.get(key, default)
    if isinstance(count, bool) or not isinstance(count, int) or count < 0:
        raise field.wrong(f"{key} is a whole number, not {count!r}")
    return count
