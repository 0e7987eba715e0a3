"""`brygga city connect`: where a city's platform is and who we are there, written once and checked at once."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from gateway.cities import connection
from gateway.cities.catalogue import CITIES, Catalogue
from gateway.cities.ids import read_ids
from gateway.cities.profile import MQTT, Profile
from gateway.commands import lines, text_file
from gateway.commands.asking import asked, asked_secret
from gateway.commands.city import folder_of, known, without
from gateway.config.loading import city_problems
from gateway.errors import ConfigError
from gateway.model import Json

COPIED: Final = {
    "password_file": "password",
    "token_file": "token",
    "api_key_file": "api-key",
}  # with how the copies end


def connect(options: argparse.Namespace) -> int:
    """Write a connection; what is wrong with it is said, and then it is not there."""
    catalogue, profile = known(options)
    folder = folder_of(options) / CITIES
    path = folder / f"{profile.slug}.toml"
    if path.exists() and not options.replace:
        raise ConfigError(f"{path}: is there already; change it in an editor, or say --replace")
    _introduce(profile, catalogue)
    files: dict[str, str] = {}
    table = _table(options, profile, files)
    _write(path, {**files, path.name: connection.rendered(profile.name, table)}, profile.slug)
    lines.say(f"wrote {path}" + "".join(f", {folder / name}" for name in files))
    lines.say(f'Next: in brygga.toml\n\n[[destination]]\nname = "{profile.slug}"\ncity = "{profile.slug}"\n')
    lines.say(f"with tags or dev_euis for some devices only, and `brygga destination test {profile.slug}`")
    return 0


def _introduce(profile: Profile, catalogue: Catalogue) -> None:
    kind = catalogue.kind(profile)
    if profile.slug not in catalogue.profiles:
        near = catalogue.near(profile.slug)
        hint = f"did you mean {near[0]}? " if near else ""
        lines.warnings([f"nobody has sent in a profile of {profile.slug!r}: {hint}it is told as any unknown city"])
    ways = ", ".join(f"{table['format']} over {way.upper()}" for way, table in kind.ways.items())
    lines.say(f"{profile.name}: {profile.platform or kind.title}; {ways}")


def _table(options: argparse.Namespace, profile: Profile, files: dict[str, str]) -> dict[str, Json]:
    """Return the connection's keys, and put the files that it names into ``files``."""
    url = options.url or asked("URL of the platform (mqtts://… or https://…)")
    if not url:
        raise ConfigError("city connect: --url: where is the platform?")
    table: dict[str, Json] = {"url": url, "username": options.username, "api_key_header": options.api_key_header}
    for key, ending in COPIED.items():
        if (named := getattr(options, key)) is not None:
            table[key] = _copied(Path(named), f"{profile.slug}.{ending}", files)
    table |= _asked_credential(url, table, profile.slug, files)
    if options.ids is not None:
        read_ids(Path(options.ids))
        table["ids_file"] = _copied(Path(options.ids), f"{profile.slug}-ids.csv", files)
    if options.ca_file is not None:
        table["tls"] = {"ca_file": _copied(Path(options.ca_file), f"{profile.slug}-ca.pem", files)}
    table["options"] = dict(map(connection.option, options.options))
    return without(table)


def _copied(source: Path, name: str, files: dict[str, str]) -> str:
    files[name] = text_file.read(source, str(source))
    return name


def _asked_credential(url: str, table: Mapping[str, Json], city: str, files: dict[str, str]) -> dict[str, Json]:
    """Return what a person on a terminal says of who we are there; a secret goes into a file of its own."""
    if not lines.is_terminal(sys.stdin) or any(key in table for key in COPIED):
        return {}
    user = table["username"] or asked("User name (empty: a token, or none)")
    if user:
        secret, key = asked_secret("Password (not shown)"), "password_file"
    elif not url.startswith(MQTT):
        secret, key = asked_secret("Token (not shown; empty: none)"), "token_file"
    else:
        return {}
    if not secret:
        return without({"username": user})
    files[f"{city}.{COPIED[key]}"] = f"{secret}\n"
    return without({"username": user}) | {key: f"{city}.{COPIED[key]}"}


def _write(path: Path, files: Mapping[str, str], city: str) -> None:
    """Write all, look whether a destination could be made of it, and put back what was there if not."""
    before = {name: _text(path.parent / name) for name in files}
    for name, text in files.items():
        connection.write(path.parent / name, text)
    if problems := city_problems(path.parent.parent, city):
        for name, old in before.items():
            if old is None:
                (path.parent / name).unlink()
            else:
                connection.write(path.parent / name, old)
        raise ConfigError(problems)


def _text(path: Path) -> str | None:
    return text_file.read(path, path.name) if path.exists() else None
