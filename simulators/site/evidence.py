"""What a run leaves behind, for the judge: what went over the air, what the devices know, what the journal holds."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from gateway.model import Downlink, Eui64, Session
from simulators.air_check import Verdict
from simulators.concentrator import Transmission
from simulators.site.resident import Resident
from simulators.site.roof import Roof


@dataclass(frozen=True, slots=True, kw_only=True)
class Aired:
    """A downlink that went over the air, and how the receiver that it was meant for took it."""

    gateway: Eui64
    transmission: Transmission
    verdict: Verdict | None  # None: nobody listened whom it can have been meant for
    taken_by: Resident | None


@dataclass(slots=True, kw_only=True)
class Evidence:
    """All that a run leaves behind."""

    residents: list[Resident]
    roofs: dict[Eui64, Roof]
    aired: list[Aired] = field(default_factory=list)
    outages: list[tuple[float, float]] = field(default_factory=list)
    replayed: int = 0  # join requests that were sent a second time
    asked: dict[int, Downlink] = field(default_factory=dict)  # downlinks that the office promised
    refused: Counter[str] = field(default_factory=Counter)  # of all lives of the agent
    counts: Counter[str] = field(default_factory=Counter)
    downlinks: list[Downlink] = field(default_factory=list)  # in the journal at the end
    sessions: list[Session] = field(default_factory=list)
    nonces: dict[Eui64, frozenset[int]] = field(default_factory=dict)
    database: Path = Path()
    began_s: float = 0.0
    ended_s: float = 0.0
