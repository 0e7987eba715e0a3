"""One suite over all decoders of the catalogue: their vectors, their promises, hostile octets."""

from __future__ import annotations

import pytest

from decoders.contract import Payload
from decoders.loading import SameAs, facts
from decoders.registry import CATALOGUE
from decoders.vectors import check, hostile
from tests.decoders.catalogue import REGISTRY, vectors

NAMES = REGISTRY.names()
MODELS = [name for name in NAMES if not isinstance(REGISTRY.get(name), SameAs)]


@pytest.mark.parametrize("name", NAMES)
def test_a_decoder_says_what_its_vectors_say(name: str) -> None:
    findings = check(REGISTRY.get(name), vectors(name))

    assert list(map(str, findings)) == []


@pytest.mark.parametrize("name", MODELS)
def test_hostile_octets_give_a_decoded_or_a_decode_error(name: str) -> None:
    findings = hostile(REGISTRY.get(name), vectors(name), seed=20260601)

    assert list(map(str, findings)) == []


@pytest.mark.parametrize("name", MODELS)
def test_vectors_show_a_reading_and_where_they_come_from(name: str) -> None:
    known = vectors(name)

    assert any(vector.readings for vector in known), "one vector at least states the readings it expects"
    assert [vector.name for vector in known if not (vector.source and vector.licence)] == []


@pytest.mark.parametrize("name", NAMES)
def test_a_decoder_states_only_the_quantities_it_names(name: str) -> None:
    decoder = REGISTRY.get(name)
    stated = {
        reading.quantity
        for vector in vectors(name)
        if vector.error is None
        for reading in decoder.decode(vector.payload).readings
    }

    assert stated <= set(facts(decoder).quantities)


@pytest.mark.parametrize("name", MODELS)
def test_the_same_payload_says_the_same_twice(name: str) -> None:
    decoder = REGISTRY.get(name)
    payloads: list[Payload] = [vector.payload for vector in vectors(name) if vector.error is None]

    first = [decoder.decode(payload) for payload in payloads]
    second = [decoder.decode(payload) for payload in reversed(payloads)]

    assert first == second[::-1]


@pytest.mark.parametrize("name", NAMES)
def test_every_decoder_describes_itself(name: str) -> None:
    description = REGISTRY.describe(name)

    assert description.title != name
    assert description.quantities
    assert description.source
    assert description.licence


def test_every_vectors_file_belongs_to_a_decoder() -> None:
    found = {
        f"{path.parent.name}/{path.name.removesuffix('.vectors.yaml')}" for path in CATALOGUE.rglob("*.vectors.yaml")
    }

    assert found <= set(NAMES)
