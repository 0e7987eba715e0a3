"""Every secret that this box knows of: what must not be in a support file, however it got there."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any, Final

from gateway.config import environment as environment_file
from gateway.config.credentials import SECRETS
from gateway.doctor.box import Box
from gateway.doctor.masking import SECRET_KEY, secrets_of
from gateway.model import Json
from gateway.transports.secret import Secret

LARGEST_FILE: Final = 64_000  # octets; a file with a secret has a line
LONG_WORD: Final = 8  # characters; a shorter one beside others in a line is a role or a name
LONG_USER: Final = 16  # characters; a user name as long as that is an access token (ThingsBoard)
ENVIRONMENT: Final = re.compile(
    r"^BRYGGA_(?!CONFIG$)|pass(word)?|secret|token|key|credential|auth|cookie", re.IGNORECASE
)
FILE_KEY: Final = re.compile(r"(password|token|tokens|key|sas_key|api_key)_file$")
PEM: Final = re.compile(r"[A-Za-z0-9+/=]{16,}")
COMMON: Final = frozenset({"true", "false", "yes", "no", "none", "environment"})  # values that say nothing


def configuration_files(path: Path) -> list[Path]:
    """Return the files of a configuration: itself, its fragments, its cities' connections."""
    folder = path.absolute().parent
    found = [path.absolute()]
    for inner in (path.with_suffix(".d"), folder / "cities"):
        if inner.is_dir() and os.access(inner, os.R_OK | os.X_OK):
            found += sorted(inner.absolute().glob("*.toml"))
    return found


def table_of(path: Path) -> Mapping[str, Json] | None:
    """Return a TOML file; None where it cannot be read, or is none."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError):
        return None


def known(box: Box) -> Iterator[str]:
    """Yield all secrets that can be had: of the configuration, of the files that it names, of the environment."""
    for one in _known(box):
        if one.strip().lower() not in COMMON:
            yield one.strip()


def _known(box: Box) -> Iterator[str]:
    yield from _of_settings(box.settings)
    if box.path is not None:
        yield from _of_configuration(box.path, box.environment)
    if box.settings is not None:
        yield from _of_file(box.settings.gateway.key_file)
        if box.settings.web is not None:
            yield from _of_file(box.settings.web.password_file)
            yield from _of_file(box.settings.web.tokens_file)
    for name, value in box.environment.items():
        if ENVIRONMENT.search(name) and len(value) >= LONG_WORD and not value.startswith("/"):
            yield value
    if credentials := box.environment.get("CREDENTIALS_DIRECTORY"):  # systemd.exec(5)
        yield from _of_folder(Path(credentials))


def _of_configuration(path: Path, environment: Mapping[str, str]) -> Iterator[str]:
    """Yield the secrets of a configuration's files as they stand there, and with the variables that they name."""
    folder = path.absolute().parent
    yield from _of_folder(folder / SECRETS)
    told = _variables(folder / environment_file.FILE)
    yield from (value for name, value in told.items() if SECRET_KEY.search(name))
    for one in configuration_files(path):
        if (table := table_of(one)) is None:
            yield from _of_text(one)
            continue
        yield from _of_table(table, folder)
        yield from secrets_of(environment_file.Filling({**told, **environment}).table(table))


def _variables(path: Path) -> dict[str, str]:
    """Return a file of NAME=value, whatever else is wrong with it; empty where it is not there or another's."""
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return {}
    found = re.findall(r"^\s*(?:export\s+)?(\w+)[^\S\n]*=[^\S\n]*(.+)", text, re.MULTILINE)
    return {name: value.strip().strip("'\"") for name, value in found}


def _of_settings(value: Any) -> Iterator[str]:
    """Yield each secret of any part of the settings, and the private keys that it names."""
    match value:
        case Secret():
            yield value.reveal()
        case tuple() | list():
            for one in value:
                yield from _of_settings(one)
        case _ if is_dataclass(value) and not isinstance(value, type):
            for one in fields(value):
                inner = getattr(value, one.name, None)
                if one.name == "key_file" and isinstance(inner, Path):
                    yield from _of_file(inner)
                elif one.name == "username" and isinstance(inner, str) and len(inner) >= LONG_USER:
                    yield inner
                elif one.name == "headers" and isinstance(inner, Mapping):
                    yield from map(str, inner.values())
                else:
                    yield from _of_settings(inner)


def _of_table(table: Mapping[str, Json], folder: Path) -> Iterator[str]:
    yield from secrets_of(table)
    yield from _of_named_files(table, folder)


def _of_named_files(value: Json, folder: Path) -> Iterator[str]:
    for key, one in (
        value.items() if isinstance(value, Mapping) else enumerate(value if isinstance(value, list) else ())
    ):
        if isinstance(one, str) and isinstance(key, str) and FILE_KEY.search(key):
            yield from _of_file(folder / one)
        elif isinstance(one, dict | list):
            yield from _of_named_files(one, folder)


def _of_text(path: Path) -> Iterator[str]:
    """Yield every value in quotes of a file that is no TOML: which of them are secrets nobody can tell."""
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return
    yield from (one[1] for one in re.finditer(r"(?:password|token|secret|key)\w*\s*=\s*[\"']?([^\"'\n#]+)", text))


def _of_folder(folder: Path) -> Iterator[str]:
    if folder.is_dir() and os.access(folder, os.R_OK | os.X_OK):
        for path in sorted(folder.iterdir()):
            yield from _of_file(path)


def _of_file(path: Path) -> Iterator[str]:
    """Yield the lines of a file with secrets; what cannot be read cannot get into a support file either."""
    try:
        text = path.read_text(encoding="utf-8", errors="replace")[:LARGEST_FILE]
    except OSError:
        return
    for line in text.splitlines():
        words = line.split()
        yield from (one for one in words if len(one) >= LONG_WORD)
        yield from () if line.startswith("-----") else (line,)
        yield from PEM.findall(line)
