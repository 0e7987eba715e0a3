"""A city's short name."""

from __future__ import annotations

import pytest

from gateway.cities.slugs import slug


@pytest.mark.parametrize(
    ("text", "short"),
    [
        ("Göteborg", "goteborg"),
        ("goteborg", "goteborg"),
        ("GÖTEBORG", "goteborg"),
        ("Go\u0308teborg", "goteborg"),
        ("Ängelholm", "angelholm"),
        ("Upplands Väsby", "upplands-vasby"),
        ("Skellefteå", "skelleftea"),
        ("Tromsø", "tromso"),
        ("Saint-Étienne", "saint-etienne"),
    ],
)
def test_a_city_has_one_short_name_however_it_is_written(text: str, short: str) -> None:
    assert slug(text) == short
    assert slug(short) == short


@pytest.mark.parametrize("text", ["", " ", "../etc/passwd", "a/b", "lund@home", "x" * 41, "---"])
def test_what_is_no_name_of_a_city_is_said(text: str) -> None:
    with pytest.raises(ValueError, match="is no city's name"):
        slug(text)
