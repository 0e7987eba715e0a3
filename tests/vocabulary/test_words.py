"""Quantities and units are written as people read them."""

from __future__ import annotations

import pytest

from decoders.vocabulary import QUANTITIES
from decoders.vocabulary.spellings import ucum
from decoders.vocabulary.units import UNITS
from decoders.vocabulary.words import SPELT, SYMBOLS, symbol, with_unit, words

NO_SPELLING = {"1", "[g]", "m[g]", "dB{W}", "[gal_us]/min", "V.A.s{reactive}"}  # nothing, and what no vendor writes so


@pytest.mark.parametrize(
    ("quantity", "said"),
    [
        ("air_temperature", "air temperature (°C)"),
        ("soil_ph", "soil pH"),
        ("pm2_5", "PM2.5 (µg/m³)"),
        ("no", "NO (µg/m³)"),
        ("noise_laeq", "noise LAeq (dB)"),
        ("door_open", "door open"),
        ("people_in", "people in"),
        ("par", "PAR (µmol/(m²·s))"),
    ],
)
def test_a_quantity_is_said_in_words_with_its_unit(quantity: str, said: str) -> None:
    assert with_unit(quantity) == said


@pytest.mark.parametrize("unit", sorted(UNITS.keys() - NO_SPELLING))
def test_a_symbol_means_the_unit_that_it_is_written_for(unit: str) -> None:
    assert ucum(symbol(unit)) == unit


def test_no_symbol_is_of_two_units() -> None:
    symbols = [symbol(unit) for unit in UNITS]

    assert len(set(symbols)) == len(symbols)


def test_no_two_quantities_have_the_same_words() -> None:
    assert len({words(quantity) for quantity in QUANTITIES}) == len(QUANTITIES)


def test_only_what_the_vocabulary_has_is_spelt() -> None:
    parts = {part for quantity in QUANTITIES for part in (quantity, *quantity.split("_"))}

    assert SPELT.keys() <= parts
    assert SYMBOLS.keys() <= UNITS.keys()
