"""What commands need of a configuration that may be wrong elsewhere: where its agent is reached, its decoders' folder, its sources.

The agent itself goes on with what it read; a file that has become wrong since keeps nobody from asking it, nor from what its wrong
line has no part in. Who may ask it need not see its secrets, either. And the models of all keys are not needed for a few of them:
a command beside a running agent is there in half the time without.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from gateway.config.fragments import read
from gateway.errors import ConfigError

if TYPE_CHECKING:
    from gateway.model import Json

SERVICE_DATA: Final = Path("/var/lib/brygga")  # StateDirectory= of brygga.service, and what holds where nothing is said
SERVICE_FOLDER: Final = Path("/run/brygga")  # its RuntimeDirectory=, there while it runs
HEADER: Final = re.compile(r"\s*\[\[?\s*([A-Za-z0-9_.-]+)\s*\]\]?\s*(#.*)?")
KEY: Final = re.compile(r"\s*([A-Za-z0-9_-]+)\s*=")


class Unnamed(ConfigError):
    """A file is wrong, and as far as it can be read there is no such section; the problems are the file's."""


def reached(path: Path) -> Path | None:
    """Return the control socket; None where [gateway] says none, which `load` then tells. Raises ConfigError as `section`."""
    table = section(path, "gateway", ("data", "control_socket"))
    if not isinstance(table, dict):
        return None
    paths = {key: table[key] for key in ("data", "control_socket") if key in table}
    if not all(map(is_path, paths.values())):
        return None
    here = {key: path.absolute().parent / text for key, text in paths.items()}
    return control_socket(here.get("data", SERVICE_DATA), here.get("control_socket"))


def decoders_folder(path: Path) -> Path | None:
    """Return the folder of decoders; None where the configuration names none. Raises ConfigError as `read`, and where it is no folder."""
    try:
        table = section(path, "decoders", ("folder",))
    except Unnamed:
        return None
    text = table.get("folder") if isinstance(table, dict) else table
    if text is None:
        return None
    folder: Path | None = path.absolute().parent / text if is_path(text) else None
    if folder is None or not folder.is_dir():
        raise ConfigError(f"{path.name}: decoders.folder: {text!r} is no folder; `brygga check` says all that is wrong")
    return folder


def sources(path: Path) -> Sequence[Mapping[str, Any]]:
    """Return name and type of each source, as far as the file says them. Raises ConfigError as `section`."""
    tables = section(path, "source", ("name", "type"))
    named = [one for one in tables if isinstance(one, dict)] if isinstance(tables, list) else []
    return [{"name": str(one.get("name", "?")), "type": str(one.get("type", "?"))} for one in named]


def section(path: Path, name: str, keys: Collection[str]) -> Json:
    """Return what all files together say of a section ({} where nothing); where one is no TOML, or misses a variable, ``keys`` alone.

    Raises ConfigError where a file cannot be read, or ``keys`` are wrong themselves; Unnamed where such a section is not found in such files.
    """
    try:
        return read(path).table.get(name, {})
    except ConfigError as error:
        try:
            found = read(path, taken=partial(_alone, name, keys)).table
        except ConfigError:
            raise error from None
        if name not in found:
            raise Unnamed(error.problems) from error
        return found[name]


def _alone(name: str, keys: Collection[str], octets: bytes) -> bytes:
    """Return the lines of a file that begin such sections, and those of ``keys`` in them."""
    lines, is_inside = [], False
    for line in octets.decode("utf-8-sig", "replace").splitlines():
        if header := HEADER.fullmatch(line):
            is_inside = header[1] == name
        key = KEY.match(line)
        if is_inside and (header or (key and key[1] in keys)):
            lines.append(line)
    return "\n".join(lines).encode()


def is_path(value: Json) -> bool:
    """Tell whether a value can be a path, relative to the file's folder or not."""
    return isinstance(value, str) and value != "" and "\0" not in value


def control_socket(data: Path, named: Path | None) -> Path:
    """Return the socket that the commands use: the one that is named, the service's while it runs, or one in the data folder."""
    if named is not None:
        return named
    is_the_service = data == SERVICE_DATA and SERVICE_FOLDER.is_dir()
    return (SERVICE_FOLDER if is_the_service else data) / "control.sock"
