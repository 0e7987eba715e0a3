"""The ``reading`` key, ours: which quantity of the vocabulary a field states. Other platforms pass over it."""

from __future__ import annotations

from collections.abc import Mapping as AnyMapping
from dataclasses import dataclass
from typing import Any

from decoders.payload_schema.document import Mapping, did_you_mean, shown
from decoders.vocabulary import QUANTITIES
from decoders.vocabulary.units import UnitError, convert

KEYS = ("quantity", "unit", "channel", "labels", "missing", "at", "ago")


@dataclass(frozen=True, slots=True)
class Stated:
    """What a field can state, for people and for checks."""

    quantity: str
    unit: str
    channel: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """The reading of a field: what it states, which raw values mean nothing, what words mean, and when it was measured.

    ``at`` (Unix seconds) and ``ago`` (seconds before reception) are a number or a ``$name``; None: nothing is said.
    """

    stated: Stated
    missing: frozenset[Any] = frozenset()
    labels: AnyMapping[Any, Any] | None = None
    at: Any = None
    ago: Any = None
    where: Mapping  # for complaints


def statement(field: Mapping) -> Statement | None:
    """Return what the ``reading`` of ``field`` says; None when it has none; raises TableError."""
    spec = field.get("reading")
    if spec is None:
        return None
    if not isinstance(spec, Mapping):
        raise field.wrong("reading is {quantity: …, unit: …}", "reading")
    spec.only(KEYS, (), "reading")
    return Statement(
        stated=_stated(spec),
        missing=_missing(spec),
        labels=spec.part("labels") if "labels" in spec else None,
        at=spec.get("at"),
        ago=spec.get("ago") if "at" not in spec else None,
        where=spec,
    )


def _stated(spec: Mapping) -> Stated:
    quantity, unit, channel = spec.get("quantity"), spec.get("unit", ""), spec.get("channel")
    if not isinstance(quantity, str) or quantity not in QUANTITIES:
        near = did_you_mean(str(quantity), QUANTITIES)
        raise spec.wrong(f"{shown(quantity)} is no quantity of the vocabulary{near}", "quantity")
    _check_unit(spec, str(unit), QUANTITIES[quantity].unit)
    return Stated(quantity, str(unit), None if channel is None else str(channel))


def _check_unit(spec: Mapping, unit: str, canonical: str) -> None:
    if not unit and not canonical:
        return
    try:
        convert(1.0, unit, canonical)
    except UnitError as error:
        raise spec.wrong(f"unit: {error}", "unit") from error


def _missing(spec: Mapping) -> frozenset[Any]:
    found = spec.get("missing", [])
    if not isinstance(found, list) or not all(isinstance(one, int | float | str) for one in found):
        raise spec.wrong(f"missing is a list of raw values, as [255], not {shown(found)}", "missing")
    return frozenset(found)
