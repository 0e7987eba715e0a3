"""Which formats must be told oldest first: those whose platform would end with an older value over a newer one, or refuse it."""

from __future__ import annotations

import pytest

from gateway.formats.catalogue import FORMATS, OLDER_MAY_FOLLOW, is_strict, options_of
from gateway.model import Json

BY_PATH = "/http-push/generic?identifier=devEui"


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("ngsi_ld", {}),
        ("ngsi_ld", {"way": "merge"}),
        ("ngsi_ld", {"late": "skip"}),
        ("ngsi_v2", {}),
        ("ngsi_v2", {"late": "send"}),  # for a history behind Orion; its present would go back in time
        ("diwise", {}),
        ("iot_open", {"late": "refuse"}),
        ("yggio", {"topic": BY_PATH}),
        ("yggio", {"late": "skip"}),
        ("template", {"late": "refuse"}),
        ("template", {"late": "send"}),  # written where the body says no time
    ],
)
def test_a_platform_that_would_go_back_in_time_is_told_in_order(name: str, options: dict[str, Json]) -> None:
    assert is_strict(name, options)


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("ngsi_ld", {"late": "temporal"}),
        ("ngsi_ld", {"late": "send"}),
        ("diwise", {"late": "send"}),
        ("iot_open", {}),
        ("yggio", {}),
        ("yggio", {"topic": BY_PATH, "late": "send"}),
        ("template", {}),
        *(
            (name, {})
            for name in ("senml", "sensorthings", "json", "thingsboard", "rec_edge", "chirpstack", "azure_iot")
        ),
    ],
)
def test_a_platform_that_keeps_each_value_by_its_time_has_the_newest_first(name: str, options: dict[str, Json]) -> None:
    assert not is_strict(name, options)


def test_every_format_that_can_come_late_says_what_may_follow() -> None:
    assert {name for name in FORMATS if "late" in options_of(name)} == OLDER_MAY_FOLLOW.keys()
