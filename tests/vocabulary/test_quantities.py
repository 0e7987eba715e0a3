"""The vocabulary holds together: every unit is known, every bound is one, every word is a word of its standard."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from decoders import vocabulary
from decoders.vocabulary import QUANTITIES, Quantity, ValueType
from decoders.vocabulary.units import UNITS

ROOT = Path(__file__).parent.parent.parent
ALL = pytest.mark.parametrize("quantity", QUANTITIES.values(), ids=lambda one: one.name)


def test_the_quantities_are_all_there() -> None:
    assert len(QUANTITIES) == 122
    assert QUANTITIES["air_temperature"].unit == "Cel"
    assert QUANTITIES["relative_humidity"].ngsi_ld_maximum == 1
    assert QUANTITIES["people_in"].value_type is ValueType.COUNTER


@ALL
def test_a_number_has_a_unit_that_converts_and_a_boolean_has_none(quantity: Quantity) -> None:
    if quantity.value_type is ValueType.BOOLEAN:
        assert quantity.unit == ""
    else:
        assert quantity.unit in UNITS


@ALL
def test_the_plausible_range_is_a_range(quantity: Quantity) -> None:
    low, high = quantity.plausible_minimum, quantity.plausible_maximum

    assert low is not None
    assert high is not None
    assert low < high


@ALL
def test_names_are_names(quantity: Quantity) -> None:
    assert quantity.name.isidentifier()
    assert quantity.name == quantity.name.lower()
    assert (
        quantity.quantity_kind_iri.startswith("http://qudt.org/vocab/quantitykind/") or not quantity.quantity_kind_iri
    )


def test_nothing_is_read_before_it_is_asked_for() -> None:
    program = "import decoders.vocabulary as v; print(v._load.cache_info().currsize, len(v.QUANTITIES))"

    said = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True).stdout

    assert said.split() == ["0", "122"]


def test_other_names_are_no_attributes() -> None:
    with pytest.raises(AttributeError, match="QUANTITY"):
        vocabulary.QUANTITY  # noqa: B018 - the attribute access is the act
