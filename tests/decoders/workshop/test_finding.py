"""`brygga decoder search`: by maker, model, what it measures, in English or Swedish, mistyped by a letter."""

from __future__ import annotations

import pytest

from decoders.workshop.finding import search
from tests.decoders.catalogue import REGISTRY

DESCRIPTIONS = [REGISTRY.describe(name) for name in REGISTRY.names()]


@pytest.mark.parametrize(
    ("words", "first"),
    [
        ("am307", "milesight/am307"),
        ("milesight am-307l", "milesight/am307l"),
        ("quandfiy", "quandify/"),
        ("elvaco 4110", "elvaco/cmi4110"),
        ("vattenmätare axioma", "axioma/qalcosonic-w1"),
        ("parkering bosch", "bosch/tps110"),
        ("co2 elsys", "elsys/ers-co2"),
    ],
)
def test_the_first_that_is_found_is_the_one_that_is_meant(words: str, first: str) -> None:
    found = [match.description.name for match in search(words.split(), DESCRIPTIONS)]

    assert found[0].startswith(first)


@pytest.mark.parametrize("words", ["", "zzzzzz", "elsys zzzzzz"])
def test_nothing_is_found_where_a_word_fits_nothing(words: str) -> None:
    assert search(words.split(), DESCRIPTIONS) == []


def test_what_a_quantity_is_called_finds_all_that_state_it() -> None:
    found = {match.description.name for match in search(["water_volume"], DESCRIPTIONS)}

    assert found >= {one.name for one in DESCRIPTIONS if "water_volume" in one.quantities}
