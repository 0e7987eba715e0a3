"""The configuration: `brygga.toml` becomes frozen settings, or every one of its problems at once.

What reads and checks it (pydantic and the models of all keys, 10 MB) is imported by `load` alone: a running agent needs
the settings, and a gateway has little memory. The settings are imported when the first of them is named: a command
beside a running agent asks it, and needs none.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from gateway.config.apart import in_a_process_of_its_own
from gateway.config.folder import data_folder_problem, make_data_folder

if TYPE_CHECKING:
    from gateway.config.settings import (
        Clock,
        Decoders,
        DestinationSettings,
        Gateway,
        Journal,
        Radio,
        Selection,
        Settings,
    )


def load(path: Path) -> Settings:
    """Return the settings that ``path`` says; ConfigError says all that is wrong with it, a line each.

    Secret and certificate files are read, too. Nothing is opened, made or written.
    """
    from gateway.config.loading import load as read

    return read(path)


def load_with(path: Path, fragments: Mapping[str, str]) -> Settings:
    """Return what `load` returns if ``fragments``, texts by the names of files in brygga.d, were there."""
    from gateway.config.loading import load as read

    return read(path, fragments)


def load_apart(path: Path) -> Settings:
    """Return what `load` returns, without carrying from then on what it took to read it."""
    settings: Settings = in_a_process_of_its_own(load, path)
    return settings


__all__ = [
    "Clock",
    "Decoders",
    "DestinationSettings",
    "Gateway",
    "Journal",
    "Radio",
    "Selection",
    "Settings",
    "data_folder_problem",
    "load",
    "load_apart",
    "load_with",
    "make_data_folder",
]


def __getattr__(name: str) -> object:
    """Return one of the settings' types (PEP 562)."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from gateway.config import settings

    return getattr(settings, name)
