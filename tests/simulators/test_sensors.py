"""What simulated sensors say: whatever their decoders read of it must be believable, and about now."""

from __future__ import annotations

from itertools import islice
from random import Random

import pytest

from decoders.contract import Payload
from decoders.vocabulary import QUANTITIES
from decoders.vocabulary.units import convert
from simulators.sensors import MODELS, READ_AT, from_vectors, says
from tests.decoders.catalogue import REGISTRY

SMALLEST_MAXIMUM = 51  # octets of application payload at DR0 (RP002-1.0.4, EU863-870)
DRAWS = 200


def plausible(quantity: str, value: object, unit: str) -> bool:
    known = QUANTITIES[quantity]
    if isinstance(value, bool):
        return True
    assert isinstance(value, int | float)
    canonical = convert(value, unit or "1", known.unit)
    low, high = known.plausible_minimum, known.plausible_maximum
    return (low is None or low <= canonical) and (high is None or canonical <= high)


@pytest.mark.parametrize("name", sorted(MODELS))
def test_every_payload_of_a_model_says_believable_things_about_now(name: str) -> None:
    decoder = REGISTRY.get(name)
    spoken = list(islice(says(name, Random(7), REGISTRY), DRAWS))

    decoded = [decoder.decode(Payload(one.payload, one.f_port, READ_AT)) for one in spoken]

    readings = [reading for one in decoded for reading in one.readings]
    assert all(one.readings and not one.warnings for one in decoded)
    assert [reading for reading in readings if not plausible(reading.quantity, reading.value, reading.unit)] == []
    assert [reading for reading in readings if reading.at is not None] == []
    assert max(len(one.payload) for one in spoken) <= SMALLEST_MAXIMUM


@pytest.mark.parametrize("name", sorted(MODELS))
def test_the_same_seed_says_the_same_and_values_move(name: str) -> None:
    first, again = (list(islice(says(name, Random(3), REGISTRY), 40)) for _ in "ab")

    assert first == again
    assert len(set(first)) > 1


def test_a_device_without_a_model_of_its_own_says_its_vectors_over_and_over() -> None:
    vectors = {vector.payload.data for vector in REGISTRY.vectors("elsys/ems-desk")}

    spoken = list(islice(says("elsys/ems-desk", Random(1), REGISTRY), 20))

    assert {one.payload for one in spoken} <= vectors
    assert len(spoken) > len(vectors)


def test_vectors_of_errors_and_of_history_are_not_said() -> None:
    decoder = REGISTRY.get("dragino/lht65")

    spoken = set(islice(from_vectors("dragino/lht65", REGISTRY), 100))

    decoded = [decoder.decode(Payload(one.payload, one.f_port, READ_AT)) for one in spoken]
    assert all(one.readings and not any(reading.at for reading in one.readings) for one in decoded)


def test_a_decoder_whose_vectors_say_nothing_is_named() -> None:
    with pytest.raises(LookupError, match="quandify/cubicmeter-1-1-copper"):
        next(from_vectors("quandify/cubicmeter-1-1-copper", REGISTRY))
