"""What the configuration says of each source, proved and complete: a frozen value for each type."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from gateway.model import Eui64, TimeQuality


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceSettings:
    """What the settings of every source have in common."""

    name: str
    antenna_gain_dbi: float = 0.0  # the cable's loss taken off; of a source that transmits


@dataclass(frozen=True, slots=True, kw_only=True)
class SemtechUdpSettings(SourceSettings):
    """A port that packet forwarders speak to."""

    host: str
    port: int  # 0: any that is free
    gateways: frozenset[Eui64]  # that may speak; none named: all
    receive_buffer_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingSettings(SourceSettings):
    """A file that is heard again."""

    file: Path
    speed: float | None  # times faster than it was recorded; None: as fast as it is taken
    repeat: bool
    recorded_time: TimeQuality | None  # how good the recorded times are by who configured it; None: all is heard now
    port: int  # of the server, in a capture
