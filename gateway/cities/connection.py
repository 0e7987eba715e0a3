"""A city's connection as a file: written once a city, beside brygga.toml, for its owner's eyes."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from gateway.errors import ConfigError
from gateway.model import Json
from gateway.whole_files import write_whole

BARE_KEY: Final = re.compile(r"[A-Za-z0-9_-]+")  # TOML 1.0, "Keys"
HEAD: Final = "# How this gateway reaches {city}. Every key that stands under [[destination]] may stand here, but for name and selection.\n"


def rendered(city: str, table: Mapping[str, Json]) -> str:
    """Return a connection as TOML."""
    return HEAD.format(city=city) + toml(table)


def toml(table: Mapping[str, Json]) -> str:
    """Return a table as TOML, tables in it after all else."""
    return "\n".join(_lines(table, "")) + "\n"


def _lines(table: Mapping[str, Json], place: str) -> Iterator[str]:
    inner = {key: value for key, value in table.items() if isinstance(value, dict)}
    yield from (f"{_key(key)} = {_value(value)}" for key, value in table.items() if key not in inner)
    for key, value in inner.items():
        name = f"{place}{_key(key)}"
        yield from ["", f"[{name}]", *_lines(value, f"{name}.")]


def _key(key: str) -> str:
    return key if BARE_KEY.fullmatch(key) else json.dumps(key, ensure_ascii=False)


def _value(value: Json) -> str:
    """Return a value as TOML; what JSON and TOML write differently does not come here."""
    return json.dumps(value, ensure_ascii=False)


def option(text: str) -> tuple[str, Json]:
    """Return what "tenant=sundsvall" or "batch=50" says; ConfigError when it says nothing of the kind."""
    key, found, value = text.partition("=")
    if not (found and BARE_KEY.fullmatch(key)):
        raise ConfigError(f"--option {text!r}: KEY=VALUE is right, such as tenant=sundsvall")
    try:
        return key, tomllib.loads(f"value = {value}")["value"]
    except tomllib.TOMLDecodeError:
        return key, value  # a text without quotes


def write(path: Path, text: str) -> None:
    """Write a file that others may not read, and its folder where it is not there; ConfigError says why that cannot be."""
    write_whole(path, text.encode())
