"""`gateway.place`: where a box without a GNSS receiver is."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.here import Here
from gateway.model import Place
from tests.agent.brygga_toml import loaded, problems
from tests.agent.test_here import fix


@pytest.mark.parametrize(
    ("text", "place"),
    [("[57.7, 12]", Place(57.7, 12.0)), ("[-33.9, 151.2, 30.5]", Place(-33.9, 151.2, 30.5))],
)
def test_a_place_is_read_north_first(tmp_path: Path, text: str, place: Place) -> None:
    assert loaded(tmp_path, f"[gateway]\nplace = {text}\n").gateway.place == place


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[57.7]", "[57.7] is no place; [57.70887, 11.97456] is one"),
        ("[157.7, 11.9]", "is not on Earth"),
        ('["57.7", "11.9"]', "is no place"),
        ("[true, 1]", "is no place"),
        ("[57.7, 11.9, 99999]", "99999 m is no height of a gateway"),
        ('"57.7, 11.9"', "a list of degrees north, degrees east"),
    ],
)
def test_what_is_no_place_says_what_is_one(tmp_path: Path, text: str, words: str) -> None:
    (problem,) = problems(tmp_path, f"[gateway]\nplace = {text}\n")

    assert "gateway.place: " in problem
    assert words in problem


def test_a_receivers_place_goes_over_the_written_one() -> None:
    written, measured = Place(57.7, 11.9), Place(57.70887, 11.97456, 12.0)
    here = Here(written)
    before = here.place

    here.learn(fix(measured))

    assert (before, here.place) == (written, measured)
