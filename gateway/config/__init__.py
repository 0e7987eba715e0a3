"""The configuration: `brygga.toml` becomes frozen settings, or every one of its problems at once."""

from gateway.config.folder import data_folder_problem, make_data_folder
from gateway.config.loading import load
from gateway.config.settings import (
    Clock,
    Decoders,
    DestinationSettings,
    Gateway,
    Journal,
    Radio,
    Selection,
    SemtechUdpSettings,
    Settings,
    SourceSettings,
)

__all__ = [
    "Clock",
    "Decoders",
    "DestinationSettings",
    "Gateway",
    "Journal",
    "Radio",
    "Selection",
    "SemtechUdpSettings",
    "Settings",
    "SourceSettings",
    "data_folder_problem",
    "load",
    "make_data_folder",
]
