"""What a codec's fields probably mean: proposals from their names, their values and the units they state.

The words and names stand in ``vocabulary/native_words.csv`` and ``native_names.csv``. A wrong proposal is worse than
none: all words of a name must be known, and the values must be possible.
"""

from __future__ import annotations

import csv
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from typing import Final

from decoders import native_names
from decoders.native import Unreadable, number, shown
from decoders.native_fields import Field, Where, fields, stated_unit
from decoders.native_labels import labels_for
from decoders.native_names import Name
from decoders.vocabulary import QUANTITIES, ValueType
from decoders.vocabulary.units import UnitError, convert

SENTINELS: Final = (0x7FFF, -0x8000, 0xFFFF, 0x7FFFFFFF, -0x80000000, 0xFFFFFFFF, 0xFF, 999, 9999)
"""What devices say for "no value", as it is or divided by 10, 100 or 1000."""
STATUS: Final = frozenset({"status"})  # a word that a truth value may have, and a number of a sensor's own too
ABOUT_ANOTHER: Final = frozenset(
    {"alarm", "status", "min", "max", "threshold", "config", "configuration", "settings", "limit"}
)
"""Names of objects whose fields are no measurements although they are called like some."""
AMBIENT: Final = frozenset({"air_temperature", "relative_humidity"})
PLACES: Final = frozenset({"soil", "conductivity", "leaf", "pipe", "surface", "water"})
BESIDE: Final = frozenset({"soil", "conductivity", "leaf"})  # of these, what a field beside tells, too
NUMBERED: Final = frozenset({"depth", "level", "line", "region"})  # without a number it says how many there are
CONTEXTS: Final = (("leak", "volume"), ("energy", "return"))
"""Words that mean something else beside a field with another word."""
MOST_OUTSIDE: Final = 0.5  # of the examples, for a guess; made-up examples are often beyond all reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """What a field may mean, in the words of a ``.meta.yaml``, and why; ``sure`` where nothing speaks against it."""

    field: str
    quantity: str
    unit: str = ""  # UCUM, or "@path"
    channel: str | None = None
    missing: tuple[float, ...] = ()
    labels: tuple[tuple[str, bool], ...] = ()
    where: Where | None = None
    at: str | None = None
    series: bool = False  # wants a step
    sure: bool
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of ``native_names.csv``."""

    words: frozenset[str]
    quantity: str
    unit: str
    certainty: str  # sure, guess, or stated: only where the unit is stated
    least: float
    greatest: float
    fraction: bool  # at least one example has decimals
    reach: float  # the greatest example is at least this, or it is a guess
    channel: str
    note: str


@dataclass(frozen=True, slots=True)
class _Match:
    row: Row
    sure: bool
    unit: str
    missing: tuple[float, ...] = ()
    labels: tuple[tuple[str, bool], ...] = ()
    doubts: tuple[str, ...] = ()


def propose(examples: Sequence[object], hints: str = "") -> tuple[Proposal, ...]:
    """Return what the fields of ``examples``, a codec's outputs, probably mean; ``hints`` are words about the device.

    Only one proposal states the same quantity and channel; the others are guesses with a channel of their own.
    """
    return propose_fields(fields(examples), hints)


def propose_fields(found: Sequence[Field], hints: str = "") -> tuple[Proposal, ...]:
    """Return what ``found`` probably mean, each field at most once."""
    kinds = {one.where[1] for one in found if one.where is not None}
    beside = frozenset(word for one in found for word in native_names.read(one.names[-1]).words)
    about = native_names.read(hints[: native_names.LONGEST]).words
    places = (about & PLACES) | (beside & BESIDE)
    made = [
        (one, proposal)
        for one in found
        if not (one.where is None and not one.listed and one.names[-1] in kinds)
        and (proposal := _proposal(one, beside, places)) is not None
    ]
    return _each_its_own(made)


def _proposal(one: Field, beside: Collection[str], places: Collection[str]) -> Proposal | None:
    match = _match(one, beside)
    if match is None or (match.row.channel in NUMBERED and _number_of(one) is None):
        return None
    channel, doubts = _channel(one, match.row), [*match.doubts, *_doubts(one, match.row, places)]
    note = match.row.note
    return Proposal(
        field=one.path,
        quantity=match.row.quantity,
        unit=match.unit,
        channel=channel,
        missing=match.missing,
        labels=match.labels,
        where=one.where,
        at=one.at,
        series=one.series,
        sure=match.sure and not doubts,
        why="; ".join((*doubts, note) if note else doubts) or f"its name, and {_seen(one)}",
    )


def _channel(one: Field, row: Row) -> str | None:
    if one.listed and not one.series and one.at is None and one.where is None:
        return "{#}"
    return "_".join(part for part in (row.channel, _number_of(one)) if part) or None


def _number_of(one: Field) -> str | None:
    """Return the number in a field's name, or in that of what it is a part of: ``line_1.total_in``."""
    if one.where is not None and isinstance(one.where[1], int):
        return None  # that is what kind it is
    numbers = (native_names.read(name).number for name in reversed(one.names))
    return next((found for found in numbers if found is not None), None)


def _doubts(one: Field, row: Row, places: Collection[str]) -> Iterator[str]:
    own = _own_words(one)
    strange = sorted(set(places) - own)
    if strange and row.quantity in AMBIENT and "air" not in own:
        yield f"the device also speaks of {' and '.join(strange)}"
    if row.quantity in AMBIENT and _number_of(one) is not None:
        yield "it has a number: what the probe is in is not told"
    if one.series:
        yield "a series: say how many seconds lie between two values"
    elif one.listed and one.at is None and one.where is None:
        yield "elements of a list without a time of their own: are they several places?"


def _seen(one: Field) -> str:
    return f"values such as {', '.join(dict.fromkeys(shown(value) for value in one.values[:3]))}"


def _each_its_own(made: Sequence[tuple[Field, Proposal]]) -> tuple[Proposal, ...]:
    """Return the proposals; as a guess with its field's name for a channel where another, a surer one, states the same."""
    first: dict[tuple[str, str | None, str | None], Proposal] = {}
    for _, one in sorted(made, key=lambda pair: not pair[1].sure):
        first.setdefault((one.quantity, one.channel, one.at), one)
    return tuple(
        one
        if (winner := first[one.quantity, one.channel, one.at]) is one
        else replace(one, channel=found.names[-1], sure=False, why=f"{winner.field} states the same; {one.why}")
        for found, one in made
    )


# ── one field and the rows of the table ─────────────────────────────────────────────────────────────────────────


def _own_words(one: Field) -> frozenset[str]:
    return frozenset(word for name in one.names for word in native_names.read(name).words)


def _match(one: Field, beside: Collection[str]) -> _Match | None:
    values = [value for value in one.values if value != ""]
    if not values:
        return None
    own = native_names.read(one.names[-1])
    if one.where is not None and isinstance(one.where[1], int):
        own = Name(frozenset({one.names[-1]}))
    around = frozenset(word for name in one.names[:-1] for word in native_names.read(name).words) - {"sensor"}
    context = frozenset(other for word, other in CONTEXTS if word in own.words and other in beside)
    for words in dict.fromkeys((own.words | around | context, own.words | around)):
        found = _first_row(one, words, own, values)
        if found is not None:
            return found
    if not around or around & ABOUT_ANOTHER:
        return None
    found = _first_row(one, own.words, own, values)
    if found is None:
        return None
    doubt = f"what {'.'.join(one.names[:-1])} is does not matter, or does it?"
    return _Match(
        found.row,
        sure=False,
        unit=found.unit,
        missing=found.missing,
        labels=found.labels,
        doubts=(*found.doubts, doubt),
    )


def _first_row(one: Field, words: frozenset[str], own: Name, values: Sequence[object]) -> _Match | None:
    for row in (*_rows().get(words, ()), *(_rows().get(words - STATUS, ()) if words & STATUS else ())):
        boolean = QUANTITIES[row.quantity].value_type is ValueType.BOOLEAN
        if boolean:
            found = _truths(row, words, values)
        elif words == row.words:
            found = _numbers(row, one, own, values)
        else:
            found = None
        if found is not None:
            return found
    return None


def _truths(row: Row, words: frozenset[str], values: Sequence[object]) -> _Match | None:
    sure = row.certainty == "sure"
    if all(isinstance(value, bool) for value in values):
        return _Match(row, sure=sure, unit="")
    if all(type(value) is int and value in {0, 1} for value in values):
        plain = bool(words & {"open", "pressed", "status", "occupancy", "alarm", "low"})
        doubts = () if plain else ("0 and 1, as far as the examples go",)
        return _Match(row, sure=sure and plain, unit="", doubts=doubts)
    labels = labels_for(row.quantity, values)
    return None if labels is None else _Match(row, sure=sure, unit="", labels=labels)


def _numbers(row: Row, one: Field, own: Name, values: Sequence[object]) -> _Match | None:
    try:
        numbers = [number(value) for value in values]
    except Unreadable:
        return None
    stated = stated_unit(one) if one.units else own.unit
    if row.certainty == "stated" and not stated:
        return None
    factor_unit = stated if stated is not None else row.unit
    try:
        if own.unit is not None:
            convert(1.0, own.unit, row.unit)  # a name that ends in "kWh" is no name of a power
        inside, missing = _split(numbers, row, factor_unit)
    except UnitError:
        return None
    real = [value for value in numbers if value not in missing]
    if not inside or len(inside) < MOST_OUTSIDE * len(real):
        return None
    doubts = () if len(inside) == len(real) else ("some examples are beyond what can be",)
    if stated is None:
        if row.fraction and not any(value != int(value) for value in inside):
            return None
        if max(inside) < row.reach:
            doubts = (*doubts, "all examples are small")
    sure = not doubts and (row.certainty == "sure" or (stated is not None and not row.note))
    unit = f"@{one.unit_path}" if one.units and one.unit_path else stated or row.unit
    return _Match(row, sure=sure, unit=unit, missing=missing, doubts=doubts)


def _split(numbers: Sequence[float], row: Row, unit: str) -> tuple[list[float], tuple[float, ...]]:
    """Return the numbers that can be values of ``row``, and those that stand for none; raises UnitError."""
    inside, missing = [], []
    for value in numbers:
        if row.least <= convert(value, unit, row.unit) <= row.greatest:
            inside.append(value)
        elif any(value in {code, code / 10, code / 100, code / 1000} for code in SENTINELS):
            missing.append(value)
    return inside, tuple(dict.fromkeys(missing))


@cache
def _rows() -> Mapping[frozenset[str], tuple[Row, ...]]:
    text = (files("decoders.vocabulary") / "native_names.csv").read_text(encoding="utf-8")
    table: dict[frozenset[str], tuple[Row, ...]] = {}
    for row in _read(csv.DictReader(text.splitlines())):
        table[row.words] = (*table.get(row.words, ()), row)
    return table


def _read(lines: csv.DictReader[str]) -> Iterator[Row]:
    for line in lines:
        yield Row(
            words=frozenset(line["words"].split()),
            quantity=line["quantity"],
            unit=line["unit"],
            certainty=line["certainty"],
            least=float(line["least"] or "-inf"),
            greatest=float(line["greatest"] or "inf"),
            fraction=line["fraction"] == "yes",
            reach=float(line["reach"] or "-inf"),
            channel=line["channel"],
            note=line["note"],
        )
