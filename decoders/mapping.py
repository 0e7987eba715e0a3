"""A codec's native fields → readings, as the ``readings`` of its metadata say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from decoders.contract import Reading
from decoders.field_path import FieldPath, Place
from decoders.metadata import Channel, Metadata, Rule, Span
from decoders.native import Scalar, Unreadable, alike, measured, moment, number, quantity_value, shown
from decoders.vocabulary import QUANTITIES, ValueType
from decoders.vocabulary.spellings import ucum
from decoders.vocabulary.units import UnitError, convert

MOST: Final = 2000  # readings of one payload; its 242 octets at most hold fewer bits than that
MOST_WARNINGS: Final = 20  # a broken array has as many as elements, all alike
LIST: Final = "items"  # what a list that is the whole output is called where fields are shown
LONGEST_CHANNEL: Final = 64  # characters; platforms make names of it

Stated = tuple[tuple[Reading, ...], tuple[str, ...]]
"""Readings, and warnings in words for people."""


@dataclass(frozen=True, slots=True)
class Mapping:
    """What a codec's fields mean. It holds no state and may be shared."""

    rules: tuple[Rule, ...] = ()

    @property
    def quantities(self) -> tuple[str, ...]:
        """Return the quantities that it may state, sorted."""
        return tuple(sorted({rule.quantity for rule in self.rules}))

    def readings(self, fields: object, received_at: datetime | None) -> Stated:
        """Return what ``fields``, a codec's native output, state; whatever they are, nothing is raised.

        A field that is not there says nothing; one that cannot be what its rule says is named in a warning.
        """
        readings: list[Reading] = []
        warnings: list[str] = []
        named = {LIST: fields} if isinstance(fields, list | tuple) else fields
        for rule in self.rules:
            root = named if isinstance(rule.field.steps[0], str) else fields
            count = _count(rule, root) if rule.step is not None and not rule.newest_first else 0
            for places, value in rule.field.all(root):
                if len(readings) == MOST:
                    warnings.append(f"more than {MOST} readings; the rest was left out")
                    return once(readings, warnings)
                try:
                    reading = _reading(Found(rule, root, places, count, received_at), value)
                except Unreadable as error:
                    warnings.append(f"{rule.field.text}: {error}")
                    continue
                if reading is not None:
                    readings.append(reading)
        return once(readings, warnings)


def compile_mapping(metadata: Metadata) -> Mapping:
    """Return the mapping that the ``readings`` of ``metadata`` are; one without readings states nothing."""
    return Mapping(metadata.readings)


def once(readings: Sequence[Reading], warnings: Sequence[str]) -> Stated:
    """Return the readings, the last of those that say the same quantity of the same channel and time; each warning once."""
    unique = {(one.quantity, one.channel, one.at): one for one in readings}
    words = dict.fromkeys(warnings)
    if len(unique) != len(readings):
        words[f"{len(readings) - len(unique)} readings were said again in this payload; the last counts"] = None
    return tuple(unique.values()), tuple(words)[:MOST_WARNINGS]


@dataclass(frozen=True, slots=True)
class Found:
    """A rule at one place of a codec's output; ``count`` is the length of its last list, where that matters."""

    rule: Rule
    fields: object
    places: tuple[Place, ...]
    count: int
    received_at: datetime | None

    def at(self, path: FieldPath) -> Any:
        """Return what stands at ``path``, at the same place."""
        return path.at(self.fields, self.places)


def _count(rule: Rule, fields: object) -> int:
    """Return how many elements the last ``[*]`` of the rule's field has, absent ones too."""
    last = max(index for index, step in enumerate(rule.field.steps) if not isinstance(step, str | int))
    lists = [value for _, value in FieldPath("", rule.field.steps[:last]).all(fields)]
    return max((len(one) for one in lists if isinstance(one, list | tuple)), default=0)


def _reading(found: Found, value: Any) -> Reading | None:
    rule = found.rule
    if not _applies(found) or _among(value, rule.missing):
        return None
    with_unit = measured(value) if rule.labels is None else None
    said = _value(rule, value if with_unit is None else with_unit[0])
    if said is None:
        return None
    unit = _unit(found, None if with_unit is None else with_unit[1])
    channel = None if rule.channel is None else _channel(found, rule.channel)
    return Reading(rule.quantity, said, unit, channel, _time(found))


def _applies(found: Found) -> bool:
    return all(_among(found.at(path), values) for path, values in found.rule.where)


def _among(value: Any, values: Sequence[Scalar]) -> bool:
    return any(alike(value, one) for one in values)


def _value(rule: Rule, value: Any) -> bool | float | int | None:
    """Return what a native value says; None when it says nothing."""
    if rule.labels is not None:
        return next((said for label, said in rule.labels if alike(value, label)), None)
    said = quantity_value(value, boolean=QUANTITIES[rule.quantity].value_type is ValueType.BOOLEAN)
    if rule.valid_range is not None and not rule.valid_range[0] <= said <= rule.valid_range[1]:
        low, high = rule.valid_range
        raise Unreadable(f"{shown(value)} is not between {low:g} and {high:g}")
    return said


def _unit(found: Found, measured_in: str | None) -> str:
    """Return the unit that the value itself, the payload or the rule states, the first of these that does."""
    path = found.rule.unit
    if measured_in is None and isinstance(path, str):
        return path
    spelling = found.at(path) if measured_in is None and not isinstance(path, str) else measured_in
    unit = ucum(spelling) if isinstance(spelling, str) else None
    if unit is None:
        raise Unreadable(f"its unit is {shown(spelling)}, which is not known")
    try:
        convert(1.0, unit, QUANTITIES[found.rule.quantity].unit)
    except UnitError as error:
        raise Unreadable(f"{found.rule.quantity} in {shown(spelling)}: {error}") from error
    return unit


def _channel(found: Found, channel: Channel) -> str | None:
    words = []
    for part in channel.parts:
        if isinstance(part, str):
            words.append(part)
            continue
        value = _number_of(found.places) if part is None else found.at(part)
        if value is None and part is not None and part.optional:
            return None
        if isinstance(value, bool) or not isinstance(value, str | int | float) or value == "":
            raise Unreadable(f"its channel, {part.text if part else '#'}, is {shown(value)}")
        words.append(str(value))
    text = "".join(words)
    if len(text) > LONGEST_CHANNEL or not text.isprintable():
        raise Unreadable(f"{shown(text)} is no name of a channel")
    return text


def _number_of(places: Sequence[Place]) -> str | int:
    """Return the number of an element, the first being 1, or the digits that a ``*`` stands for."""
    place = places[0]
    return place + 1 if isinstance(place, int) else place


def _time(found: Found) -> datetime | None:
    """Return when the value was measured; None: now, as far as the codec says."""
    rule = found.rule
    if rule.at is None and rule.ago is None and rule.step is None:
        return None
    start = found.received_at if rule.at is None else _own_time(found, rule.at)
    if start is None:
        if rule.at is not None and rule.step is None:
            return None  # at: "time?", and there is none
        raise Unreadable("no time of reception is known to count back from, so it is not stated")
    try:
        back = _seconds(found, rule.ago) + _steps(found) * _seconds(found, rule.step)
        return start - timedelta(seconds=back)
    except (OverflowError, ValueError):
        raise Unreadable("its time is no time that a calendar has") from None


def _own_time(found: Found, path: FieldPath) -> datetime | None:
    value = found.at(path)
    if value is None and path.optional:
        return found.received_at if found.rule.step is not None else None
    try:
        return moment(value)
    except Unreadable as error:
        raise Unreadable(f"its time, {path.text}, {error}, so it is not stated") from error


def _seconds(found: Found, span: Span | None) -> float:
    if span is None:
        return 0.0
    amount = found.at(span.amount) if isinstance(span.amount, FieldPath) else span.amount
    try:
        return convert(float(number(amount)), span.unit, "s")
    except Unreadable as error:
        where = span.amount.text if isinstance(span.amount, FieldPath) else "ago"
        raise Unreadable(f"{where}: {error}, so no time is known and it is not stated") from error


def _steps(found: Found) -> int:
    if found.rule.step is None:
        return 0
    last = int(found.places[-1])
    return last if found.rule.newest_first else max(found.count - 1 - last, 0)


__all__ = ["Mapping", "Stated", "compile_mapping", "once"]
