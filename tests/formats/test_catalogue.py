"""Formats by name, for the configuration."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.formats.catalogue import FORMATS, WAYS, WHERE, make, misfit, options_of
from gateway.formats.ngsi_ld import NgsiLd
from gateway.formats.senml import SenMl


def test_every_format_can_be_made_without_options() -> None:
    made = {name: type(make(name, {})) for name in FORMATS}

    assert made == FORMATS
    assert made["ngsi_ld"] is NgsiLd


def test_options_reach_the_format() -> None:
    assert isinstance(make("senml", {"encoding": "cbor", "topic": "a/{dev_eui}"}), SenMl)


@pytest.mark.parametrize(
    ("name", "options", "words"),
    [
        ("ngsild", {}, "'ngsild' is none of ngsi_ld, .*; did you mean 'ngsi_ld'?"),
        ("senml", {"topik": "x"}, "senml has no option 'topik'; .*did you mean 'topic'?"),
        ("senml", {"encoding": "xml"}, "encoding: 'xml' is neither"),
    ],
)
def test_what_a_person_wrote_wrong_is_said(name: str, options: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        make(name, options)


def test_options_are_listed_with_their_defaults() -> None:
    assert options_of("senml")["encoding"] == "json"
    assert options_of("ngsi_ld")["late"] == "refuse"


def test_every_format_says_which_protocols_it_can_go_over() -> None:
    assert WAYS.keys() == FORMATS.keys()


@pytest.mark.parametrize(
    ("name", "options", "scheme", "words"),
    [
        ("ngsi_ld", {}, "https", ""),
        ("ngsi_ld", {}, "mqtts", "ngsi_ld cannot go over mqtts://; http:// or https:// is right"),
        ("senml", {}, "mqtt", ""),
        ("senml", {"topic": "/in"}, "http", ""),
        ("senml", {"topic": "in"}, "http", "options.topic = '/in' begins with / as a path does"),
    ],
)
def test_a_format_that_cannot_go_a_way_says_why(name: str, options: dict[str, Any], scheme: str, words: str) -> None:
    said = misfit(name, options, scheme)

    assert said.endswith(words)
    assert bool(said) is bool(words)


def test_every_format_says_which_of_its_options_choose_among_the_users_of_a_platform() -> None:
    unknown = {name: [one for one in options if one not in options_of(name)] for name, options in WHERE.items()}

    assert WHERE.keys() == FORMATS.keys()
    assert not any(unknown.values()), unknown
