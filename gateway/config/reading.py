"""One section of the file, read key by key: good values are kept although others are wrong, and every wrong one is said."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from types import UnionType
from typing import Any, Final, Literal, Union, get_args, get_origin

from pydantic import ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from gateway.cities.layers import Layered, Origin
from gateway.config.retyping import retyped
from gateway.config.section_keys import Keys
from gateway.config.values import Reading, Shown
from gateway.model import Json

Table = Mapping[str, Json]
Place = tuple[str | int, ...]

KINDS: Final[Mapping[object, str]] = {
    bool: "true or false",
    int: "a number",
    float: "a number",
    str: "a text",
    list: "a list",
    dict: "a table",
}

HINTS: Final[Mapping[object, str]] = {**KINDS, int: "a whole number", Sequence: "a list of texts", Mapping: "a table"}


@dataclass(frozen=True, slots=True)
class Section:
    """A section as far as it could be read."""

    place: str  # "destination[0]"
    keys: Keys  # those that are wrong have their default, or are not there
    wrong: frozenset[str]
    table: Table  # as it was written
    layered: Layered | None = None  # where its keys come from, of a destination that names a city

    @property
    def given(self) -> frozenset[str]:
        """The keys that were written."""
        return frozenset(self.table)

    def origin(self, key: str) -> Origin | None:
        """Return where a dotted key was written; None: in the section itself."""
        return None if self.layered is None else self.layered.origin(key)


def read_section(keys: type[Keys], table: Table, place: str, folder: Path) -> tuple[Section, list[str]]:
    """Return the section and its problems, one line each, beginning with the dotted key."""
    reading = Reading(folder)
    try:
        whole = keys.model_validate(table, context=reading)
    except ValidationError as error:
        details = error.errors(include_url=False)
        if (typed := retyped(table, details)) is not table:
            return read_section(keys, typed, place, folder)
        wrong = frozenset(str(one["loc"][0]) for one in details)
        good = {name: value for (owner, name), value in reading.good.items() if owner is keys}
        partly = keys.model_construct(**good)
        return Section(place, partly, wrong, table), [_in_words(keys, one, place) for one in details]
    return Section(place, whole, frozenset(), table), []


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return "; did you mean 'port'?", or what there is when nothing is near."""
    names = list(known)
    near = get_close_matches(word.lower().replace("-", "_"), names, n=1, cutoff=0.6)
    return (
        f"; did you mean {near[0]!r}?" if near else f"; there {'is' if len(names) == 1 else 'are'} {', '.join(names)}"
    )


def hint_in_words(hint: Any) -> str:
    """Return an option's type as people say it: "a text", "'json' or 'cbor'"."""
    if get_origin(hint) is Literal:
        return " or ".join(repr(one) for one in get_args(hint))
    if get_origin(hint) in {Union, UnionType}:
        return " or ".join(hint_in_words(one) for one in get_args(hint) if one is not type(None))
    if get_origin(hint) is Mapping and get_args(hint)[1] is str:
        return "a table of texts"
    return HINTS[get_origin(hint) or hint]


def shown_value(value: Json) -> str:
    """Return a value as an error repeats it."""
    match value:
        case bool():
            return str(value).lower()
        case str() | int() | float():
            return repr(value)
        case list():
            return "a list"
        case dict():
            return "a table"
        case _:
            return str(value)  # TOML's dates and times


def _in_words(keys: type[Keys], problem: ErrorDetails, place: str) -> str:
    owner, info, rest = _owner(keys, problem["loc"])
    key = _dotted(place, problem["loc"])
    if problem["type"] == "extra_forbidden":
        return f"{key}: there is no such key{did_you_mean(str(problem['loc'][-1]), owner.model_fields)}"
    shown = _shown(info)
    if problem["type"] == "missing":
        return f"{key}: is missing; {shown.text} is expected"
    if problem["type"] == "value_error":
        return f"{key}: {problem['ctx']['error']}"
    expected = shown.item if rest and shown.item else shown.text
    got = KINDS.get(type(problem["input"]), "this") if shown.secret else shown_value(problem["input"])
    return f"{key}: {got} where {expected} is expected"


def _owner(keys: type[Keys], loc: Place) -> tuple[type[Keys], FieldInfo | None, Place]:
    """Return the keys that ``loc`` is among, its own field, and what of ``loc`` is inside that field."""
    info = keys.model_fields.get(str(loc[0]))
    if info is not None and len(loc) > 1 and isinstance(info.annotation, type) and issubclass(info.annotation, Keys):
        return _owner(info.annotation, loc[1:])
    return keys, info, loc[1:]


def _shown(info: FieldInfo | None) -> Shown:
    found = [one for one in info.metadata if isinstance(one, Shown)] if info is not None else []
    return found[0] if found else Shown("a table")


def _dotted(place: str, loc: Place) -> str:
    """Return the key as people write it: "destination[0].tls.ca_file"."""
    text = place
    for part in loc:
        if part == "[key]":  # pydantic's mark of a problem with a table's key itself
            continue
        text += f"[{part}]" if isinstance(part, int) else f".{part}"
    return text


Check = Callable[[Any], Iterator[tuple[str, str]]]
"""Look at several keys of one section that are right by themselves; yield key and words of each problem."""


def cross_checked(section: Section, checks: Mapping[tuple[str, ...], Check]) -> list[str]:
    """Run each of ``checks`` whose keys are right; return the problems."""
    return [
        f"{section.place}.{key}: {words}"
        for names, check in checks.items()
        if section.wrong.isdisjoint(names)
        for key, words in check(section)
    ]
