"""From a scenario's file to its values; all that is wrong with it is said at once, as `brygga check` does."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from decoders.registry import Registry
from gateway.cities.catalogue import Catalogue
from gateway.config.reading import Section, Table, did_you_mean, read_section, shown_value
from gateway.errors import ConfigError
from gateway.model import Json
from simulators.lab.cities import ways
from simulators.lab.radios import SERVED
from simulators.lab.scenario import Scenario, What
from simulators.lab.scenario_keys import LISTS, NEEDED, SINGLE
from simulators.lab.scenario_making import made

Problems = Iterator[str]
BROKERS: Final = {What.BROKER_BUSY, What.BROKER_REFUSES, What.BROKER_STALLS, What.BACKHAUL_OUT}
MASTS: Final = {What.GATEWAY_OFF}


def load(path: Path) -> Scenario:
    """Return the scenario in ``path``; ConfigError says all that is wrong with it, a line each, and what would be right."""
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: is not UTF-8 text (octet {error.start}); save it as UTF-8") from error
    return read(text, path.name)


def read(text: str, name: str) -> Scenario:
    """Return the scenario that ``text`` says; ``name`` stands before each problem."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{name}: not TOML: {error}") from error
    sections, problems = _sections(document)
    problems += _whole(sections)
    if problems:
        raise ConfigError([f"{name}: {problem}" for problem in problems])
    return made({kind: [one.keys for one in found] for kind, found in sections.items()})


# ── sections ──


Sections = Mapping[str, Sequence[Section]]


def _sections(document: Mapping[str, Json]) -> tuple[Sections, list[str]]:
    known = [*SINGLE, *LISTS]
    problems = [f"{one}: there is no such section{did_you_mean(one, known)}" for one in document if one not in known]
    sections: dict[str, Sequence[Section]] = {}
    for kind in known:
        sections[kind] = found = []
        for place, table in _tables(kind, document, problems):
            section, wrong = read_section({**SINGLE, **LISTS}[kind], table, place, Path())
            problems += wrong
            found.append(section)
    return sections, problems


def _tables(kind: str, document: Mapping[str, Json], problems: list[str]) -> Iterator[tuple[str, Table]]:
    if kind in SINGLE:
        table = document.get(kind, {})
        if isinstance(table, dict):
            yield kind, table
        else:
            problems.append(f"{kind}: {shown_value(table)} where a section is expected: [{kind}], once")
        return
    tables = document.get(kind, [])
    if not isinstance(tables, list) or not all(isinstance(one, dict) for one in tables):
        problems.append(f"{kind}: a list of sections is expected: each begins with [[{kind}]]")
        return
    if kind in NEEDED and not tables:
        problems.append(f"{kind}: is missing; a scenario has at least one [[{kind}]]")
    yield from ((f"{kind}[{number}]", table) for number, table in enumerate(tables))


# ── what sections must be to each other ──


def _whole(sections: Sections) -> list[str]:
    return [
        *_twice(sections),
        *_fleets(sections),
        *_faults(sections),
        *_gateways(sections),
        *_cities(sections),
        *_moves(sections),
    ]


def _named(sections: Sections, kind: str) -> list[str]:
    return [name for one in sections[kind] if (name := getattr(one.keys, "name", None)) is not None]


def _twice(sections: Sections) -> Problems:
    for kind in ("fleet", "gateway", "platform", "relay", "neighbour"):
        names = _named(sections, kind)
        for number, name in enumerate(names):
            if name in names[:number]:
                yield f"{kind}[{number}].name: {name!r} is another one's already; each needs its own"


def _fleets(sections: Sections) -> Problems:
    registry = Registry.load(entry_points=False)
    models, platforms = set(registry.names()), _named(sections, "platform")
    for section in sections["fleet"]:
        keys: Any = section.keys
        if section.wrong.isdisjoint({"every", "at", "watches"}):
            yield from _rhythm(section.place, keys)
        if "every" not in section.wrong and keys.every is not None and keys.every.total_seconds() < 1:
            yield f"{section.place}.every: {keys.every.total_seconds():g} s is no rhythm; '15 min' is one"
        if "models" not in section.wrong:
            yield from _unknown(
                f"{section.place}.models", getattr(keys, "models", []), models, "model of the catalogue"
            )
            if not getattr(keys, "models", True):
                yield f"{section.place}.models: is empty; elsys/ers is a model"
        if keys.answered_by is not None and keys.answered_by not in (relays := _named(sections, "relay")):
            yield f"{section.place}.answered_by: {keys.answered_by!r} is no relay of this scenario{did_you_mean(keys.answered_by, relays)}"
        if "platforms" not in section.wrong:
            yield from _unknown(f"{section.place}.platforms", keys.platforms, platforms, "platform of this scenario")


def _rhythm(place: str, keys: Any) -> Problems:
    if keys.every is not None and keys.at is not None:
        yield f"{place}.at: stands beside `every`; one of the two is right"
    if keys.every is None and keys.at is None and keys.watches is None:
        yield f'{place}.every: one of `every`, `at` and `watches` is expected, such as every = "15 min"'


def _faults(sections: Sections) -> Problems:
    known = {What(one): _named(sections, "platform") for one in BROKERS}
    known |= {one: _named(sections, "gateway") for one in MASTS}
    for section in sections["fault"]:
        keys: Any = section.keys
        if section.wrong & {"what", "at", "until", "every", "lasts", "whom"} or not hasattr(keys, "what"):
            continue
        what = What(keys.what)
        if (keys.at is None) == (keys.every is None):
            yield f'{section.place}.at: one of `at` and `every` is expected, such as at = "08:00"'
        if keys.until is not None and (keys.lasts is not None or keys.every is not None):
            yield f"{section.place}.until: stands beside `lasts` or `every`; `until` belongs to `at` alone"
        if what in known:
            yield from _unknown(f"{section.place}.whom", keys.whom, known[what], f"name that '{what}' can strike")
        elif keys.whom:
            yield f"{section.place}.whom: '{what}' strikes the agent itself; leave it out"
        if what is What.CLOCK_JUMPS and not keys.by_s:
            yield f"{section.place}.by_s: is missing; -3600 sets the clock back by an hour"


def _gateways(sections: Sections) -> Problems:
    kinds = [(one.place, getattr(one.keys, "type", "")) for one in sections["gateway"] if "type" not in one.wrong]
    served = next((kind for _, kind in kinds if kind in SERVED), None)
    if served is not None and sections["relay"]:
        yield f"relay[0]: beside {served!r}: where a network server has the gateways there is nothing to relay"
    for place, kind in kinds:
        if served is not None and kind != served:
            yield f"{place}.type: {kind!r} beside {served!r}: behind a network server all gateways are its own"


def _cities(sections: Sections) -> Problems:
    profiles = Catalogue.load().profiles
    for section in sections["platform"]:
        keys: Any = section.keys
        if section.wrong & {"kind", "city", "way"} or not hasattr(keys, "kind"):
            continue
        if keys.way is not None and keys.way not in ways(keys.kind):
            yield f"{section.place}.way: there is no way into {keys.kind!r} over {keys.way}; its ways are: {', '.join(ways(keys.kind))}"
        if keys.city is None:
            continue
        if keys.city not in profiles:
            yield f"{section.place}.city: {keys.city!r} is no city of the catalogue{did_you_mean(keys.city, profiles)}"
        elif (kind := profiles[keys.city].kind) != keys.kind:
            yield f"{section.place}.kind: {keys.kind!r} where {keys.city}'s profile says {kind!r}"


def _moves(sections: Sections) -> Problems:
    cities = {getattr(one.keys, "name", ""): one.keys.city for one in sections["platform"] if "city" not in one.wrong}  # type: ignore[attr-defined]  # of PlatformKeys
    named = {name for one in sections["fleet"] if "platforms" not in one.wrong for name in one.keys.platforms}  # type: ignore[attr-defined]  # of FleetKeys
    for section in sections["move"]:
        keys: Any = section.keys
        if section.wrong:
            continue
        for key in ("service", "to"):
            name = getattr(keys, key)
            if name not in cities:
                yield f"{section.place}.{key}: {name!r} is no platform of this scenario{did_you_mean(name, cities)}"
            elif cities[name] is None:
                yield f"{section.place}.{key}: {name!r} has no `city`, and only between cities a service moves by a word"
        if keys.to in named:
            yield f"{section.place}.to: a fleet names {keys.to!r} already; who moves there is told there from then on"


def _unknown(place: str, names: Sequence[str], known: Sequence[str] | set[str], what: str) -> Problems:
    for number, name in enumerate(names):
        if name not in known:
            near = did_you_mean(name, sorted(known)) if len(known) < 20 else _near(name, known)
            yield f"{place}[{number}]: {name!r} is no {what}{near}"


def _near(name: str, known: Sequence[str] | set[str]) -> str:
    words = did_you_mean(name, sorted(known))
    return words if "did you mean" in words else "; `brygga decoder list` shows them"
