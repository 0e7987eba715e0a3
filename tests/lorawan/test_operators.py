"""Whose a DevAddr may be: the prefixes as The Things Network's list has them."""

from __future__ import annotations

import pytest

from gateway.lorawan.operators import operator
from gateway.model import DevAddr


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("00000000", "private or experimental"),
        ("03ffffff", "private or experimental"),
        ("04000000", "Actility"),
        ("26011bda", "The Things Network"),
        ("27ffffff", "The Things Network"),
        ("28000000", None),
        ("73ffffff", "Amazon"),
        ("e0040000", "Netmore"),
        ("e005ffff", "Netmore"),
        ("e0140000", "Öresundskraft"),
        ("e05a0000", "Helium"),
        ("fc004bff", "Netmore"),
        ("fc016400", "Quandify"),
        ("fc016800", None),
        ("fe000000", None),
        ("ffffffff", None),
    ],
)
def test_a_well_known_network_is_told_by_the_first_bits(address: str, name: str | None) -> None:
    assert operator(DevAddr(address)) == name
