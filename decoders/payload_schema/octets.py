"""The types that are octets and texts: how they stand in the payload."""

from __future__ import annotations

import base64
from collections.abc import Sequence

from decoders.cursor import ByteOrder
from decoders.payload_schema.document import Mapping, shown
from decoders.payload_schema.source import Place, Source, Value
from decoders.payload_schema.wired import Show, Stretch, Wire, count_at, whole

TEXTS = {"bytes", "hex", "hex:upper", "ascii", "string", "base64"}
MOST_BITS = 8 * 255  # of a payload


# ── octets and texts ────────────────────────────────────────────────────────────────────────────────────────────


def stretch(field: Mapping, what: str, show: Show | None) -> Wire | Stretch:
    """Return so many octets, or as many as the payload says; raises TableError."""
    length = field.get("length", 1 if show is None else None)
    if length is None:
        raise field.wrong(f"type {field['type']} needs a length")
    if isinstance(length, str):
        if length.strip().lower() == "remaining":
            return Stretch(what=what, length="remaining", show=show)
        if length.startswith("$"):
            return Stretch(what=what, length=length[1:], show=show)
    count = count_at(field, "length", length)
    if show is None:
        return Wire(what=what, size=count, advance=count, make=None)
    return Wire(what=what, size=count, advance=count, make=lambda source, place, _: show(source, place.octets(count)))


def shower(field: Mapping, kind: str) -> Show:
    """Return what says octets as a text or a list; raises TableError."""
    form = field.get("format", "hex") if kind == "bytes" else kind
    separator = field.get("separator", "")
    if not isinstance(separator, str):
        raise field.wrong(f"separator is a text, not {shown(separator)}", "separator")
    if form in {"hex", "hex:upper"}:
        return _hexadecimal(separator, ".upper()" if form == "hex:upper" else "")
    forms = {
        "base64": "base64({})",
        "array": "list({})",
        "ascii": "{}.decode('ascii', 'replace').rstrip('\\0')",
        "string": "{}.decode('utf-8', 'replace').rstrip('\\0')",
    }
    if form not in forms:
        raise field.wrong(f"format is one of hex, hex:upper, base64, array, not {shown(form)}", "format")
    return lambda _source, octets: Value(forms[form].format(octets), "text")


def _hexadecimal(separator: str, after: str) -> Show:
    def show(source: Source, octets: str) -> Value:
        if not separator:
            return Value(f"{octets}.hex(){after}", "text")
        return Value(f"{source.constant(separator)}.join([f'{{octet:02x}}'{after} for octet in {octets}])", "text")

    return show


def base64_of(octets: bytes) -> str:
    """Return octets as base64."""
    return base64.b64encode(octets).decode("ascii")


def version_string(field: Mapping, _order: ByteOrder, what: str) -> Wire:
    """Return octets as the numbers of a version: v1.2.3."""
    length = whole(field, "length", 3)
    prefix, delimiter = str(field.get("prefix", "")), str(field.get("delimiter", "."))

    def make(source: Source, place: Place, _names: Sequence[str]) -> Value:
        joined = f"{source.constant(delimiter)}.join(map(str, {place.octets(length)}))"
        return Value(f"({source.constant(prefix)} + {joined})", "text")

    return Wire(what=what, size=length, advance=length, make=make)


def bitfield_string(field: Mapping, order: ByteOrder, what: str) -> Wire:
    """Return a text of some bits each, as the versions of firmware are sent; raises TableError."""
    length = whole(field, "length", 2)
    prefix, delimiter = str(field.get("prefix", "")), str(field.get("delimiter", "."))
    parts = field.get("parts")
    if not isinstance(parts, list) or not all(_is_part(part) for part in parts):
        raise field.wrong("parts is a list of [first bit, width] or [first bit, width, hex]", "parts")
    plan = [(part[0], (1 << part[1]) - 1, "x" if part[2:] == ["hex"] else "d") for part in parts]

    def version(raw: int) -> str:
        return prefix + delimiter.join(format(raw >> first & mask, form) for first, mask, form in plan)

    def make(source: Source, place: Place, _names: Sequence[str]) -> Value:
        return Value(f"{source.bind(version)}(from_bytes({place.octets(length)}, {order!r}))", "text")

    return Wire(what=what, size=length, advance=length, make=make)


def _is_part(part: object) -> bool:
    if not isinstance(part, list) or not 2 <= len(part) <= 3:
        return False
    bits = all(isinstance(one, int) and not isinstance(one, bool) and 0 <= one <= MOST_BITS for one in part[:2])
    return bits and part[2:] in ([], ["hex"], ["decimal"])
