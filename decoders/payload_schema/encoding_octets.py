"""The types that are octets and texts, the other way round."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from typing import Any

from decoders.cursor import ByteOrder
from decoders.payload_schema import document
from decoders.payload_schema.encoding_wired import Say, Wire, all_bits
from decoders.payload_schema.wire import whole


def text(field: document.Mapping, _: ByteOrder) -> Wire:
    """Return how a text or octets are said; raises TableError."""
    kind, length = field["type"], field.get("length")
    if length is None:
        raise field.wrong(f"type {kind} needs a length")
    size = None if isinstance(length, str) else whole(field, "length", 1)
    announced = length[1:] if isinstance(length, str) and length.startswith("$") else None
    form = field.get("format", "hex") if kind == "bytes" else kind
    separator = str(field.get("separator", ""))
    if form not in FORMS:
        raise field.wrong(f"format is one of hex, hex:upper, base64, array, not {form!r}")

    def say(value: Any) -> tuple[bytes, bytes]:
        octets = FORMS[form](value, separator)
        if size is not None and form in ("ascii", "string"):
            octets = octets.ljust(size, b"\0")
        if size is not None and len(octets) != size:
            raise ValueError(f"{value!r} has {len(octets)} octets where {size} are expected")
        return all_bits(octets)

    return Wire(say=say, words=str(kind), size=size, announced=announced, is_number=False)


def _from_hex(value: Any, separator: str) -> bytes:
    text = _of_text(value)
    try:
        return bytes.fromhex(text.replace(separator, "") if separator else text)
    except ValueError:
        raise ValueError(f"{value!r} where hex digits are expected, two for each octet") from None


def _from_base64(value: Any, _: str) -> bytes:
    try:
        return base64.b64decode(_of_text(value), validate=True)
    except (binascii.Error, ValueError):
        raise ValueError(f"{value!r} where base64 is expected") from None


def _from_array(value: Any, _: str) -> bytes:
    octets = isinstance(value, list) and all(isinstance(one, int) and 0 <= one <= 255 for one in value)
    if not octets:
        raise ValueError(f"{value!r} where a list of octets, 0 to 255 each, is expected")
    return bytes(value)


def _from_text(coding: str) -> Callable[[Any, str], bytes]:
    def octets(value: Any, _: str) -> bytes:
        try:
            return _of_text(value).encode(coding)
        except UnicodeEncodeError:
            raise ValueError(f"{value!r} holds letters that {coding} does not have") from None

    return octets


def _of_text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError(f"{value!r} where a text is expected")  # noqa: TRY004 - what a person typed, no bug
    return value


FORMS: dict[Any, Callable[[Any, str], bytes]] = {
    "hex": _from_hex,
    "hex:upper": _from_hex,
    "base64": _from_base64,
    "array": _from_array,
    "ascii": _from_text("ascii"),
    "string": _from_text("utf-8"),
}


def skip(field: document.Mapping, _: ByteOrder) -> Wire:
    """Return padding: octets that say nothing; raises TableError."""
    size = 0 if isinstance(field.get("length"), str) else whole(field, "length", 1)
    say: Say = lambda _: (bytes(size), bytes(size))  # noqa: E731 - its type is what it is made for
    return Wire(say=say, words="skip", size=size, is_number=False)


def bitfield_string(field: document.Mapping, order: ByteOrder) -> Wire:
    """Return how a text of some bits each is said; raises TableError."""
    size, parts = whole(field, "length", 2), field.get("parts")
    prefix, delimiter = str(field.get("prefix", "")), str(field.get("delimiter", "."))
    if not isinstance(parts, list) or not all(isinstance(part, list) and len(part) in (2, 3) for part in parts):
        raise field.wrong("parts is a list of [first bit, width] or [first bit, width, hex]")
    if not all(isinstance(bit, int) and bit >= 0 for part in parts for bit in part[:2]):
        raise field.wrong("a part's first bit and width are whole numbers")
    if any(first + width > size * 8 for first, width, *_ in parts):
        raise field.wrong(f"parts lie outside the {size * 8} bits of the field")

    def say(value: Any) -> tuple[bytes, bytes]:
        text = _of_text(value).removeprefix(prefix)
        texts = text.split(delimiter) if delimiter else list(text)  # one digit each
        if len(texts) != len(parts):
            raise ValueError(f"{value!r} where {len(parts)} numbers with {delimiter!r} between them are expected")
        raw = sum(_part(text, *part) for text, part in zip(texts, parts, strict=True))
        return all_bits(raw.to_bytes(size, order))

    return Wire(say=say, words="bitfield_string", size=size, is_number=False)


def version_string(field: document.Mapping, _: ByteOrder) -> Wire:
    """Return how a version of an octet each is said; raises TableError."""
    size, prefix, delimiter = whole(field, "length", 3), str(field.get("prefix", "")), str(field.get("delimiter", "."))

    def say(value: Any) -> tuple[bytes, bytes]:
        texts = _of_text(value).removeprefix(prefix).split(delimiter or None)
        if len(texts) != size:
            raise ValueError(f"{value!r} where {size} numbers with {delimiter!r} between them are expected")
        return all_bits(bytes(_part(text, 0, 8) for text in texts))

    return Wire(say=say, words="version_string", size=size, is_number=False)


def _part(text: str, first: int, width: int, form: str = "decimal") -> int:
    try:
        number = int(text, 16 if form == "hex" else 10)
    except ValueError:
        raise ValueError(f"{text!r} where a number is expected") from None
    if not 0 <= number < 1 << width:
        raise ValueError(f"{text} does not fit into {width} bits")
    return number << first
