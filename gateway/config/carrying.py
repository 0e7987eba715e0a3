"""The files that make a box what it is: its configuration with all that this names, to be carried to another card.

Secrets go only where they are asked for. Without them what a file says of them is left empty, so that `brygga check` names each.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from gateway.cities.catalogue import CITIES
from gateway.cities.layers import FILE as FILE_KEY
from gateway.config.environment import FILE as VARIABLES
from gateway.config.fragments import fragments_folder
from gateway.config.secrecy import holds_secret, is_secret
from gateway.config.whole import SECRET_FILES
from gateway.config.writing import toml, value
from gateway.errors import ConfigError
from gateway.model import Json

KEYS_OF_FLEET: Final = "fleet.keys"
LARGEST: Final = 16 << 20  # octets of one file: tables of devices' ids have some 100 kB
PRIVATE_KEY: Final = (
    b"PRIVATE KEY-----"  # of PEM (RFC 7468, sections 10 and 11); some keep it with the certificate in one file
)
IN_COMMENT: Final = re.compile(
    r"(#[^\n]*?(?:password|token|secret|sas|api_?key)s?[ \t]*=[ \t]*)[^\n]+", re.IGNORECASE
)  # put out of use
PUBLIC: Final = frozenset({".toml", ".csv", ".pem", ".crt"})  # of what lies in cities/ and nothing names


@dataclass(slots=True)
class Carried:
    """What goes along, by paths that begin at the configuration's folder, and what does not."""

    name: str  # of the box's own file
    folder: Path  # in which that is
    files: dict[str, bytes] = field(default_factory=dict)
    hidden: list[str] = field(default_factory=list)  # keys and files that hold secrets
    outside: list[str] = field(default_factory=list)  # files that lie elsewhere


def carried(path: Path) -> Carried:
    """Return a configuration without its secrets; ConfigError where a file of it cannot be read."""
    folder = path.absolute().parent
    found = Carried(path.name, folder)
    for name in sorted({*_own(path), *(_name(one, folder) for one in _cities(folder) if one.suffix in PUBLIC)}):
        _add_public(folder, name, found)
    _named(folder, found, with_secrets=False)
    if (folder / VARIABLES).exists():
        found.hidden.append(VARIABLES)
    return found


def carried_with_secrets(path: Path) -> Carried:
    """Return a configuration with all of its secrets: whoever has it can speak in this box's name."""
    folder = path.absolute().parent
    found = Carried(path.name, folder)
    names = {*_own(path), *(_name(one, folder) for one in _cities(folder))}
    for name in sorted(names | ({VARIABLES} if (folder / VARIABLES).exists() else set())):
        found.files[name] = _read(folder / name)
    _named(folder, found, with_secrets=True)
    return found


def says_name(found: Carried) -> bool:
    """Tell whether a configuration says the gateway's name, which is the host's otherwise."""
    tables = (
        _parsed(text) for name, text in found.files.items() if name == found.name or not name.startswith(f"{CITIES}/")
    )
    return any(isinstance(one.get("gateway"), dict) and "name" in one["gateway"] for one in tables)


def _own(path: Path) -> Iterator[str]:
    folder = path.absolute().parent
    yield path.name
    fragments = fragments_folder(path.absolute())
    if fragments.is_dir():
        yield from (_name(one, folder) for one in fragments.iterdir() if one.suffix == ".toml")
    if (folder / KEYS_OF_FLEET).exists():
        yield KEYS_OF_FLEET


def _cities(folder: Path) -> Iterator[Path]:
    yield from (one for one in (folder / CITIES).rglob("*") if one.is_file() and not one.name.startswith("."))


def _name(path: Path, folder: Path) -> str:
    return path.relative_to(folder).as_posix()


def _read(path: Path) -> bytes:
    try:
        if path.stat().st_size > LARGEST:
            raise ConfigError(f"{path}: has more than {LARGEST} octets, and no file of a configuration has")
        return path.read_bytes()
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from error


# ── files that keys name ──


def _named(folder: Path, found: Carried, *, with_secrets: bool) -> None:
    """Add the files that keys of the carried ones name, or say why they do not go along."""
    for name, text in [*found.files.items()]:
        if not name.endswith(".toml"):
            continue
        begins = (folder / name).parent if name.startswith(f"{CITIES}/") else folder
        for key, file in _files(_parsed(text)):
            path = begins / file
            if not path.is_relative_to(folder):
                found.outside.append(str(path))
            elif is_secret_file(key) and not with_secrets:
                found.hidden.append(_name(path, folder))
            elif path.is_file() and with_secrets:
                found.files[_name(path, folder)] = _read(path)
            elif path.is_file() and _name(path, folder) not in found.files:
                _add_public(folder, _name(path, folder), found)
    found.hidden[:] = dict.fromkeys(found.hidden)
    found.outside[:] = dict.fromkeys(found.outside)
    if not with_secrets:
        for name in found.hidden:
            found.files.pop(name, None)


def is_secret_file(key: str) -> bool:
    """Tell whether a key names a file whose content nobody is to see."""
    return key in SECRET_FILES or is_secret(key.removesuffix(FILE_KEY))


def _files(table: Json) -> Iterator[tuple[str, str]]:
    """Yield keys and the files that they name."""
    for key, one in table.items():
        match one:
            case str() if key.endswith(FILE_KEY) and one and "${" not in one:
                yield key, one
            case dict():
                yield from _files(one)
            case list():
                yield from (pair for inner in one if isinstance(inner, dict) for pair in _files(inner))


# ── secrets in texts ──


def _add_public(folder: Path, name: str, found: Carried) -> None:
    """Add a file without its secrets, or say that it does not go along: where it is a key, or where nobody knows what is one in it."""
    octets = _read(folder / name)
    table = _table(octets) if name.endswith(".toml") else {}
    if table is None or PRIVATE_KEY in octets:
        found.hidden.append(name)
    else:
        found.files[name] = _without_secrets(octets, table, name, found) if name.endswith(".toml") else octets


def _without_secrets(octets: bytes, table: Json, name: str, found: Carried) -> bytes:
    secrets = dict(_secrets(table, ""))
    found.hidden += [f"{name}: {key}" for key in secrets]
    text = octets.decode("utf-8-sig")
    plain, in_comments = IN_COMMENT.subn(r"\1(hidden)", text)
    if not secrets and not in_comments:
        return octets
    for secret in sorted(set(secrets.values()), key=len, reverse=True):
        for quoted in (value(secret), f"'{secret}'"):
            plain = plain.replace(quoted, '""')
    emptied = _emptied(table, "")
    return (plain if _parsed(plain.encode()) == emptied else toml(emptied)).encode()


def _parsed(text: bytes) -> dict[str, Json]:
    return _table(text) or {}


def _table(text: bytes) -> dict[str, Json] | None:
    """Return what TOML says; None where it is none: nothing of it is known then, and it goes along only where secrets do."""
    try:
        return tomllib.loads(text.decode("utf-8-sig"))
    except ValueError:
        return None


def _secrets(table: Mapping[str, Json], place: str) -> Iterator[tuple[str, str]]:
    for key, one in table.items():
        yield from _secrets_of(one, f"{place}{key}")


def _secrets_of(one: Json, place: str) -> Iterator[tuple[str, str]]:
    match one:
        case str() if one and "${" not in one and holds_secret(place, one):
            yield place, one
        case dict():
            yield from _secrets(one, f"{place}.")
        case list():
            for number, inner in enumerate(one):
                yield from _secrets_of(inner, f"{place}[{number}]")


def _emptied(one: Json, place: str) -> Json:
    match one:
        case str() if "${" not in one and holds_secret(place, one):
            return ""
        case dict():
            return {key: _emptied(inner, f"{place}.{key}" if place else key) for key, inner in one.items()}
        case list():
            return [_emptied(inner, f"{place}[{number}]") for number, inner in enumerate(one)]
        case _:
            return one
