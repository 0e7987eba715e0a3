"""The catalogue of cities: those that come with the agent, and those in a folder of one's own, which win."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from importlib.resources import files
from pathlib import Path
from typing import Final, Self

from gateway.cities.profile import Kind, Profile, unknown_city
from gateway.cities.reading import read_kind, read_profile
from gateway.cities.slugs import SLUG
from gateway.errors import ConfigError

CITIES: Final = "cities"  # the folder beside brygga.toml: connections, and in it
PROFILES: Final = "profiles"  # profiles of one's own
BUILT_IN: Final = "gateway/cities/profiles"


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Profiles by slug and kinds by name; what is wrong with profiles of one's own, by what their files are called."""

    profiles: Mapping[str, Profile]
    kinds: Mapping[str, Kind]
    wrong: Mapping[str, Sequence[str]] = field(default_factory=dict)

    @classmethod
    def load(cls, folder: Path | None = None) -> Self:
        """Read all; ``folder`` is the one of brygga.toml. ConfigError says all that is wrong with those that came with the agent."""
        kinds = {name: read_kind(text, name, f"gateway/cities/kinds/{name}.toml") for name, text in _built_in("kinds")}
        profiles = {name: read_profile(text, name, f"{BUILT_IN}/{name}.toml") for name, text in _built_in("profiles")}
        if problems := [problem for one in profiles.values() if (problem := _kind_problem(one, kinds))]:
            raise ConfigError(problems)
        wrong: dict[str, Sequence[str]] = {}
        for path in [] if folder is None else _own_files(folder / CITIES):
            try:
                profiles[path.stem] = _own(path, kinds)
            except ConfigError as error:
                wrong[path.stem] = error.problems
        return cls(dict(sorted(profiles.items(), key=lambda pair: pair[1].name)), kinds, wrong)

    @property
    def problems(self) -> tuple[str, ...]:
        """All that is wrong with profiles of one's own."""
        return tuple(problem for one in self.wrong.values() for problem in one)

    def profile(self, slug: str) -> Profile:
        """Return a city's profile, the generic one for a city that nobody has sent one in of.

        ConfigError says what is wrong with one of one's own: it was meant to be used, in no other one's place.
        """
        if slug in self.wrong:
            raise ConfigError(self.wrong[slug])
        return self.profiles.get(slug) or unknown_city(slug)

    def kind(self, profile: Profile) -> Kind:
        """Return the kind of platform that a city has."""
        return self.kinds[profile.kind]

    def near(self, slug: str) -> Sequence[str]:
        """Return what may have been meant."""
        return get_close_matches(slug, self.profiles, n=1, cutoff=0.6)


def _built_in(folder: str) -> list[tuple[str, str]]:
    found = [one for one in (files("gateway.cities") / folder).iterdir() if one.name.endswith(".toml")]
    return sorted((one.name.removesuffix(".toml"), one.read_text("utf-8")) for one in found)


def _own_files(cities: Path) -> list[Path]:
    try:
        return sorted((cities / PROFILES).glob("*.toml"))
    except PermissionError as error:
        raise ConfigError(
            f"{cities}: this user may not look into it; of the service's group is right: sudo chgrp -R brygga {cities}"
        ) from error


def _own(path: Path, kinds: Mapping[str, Kind]) -> Profile:
    shown = f"{CITIES}/{PROFILES}/{path.name}"
    if SLUG.fullmatch(path.stem) is None:
        raise ConfigError(f"{shown}: a profile's file is called as its city, in small letters: goteborg.toml")
    try:
        profile = read_profile(path.read_text("utf-8"), path.stem, shown)
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{shown}: cannot be read as UTF-8 text: {error}") from error
    if problem := _kind_problem(profile, kinds):
        raise ConfigError(problem)
    return profile


def _kind_problem(profile: Profile, kinds: Mapping[str, Kind]) -> str:
    if profile.kind in kinds:
        return ""
    return f"{profile.file}: kind: {profile.kind!r} is none of {', '.join(sorted(kinds))}"
