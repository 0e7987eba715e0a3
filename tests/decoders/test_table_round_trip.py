"""What the catalogue's tables read of others' payloads is said again, and read again as the same."""

from __future__ import annotations

import pytest

from decoders.contract import EncodeError, Payload
from decoders.payload_schema import document
from decoders.payload_schema.encoding import compile_messages
from decoders.registry import CATALOGUE
from decoders.vectors import Vector, differences
from tests.decoders.catalogue import REGISTRY, vectors

# Names made of values, a bit that shares its octets with a rounded number, a distance left out where there is none.
ONE_WAY = {f"milesight/{model}" for model in ("em320-tilt", "em410-rdl", "uc300", "vs135", "ws302")}
TABLES = [
    f"{path.parent.name}/{path.stem}"
    for path in sorted(CATALOGUE.glob("*/*.yaml"))
    if not path.name.endswith((".vectors.yaml", ".meta.yaml"))
    and "same_as" not in document.read(path)
    and f"{path.parent.name}/{path.stem}" not in ONE_WAY
]
# Values that do not say which octets they came from, and why.
UNSAYABLE = (
    "stands for every value that has no name",
    "stands for many",
    "lies outside",
    "follows from",
    "it is missing; one of",
)


def readable(name: str) -> list[Vector]:
    return [one for one in vectors(name) if one.error is None]


@pytest.mark.parametrize("name", TABLES)
def test_what_a_table_read_is_said_again_and_read_as_the_same(name: str) -> None:
    decoder = REGISTRY.get(name)
    encoder = compile_messages(document.read(CATALOGUE / f"{name}.yaml"), name)
    problems: list[str] = []
    for vector in readable(name):
        read = decoder.decode(vector.payload).fields
        try:
            told = encoder.encode({"f_port": vector.payload.f_port, **read})
        except EncodeError as error:
            problems += [] if any(words in error.detail for words in UNSAYABLE) else [f"{vector.name}: {error}"]
            continue
        again = decoder.decode(Payload(told.data, vector.payload.f_port, vector.payload.received_at)).fields
        problems += [f"{vector.name}: {one}" for one in differences("", again, read)]

    assert problems == []
