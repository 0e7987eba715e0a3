"""The page of a vendor: a section for each of its models."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from itertools import islice
from typing import Any, Final

from decoders.contract import Payload, Reading
from decoders.vocabulary import QUANTITIES, ValueType
from decoders.vocabulary.units import clean
from decoders.vocabulary.words import symbol, words
from decoders.workshop.pages.entry import Entry, Example, Stated, Told, is_own
from decoders.workshop.pages.frame import page, table
from decoders.workshop.pages.index import KINDS
from decoders.workshop.pages.markup import Child, Markup, element, joined, linked, listed
from decoders.workshop.pages.picture import Box, flat, label

MOST_ROWS: Final = 16  # of an example's fields or readings: a store of records has hundreds
LONGEST_VALUE: Final = 120  # characters of a field's value
NONE_FOREIGN: Final = "No payload that others published was found: it is proved by octets built from the drawn format."
TOGETHER: Final = "A checksum or a compression ties them together: none of them says a field by itself."
LEGEND: Final = (
    "In the octets of an example what is green is a field’s value; what is grey says what follows: a type, flags, a length; what is dashed "
    "is not read."
)


def render(entries: Sequence[Entry]) -> str:
    """Return the page of a vendor's models, one at least."""
    maker = entries[0].maker
    models = [
        joined(element("a", one.model, href=f"#{one.anchor}"), " ", element("small", one.what)) for one in entries
    ]
    contents = element("ul", *(element("li", one) for one in models), class_="models")
    head = element(
        "header",
        element("p", element("a", "All decoders", href="index.html")),
        element("h1", maker),
        element("p", LEGEND, class_="quiet"),
        element("nav", contents, aria_label="Models"),
    )
    return page(f"{maker}: decoders of Brygga", head, element("main", *map(_section, entries)))


def _section(one: Entry) -> Markup:
    named = element("h2", joined(one.model, " ", element("small", one.what)))
    return element("section", named, *(part for part in _parts(one) if part is not None), id=one.anchor)


def _parts(one: Entry) -> Iterator[Child]:
    yield _facts(one)
    if one.stated:
        yield element("h3", "What it states")
        yield _states(one.stated)
    if one.same_as is None:
        yield element("h3", "What it sends")
        yield element("pre", one.drawing, tabindex="0")
    else:
        rest = "." if one.is_narrowed else "; of the quantities above it states those that it has a sensor for."
        yield element("p", "It sends what ", _link(one.same_as), " sends", rest)
    if one.example is not None:
        yield from _example(one.name, one.example)
    if one.takes or one.told:
        yield from _commands(one)
    yield element("h3", "How it was proved")
    yield _proof(one)


def _link(name: str) -> Markup:
    vendor, _, model = name.partition("/")
    return element("a", name, href=f"{vendor}.html#{model}")


def _facts(one: Entry) -> Markup:
    known = one.description
    pairs: dict[str, Child] = {
        "Decoder": element("code", one.name),
        "Kind": KINDS.get(known.kind, known.kind),
        "FPort": ", ".join(map(str, known.ports)) or "any",
        "Described in": linked(known.source),
        "Licence": known.licence,
    }
    return element(
        "dl", *(part for name, value in pairs.items() for part in (element("dt", name), element("dd", value)))
    )


def _states(stated: Sequence[Stated]) -> Markup:
    return element("ul", *(element("li", _state(one)) for one in stated), class_="states")


def _state(one: Stated) -> Markup:
    channels = element("small", f": {', '.join(one.channels)}") if one.channels else None
    return joined(element("b", words(one.quantity)), f" {_units(one)}".rstrip(), channels)


def _units(one: Stated) -> str:
    known = QUANTITIES[one.quantity]
    if known.value_type is ValueType.BOOLEAN:
        return "(yes or no)"
    return ", ".join("(a fraction)" if unit == "1" != known.unit else symbol(unit) for unit in one.units)


# ── an example ──────────────────────────────────────────────────────────────────────────────────────────────────


def _example(name: str, example: Example) -> Iterator[Child]:
    payload = example.payload
    fields = flat(example.decoded.fields)
    yield element("h3", "An example")
    yield element(
        "p", f"FPort {payload.f_port}, {len(payload.data)} octets{_received(payload, example.decoded.readings)}:"
    )
    yield _octets(example)
    yield element("div", _readings(example.decoded.readings), _fields(fields), class_="beside")
    yield from (element("p", f"Warning: {warning}") for warning in example.decoded.warnings)
    command = f"brygga decoder try {name} --port {payload.f_port} {payload.data.hex()}"
    yield element("pre", element("code", command), class_="line")


def _readings(readings: Sequence[Reading]) -> Markup | None:
    columns = ["quantity", "value", "unit", "channel", "at"]
    return _cut("Readings, in the device’s units", columns, [_reading(one) for one in readings]) if readings else None


def _fields(fields: Mapping[str, Any]) -> Markup | None:
    rows: list[list[Child]] = [[path, _field(value)] for path, value in fields.items()]
    return _cut("Fields, with the vendor’s names", ["field", "value"], rows) if rows else None


def _received(payload: Payload, readings: Sequence[Reading]) -> str:
    """Return when the payload was received, where that tells when its values were measured."""
    if payload.received_at is None or all(one.at is None for one in readings):
        return ""
    return f", received {_time(payload.received_at)}"


def _octets(example: Example) -> Markup:
    if any(box.fields for box in example.boxes) or not example.decoded.fields:
        return element("ul", *map(_box, example.boxes), class_="octets")
    whole = element("li", element("code", example.payload.data.hex(" ")), element("small", TOGETHER), class_="v")
    return element("ul", whole, class_="octets")


def _box(one: Box) -> Markup:
    kind = "v" if one.fields else None if one.is_read else "u"
    said = label(one.fields)
    return element("li", element("code", one.octets.hex(" ")), element("small", said) if said else None, class_=kind)


def _cut(caption: str, columns: list[str], rows: list[list[Child]]) -> Markup:
    """Return a table of the first rows, without the columns that are empty in all of them."""
    shown = list(islice(rows, MOST_ROWS))
    kept = [place for place in range(len(columns)) if any(row[place] for row in shown)]
    more = f", the first {MOST_ROWS} of {len(rows)}" if len(rows) > MOST_ROWS else ""
    return table(
        f"{caption}{more}", [columns[place] for place in kept], [[row[place] for place in kept] for row in shown]
    )


def _reading(one: Reading) -> list[Child]:
    at = "" if one.at is None else _time(one.at)
    return [words(one.quantity), _value(one.value), symbol(one.unit), one.channel or "", at]


def _time(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC"


def _value(value: Any) -> str:
    match value:
        case bool():
            return "yes" if value else "no"
        case int() | float():
            return f"{clean(value):.12g}" if abs(value) < 1e12 else str(value)
        case _:
            return str(value)


def _field(value: Any) -> str:
    """Return a field as JSON has it, an object of a value and its unit as the two."""
    if isinstance(value, Mapping):
        return f"{_field(value['value'])} {value.get('unit', '')}".rstrip()
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _value(value)
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= LONGEST_VALUE else f"{text[: LONGEST_VALUE - 1]}…"


# ── commands, proof ─────────────────────────────────────────────────────────────────────────────────────────────


def _commands(one: Entry) -> Iterator[Child]:
    yield element("h3", "What may be told to it")
    if one.takes:
        names = joined(*(element("code", name) for name in one.takes), by=", ")
        yield element("p", names, ".")
    if one.told:
        rows = [_told(told) for told in one.told]
        yield table("Examples", ["command", "FPort", "octets"], rows)
        said = json.dumps(dict(one.told[0].command), ensure_ascii=False)
        yield element("pre", element("code", f"brygga downlink send DEVICE --command '{said}'"), class_="line")


def _told(one: Told) -> list[Child]:
    command = element("code", json.dumps(dict(one.command), ensure_ascii=False))
    return [command, str(one.f_port), element("code", one.octets.hex(" "))]


def _proof(one: Entry) -> Markup:
    lines = [
        joined(_payloads(count), ", our own: " if is_own(source) else ": ", linked(source))
        for source, count in one.proofs.items()
    ]
    if one.vectors and not one.foreign:
        lines.append(joined(NONE_FOREIGN))
    if not one.vectors:
        lines.append(joined("By the payloads of ", _link(one.same_as or one.name), "."))
    return listed(lines)


def _payloads(count: int) -> str:
    return "1 payload" if count == 1 else f"{count} payloads"
