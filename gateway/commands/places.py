"""Where commands find the configuration, and the folder of decoders that it names."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from gateway.errors import ConfigError

CONFIG_PLACES = (Path("brygga.toml"), Path("/etc/brygga/brygga.toml"))


def config_path(options: argparse.Namespace) -> Path:
    """Return the configuration that is meant; raises ConfigError where there is none."""
    path = config_path_or_none(options)
    if path is None:
        raise ConfigError(
            f"no configuration: none of {', '.join(map(str, CONFIG_PLACES))} exists; name one with --config FILE "
            "(`brygga init` makes one)"
        )
    return path


def config_path_or_none(options: argparse.Namespace) -> Path | None:
    """Return the configuration that is meant: the one named, else the first of the usual places that exists."""
    named = options.config or os.environ.get("BRYGGA_CONFIG")
    return Path(named) if named else next((path for path in CONFIG_PLACES if path.exists()), None)


def start(path: Path) -> str:
    """Return what starts an agent with a configuration: the service, where it is the service's."""
    return "sudo systemctl restart brygga" if path == CONFIG_PLACES[-1] else f"brygga run --config {path}"


def decoder_folders(options: argparse.Namespace) -> list[Path]:
    """Return the folder of decoders that the configuration names, if there is one; raises ConfigError."""
    from gateway.config.reaching import decoders_folder

    path = config_path_or_none(options)
    folder = None if path is None else decoders_folder(path)
    return [] if folder is None else [folder]
