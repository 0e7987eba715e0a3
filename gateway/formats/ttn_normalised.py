"""The Things Network's normalised payload: the few quantities that it has words for, in its units and limits.

Source: TheThingsNetwork/lorawan-devices, lib/payload.json; it takes no word that it does not know, so the rest is left to
`decoded_payload`. One measurement for each time and channel.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import inf
from typing import Final

from decoders.vocabulary import QUANTITIES
from decoders.vocabulary.units import convert
from gateway.formats.network_server import rfc3339
from gateway.model import Json, Observation


@dataclass(frozen=True, slots=True)
class Limits:
    """What the schema says of one number."""

    minimum: float = -inf
    maximum: float = inf
    unit: str = ""  # UCUM, where it is not the vocabulary's
    below: bool = False  # the maximum itself is none


CONCENTRATION: Final = Limits(0, 1_000_000)
NUMBERS: Final[Mapping[str, Limits]] = {
    "air.co2": CONCENTRATION,
    "air.lightIntensity": Limits(0),
    "air.pressure": Limits(900, 1100),
    "air.relativeHumidity": Limits(0, 100),
    "air.temperature": Limits(-273.15),
    "battery": Limits(0),
    "metering.water.total": Limits(unit="L"),
    "soil.depth": Limits(0),
    "soil.ec": Limits(0, 621, "dS/m"),
    "soil.k": CONCENTRATION,
    "soil.moisture": Limits(0, 100),
    "soil.n": CONCENTRATION,
    "soil.p": CONCENTRATION,
    "soil.pH": Limits(0, 14),
    "soil.temperature": Limits(-273.15),
    "water.temperature.current": Limits(-273.15),
    "wind.direction": Limits(0, 360, below=True),
    "wind.speed": Limits(0),
}
CONTACT: Final = "action.contactState"


def normalised_payload(observations: Sequence[Observation]) -> Sequence[Mapping[str, Json]]:
    """Return the measurements; empty where the schema has no word for any of them."""
    made: list[tuple[object, dict[str, Json]]] = []
    for observation in observations:
        path = QUANTITIES[observation.quantity].ttn_path
        if not path or (value := _value(path, observation)) is None:
            continue
        key = (observation.observed_at, observation.channel)
        free = (measurement for known, measurement in made if known == key and not _has(measurement, path))
        measurement = next(free, None)
        if measurement is None:
            measurement = {"time": rfc3339(observation.observed_at)}
            made.append((key, measurement))
        _put(measurement, path, value)
    return [measurement for _, measurement in made]


def _value(path: str, observation: Observation) -> Json:
    """Return the value as the schema takes it; None where it forbids it."""
    value = observation.value
    if isinstance(value, bool):
        return ("open" if value else "closed") if path == CONTACT else value
    if isinstance(value, str):
        return None
    limits = NUMBERS.get(path, Limits())
    number = convert(value, observation.unit, limits.unit) if limits.unit else value
    above = number >= limits.maximum if limits.below else number > limits.maximum
    return None if above or number < limits.minimum else number


def _has(measurement: Mapping[str, Json], path: str) -> bool:
    found: Json = measurement
    for name in path.split("."):
        if name not in found:
            return False
        found = found[name]
    return True


def _put(measurement: dict[str, Json], path: str, value: Json) -> None:
    *parts, last = path.split(".")
    for name in parts:
        measurement = measurement.setdefault(name, {})
    measurement[last] = value
