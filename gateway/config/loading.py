"""From the file to the settings: read, taken apart by section, looked at as a whole."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Final

from gateway.cities.catalogue import CITIES
from gateway.cities.layers import Layered
from gateway.config.access import Access
from gateway.config.access_keys import NetworkAccessKeys
from gateway.config.cities import Cities, Located, elsewhere, in_its_file
from gateway.config.destination import CHECKS, destination_settings, keys_of
from gateway.config.environment import variables
from gateway.config.fragments import Document, read
from gateway.config.keys import (
    ONLY_WHERE_WRITTEN,
    SECTIONS,
    ClockKeys,
    DecodersKeys,
    DestinationKeys,
    JournalKeys,
    RadioKeys,
)
from gateway.config.network import network
from gateway.config.network_keys import NetworkKeys
from gateway.config.observe import health_settings, metrics_settings
from gateway.config.reading import Section, Table, cross_checked, did_you_mean, read_section, shown_value
from gateway.config.relay_keys import RelayKeys
from gateway.config.relays import relay_keys, relay_settings
from gateway.config.remarks import notes, of_nobody, unused
from gateway.config.settings import (
    Clock,
    Decoders,
    DestinationSettings,
    Gateway,
    Journal,
    Radio,
    Settings,
)
from gateway.config.sources import SOURCES, Site
from gateway.config.web import web_settings
from gateway.config.whole import Sections, client_of, contradictions, control_socket, key_file, source_keys, warnings
from gateway.errors import ConfigError
from gateway.model import TimeQuality

KNOWN: Final = [*SECTIONS, "source", "relay", "destination"]


def load(path: Path, instead: Mapping[str, str] | None = None) -> Settings:
    """Return the settings that ``path`` and its fragments say; ConfigError says all that is wrong with them, a line each.

    Secret and certificate files are read, too. Nothing is opened, made or written. ``instead`` are texts of fragments by their names, which
    count as if they were there.
    """
    document = read(path, instead)
    cities = Cities(path.absolute().parent)
    sections, problems = sections_of(document, cities)
    problems += contradictions(sections)
    if problems:
        raise ConfigError([located(problem, sections, document) for problem in problems])
    return _settings(sections, document, cities)


def located(line: str, sections: Sections, document: Document) -> str:
    """Return a problem or a warning with the file in front in which its key stands."""
    return (
        line
        if isinstance(line, Located)
        else document.located(in_its_file(line, sections.destinations, document.own.shown))
    )


# ── sections ──


def sections_of(whole: Document, cities: Cities) -> tuple[Sections, list[str]]:
    """Return all sections as far as they can be read, and what is wrong with each by itself."""
    document, folder = whole.table, cities.folder
    problems = [
        f"{name}: there is no such section{did_you_mean(name, KNOWN)}" for name in document if name not in KNOWN
    ]
    single: dict[str, Section] = {}
    for name, keys in SECTIONS.items():
        if name in ONLY_WHERE_WRITTEN and name not in document:
            continue
        table = document.get(name, {})
        if not isinstance(table, dict):
            problems.append(f"{name}: {shown_value(table)} where a section is expected: [{name}], once")
            table = {}
        single[name], found = read_section(keys, table, name, folder)
        problems += found
    sources, found = _each(document, "source", _source, folder)
    relays, wrong = _each(document, "relay", _relay, folder)
    destinations, more = _each(document, "destination", partial(_destination, cities), folder)
    sections = Sections(single=single, sources=sources, destinations=destinations, relays=relays, file_of=whole.file_of)
    return sections, problems + found + wrong + more


Read = Callable[[Table, str, Path], tuple[Section | None, list[str]]]


def _each(document: Table, name: str, read: Read, folder: Path) -> tuple[list[Section], list[str]]:
    tables = document.get(name, [])
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        got = "one section" if isinstance(tables, dict) else shown_value(tables)
        return [], [f"{name}: {got} where a list of sections is expected: each begins with [[{name}]]"]
    sections: list[Section] = []
    problems: list[str] = []
    for number, table in enumerate(tables):
        section, found = read(table, f"{name}[{number}]", folder)
        problems += found
        if section is not None:
            sections.append(section)
    return sections, problems


def _source(table: Table, place: str, folder: Path) -> tuple[Section | None, list[str]]:
    kind = table.get("type")
    if not isinstance(kind, str) or kind not in SOURCES:
        words = "is missing" if kind is None else f"{shown_value(kind)} is no type of source"
        return None, [f"{place}.type: {words}{did_you_mean(str(kind), SOURCES)}"]
    section, problems = read_section(SOURCES[kind], table, place, folder)
    if not problems:
        problems = [f"{place}.{key}: {words}" for key, words in source_keys(section).problems()]
    return section, problems


def _relay(table: Table, place: str, folder: Path) -> tuple[Section, list[str]]:
    section, problems = read_section(RelayKeys, table, place, folder)
    if not problems:
        problems = [f"{place}.{key}: {words}" for key, words in relay_keys(section).problems()]
    return section, problems


def _destination(cities: Cities, table: Table, place: str, folder: Path) -> tuple[Section, list[str]]:
    whole, problems = cities.layered(table, place)
    section, found = _checked(whole, place, folder)
    # Why a city's way is not known has been said; what it would have brought is no second problem.
    due = {f"{place}.{key}: is missing" for key in ("url", "format")} if problems and "city" in table else set()
    return section, problems + [one for one in found if not any(map(one.startswith, due))]


def _checked(whole: Layered, place: str, folder: Path) -> tuple[Section, list[str]]:
    section, problems = read_section(DestinationKeys, whole.table, place, folder)
    section = replace(section, layered=whole)
    return section, problems + cross_checked(section, CHECKS)


# ── settings ──


def _settings(sections: Sections, document: Document, cities: Cities) -> Settings:
    gateway = sections.gateway
    clock, radio, wishes, journal, decoders = (
        sections.single[name].keys for name in ("clock", "radio", "network", "journal", "decoders")
    )
    assert isinstance(clock, ClockKeys)
    assert isinstance(radio, RadioKeys)
    assert isinstance(wishes, NetworkKeys)
    assert isinstance(journal, JournalKeys)
    assert isinstance(decoders, DecodersKeys)
    former, unlike = _former(sections, cities)
    air, trust = network(radio, wishes), TimeQuality[clock.trust.upper()]
    site = Site(air.region, trust)
    access = access_of(sections, document)
    return Settings(
        gateway=Gateway(name=gateway.name, data=gateway.data, key_file=key_file(gateway), place=gateway.place),
        clock=Clock(trust),
        radio=Radio(
            region=radio.region,
            net_id=int(radio.net_id, 16),
            dev_addr_block=radio.dev_addr_block,
            gather_ms=radio.gather_ms,
            lawful=radio.duty_cycle == "kept",
        ),
        network=air,
        journal=Journal(
            limit_bytes=journal.limit,
            keep_delivered=journal.keep_delivered,
            when_full=journal.when_full,
            card=journal.card,
            card_bytes=None if journal.card_tbw is None else round(journal.card_tbw * 10**12),
        ),
        decoders=Decoders(decoders.folder),
        sources=tuple(
            access.source(source_keys(section).settings_at(site), getattr(section.keys, "proxy", None))
            for section in sections.sources
        ),
        destinations=tuple(_told(one, gateway.name, access) for one in sections.destinations),
        control_socket=control_socket(gateway),
        relays=tuple(
            access.relay(settings, relay_keys(section).proxy)
            for settings, section in zip(
                relay_settings(sections.sources, sections.relays), sections.relays, strict=True
            )
        ),
        former=tuple(_told(one, gateway.name, access) for one in former),
        notes=tuple(located(note, sections, document) for note in notes(sections, document, cities.folder)),
        web=web_settings(sections.single, gateway.data),
        metrics=metrics_settings(sections.single, gateway.data),
        health=health_settings(sections.single, gateway.name, access),
        path=document.own.path,
        warnings=tuple(
            located(warning, sections, document)
            for warning in [
                *warnings(sections, cities.folder, site),
                *unlike,
                *of_nobody(sections, cities),
                *unused(sections, cities),
            ]
        ),
    )


def _told(section: Section, gateway: str, access: Access) -> DestinationSettings:
    keys = keys_of(section)
    return access.destination(destination_settings(keys, gateway), keys.proxy)


def access_of(sections: Sections, document: Document) -> Access:
    """Return what lies between this box and whom it reaches; called when every key is right."""
    keys = sections.single["network_access"].keys
    assert isinstance(keys, NetworkAccessKeys)
    return Access.of(keys, variables(document.own.path.absolute().parent))


# ── cities ──


def city_problems(folder: Path, city: str) -> list[str]:
    """Return what is wrong with a city's connection in ``folder``, by trying what a destination becomes of it."""
    place = "destination[0]"
    section, problems = _destination(Cities(folder), {"name": "test", "city": city}, place, folder)
    return [
        in_its_file(problem, [section], "brygga.toml").removesuffix(f" (for {place} in brygga.toml)")
        for problem in problems
    ]


def _former(sections: Sections, cities: Cities) -> tuple[list[Section], list[str]]:
    """Return the destinations as they would be at every other city that is connected, and what is wrong with those cities.

    None of that keeps the agent from its work: only what still waits for such a city, if anything does, has to wait on.
    """
    found: list[Section] = []
    problems: dict[str, None] = {}
    taken = {client_of(one, sections) for one in sections.destinations}
    for section in sections.destinations:
        found += _before(section, cities, problems)
        for city in elsewhere(section, cities):
            try:
                whole, wrong = cities.former(section, city)
            except ConfigError as error:
                wrong = list(error.problems)
            else:
                one, more = _checked(whole, section.place, cities.folder)
                wrong = [in_its_file(problem, [one], "brygga.toml") for problem in [*wrong, *more]]
                if not wrong and (client := client_of(one, sections)) is not None and client in taken:
                    wrong = [
                        f"{CITIES}/{city}.toml: {client[1]!r} is a client of {client[0]} already, for another city"
                    ]
                found += [] if wrong else [one]
            problems |= dict.fromkeys(
                Located(f"{line}; what waits for {city}, if anything, waits on") for line in wrong
            )
    return found, list(problems)


def _before(section: Section, cities: Cities, problems: dict[str, None]) -> Iterator[Section]:
    """Yield a destination as it was before it had a city, where it says so."""
    if not keys_of(section).before:
        return
    whole, wrong = cities.before(section)
    one, more = _checked(whole, f"{section.place}.before", cities.folder)
    problems |= dict.fromkeys(f"{line}; what waits for where it was, if anything, waits on" for line in [*wrong, *more])
    if not wrong and not more:
        yield one
