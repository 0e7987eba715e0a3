"""What the configuration says of each source, proved and complete: a frozen value for each type."""

from __future__ import annotations

from dataclasses import dataclass

from gateway.model import Eui64


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
