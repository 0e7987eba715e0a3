"""Readings become observations: canonical unit, identity, time, place, plausibility."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from decoders.contract import Decoded, Reading
from decoders.vocabulary import QUANTITIES, Quantity, ValueType
from decoders.vocabulary.units import UnitError, convert
from gateway.model import Device, Observation, Place, Plausibility, Uplink, name_based_uuid

FUTURE_TOLERANCE = timedelta(minutes=10)  # how far a sensor's clock may run ahead of the gateway's
FIRST_TIME = datetime(2015, 1, 1, tzinfo=UTC)  # LoRaWAN 1.0; an earlier time is a device clock that was never set
LARGEST = 1e300  # beyond it arithmetic with a unit's factor overflows


class Unfit(ValueError):
    """Say why a reading is no value of its quantity, in words that do not hold the value (they are counted)."""


@dataclass(frozen=True, slots=True)
class Normalised:
    """What an uplink says in the vocabulary's words, and, one by one, what of it could not be said so."""

    observations: tuple[Observation, ...]
    problems: tuple[str, ...] = ()


def normalise(uplink: Uplink, device: Device, decoded: Decoded, revision: str) -> Normalised:
    """Return the observations of ``uplink``; each reading is among them or named in the problems.

    A reading's own time is kept where it can be true. Where the payload carries a position it is the place of all
    that was measured with it; else the device's place is.
    """
    problems: list[str] = []
    places = _places(decoded.readings)
    observations = []
    for index, reading in enumerate(decoded.readings):
        quantity = QUANTITIES.get(reading.quantity)
        if quantity is None:
            problems.append(f"{reading.quantity} is no quantity of the vocabulary")
            continue
        try:
            value = _value(reading, quantity)
        except (UnitError, Unfit) as error:
            problems.append(f"{reading.quantity}: {error}")
            continue
        observed_at = uplink.heard_at.utc
        if reading.at is not None:
            if _may_be(reading.at, observed_at):
                observed_at = reading.at
            else:
                problems.append(
                    f"{reading.quantity}: the device's own time cannot be; the time of hearing stands for it"
                )
        observations.append(
            Observation(
                id=observation_id(uplink.id, index, revision),
                uplink_id=uplink.id,
                dev_eui=uplink.dev_eui,
                entity=device.entity,
                quantity=quantity.name,
                unit=quantity.unit,
                value=value,
                channel=_text(reading.channel),
                observed_at=observed_at,
                time_quality=uplink.heard_at.quality,
                plausibility=_plausibility(value, quantity),
                place=places.get(reading.at, places[None]) if places else device.place,
            )
        )
    return Normalised(tuple(observations), tuple(problems))


def observation_id(uplink_id: UUID, index: int, revision: str) -> UUID:
    """Return the UUIDv5 (RFC 9562) of ``"<index>/<revision>"`` in the namespace of the uplink."""
    return name_based_uuid(uplink_id, f"{index}/{revision}")


def _text(channel: str | None) -> str | None:
    """Return a channel's name as UTF-8 can say it: a lone surrogate of a vendor's decoder becomes a question mark."""
    return channel if channel is None or channel.isascii() else channel.encode("utf-8", "replace").decode()


def _value(reading: Reading, quantity: Quantity) -> float | bool:
    value = reading.value
    if quantity.value_type is ValueType.BOOLEAN:
        if isinstance(value, str) or value not in {0, 1}:
            raise Unfit("neither true nor false")
        return bool(value)
    if isinstance(value, (bool, str)):
        raise Unfit(f"a {'truth value' if isinstance(value, bool) else 'text'} where a number is expected")
    if not -LARGEST < value < LARGEST:  # true of NaN and the infinities, too
        raise Unfit("not a finite number")
    return convert(value, reading.unit or "1", quantity.unit)


def _plausibility(value: float, quantity: Quantity) -> Plausibility:
    low, high = quantity.plausible_minimum, quantity.plausible_maximum
    if (low is not None and value < low) or (high is not None and value > high):
        return Plausibility.IMPLAUSIBLE
    return Plausibility.PLAUSIBLE


def _may_be(at: datetime, heard_at: datetime) -> bool:
    return at.utcoffset() is not None and FIRST_TIME <= at <= heard_at + FUTURE_TOLERANCE


def _places(readings: Sequence[Reading]) -> dict[datetime | None, Place]:
    """Return the payload's positions by their own times, and under None the first of them; empty without one."""
    if not any(reading.quantity == "longitude" for reading in readings):
        return {}
    fixes: dict[datetime | None, dict[str, float]] = {}
    for reading in readings:
        if reading.quantity in {"latitude", "longitude", "altitude"}:
            try:
                fixes.setdefault(reading.at, {})[reading.quantity] = _value(reading, QUANTITIES[reading.quantity])
            except (UnitError, Unfit):
                continue  # named in the problems by normalise()
    places = {at: place for at, fix in fixes.items() if (place := _place(fix)) is not None}
    return {None: next(iter(places.values())), **places} if places else {}


def _place(fix: dict[str, float]) -> Place | None:
    latitude, longitude = fix.get("latitude"), fix.get("longitude")
    if latitude is None or longitude is None or abs(latitude) > 90 or abs(longitude) > 180:
        return None
    if latitude == 0 == longitude:  # what a receiver without a fix says; no city lies there
        return None
    return Place(latitude, longitude, fix.get("altitude"))
