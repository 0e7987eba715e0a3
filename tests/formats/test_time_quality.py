"""Whether a format says how good a time is, and of an unknown one what is known: only then it may be told one."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Final

import pytest

from decoders.contract import Reading
from gateway.formats.catalogue import FORMATS, make, says_time_quality
from gateway.formats.json_event import JsonEvent
from gateway.formats.sensorthings.observations import single
from gateway.model import Bounds, Item, Json, TimeQuality
from tests.formats.items import HEARD_AT, converse, item

IN_ANSWER_TO_QUESTIONS: Final = {
    "sensorthings",
    "sensorthings_mqtt",
    "diwise",
}  # nothing is said of a thing that is not there


def uncertain() -> Item:
    """Return an uplink of which only the bounds are known."""
    heard = item(Reading("air_temperature", 21.5, "Cel"))
    bounds = Bounds(HEARD_AT, HEARD_AT + timedelta(days=1))
    at = replace(heard.uplink.heard_at, quality=TimeQuality.UNKNOWN, bounds=bounds)
    [observation] = heard.observations
    observations = (replace(observation, time_quality=TimeQuality.UNKNOWN),)
    return replace(heard, uplink=replace(heard.uplink, heard_at=at), observations=observations)


@pytest.mark.parametrize("name", sorted(FORMATS.keys() - IN_ANSWER_TO_QUESTIONS))
def test_who_has_no_word_for_it_is_known(name: str) -> None:
    waves, _ = converse(make(name, {}), [uncertain()])

    said = b"".join(request.body for wave in waves for request in wave)
    assert said
    assert (b"unknown" in said) is says_time_quality(name, {})


@pytest.mark.parametrize(
    ("name", "options", "says"),
    [
        ("template", {"body": {"t": "{time}", "q": "{time_quality}"}}, True),
        ("template", {"body": {"t": "{time}"}}, False),
        ("azure_iot", {"body": "json"}, True),
        ("azure_iot", {"body": "senml"}, False),
        ("sensorthings", {}, True),
    ],
)
def test_it_is_the_options_that_decide_where_words_are_chosen(
    name: str, options: dict[str, Json], *, says: bool
) -> None:
    assert says_time_quality(name, options) is says


def test_json_says_between_which_times_it_was() -> None:
    for platform in (JsonEvent(), JsonEvent(per="observation")):
        [[request]], _ = converse(platform, [uncertain()])

        said = json.loads(request.body)
        assert (said["time_quality"], said["time_not_before"], said["time_not_after"]) == (
            "unknown",
            "2026-03-01T12:00:00.123Z",
            "2026-03-02T12:00:00.123Z",
        )


def test_sensorthings_says_it_among_the_parameters() -> None:
    one = uncertain()

    parameters = json.loads(single(one.observations[0], one.uplink))["parameters"]

    assert (parameters["time_quality"], parameters["time_not_after"]) == ("unknown", "2026-03-02T12:00:00.123Z")
