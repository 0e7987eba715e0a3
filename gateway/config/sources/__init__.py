"""The types of source: the keys of each, by the word that `type` says. A new type is a file and a line here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from gateway.config.sources.keys import SourceKeys
from gateway.config.sources.recording import RecordingKeys
from gateway.config.sources.semtech_udp import SemtechUdpKeys

SOURCES: Final[Mapping[str, type[SourceKeys]]] = {
    "semtech_udp": SemtechUdpKeys,
    "recording": RecordingKeys,
}

__all__ = ["SOURCES", "SourceKeys"]
