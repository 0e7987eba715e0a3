"""Where the agent of a configuration is reached: read from [gateway] alone, so that who may ask it need not see its secrets.

The agent itself goes on with what it read; a file that has become wrong since keeps nobody from asking it. The models of all keys
are not needed for two of them: a command beside a running agent is there in half the time without.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from gateway.config.fragments import read

if TYPE_CHECKING:
    from gateway.model import Json

SERVICE_DATA: Final = Path("/var/lib/brygga")  # StateDirectory= of brygga.service, and what holds where nothing is said
SERVICE_FOLDER: Final = Path("/run/brygga")  # its RuntimeDirectory=, there while it runs


def reached(path: Path) -> Path | None:
    """Return the control socket; None where [gateway] says none, which `load` then tells. Raises ConfigError for what is no TOML."""
    table = read(path, None).table.get("gateway", {})
    if not isinstance(table, dict):
        return None
    paths = {key: table[key] for key in ("data", "control_socket") if key in table}
    if not all(map(is_path, paths.values())):
        return None
    here = {key: path.absolute().parent / text for key, text in paths.items()}
    return control_socket(here.get("data", SERVICE_DATA), here.get("control_socket"))


def is_path(value: Json) -> bool:
    """Tell whether a value can be a path, relative to the file's folder or not."""
    return isinstance(value, str) and value != "" and "\0" not in value


def control_socket(data: Path, named: Path | None) -> Path:
    """Return the socket that the commands use: the one that is named, the service's while it runs, or one in the data folder."""
    if named is not None:
        return named
    is_the_service = data == SERVICE_DATA and SERVICE_FOLDER.is_dir()
    return (SERVICE_FOLDER if is_the_service else data) / "control.sock"
