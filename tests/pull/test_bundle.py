"""A fleet's file: who is to have what of it, and what can be none."""

from __future__ import annotations

import tomllib

import pytest

from gateway.errors import ConfigError
from gateway.pull.bundle import read_bundle
from tests.pull.fleets import bundle

PARTS = """
[[part]]
configuration.journal.limit = "1 GB"
configuration.clock.trust = "ntp"
[[part]]
gateways = ["roof-*", "mast"]
configuration.journal.limit = "2 GB"
[[part]]
tags = ["north", "south"]
[[part.configuration.destination]]
name = "city"
url = "https://city.example"
headers = { X-Key = "a\\u007f\\"b" }
[part.configuration.destination.share]
personal = true
[[part]]
gateways = ["roof-7"]
[[part.configuration.destination]]
name = "city"
batch = 5
[[part.configuration.destination]]
name = "archive"
url = "https://archive.example"
"""
CITY = {
    "name": "city",
    "url": "https://city.example",
    "headers": {"X-Key": 'a\x7f"b'},
    "share": {"personal": True},
}
ARCHIVE = {"name": "archive", "url": "https://archive.example"}


@pytest.mark.parametrize(
    ("gateway", "tags", "limit", "destinations"),
    [
        ("other", [], "1 GB", None),
        ("roof-1", [], "2 GB", None),
        ("mast", ["south"], "2 GB", [CITY]),
        ("Mast", ["South"], "1 GB", None),
        ("roof-7", ["north"], "2 GB", [{**CITY, "batch": 5}, ARCHIVE]),
    ],
)
def test_a_box_has_the_parts_that_are_for_it_the_later_over_the_earlier(
    gateway: str, tags: list[str], limit: str, destinations: object
) -> None:
    made = tomllib.loads(read_bundle(bundle(1, PARTS).encode(), "fleet.toml").fragment(gateway, tags))

    assert made["journal"]["limit"] == limit
    assert made["clock"]["trust"] == "ntp"
    assert made.get("destination") == destinations


def test_a_file_without_a_part_for_a_box_is_empty_there() -> None:
    made = read_bundle(bundle(1, "").encode(), "fleet.toml").fragment("roof", [])

    assert tomllib.loads(made) == {}


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("x = 1\n", "x: there is no such key; there are bundle, part"),
        ("[bundle]\nserial = 0\nexpires = 2027-01-01T00:00:00Z\n", "bundle.serial: a whole number from 1 up"),
        ("[bundle]\nserial = 1\nexpires = 2027-01-01T00:00:00\n", "bundle.expires: a time with its zone"),
        ("[bundle]\nserial = 1\n", "bundle.expires: a time with its zone"),
        ("", "bundle: is missing"),
        (bundle(1, "part = 1\n").replace("[bundle]\n", "bundle.").replace("expires", "bundle.expires"), "part: a list"),
        (bundle(1, "[[part]]\n"), "part[0].configuration: is missing"),
        (bundle(1, "[[part]]\ngateways = []\nconfiguration = {}\n"), "part[0].gateways: is empty, so nobody is meant"),
        (bundle(1, '[[part]]\ntags = "a"\nconfiguration = {}\n'), "part[0].tags: a list of texts is expected"),
        (bundle(1, "[[part]]\ngateway = 1\nconfiguration = {}\n"), "part[0].gateway: there is no such key"),
        ("[bundle\n", "not TOML: "),
    ],
)
def test_what_can_be_no_fleets_file_is_said(text: str, problem: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read_bundle(text.encode(), "fleet.toml")

    assert any(one.startswith(f"fleet.toml: {problem}") for one in caught.value.problems)
