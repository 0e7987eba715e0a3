"""A report that `brygga lab run --report` has written, read again: as much of it as two are compared by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeVar

from pydantic import TypeAdapter, ValidationError

from gateway.errors import ConfigError
from simulators.lab.judge import Discrepancy, Kept
from simulators.lab.report import VERSION

T = TypeVar("T")

MAKE: Final = "brygga lab run SCENARIO --report FILE writes one"


@dataclass(frozen=True, slots=True, kw_only=True)
class Versioned:
    """What every report says first."""

    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """What was run."""

    name: str
    seed: int
    begins: str
    lasts_s: float
    passed_s: float
    whole: bool
    devices: int
    gateways: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Uplinks:
    """How far how many came."""

    sent: int
    transmissions: int
    heard: int
    lost_on_air: Mapping[str, int]
    given: int
    committed: int
    replayed: int
    acknowledged: int
    fates: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Platform:
    """What a city got."""

    due: int
    delivered: int
    duplicates: int
    latency_s: Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fleet:
    """What became of a fleet's uplinks."""

    devices: int
    active: int
    join_requests: int
    sent: int
    heard: int
    committed: int
    acknowledged: int
    delivered: int
    latency_s: Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Gateway:
    """What a gateway heard and sent."""

    frames: int
    lost: Mapping[str, int]
    downlinks: int
    downlinks_refused: Mapping[str, int]
    downlinks_unheard: int
    airtime_s: float
    fullest_hour: float


@dataclass(frozen=True, slots=True, kw_only=True)
class DutyCycle:
    """How near the fullest hours came to what the law allows, which is 1."""

    fullest_device: float
    fullest_gateway: float
    unlawful: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Journal:
    """What two equal journals have in common."""

    lines: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """By whom it was run, and what it took."""

    cpu_seconds: float
    peak_bytes: int
    python: str
    code: str = "not said"


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A report."""

    version: int
    scenario: Setup
    promises: Sequence[Kept]
    uplinks: Uplinks
    platforms: Mapping[str, Platform]
    fleets: Mapping[str, Fleet]
    gateways: Mapping[str, Gateway]
    duty_cycle: DutyCycle
    discrepancies: Sequence[Discrepancy]
    journal: Journal
    machine: Cost


def read(path: Path) -> Told:
    """Return the report in that file; ConfigError where there is none, or one of another version."""
    try:
        octets = path.read_bytes()
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}; {MAKE}") from error
    version = _read(path, TypeAdapter(Versioned), octets).version
    if version != VERSION:
        raise ConfigError(
            f"{path}: a report of version {version}, and this brygga reads version {VERSION}: run its scenario again with this one"
        )
    return _read(path, TypeAdapter(Told), octets)


def _read(path: Path, kind: TypeAdapter[T], octets: bytes) -> T:
    try:
        return kind.validate_json(octets, strict=True)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(map(str, first["loc"]))
        raise ConfigError(
            f"{path}: no report of the lab: {where}{': ' if where else ''}{first['msg']}; {MAKE}"
        ) from error
