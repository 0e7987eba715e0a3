"""The one vocabulary of quantities and units, read by decoders and gateway alike.

`quantities.csv` names each quantity in the words of every standard. Its codes were checked against UN/CEFACT
Recommendation 20, UCUM, the OMA LwM2M registry, QUDT and the Smart Data Models schemas; the last column says how.
The quantity's UCUM unit is its canonical unit: every observation carries its value in it.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files
from types import MappingProxyType

QUANTITIES: Mapping[str, Quantity]
"""Every quantity by its name; read from disk when first asked for."""


class ValueType(StrEnum):
    """What the values of a quantity are."""

    NUMBER = "number"
    COUNTER = "counter"  # grows until it wraps or its device is replaced
    BOOLEAN = "boolean"


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantity:
    """A quantity, and what each standard calls it; "" where a standard has no word."""

    name: str
    value_type: ValueType
    quantity_kind: str  # QUDT, short
    unit: str  # UCUM, canonical; "" for booleans
    unit_code: str  # UN/CEFACT Recommendation 20
    senml_unit: str  # primary or secondary, IANA registry
    ipso_object: str  # URN of an LwM2M object
    ipso_resource: str  # "object/resource"
    diwise_senml: str  # object/resource and unit as the diwise platform writes them
    quantity_kind_iri: str  # QUDT
    unit_iri: str  # QUDT
    ngsi_ld_model: str  # a Smart Data Models type
    ngsi_ld_attribute: str
    ngsi_ld_form: str  # a factor, or words for booleans: "occupied|free"
    ngsi_ld_minimum: float | None  # of the model's schema, after the factor
    ngsi_ld_maximum: float | None
    ttn_path: str  # The Things Stack's normalised payload
    brick_class: str  # RealEstateCore and Brick
    plausible_minimum: float | None
    plausible_maximum: float | None
    note: str


def __getattr__(name: str) -> Mapping[str, Quantity]:
    if name == "QUANTITIES":
        return _load()
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


@cache
def _load() -> Mapping[str, Quantity]:
    text = (files(__package__) / "quantities.csv").read_text(encoding="utf-8")
    return MappingProxyType({row["canonical"]: _quantity(row) for row in csv.DictReader(text.splitlines())})


def _quantity(row: Mapping[str, str]) -> Quantity:
    minimum, _, maximum = row["ngsi_ld_schema_range"].partition("..")
    return Quantity(
        name=row["canonical"],
        value_type=ValueType(row["value_type"]),
        quantity_kind=row["quantity_kind"],
        unit=row["ucum_unit"],
        unit_code=row["unece_unitcode"],
        senml_unit=row["senml_unit"],
        ipso_object=row["ipso_urn"],
        ipso_resource=row["ipso_object_resource"],
        diwise_senml=row["diwise_senml"],
        quantity_kind_iri=row["sta_observed_property_definition"],
        unit_iri=row["sta_unit_definition"],
        ngsi_ld_model=row["ngsi_ld_model"],
        ngsi_ld_attribute=row["ngsi_ld_attribute"],
        ngsi_ld_form=row["ngsi_ld_factor_or_form"],
        ngsi_ld_minimum=_number(minimum),
        ngsi_ld_maximum=_number(maximum),
        ttn_path=row["ttn_normalized_path"],
        brick_class=row["realestatecore_or_brick_class"],
        plausible_minimum=_number(row["plausible_min"]),
        plausible_maximum=_number(row["plausible_max"]),
        note=row["note"],
    )


def _number(text: str) -> float | None:
    return float(text) if text.strip() else None
