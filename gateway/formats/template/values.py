"""What may stand between { and } of a template, and where it is taken from. A value that is not there is None."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches
from typing import Final

from decoders.vocabulary import QUANTITIES
from gateway.formats.event import plain, radio, stamp
from gateway.model import Item, Json, LoraRate, Observation, Place

FIELDS, VALUES, TIMES = "fields.", "values.", "times."


@dataclass(frozen=True, slots=True)
class Scope:
    """What a template is filled from: an uplink, and one of its observations where one is meant."""

    item: Item
    device_id: str  # what the platform calls the device
    observation: Observation | None = None
    dated: frozenset[str] = frozenset()  # the quantities whose own time the template says, too


Take = Callable[[Scope], Json]


def value_of(path: str, scope: Scope) -> Json:
    """Return what ``path`` stands for; None where there is nothing. The path must be a known one."""
    name, _, rest = path.partition(".")
    if path.startswith(FIELDS):
        return _field(scope.item.decoded.fields, rest)
    if path.startswith((VALUES, TIMES)):
        found = chosen(scope, rest)
        if found is None:
            return None
        return found.value if name == "values" else stamp(found.observed_at)
    if scope.observation is not None and path in OF_AN_OBSERVATION:
        return OF_AN_OBSERVATION[path](scope.observation, scope)
    return OF_AN_UPLINK[path](scope)


def chosen(scope: Scope, rest: str) -> Observation | None:
    """Return the observation that ``values.<rest>`` means: ``<quantity>`` or ``<quantity>.<channel>``, the newest.

    One with a time of its own is meant only where the template says that time: else it would be taken for the uplink's.
    """
    quantity, _, channel = rest.partition(".")
    heard_at = scope.item.uplink.heard_at.utc
    found = [
        one
        for one in scope.item.observations
        if one.quantity == quantity
        and (one.channel or "") == channel
        and (one.observed_at == heard_at or rest in scope.dated)
    ]
    return max(found, key=lambda one: one.observed_at, default=None)


def problem_with(path: str, *, per_observation: bool) -> str:
    """Return why ``path`` stands for nothing here, "" for nothing wrong."""
    if path.startswith(FIELDS):
        return ""
    if path.startswith((VALUES, TIMES)):
        quantity = path.split(".")[1]
        return (
            ""
            if quantity in QUANTITIES
            else f"{{{path}}}: there is no quantity {quantity!r}{_near(quantity, QUANTITIES)}"
        )
    if path in OF_AN_UPLINK or (per_observation and path in OF_AN_OBSERVATION):
        return ""
    if path in OF_AN_OBSERVATION:
        return f"{{{path}}} belongs to one observation: put it between {{each}} and {{end}}, or say per = 'observation'"
    known = {**OF_AN_UPLINK, **OF_AN_OBSERVATION}
    near = _near(path, known)
    return f"{{{path}}} is nothing that is known of an uplink{near or '; there are ' + ', '.join(sorted(known))}"


def _near(word: str, known: Mapping[str, object]) -> str:
    close = get_close_matches(word, known, n=1)
    return f"; did you mean {close[0]!r}?" if close else ""


def _field(fields: Json, rest: str) -> Json:
    """Return a raw field: a name, or names of tables one inside the other with dots between; a number counts in a list."""
    found = fields
    for name in rest.split("."):
        if isinstance(found, Mapping) and name in found:
            found = found[name]
        elif isinstance(found, (list, tuple)) and name.isdigit() and int(name) < len(found):
            found = found[int(name)]
        else:
            return None
    return plain(found)


# ── the names ──


def _seconds(at: datetime) -> float:
    return round(at.timestamp(), 3)


def _milliseconds(at: datetime) -> int:
    return round(at.timestamp() * 1000)


def _number(value: Json) -> float | int | None:
    match value:
        case bool():
            return int(value)
        case int() | float():
            return value
    return None


def _place(scope: Scope) -> Place | None:
    return scope.observation.place if scope.observation is not None else scope.item.device.place


def _of_place(name: str) -> Take:
    return lambda scope: getattr(_place(scope), name, None)


def _heard(scope: Scope) -> datetime:
    return scope.item.uplink.heard_at.utc


def _of_best(name: str) -> Take:
    return lambda scope: getattr(scope.item.uplink.best, name, None)


def _data_rate(scope: Scope) -> str | None:
    rate = _of_best("data_rate")(scope)
    return None if rate is None else str(rate)


def _spreading_factor(scope: Scope) -> int | None:
    rate = _of_best("data_rate")(scope)
    return rate.spreading_factor if isinstance(rate, LoraRate) else None


OF_AN_UPLINK: Final[Mapping[str, Take]] = {
    "id": lambda scope: str(scope.item.uplink.id),
    "dev_eui": lambda scope: scope.item.device.dev_eui,
    "device": lambda scope: scope.device_id,
    "name": lambda scope: scope.item.device.name or None,
    "entity": lambda scope: scope.item.device.entity.id or scope.item.device.dev_eui,
    "entity_type": lambda scope: scope.item.device.entity.type or "device",
    "decoder": lambda scope: scope.item.device.decoder or None,
    "time": lambda scope: stamp(_heard(scope)),
    "time.unix": lambda scope: _seconds(_heard(scope)),
    "time.s": lambda scope: int(_heard(scope).timestamp()),
    "time.ms": lambda scope: _milliseconds(_heard(scope)),
    "heard": lambda scope: stamp(_heard(scope)),
    "heard.unix": lambda scope: _seconds(_heard(scope)),
    "heard.ms": lambda scope: _milliseconds(_heard(scope)),
    "time_quality": lambda scope: scope.item.uplink.heard_at.quality.name.lower(),
    "fields": lambda scope: plain(scope.item.decoded.fields),
    "payload.hex": lambda scope: scope.item.uplink.payload.hex(),
    "payload.base64": lambda scope: b64encode(scope.item.uplink.payload).decode("ascii"),
    "latitude": _of_place("latitude"),
    "longitude": _of_place("longitude"),
    "altitude_m": _of_place("altitude_m"),
    "radio": lambda scope: radio(scope.item),
    "f_cnt": lambda scope: scope.item.uplink.f_cnt,
    "f_port": lambda scope: scope.item.uplink.f_port,
    "rssi_dbm": lambda scope: radio(scope.item).get("rssi_dbm"),
    "snr_db": lambda scope: radio(scope.item).get("snr_db"),
    "data_rate": _data_rate,
    "spreading_factor": _spreading_factor,
    "frequency_hz": _of_best("frequency_hz"),
    "gateway": _of_best("gateway"),
}
OF_AN_OBSERVATION: Final[Mapping[str, Callable[[Observation, Scope], Json]]] = {
    "observation_id": lambda one, _: str(one.id),
    "quantity": lambda one, _: one.quantity,
    "channel": lambda one, _: one.channel,
    "value": lambda one, _: one.value,
    "value.number": lambda one, _: _number(one.value),
    "unit": lambda one, _: one.unit,
    "plausible": lambda one, _: one.plausibility == "plausible",
    "time": lambda one, _: stamp(one.observed_at),
    "time.unix": lambda one, _: _seconds(one.observed_at),
    "time.s": lambda one, _: int(one.observed_at.timestamp()),
    "time.ms": lambda one, _: _milliseconds(one.observed_at),
}
EVERYTHING_RAW: Final = frozenset({"fields", "payload.hex", "payload.base64"})  # whoever says these says all
TIMES_SAID: Final = frozenset({"time", "time.unix", "time.s", "time.ms", "heard", "heard.unix", "heard.ms"})
