"""The ``reading`` key, ours: which quantity of the vocabulary a field states. Other platforms pass over it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from decoders.contract import DecodeError, DecodeReason, Reading
from decoders.payload_schema.document import Mapping, did_you_mean
from decoders.payload_schema.machine import Machine
from decoders.payload_schema.values import Compute, operand
from decoders.vocabulary import QUANTITIES
from decoders.vocabulary.units import UnitError, convert

KEYS = ("quantity", "unit", "channel", "labels", "missing", "at", "ago")

State = Callable[[Machine, Any, Any], None]
"""Note the reading that a raw value and its converted value state."""


@dataclass(frozen=True, slots=True)
class Stated:
    """What a field can state, for people and for checks."""

    quantity: str
    unit: str
    channel: str | None


def statement(field: Mapping) -> tuple[Stated, State] | None:
    """Return what the ``reading`` of ``field`` says, compiled; None when it has none; raises TableError."""
    spec = field.get("reading")
    if spec is None:
        return None
    if not isinstance(spec, Mapping):
        raise field.wrong("reading is {quantity: …, unit: …}")
    spec.only(KEYS, (), "reading")
    stated = _stated(spec)
    return stated, _compile(spec, stated)


def _stated(spec: Mapping) -> Stated:
    quantity, unit, channel = spec.get("quantity"), spec.get("unit", ""), spec.get("channel")
    if not isinstance(quantity, str) or quantity not in QUANTITIES:
        raise spec.wrong(f"{quantity!r} is no quantity of the vocabulary{did_you_mean(str(quantity), QUANTITIES)}")
    _check_unit(spec, str(unit), QUANTITIES[quantity].unit)
    return Stated(quantity, str(unit), None if channel is None else str(channel))


def _check_unit(spec: Mapping, unit: str, canonical: str) -> None:
    if not unit and not canonical:
        return
    try:
        convert(1.0, unit, canonical)
    except UnitError as error:
        raise spec.wrong(f"unit: {error}") from error


def _compile(spec: Mapping, stated: Stated) -> State:
    missing = _missing(spec)
    labels = spec.part("labels") if "labels" in spec else None
    moment = _moment(spec)

    def state(machine: Machine, raw: Any, value: Any) -> None:
        if raw in missing:
            return
        if labels is not None:
            value = labels.get(value)
        if value is None:
            return
        at = None
        if moment is not None:
            at = moment(machine)
            if at is None:
                machine.warnings.append(f"{stated.quantity}: no time is known for it, so it is not stated")
                return
        machine.readings.append(Reading(stated.quantity, value, stated.unit, stated.channel, at))

    return state


def _missing(spec: Mapping) -> frozenset[Any]:
    found = spec.get("missing", [])
    if not isinstance(found, list) or not all(isinstance(one, int | float | str) for one in found):
        raise spec.wrong(f"missing is a list of raw values, as [255], not {found!r}")
    return frozenset(found)


def _moment(spec: Mapping) -> Callable[[Machine], datetime | None] | None:
    if "at" in spec:
        return _epoch(operand(spec["at"], spec))
    if "ago" in spec:
        return _before(operand(spec["ago"], spec))
    return None


def _epoch(find: Compute) -> Callable[[Machine], datetime | None]:
    def moment(machine: Machine) -> datetime | None:
        seconds = find(machine)
        try:
            return datetime.fromtimestamp(seconds, UTC) if seconds else None  # 0: the device did not know the time
        except (OSError, OverflowError, ValueError):  # of a year that no calendar has
            raise DecodeError(DecodeReason.MALFORMED, f"{seconds} is no time") from None

    return moment


def _before(find: Compute) -> Callable[[Machine], datetime | None]:
    def moment(machine: Machine) -> datetime | None:
        received_at = machine.received_at
        return None if received_at is None else received_at - timedelta(seconds=find(machine))

    return moment
