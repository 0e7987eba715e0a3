"""The commands about cities: what is asked, what is said."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from gateway.commands import lines, places
from gateway.commands.network import Ask, Deed, as_json
from gateway.errors import ConfigError

if TYPE_CHECKING:
    from gateway.cities.catalogue import Catalogue
    from gateway.cities.profile import Profile
    from gateway.model import Json


def folder_of(options: argparse.Namespace) -> Path:
    """Return the folder of the configuration, or the present one where there is none yet."""
    path = places.config_path_or_none(options)
    return (Path() if path is None else path.parent).absolute()


def known(options: argparse.Namespace) -> tuple[Catalogue, Profile]:
    """Return the catalogue, and the profile of the city that is meant; ConfigError for what can be none, and for a wrong one."""
    catalogue = catalogue_of(folder_of(options))
    return catalogue, catalogue.profile(short(options.city))


def catalogue_of(folder: Path) -> Catalogue:
    """Return the catalogue with the profiles of ``folder``; what is wrong with one of those is a warning."""
    from gateway.cities.catalogue import Catalogue

    catalogue = Catalogue.load(folder)
    lines.warnings(catalogue.problems)
    return catalogue


def short(text: str) -> str:
    """Return a city's short name; ConfigError says what can be none."""
    from gateway.cities.slugs import slug

    try:
        return slug(text)
    except ValueError as error:
        raise ConfigError(f"city: {error}") from error


def _list(options: argparse.Namespace, _: Ask) -> int:
    from gateway.commands import show_city

    folder = folder_of(options)
    catalogue = catalogue_of(folder)
    rows = [show_city.row(one, catalogue.kind(one), folder) for one in catalogue.profiles.values()]
    if options.json:
        return as_json(rows)
    show_city.listed(rows)
    return 0


def _show(options: argparse.Namespace, _: Ask) -> int:
    from gateway.commands import show_city
    from gateway.commands.listing import printable

    catalogue, profile = known(options)
    if profile.slug not in catalogue.profiles:
        near = catalogue.near(profile.slug)
        hint = f"did you mean {near[0]}? " if near else ""
        lines.warnings([f"nobody has sent in a profile of {profile.slug!r}: {hint}this is what any unknown city gets"])
    kind = catalogue.kind(profile)
    if options.json:
        return as_json(show_city.as_json(profile, kind, folder_of(options)))
    lines.say("\n".join(map(printable, show_city.story(profile, kind, options.language))))
    return 0


def _connect(options: argparse.Namespace, _: Ask) -> int:
    from gateway.commands import city_connecting

    return city_connecting.connect(options)


def _new(options: argparse.Namespace, _: Ask) -> int:
    from gateway.commands import city_profile

    return city_profile.new(options)


def without(table: Mapping[str, Json]) -> dict[str, Json]:
    """Return ``table`` without what nobody said."""
    return {key: value for key, value in table.items() if value not in (None, "", {}, [])}


DEEDS: dict[str, Deed] = {
    "city list": _list,
    "city show": _show,
    "city connect": _connect,
    "city new": _new,
}
