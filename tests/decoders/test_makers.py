"""Who made a device, and which decoders may be meant."""

from __future__ import annotations

import pytest

from decoders.makers import Proposal, makers, propose
from decoders.registry import Registry

THERE = ("acme/th-1", "elsys/ers", "elsys/ers-co2", "milesight/am307", "milesight/am307l", "quandify/cubicmeter")
ELSYS, MILESIGHT, STRANGE = "a81758fffe0a0003", "24e124128c140101", "0102030405060708"


def proposed(*said: object, words: str = "") -> tuple[str, ...] | None:
    found = propose(THERE, *said, words=words)  # type: ignore[arg-type, misc]  # what a case says
    return None if found is None else found.decoders


@pytest.mark.parametrize(
    ("said", "words", "expected"),
    [
        ((ELSYS,), "", ("elsys/ers", "elsys/ers-co2")),
        ((ELSYS.upper(),), "ERS CO2 room 4", ("elsys/ers-co2",)),
        ((MILESIGHT,), "am-307L hall", ("milesight/am307l",)),
        ((MILESIGHT,), "AM307 library", ("milesight/am307",)),
        ((STRANGE, MILESIGHT), "", ("milesight/am307", "milesight/am307l")),
        ((STRANGE, None, ("0259", "0001")), "", ("milesight/am307", "milesight/am307l")),
        (
            (ELSYS, None, ("0259", "0001")),
            "",
            ("milesight/am307", "milesight/am307l"),
        ),  # a label knows better than digits
        (("70b3d57ba0001234",), "", ()),  # Decentlab, of whom nothing is there
        ((STRANGE,), "am307", None),
        (("70b3d57ed0001234",), "", None),  # a block that many share
    ],
)
def test_a_maker_is_known_by_his_digits_and_a_model_by_its_name(
    said: tuple[object, ...], words: str, expected: tuple[str, ...] | None
) -> None:
    assert proposed(*said, words=words) == expected


def test_why_is_said() -> None:
    assert propose(THERE, ELSYS) == Proposal(
        "Elsys (Elektronik System i Umeå)",
        ("elsys/ers", "elsys/ers-co2"),
        "its DevEUI begins a81758: Elsys (Elektronik System i Umeå)",
    )


def test_the_table_has_each_maker_once_and_no_digits_of_two() -> None:
    prefixes = [prefix for maker in makers() for prefix in maker.prefixes]
    ids = [maker.alliance_id for maker in makers() if maker.alliance_id]

    assert len({maker.vendor for maker in makers()}) == len(makers())
    assert len(set(ids)) == len(ids)
    assert [one for one in prefixes for other in prefixes if one != other and other.startswith(one)] == []
    assert all(len(prefix) in {6, 7, 9} and prefix == prefix.lower() for prefix in prefixes)


def test_every_maker_of_the_catalogue_is_known() -> None:
    vendors = {name.partition("/")[0] for name in Registry.load(entry_points=False).names()}

    assert vendors - {maker.vendor for maker in makers()} == set()
