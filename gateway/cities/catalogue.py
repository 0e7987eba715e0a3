"""The catalogue of cities: those that come with the agent, and those in a folder of one's own, which win."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
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
    """Profiles by slug and kinds by name."""

    profiles: Mapping[str, Profile]
    kinds: Mapping[str, Kind]

    @classmethod
    def load(cls, folder: Path | None = None) -> Self:
        """Read all; ``folder`` is the one of brygga.toml. ConfigError says all that is wrong with any."""
        kinds = {name: read_kind(text, name, f"gateway/cities/kinds/{name}.toml") for name, text in _built_in("kinds")}
        profiles = {name: read_profile(text, name, f"{BUILT_IN}/{name}.toml") for name, text in _built_in("profiles")}
        profiles |= {} if folder is None else _own(folder)
        problems = [
            f"{one.file}: kind: {one.kind!r} is none of {', '.join(sorted(kinds))}"
            for one in profiles.values()
            if one.kind not in kinds
        ]
        if problems:
            raise ConfigError(problems)
        return cls(dict(sorted(profiles.items(), key=lambda pair: pair[1].name)), kinds)

    def profile(self, slug: str) -> Profile:
        """Return a city's profile, the generic one for a city that nobody has sent one in of."""
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


def _own(folder: Path) -> dict[str, Profile]:
    place = folder / CITIES / PROFILES
    profiles: dict[str, Profile] = {}
    problems: list[str] = []
    for path in sorted(place.glob("*.toml")):
        shown = f"{CITIES}/{PROFILES}/{path.name}"
        if SLUG.fullmatch(path.stem) is None:
            problems.append(f"{shown}: a profile's file is called as its city, in small letters: goteborg.toml")
            continue
        try:
            profiles[path.stem] = read_profile(path.read_text("utf-8"), path.stem, shown)
        except ConfigError as error:
            problems += error.problems
        except (OSError, UnicodeDecodeError) as error:
            problems.append(f"{shown}: cannot be read as UTF-8 text: {error}")
    if problems:
        raise ConfigError(problems)
    return profiles
