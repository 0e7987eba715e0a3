"""``<model>.meta.yaml`` beside a decoder: where it is from, and what its fields mean (docs/decoders.md).

A file that is somebody else's stays as it is, byte for byte; all that Brygga wants to know of it stands here.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Final, TypeVar

from decoders import field_path
from decoders.field_path import FieldPath
from decoders.native import Scalar
from decoders.payload_schema import document
from decoders.payload_schema.document import TableError, did_you_mean
from decoders.places import content
from decoders.vocabulary import QUANTITIES
from decoders.vocabulary.spellings import ucum
from decoders.vocabulary.units import UnitError, convert

SUFFIX: Final = ".meta.yaml"
KEYS: Final = ("description", "source", "licence", "origin", "ports", "context", "personal", "readings")
RULE_KEYS: Final = (
    "field", "quantity", "unit", "channel", "missing", "labels", "valid_range", "where", "at", "ago", "step", "newest",
)  # fmt: skip
HOLE: Final = re.compile(r"\{([^{}]*)\}")

Said = bool | int | float
T = TypeVar("T")


class Context(StrEnum):
    """How long a JavaScript codec's globals live."""

    FRESH = "fresh"  # one payload
    DEVICE = "device"  # as long as the device is heard: for codecs that remember
    KEPT = "kept"  # for all devices: for codecs that were shown to be free of state


@dataclass(frozen=True, slots=True)
class Span:
    """A length of time: so many of ``unit``, or as many as a field says."""

    amount: float | FieldPath
    unit: str = "s"


@dataclass(frozen=True, slots=True)
class Channel:
    """A channel: text, what stands at a path, and ``None`` for the place of the first ``[*]`` or ``*``."""

    parts: tuple[str | FieldPath | None, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What one field states: the keys of an entry of ``readings``, read and checked."""

    field: FieldPath
    quantity: str
    unit: str | FieldPath = ""  # UCUM, or the path of what the payload calls it
    channel: Channel | None = None
    missing: tuple[Scalar, ...] = ()
    labels: tuple[tuple[Scalar, Said], ...] | None = None
    valid_range: tuple[float, float] | None = None
    where: tuple[tuple[FieldPath, tuple[Scalar, ...]], ...] = ()
    at: FieldPath | None = None
    ago: Span | None = None
    step: Span | None = None  # between the elements of the last [*], going back
    newest_first: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Metadata:
    """All that a ``.meta.yaml`` says; ``digest`` (SHA-256, hex) changes with its content, and belongs in a revision."""

    description: str = ""
    source: str = ""
    licence: str = ""
    origin: str = ""  # what it was imported from
    ports: tuple[int, ...] = ()  # none: any
    context: Context = Context.FRESH
    personal: bool = False  # its device watches somebody or names him, whatever its quantities are
    readings: tuple[Rule, ...] = ()
    digest: str = ""


def beside(decoder: Path) -> Path:
    """Return where the metadata of the decoder in the file ``decoder`` stands."""
    return decoder.with_name(f"{decoder.stem}{SUFFIX}")


def read(path: Path) -> Metadata:
    """Return what ``path`` says; raises TableError with file, line and what would be right."""
    try:
        octets = content(path)
        text = octets.decode()
    except (OSError, UnicodeDecodeError) as error:
        raise TableError(f"{path}: {error}") from error
    return parse(text, str(path), hashlib.sha256(octets).hexdigest())


def parse(text: str, file: str, digest: str = "") -> Metadata:
    """Return what ``text`` says; raises TableError with ``file``, line and what would be right."""
    whole = document.parse(text, file)
    whole.only(KEYS, (), "metadata")
    return Metadata(
        description=_text(whole, "description"),
        source=_text(whole, "source"),
        licence=_text(whole, "licence"),
        origin=_text(whole, "origin"),
        ports=_ports(whole),
        context=_context(whole),
        personal=whole.truth("personal"),
        readings=tuple(_rule(one) for one in _entries(whole)),
        digest=digest,
    )


def _text(whole: document.Mapping, key: str) -> str:
    found = whole.get(key)
    if found is None:
        return ""
    if isinstance(found, list | dict):
        raise whole.wrong(f"{key} is a text, not {found!r}")
    return str(found).strip()


def _ports(whole: document.Mapping) -> tuple[int, ...]:
    found = whole.get("ports")
    ports = [] if found is None else found if isinstance(found, list) else [found]
    for port in ports:
        if type(port) is not int or not 0 <= port <= 255:
            raise whole.wrong(f"ports: {port!r} is no port; a list of 1 to 255 is expected, as [2, 3]")
    return tuple(ports)


def _context(whole: document.Mapping) -> Context:
    found = whole.get("context", Context.FRESH)
    try:
        return Context(found)
    except ValueError:
        raise whole.wrong(
            f"context is {', '.join(Context)}, not {found!r}{did_you_mean(str(found), Context)}"
        ) from None


def _entries(whole: document.Mapping) -> list[document.Mapping]:
    found = whole.get("readings")
    entries = [] if found is None else found
    if not isinstance(entries, list) or not all(isinstance(one, document.Mapping) for one in entries):
        raise whole.wrong("readings is a list, each `- {field: temperature, quantity: air_temperature, unit: Cel}`")
    return entries


def _rule(spec: document.Mapping) -> Rule:
    spec.only(RULE_KEYS, (), "a reading")
    path = _path(spec, "field", spec.get("field"))
    quantity = _quantity(spec)
    if "at" in spec and "ago" in spec:
        raise spec.wrong("a reading has at or ago, not both")
    rule = Rule(
        field=path,
        quantity=quantity,
        unit=_unit(spec, quantity),
        channel=_given(spec, "channel", _channel),
        missing=_scalars(spec, "missing", spec.get("missing", [])),
        labels=_given(spec, "labels", _labels),
        valid_range=_given(spec, "valid_range", _range),
        where=tuple((_path(spec, "where", one), _scalars(spec, "where", value)) for one, value in _where(spec)),
        at=_given(spec, "at", lambda spec, value: _path(spec, "at", value)),
        ago=_given(spec, "ago", lambda spec, value: _span(spec, "ago", value)),
        step=_given(spec, "step", lambda spec, value: _span(spec, "step", value)),
        newest_first=_newest(spec),
    )
    _check_places(spec, rule)
    return rule


def _given(
    spec: document.Mapping, key: str, make: Callable[[document.Mapping, Any], T], *, absent: T | None = None
) -> T | None:
    return make(spec, spec[key]) if spec.get(key) is not None else absent


def _path(spec: document.Mapping, key: str, text: object) -> FieldPath:
    try:
        return field_path.parse(text)
    except ValueError as error:
        raise spec.wrong(f"{key}: {error}") from error


def _quantity(spec: document.Mapping) -> str:
    found = spec.get("quantity")
    if not isinstance(found, str) or found not in QUANTITIES:
        hint = did_you_mean(str(found), QUANTITIES)
        raise spec.wrong(f"quantity: {found!r} is no quantity of the vocabulary{hint}")
    return found


def _unit(spec: document.Mapping, quantity: str) -> str | FieldPath:
    found, canonical = str(spec.get("unit", "")), QUANTITIES[quantity].unit
    if found.startswith("@"):
        return _path(spec, "unit", found[1:])
    if not found and not canonical:
        return ""
    try:
        convert(1.0, found or "1", canonical)
    except UnitError as error:
        meant = ucum(found)
        hint = (
            f"; in UCUM it is written {meant!r}" if meant not in {None, found} else f"; {quantity} is in {canonical!r}"
        )
        raise spec.wrong(f"unit: {error}{hint}") from error
    return found


def _channel(spec: document.Mapping, value: object) -> Channel:
    """Read ``depth_{path}``: ``{path}`` is what stands there, ``{#}`` the number of the element."""
    text = str(value)
    pieces = HOLE.split(text)  # text, hole, text, hole, text
    if isinstance(value, list | dict) or any("{" in piece or "}" in piece for piece in pieces[::2]):
        raise spec.wrong(
            f"channel: {value!r}; a word is expected, or one with a path in braces, depth_{{samples[*].depth}}"
        )
    parts: list[str | FieldPath | None] = []
    for index, piece in enumerate(pieces):
        if index % 2:
            parts.append(None if piece.strip() == "#" else _path(spec, "channel", piece))
        elif piece:
            parts.append(piece)
    return Channel(tuple(parts))


def _scalars(spec: document.Mapping, key: str, value: object) -> tuple[Scalar, ...]:
    values = value if isinstance(value, list) else [value]
    if not all(isinstance(one, Scalar) for one in values) or (key == "missing" and not isinstance(value, list)):
        raise spec.wrong(f"{key} is a list of values, as [255, error], not {value!r}")
    return tuple(values)


def _where(spec: document.Mapping) -> list[tuple[Any, Any]]:
    return list(spec.part("where").items()) if spec.get("where") is not None else []


def _labels(spec: document.Mapping, value: object) -> tuple[tuple[Scalar, Said], ...]:
    pairs = list(value.items()) if isinstance(value, document.Mapping) else []
    if not pairs or not all(isinstance(label, Scalar) and isinstance(said, Said) for label, said in pairs):
        raise spec.wrong(f"labels say what each value means, as {{open: true, closed: false}}, not {value!r}")
    return tuple(pairs)


def _range(spec: document.Mapping, value: object) -> tuple[float, float]:
    if not isinstance(value, list) or len(value) != 2 or not all(type(one) in {int, float} for one in value):
        raise spec.wrong(f"valid_range is [least, greatest], not {value!r}")
    return value[0], value[1]


def _span(spec: document.Mapping, key: str, value: object) -> Span:
    """Read seconds, the path of seconds, or ``{field: path, unit: min}``."""
    unit = "s"
    if isinstance(value, document.Mapping):
        value.only(("field", "unit"), (), key)
        unit, value = str(value.get("unit", "s")), value.get("field")
    try:
        convert(1.0, unit, "s")
    except UnitError as error:
        raise spec.wrong(f"{key}: {error}; s, min, h or d is expected") from error
    if isinstance(value, int | float) and not isinstance(value, bool):
        return Span(value, unit)
    return Span(_path(spec, key, value), unit)


def _newest(spec: document.Mapping) -> bool:
    found = spec.get("newest", "first")
    if found not in {"first", "last"}:
        raise spec.wrong(f"newest is first or last, not {found!r}")
    return bool(found == "first")


def _check_places(spec: document.Mapping, rule: Rule) -> None:
    """Complain about a path that has more ``[*]`` and ``*`` than the field it goes with."""
    spans = [span.amount for span in (rule.ago, rule.step) if span is not None]
    channels = rule.channel.parts if rule.channel is not None else ()
    others = [rule.at, rule.unit, *spans, *channels, *(path for path, _ in rule.where)]
    for other in others:
        if isinstance(other, FieldPath) and other.places > rule.field.places:
            raise spec.wrong(f"{other.text!r} has more [*] than the field {rule.field.text!r} it goes with")
    if rule.field.places == 0 and (rule.step is not None or None in channels):
        raise spec.wrong("step and {#} are of a field with [*], as values[*]")
