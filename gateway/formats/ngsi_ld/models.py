"""Which Smart Data Model and attribute a quantity goes to, and in which form its schema takes it.

The vocabulary names one model for each quantity. `attributes.csv` names the others that a device may be registered
as, and the traps of single schemas; `models.csv` says what each model is and what else it wants. `dialects.csv` has the words
that a platform's own readers look for where today's schemas have others (diwise: iot-transform-fiware 1eb787a, decorators.go
and measurements.go).
"""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from typing import Final

from decoders.vocabulary import QUANTITIES, Quantity
from decoders.vocabulary.units import clean
from gateway.model import Json

CORE_CONTEXT: Final = "https://uri.etsi.org/ngsi-ld/v1/ngsi-ld-core-context.jsonld"
SUBJECT_CONTEXT: Final = "https://raw.githubusercontent.com/smart-data-models/dataModel.{subject}/master/context.jsonld"

# Their models count what passed in a period, and the device counts since it was made: the total is a measurement.
TOTALS: Final = frozenset({"people_in", "people_out", "vehicle_count"})
# What stands in these models belongs to a thing of that kind; that a device is one, only its registration can say.
ONLY_AS_REGISTERED: Final = frozenset({"current", "speed", "voltage", "weight"})

Value = float | bool | str


@dataclass(frozen=True, slots=True)
class Model:
    """A Smart Data Model as far as an observation needs it."""

    name: str
    context: str  # of its subject
    device_attribute: str  # a Relationship to the device, "" where the subject's context has no word for one
    time_attributes: tuple[str, ...]  # DateTime
    constants: Mapping[str, Json]


@dataclass(frozen=True, slots=True, kw_only=True)
class Attribute:
    """Where a quantity goes, and how its values are written there."""

    model: Model
    name: str
    factor: float = 1
    integer: bool = False
    signed: bool = False  # degrees from -180 to 180
    words: tuple[Json, Json] | None = None  # of true and of false
    unit_code: str = ""  # UN/CEFACT Recommendation 20
    minimum: float | None = None
    maximum: float | None = None
    controlled_property: str = ""  # of the Device model's list

    def express(self, value: Value) -> Json:
        """Return ``value`` as the model's schema takes it; None where the schema forbids it."""
        if self.words is not None:
            return self.words[0 if value else 1] if isinstance(value, bool) else None
        if isinstance(value, (bool, str)):
            return None
        number = self._scaled(value)
        if (self.minimum is not None and number < self.minimum) or (self.maximum is not None and number > self.maximum):
            return None
        return round(number) if self.integer else number

    def is_exact(self, value: Value) -> bool:
        """Return whether `express` keeps all of ``value``."""
        return not self.integer or isinstance(value, (bool, str)) or self._scaled(value) == round(self._scaled(value))

    def _scaled(self, value: float) -> float:
        number = value if self.factor == 1 else clean(value * self.factor)
        return number - 360 if self.signed and number > 180 else number


@cache
def models() -> Mapping[str, Model]:
    """Return every model that this format writes, by name."""
    return {
        row["model"]: Model(
            row["model"],
            SUBJECT_CONTEXT.format(subject=row["subject"]),
            row["device_attribute"],
            tuple(row["time_attributes"].split()),
            json.loads(row["constants"] or "{}"),
        )
        for row in _rows("models.csv")
    }


@lru_cache(maxsize=4096)  # quantities times registered types, a few hundred in a city
def attribute(quantity: str, entity_type: str) -> Attribute | None:
    """Return where ``quantity`` of a thing registered as ``entity_type`` goes; None: to a DeviceMeasurement."""
    if (entity_type, quantity) in _attributes():
        return _attributes()[entity_type, quantity]
    known = QUANTITIES[quantity]
    model = known.ngsi_ld_model
    if quantity in TOTALS or (quantity in ONLY_AS_REGISTERED and model != entity_type):
        return None
    if (model, quantity) in _attributes():
        return _attributes()[model, quantity]
    if model == "DeviceMeasurement" or model not in models():
        return None
    return _from_vocabulary(known)


@lru_cache(maxsize=4096)
def attribute_in(dialect: str, quantity: str, entity_type: str) -> Attribute | None:
    """Return the same as `attribute` in the words of ``dialect``; "" for those of the schemas."""
    where = attribute(quantity, entity_type)
    spoken = _dialects().get((dialect, quantity))
    if where is None or spoken is None:
        return where
    return Attribute(
        model=where.model, name=spoken["attribute"], unit_code=spoken["unit_code"], **_form(spoken["form"])
    )


@cache
def _dialects() -> Mapping[tuple[str, str], Mapping[str, str]]:
    return {(row["dialect"], row["quantity"]): row for row in _rows("dialects.csv")}


def dialects() -> Sequence[str]:
    """Return the names of all dialects."""
    return sorted({dialect for dialect, _ in _dialects()})


def _from_vocabulary(known: Quantity) -> Attribute:
    form = known.ngsi_ld_form
    return Attribute(
        model=models()[known.ngsi_ld_model],
        name=known.ngsi_ld_attribute,
        unit_code="C62" if form == "0.01" and known.unit == "%" else known.unit_code,
        minimum=known.ngsi_ld_minimum,
        maximum=known.ngsi_ld_maximum,
        **_form(form),
    )


@cache
def _attributes() -> Mapping[tuple[str, str], Attribute]:
    return {
        (row["model"], row["quantity"]): Attribute(
            model=models()[row["model"]],
            name=row["attribute"],
            unit_code=row["unit_code"],
            minimum=float(row["minimum"]) if row["minimum"] else None,
            maximum=float(row["maximum"]) if row["maximum"] else None,
            controlled_property=row["controlled_property"],
            **_form(row["form"]),
        )
        for row in _rows("attributes.csv")
    }


def _form(form: str) -> dict[str, Json]:
    """Read a factor, "integer", "signed", both a factor and one of them, or the words of true and false."""
    if form == "0|1":  # of false and true, unlike the words
        return {"words": (1, 0)}
    if "|" in form:
        true, false = form.split("|")
        return {"words": (true, false)}
    said: dict[str, Json] = {}
    for part in form.split():
        if part in {"integer", "signed"}:
            said[part] = True
        else:
            said["factor"] = float(part) if "." in part else int(part)
    return said


def _rows(name: str) -> Sequence[Mapping[str, str]]:
    text = (files(__package__) / name).read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))
