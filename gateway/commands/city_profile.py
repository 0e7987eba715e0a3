"""`brygga city new`: a profile of a city that is not there yet, from questions or options."""

from __future__ import annotations

import argparse
from typing import Final

from gateway.cities import connection
from gateway.cities.catalogue import CITIES, PROFILES, Catalogue
from gateway.cities.profile import GENERIC
from gateway.cities.reading import read_profile
from gateway.commands import lines
from gateway.commands.asking import asked
from gateway.commands.city import folder_of, short, without
from gateway.errors import ConfigError

UNKNOWN: Final = {
    "en": "No source names its platform: the generic profile is used.",
    "sv": "Ingen källa nämner plattformen: den generella profilen används.",
}


def new(options: argparse.Namespace) -> int:
    """Write a profile."""
    slug, catalogue = short(options.city), Catalogue.load()
    path = folder_of(options) / CITIES / PROFILES / f"{slug}.toml"
    if path.exists() and not options.replace:
        raise ConfigError(f"{path}: is there already; change it in an editor, or say --replace")
    if slug in catalogue.profiles:
        lines.warnings([f"there is a profile of {slug} already; this one takes its place on this gateway"])
    text = _text(options, catalogue)
    profile = read_profile(text, slug, path.name)
    if profile.kind not in catalogue.kinds:
        raise ConfigError(f"city new: --kind: {profile.kind!r} is none of {', '.join(sorted(catalogue.kinds))}")
    connection.write(path, text)
    lines.say(f"wrote {path}")
    lines.say(f"Next: `brygga city connect {slug}`; and send the file in, so that others need not ask again")
    return 0


def _text(options: argparse.Namespace, catalogue: Catalogue) -> str:
    if options.kind is None:
        lines.say("Kinds of platforms: " + ", ".join(f"{name} ({one.title})" for name, one in catalogue.kinds.items()))
    kind = options.kind or asked("Kind of platform", GENERIC)
    name = options.city if short(options.city) != options.city else asked("The city's name", options.city.title())
    platform = options.platform or asked("What the platform is called there (empty: not known)")
    head = without(
        {
            "name": name,
            "code": options.code or asked("Code of the municipality, four digits (empty: none)"),
            "kind": kind,
            "platform": platform,
            "operator": options.operator or asked("Operator of a LoRaWAN network there (empty: not known)"),
        }
    )
    return connection.toml(head) + "\n[[known]]\n" + connection.toml(_known(options, platform, kind))


def _known(options: argparse.Namespace, platform: str, kind: str) -> dict[str, str]:
    if not platform:
        return {"about": "platform", "sure": "unknown", **UNKNOWN}
    source = options.source or asked("Where that is known from (an address, or who said it and when)")
    if not source:
        raise ConfigError("city new: --source: where is the platform known from?")
    return {
        "about": "platform",
        "sure": options.sure or asked("fact (read there) or inference", "fact"),
        "en": f"{platform} ({kind}).",
        "sv": f"{platform} ({kind}).",
        "source": source,
    }
