"""What the pages make of the agent's status: each cause is told once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.web.pages.boxes import Street
from tests.web.pages.browsing import Tab, tab

TROUBLES = "async status => (await import('/app/judge.js')).troubles(status).map(one => one.what)"
WAITS = {"configured": True, "waiting": 5, "state": "waiting for the clock", "oldest_s": 900, "held": {}}
AWAY = {**WAITS, "state": "stalled", "trouble": "connection refused"}


@pytest.fixture
def page(browser: Browser, street: Street) -> Iterator[Tab]:
    with tab(browser, street.url(0)) as one:
        one.open()
        yield one


def troubles(page: Tab, *, is_set: bool, **destinations: Any) -> Any:
    clock = {"trusted": is_set, "quality": "ntp" if is_set else "unsynchronised", "words": ""}
    listening = {"name": "radio", "type": "basics_station", "gateways": {}}
    journal = {"used_bytes": 1, "quota_bytes": 100}
    status = {"clock": clock, "journal": journal, "sources": [listening], "destinations": destinations}
    return page.page.evaluate(TROUBLES, status)


def test_a_clock_that_is_not_set_is_one_thing_whoever_waits_for_it(page: Tab) -> None:
    assert troubles(page, is_set=False, lund=WAITS, malmo=WAITS, ystad=WAITS) == ["clock"]


def test_who_waits_without_that_being_told_is_told(page: Tab) -> None:
    assert troubles(page, is_set=True, lund=WAITS) == ["destination_waits"]


def test_a_platform_that_is_away_is_told_beside_the_clock(page: Tab) -> None:
    assert sorted(troubles(page, is_set=False, lund=AWAY, malmo=WAITS)) == ["clock", "destination_away"]
