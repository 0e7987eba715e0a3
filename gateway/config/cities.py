"""Destinations that name a city: their sections with all that its profile and its connection say, and whose file is wrong."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Final

from gateway.cities.catalogue import CITIES, Catalogue
from gateway.cities.ids import read_ids
from gateway.cities.layers import Layer, Layered, Origin, layered, with_paths
from gateway.cities.profile import HTTP, MQTT, Profile
from gateway.cities.slugs import SLUG, slug
from gateway.config.environment import Filling, variables
from gateway.config.reading import Section, Table
from gateway.errors import ConfigError
from gateway.formats import catalogue as formats
from gateway.model import Json

NOT_OF_A_CITY: Final = frozenset(
    {"name", "city", "before", "begin", "tags", "dev_euis"}
)  # each destination has its own
STAYS: Final = (
    "name",
    "tags",
    "dev_euis",
    "share",
    "batch",
    "retry_max_s",
    "backlog_per_s",
    "give_up",
    "link",
)  # of a section, wherever it moves
OF_THE_PRESENT: Final = ("client_id", "status_topic", "commands")  # of a connection: a former city commands no more


class Located(str):
    """A problem that begins with the file that it is in."""

    __slots__ = ()


@dataclass(frozen=True)
class Cities:
    """What lies beside a brygga.toml about cities; read when the first destination names one."""

    folder: Path  # of brygga.toml

    @cached_property
    def catalogue(self) -> Catalogue:
        """All profiles; what is wrong with one of one's own stops those alone who name its city."""
        return Catalogue.load(self.folder)

    @cached_property
    def connected(self) -> Sequence[str]:
        """The cities that have a connection."""
        found = sorted(path.stem for path in (self.folder / CITIES).glob("*.toml"))
        return [name for name in found if SLUG.fullmatch(name)]

    def layered(self, table: Table, place: str) -> tuple[Layered, list[str]]:
        """Return a section's keys with those of its city, and what is wrong with the files that they come from."""
        try:
            city = slug(str(table.get("city", "")))
        except ValueError:
            city = ""  # told when the section is read
        if not city or not isinstance(table["city"], str):
            return self._with_ids(layered([Layer(table, None)]), place)
        try:
            whole = layered(self._layers(city, table))
        except ConfigError as error:
            return layered([Layer(table, None)]), [*map(Located, error.problems)]
        if "url" not in whole.table:
            return whole, [f"{place}.city: {self._not_connected(city)}"]
        return self._with_ids(whole, place)

    def former(self, section: Section, city: str) -> tuple[Layered, list[str]]:
        """Return what a section is at a former city: its devices and its rules, and all else as that city is connected.

        What the section says itself of the way is about the present city. Raises ConfigError.
        """
        whole = layered(self._layers(city, {**dict(_staying(section)), "city": city}))
        table = {key: value for key, value in whole.table.items() if key not in OF_THE_PRESENT}
        return self._with_ids(replace(whole, table=table), section.place)

    def before(self, section: Section) -> tuple[Layered, list[str]]:
        """Return what a section was before it had a city: its devices and its rules, and the way as `before` says it."""
        way = {
            key: value for key, value in section.table["before"].items() if key not in ("city", "before", "commands")
        }
        return self._with_ids(layered([Layer({**dict(_staying(section)), **way}, None)]), _before(section))

    # ── layers ──

    def _layers(self, city: str, own: Table) -> list[Layer]:
        profile = self.catalogue.profile(city)
        connection = self._connection(city)
        mine = Layer(own, None)
        of_profile = Origin(profile.file, self.folder / profile.file if profile.file.startswith(CITIES) else None)
        above = [Layer(profile.destination, of_profile), *connection, mine]
        url = layered(above).table.get("url")
        kind = Origin(f"gateway/cities/kinds/{profile.kind}.toml", None)
        return [Layer(self._way(profile, url), kind), *above]

    def _way(self, profile: Profile, url: Json) -> Table:
        """Return the words of a kind of platform for the protocol of ``url``; its first one where that tells nothing."""
        ways = self.catalogue.kind(profile).ways
        way = MQTT if isinstance(url, str) and url.startswith(MQTT) else HTTP
        return ways.get(way) or next(iter(ways.values()))

    def _connection(self, city: str) -> list[Layer]:
        shown, path = f"{CITIES}/{city}.toml", self.folder / CITIES / f"{city}.toml"
        if not path.exists():
            return []
        filling = Filling(variables(self.folder))
        table = filling.table(_toml(path, shown))
        wrong = [f"{shown}: {place}: {words}" for place, words in filling.problems]
        wrong += [
            f"{shown}: {key}: belongs to the [[destination]] in brygga.toml" for key in table if key in NOT_OF_A_CITY
        ]
        if wrong:
            raise ConfigError(wrong)
        return [Layer(with_paths(table, path.parent), Origin(shown, path))]

    def _not_connected(self, city: str) -> str:
        file = f"{CITIES}/{city}.toml"
        if (self.folder / file).exists():
            return f"{file} names no url; `brygga city connect {city} --url URL` puts it in"
        near = [] if city in self.catalogue.profiles else self.catalogue.near(city)
        hint = f"; did you mean {near[0]!r}?" if near else f"; `brygga city connect {city}` makes it"
        return f"{city!r} is not connected: {file} is not there{hint}"

    # ── what the platform calls devices ──

    def _with_ids(self, whole: Layered, place: str) -> tuple[Layered, list[str]]:
        file, name = whole.table.get("ids_file"), whole.table.get("format")
        if not isinstance(file, str) or not isinstance(name, str) or name not in formats.FORMATS:
            return whole, []
        options = whole.table.get("options", {})
        if "ids" not in formats.options_of(name):
            return whole, [f"{place}.ids_file: {name} has no ids: it has a rule of its own for what devices are called"]
        try:
            ids = read_ids(self.folder / file)
        except ConfigError as error:
            return whole, [f"{place}.ids_file: {problem}" for problem in error.problems]
        written = options.get("ids", {}) if isinstance(options, dict) else {}
        both = {**ids, **written} if isinstance(written, dict) else written
        return replace(whole, table={**whole.table, "options": {**options, "ids": both}}), []


def _before(section: Section) -> str:
    return f"{section.place}.before"


def _staying(section: Section) -> Iterator[tuple[str, Json]]:
    """Yield what a section says itself, and not its city for it, that holds wherever it moves."""
    for key in STAYS:
        value = section.table.get(key)
        if isinstance(value, dict):
            own = {name: one for name, one in value.items() if section.origin(f"{key}.{name}") is None}
            yield from [(key, own)] if own else []
        elif value is not None and section.origin(key) is None:
            yield key, value


def _toml(path: Path, shown: str) -> Mapping[str, Json]:
    try:
        return tomllib.loads(path.read_bytes().decode("utf-8-sig"))
    except OSError as error:
        raise ConfigError(f"{shown}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{shown}: is not UTF-8 text (octet {error.start}); save it as UTF-8") from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{shown}: not TOML: {error}; texts stand in quotes") from error


# ── where a problem is ──


def in_its_file(line: str, destinations: Sequence[Section], name: str) -> str:
    """Return a problem or a warning with the file in front that its key was written in; ``name`` is brygga.toml's."""
    if isinstance(line, Located):
        return line
    for section in destinations:
        rest = line.removeprefix(f"{section.place}.")
        if rest != line:
            origin = section.origin(rest.partition(": ")[0])
            return f"{name}: {line}" if origin is None else f"{origin.shown}: {rest} (for {section.place} in {name})"
    return f"{name}: {line}"


def elsewhere(section: Section, cities: Cities) -> Iterator[str]:
    """Yield the cities that are connected and are not the section's own: it may have moved from one of them."""
    own = section.table.get("city")
    mine = slug(own) if isinstance(own, str) else ""
    yield from (city for city in cities.connected if city != mine)
