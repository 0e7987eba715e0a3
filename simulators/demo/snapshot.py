"""What the live view shows, taken from the agent at one moment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from gateway.delivery import Telling
from gateway.desk.lately import Said
from gateway.model import Activation, Device, Json, Observation
from simulators.demo.stage import Stage

CATCHING_UP: Final = 3  # more rows than these before a destination are a backlog; fewer are on their way

UNITS: Final[Mapping[str, str]] = {  # UCUM as people write it; what is not here stays as it is
    "Cel": "°C",
    "[ppm]": "ppm",
    "m3": "m³",
    "uS/cm": "µS/cm",
    "dB": "dB",
    "1": "",
}
NAMES: Final[Mapping[str, str]] = {  # quantities that a unit alone does not tell
    "battery_level": "battery",
    "battery_voltage": "battery",
    "noise_laeq": "LAeq",
    "noise_lamax": "LAmax",
}
STATES: Final[Mapping[str, tuple[str, str]]] = {  # by quantity: when true, when false
    "backflow_detected": ("backflow!", "no backflow"),
    "door_open": ("door open", "door closed"),
    "leak_detected": ("leak!", "no leak"),
    "low_battery": ("battery low", "battery good"),
    "motion": ("motion", "still"),
}
LAST: Final = frozenset(  # shown where there is room
    {"backflow_detected", "battery_level", "battery_voltage", "low_battery", "noise_lamax"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceLine:
    """One device as the agent knows it; None: nothing was heard yet."""

    name: str
    decoder: str
    joins: bool
    rssi_dbm: float | None = None
    snr_db: float | None = None
    data_rate: str = ""
    gateways: int = 0  # that heard its last uplink
    f_cnt: int | None = None
    values: tuple[str, ...] = ()
    age_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DestinationLine:
    """One destination's state."""

    name: str
    speaks: str
    away_s: float | None  # None: it is there
    trouble: str
    waiting: int
    delivered: int
    refused: int

    @property
    def words(self) -> str:
        """Return the state as people say it."""
        if self.away_s is not None:
            return f"away for {self.away_s:.0f} s"
        return "catching up" if self.waiting > CATCHING_UP else "delivering"


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """One moment of the agent."""

    devices: Sequence[DeviceLine]
    destinations: Sequence[DestinationLine]
    frames: int
    uplinks: int
    joins: int
    on_disk: int
    file_bytes: int

    @property
    def waiting(self) -> int:
        """Return the longest backlog."""
        return max((one.waiting for one in self.destinations), default=0)


async def take(stage: Stage) -> Snapshot:
    """Ask the agent how it is."""
    agent, now = stage.agent, stage.clock().monotonic
    latest, counts, stats = stage.screen.latest, agent.network.counts, await agent.journal.stats()
    return Snapshot(
        devices=[_device(device, latest.get(device.dev_eui), now) for device in agent.network.devices()],
        destinations=[await _destination(stage, telling) for telling in agent.tellings],
        frames=counts["frames"],
        uplinks=counts["uplinks"],
        joins=counts["joins"],
        on_disk=stats.rows,
        file_bytes=stats.file_bytes,
    )


async def _destination(stage: Stage, telling: Telling) -> DestinationLine:
    name, status = telling.destination.name, telling.status()
    depth = await stage.agent.journal.depth(name)
    return DestinationLine(
        name=name,
        speaks=_speaks(status["transport"]),
        away_s=status["trouble_s"],
        trouble=status["trouble"] or "",
        waiting=depth.waiting,
        delivered=status["counts"].get("delivered", 0),
        refused=status["counts"].get("refused", 0),
    )


def _speaks(transport: Mapping[str, Json]) -> str:
    protocol = str(transport.get("protocol", ""))
    return f"SenML, {protocol}" if protocol.startswith("MQTT") else "NGSI-LD, HTTP"


def _device(device: Device, said: Said | None, now: float) -> DeviceLine:
    joins = device.activation is Activation.OTAA
    if said is None:
        return DeviceLine(name=device.name, decoder=device.decoder, joins=joins)
    uplink, best = said.uplink, said.uplink.best
    return DeviceLine(
        name=device.name,
        decoder=device.decoder,
        joins=joins,
        rssi_dbm=None if best is None else best.rssi_dbm,
        snr_db=None if best is None else best.snr_db,
        data_rate="" if best is None else str(best.data_rate),
        gateways=len({reception.gateway for reception in uplink.receptions}),
        f_cnt=uplink.f_cnt,
        values=values(said.observations),
        age_s=max(0.0, now - uplink.heard_at.monotonic),
    )


def values(observations: Sequence[Observation]) -> tuple[str, ...]:
    """Return observations as people read them, batteries last."""
    ordered = sorted(observations, key=lambda one: one.quantity in LAST)
    return tuple(value(one) for one in ordered)


def value(observation: Observation) -> str:
    """Return one observation: "21.5 °C", "battery 96 %", "door open"."""
    found = observation.value
    if isinstance(found, bool):
        plain = observation.quantity.replace("_", " ")
        return STATES.get(observation.quantity, (plain, f"no {plain}"))[0 if found else 1]
    number = found if isinstance(found, str) else _number(found)
    parts = (
        observation.channel or "",
        NAMES.get(observation.quantity, ""),
        number,
        UNITS.get(observation.unit, observation.unit),
    )
    return " ".join(part for part in parts if part)


def _number(found: float) -> str:
    return f"{found:.0f}" if abs(found) >= 1000 else f"{found:.3g}"
