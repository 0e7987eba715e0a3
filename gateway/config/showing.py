"""A configuration as it counts: every key that is written, which file it stands in, secrets hidden."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from gateway.config.cities import Cities
from gateway.config.environment import Filled
from gateway.config.fragments import LISTS, Document, read
from gateway.config.loading import located, sections_of
from gateway.config.reading import Section
from gateway.config.secrecy import masked
from gateway.config.whole import contradictions
from gateway.config.writing import key, value
from gateway.model import Json

COMMENT_AT: Final = 56  # a column: most keys end before


@dataclass(frozen=True, slots=True)
class Said:
    """A key that is written somewhere."""

    section: str  # "destination[0]", as the list is with all files together
    key: str  # dotted
    value: Json  # hidden where it is secret
    where: str  # "brygga.d/10-city.toml"


def effective(path: Path) -> tuple[list[Said], list[str]]:
    """Return every key that counts, and all that is wrong, if anything is. Raises ConfigError where a file cannot be read at all."""
    document = read(path)
    sections, problems = sections_of(document, Cities(path.absolute().parent))
    problems += contradictions(sections)
    listed = (*sections.single.values(), *sections.sources, *sections.relays, *sections.destinations)
    said = [one for section in listed for one in _said(section, document)]
    return said, [located(problem, sections, document) for problem in problems]


def _said(section: Section, document: Document) -> Iterator[Said]:
    table = section.table if section.layered is None else section.layered.table
    for name, one in _flat(masked(_without_ids(table))):
        origin = section.origin(name)
        where = document.shown(section.place, name) if origin is None else origin.shown
        filled = " (with variables)" if isinstance(_at(table, name), Filled) else ""
        yield Said(section.place, name, one, where + filled)


def _without_ids(table: Json) -> Json:
    """Return a destination's table without what its ids_file says: thousands of lines, in a file of their own."""
    if "ids_file" not in table or not isinstance(table.get("options"), dict):
        return table
    return {**table, "options": {name: one for name, one in table["options"].items() if name != "ids"}}


def _flat(table: Json) -> Iterator[tuple[str, Json]]:
    tables = {name: one for name, one in table.items() if isinstance(one, dict) and one}
    yield from ((name, one) for name, one in table.items() if name not in tables)
    yield from ((f"{name}.{inner}", it) for name, one in tables.items() for inner, it in one.items())


def _at(table: Json, dotted: str) -> Json:
    name, dot, inner = dotted.partition(".")
    found = table.get(name)
    return found.get(inner) if dot and isinstance(found, dict) else found


def as_toml(said: Iterable[Said]) -> Iterator[str]:
    """Yield the lines of a brygga.toml that says the same, each with its file."""
    title = ""
    for one in said:
        outer, dot, name = one.key.partition(".")
        section = one.section.partition("[")[0]
        head = f"{one.section}.{outer}" if dot else one.section
        if head != title:
            if title:
                yield ""
            yield f"[{section}.{key(outer)}]" if dot else f"[[{section}]]" if section in LISTS else f"[{section}]"
            title = head
        text = f"{key(name if dot else outer)} = {value(one.value)}"
        yield f"{text:<{COMMENT_AT}} # {one.where}"
