"""The fields of a codec's outputs, each with its path, its names, the values seen, its unit and its time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from decoders.field_path import quoted
from decoders.native import Unreadable, moment
from decoders.vocabulary.spellings import ucum

DEEPEST: Final = 12  # levels; real ones have four
MOST_VALUES: Final = 200  # of a field; enough to see what it is
UNITS: Final = ("unit", "units", "uom")
TIMES: Final = (
    "time",
    "timestamp",
    "ts",
    "date",
    "datetime",
    "date_time",
    "datalog_time",
    "measured_at",
    "recorded_at",
)
VALUES: Final = ("value", "val", "measurementvalue", "data", "values")
KINDS: Final = ("measurementid", "variable", "quantity", "parameter", "name", "type", "kind", "label")
LABEL: Final = "displayname"

Scalar = bool | int | float | str
Where = tuple[str, Scalar]


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One field of a codec's outputs."""

    path: str
    names: tuple[str, ...]  # its parents', then its own
    values: tuple[Scalar, ...] = ()
    unit_path: str | None = None
    units: tuple[str, ...] = ()  # as the outputs spell them
    at: str | None = None  # the path of the element's own time
    where: Where | None = None  # the elements that are of its kind
    listed: bool = False  # of the elements of a list
    series: bool = False  # itself an element of a list of plain values


@dataclass(frozen=True, slots=True)
class _Place:
    """Where the walk is: a path, the names on the way, and what the surrounding element says."""

    path: str = ""
    names: tuple[str, ...] = ()
    at: str | None = None
    listed: bool = False
    depth: int = 0

    def down(self, name: str, *, named: bool = True) -> _Place:
        path = f"{self.path}.{quoted(name)}" if self.path else quoted(name)
        return replace(self, path=path, names=(*self.names, name) if named else self.names, depth=self.depth + 1)

    def each(self) -> _Place:
        return replace(self, path=f"{self.path}[*]", listed=True, depth=self.depth + 1)


@dataclass(slots=True)
class _Seen:
    """The fields so far, by path and kind; mutable while the outputs are walked."""

    fields: dict[tuple[str, Where | None], Field] = field(default_factory=dict)

    def add(self, new: Field, value: Any, unit: str | None) -> None:
        known = self.fields.get((new.path, new.where), new)
        values = (*known.values, value) if value is not None and len(known.values) < MOST_VALUES else known.values
        units = known.units if unit is None or unit in known.units else (*known.units, unit)
        merged = replace(
            known, values=values, units=units, at=known.at or new.at, unit_path=known.unit_path or new.unit_path
        )
        self.fields[new.path, new.where] = merged


def fields(outputs: Sequence[object]) -> tuple[Field, ...]:
    """Return the fields that ``outputs``, what a codec returned for several payloads, have, in the order of their appearance."""
    seen = _Seen()
    for output in outputs:
        _walk(output, _Place(), seen)
    return tuple(seen.fields.values())


def _walk(node: Any, place: _Place, seen: _Seen) -> None:
    if place.depth > DEEPEST:
        return
    match node:
        case Mapping():
            _walk_object(node, place, seen)
        case list() | tuple():
            for element in node:
                _walk_element(element, place.each(), seen)
        case _:
            _note(node, place, seen)


def _note(
    value: Any, place: _Place, seen: _Seen, unit: tuple[str, Any] | None = None, where: Where | None = None
) -> None:
    if not place.names or not (value is None or isinstance(value, Scalar)):
        return
    path, spelling = unit or (None, None)
    new = Field(
        path=place.path,
        names=place.names,
        at=place.at,
        where=where,
        listed=place.listed,
        series=place.path.endswith("[*]"),
        unit_path=path,
    )
    seen.add(new, value, spelling if isinstance(spelling, str) else None)


def _walk_object(node: Mapping[Any, Any], place: _Place, seen: _Seen) -> None:
    keys = {key.casefold(): key for key in node if isinstance(key, str)}
    value_key, unit_key = _first(keys, VALUES), _first(keys, UNITS)
    measured = value_key is not None and (unit_key is not None or LABEL in keys or value_key.casefold() == "value")
    for key, value in node.items():
        if not isinstance(key, str) or (measured and (key == unit_key or key.casefold() == LABEL)):
            continue
        if measured and key == value_key:
            _walk_value(value, place, place.down(key, named=False), node, unit_key, seen)
        elif _is_unit_of_another(key, value, node) or (place.at is not None and _is_time(key, value)):
            continue
        else:
            unit = _beside(key, node, place)
            inside = place.down(key)
            _note(value, inside, seen, unit) if unit is not None else _walk(value, inside, seen)


def _walk_value(
    value: Any, around: _Place, place: _Place, node: Mapping[Any, Any], unit_key: str | None, seen: _Seen
) -> None:
    """Note the value, or the list of values, of an object ``{value, unit}``: it has the object's own name."""
    unit = None if unit_key is None else (around.down(unit_key).path, node[unit_key])
    if isinstance(value, list | tuple):
        for element in value:
            _note(element, place.each(), seen, unit)
    elif isinstance(value, Mapping):
        _walk(value, place, seen)
    else:
        _note(value, place, seen, unit)


def _walk_element(element: Any, place: _Place, seen: _Seen) -> None:
    if not isinstance(element, Mapping):
        _walk(element, place, seen)
        return
    keys = {key.casefold(): key for key in element if isinstance(key, str)}
    for name in TIMES:
        if name in keys and _is_time(keys[name], element[keys[name]]):
            place = replace(place, at=place.down(keys[name]).path)
            break
    kind_key, value_key, unit_key = _first(keys, KINDS), _first(keys, VALUES), _first(keys, UNITS)
    kind = None if kind_key is None else element[kind_key]
    if value_key is None or kind_key is None or not isinstance(kind, int | str) or isinstance(kind, bool):
        _walk_object(element, place, seen)
        return
    name = kind if isinstance(kind, str) else f"#{kind}"
    unit = None if unit_key is None else (place.down(unit_key).path, element[unit_key])
    named = replace(place.down(value_key), names=(name,))
    _note(element[value_key], named, seen, unit, (place.down(kind_key).path, kind))


def _first(keys: Mapping[str, str], wanted: Sequence[str]) -> str | None:
    return next((keys[one] for one in wanted if one in keys), None)


def _is_time(key: str, value: Any) -> bool:
    if key.casefold() not in TIMES:
        return False
    try:
        moment(value)
    except Unreadable:
        return False
    return True


def _unit_keys(key: str) -> Iterator[str]:
    yield from (f"{key}_unit", f"{key}Unit", f"{key}_units")


def _beside(key: str, node: Mapping[Any, Any], place: _Place) -> tuple[str, Any] | None:
    """Return the path and the spelling of a unit that stands beside a field: ``temperature_unit``."""
    return next(((place.down(one).path, node[one]) for one in _unit_keys(key) if isinstance(node.get(one), str)), None)


def _is_unit_of_another(key: str, value: Any, node: Mapping[Any, Any]) -> bool:
    return isinstance(value, str) and any(key in _unit_keys(other) for other in node if isinstance(other, str))


def stated_unit(found: Field) -> str | None:
    """Return the unit (UCUM) that the outputs themselves state for a field; "" for one that is not known, None for none."""
    if not found.units:
        return None
    known = {ucum(one) for one in found.units}
    return known.pop() or "" if len(known) == 1 else ""
