"""Every page with 0, 1 and 5,000 devices, on a phone and a desk, in both languages: whole, accessible, light, and of this box alone.

`BRYGGA_EVERY_PAGE=1` looks at all of it, light and dark; without it a selection in which each page is there at least once.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Final

import pytest
from playwright.sync_api import Browser

from tests.web.pages.boxes import KNOWN, MANY, PASSWORD, Street
from tests.web.pages.browsing import WIDTHS, Tab, tab

HEAVIEST: Final = 300_000  # octets over the wire, all together
PAGES: Final = (
    "",
    "devices",
    f"devices/{KNOWN}",
    "live",
    "add",
    "site",
    "sources",
    "destinations",
    "destinations/lund",
    "journal",
    "decoders",
    "logs",
    "doctor",
    "about",
    "nowhere",
)
RICHEST: Final = ("", "devices", f"devices/{KNOWN}", "site", "destinations/lund", "journal", "doctor")
COUNTS: Final = (0, 1, MANY)
IS_ALL: Final = os.environ.get("BRYGGA_EVERY_PAGE") == "1"

Case = tuple[str, int, int, str, str]


def cases() -> Iterator[Case]:
    """Yield page, devices, width, language and colours."""
    for place, page in enumerate(PAGES):
        if IS_ALL:
            yield from (
                (page, count, width, language, scheme)
                for count in COUNTS
                for width in WIDTHS
                for language in ("sv", "en")
                for scheme in ("light", "dark")
            )
        else:
            yield page, MANY if place % 2 else 0, 390, ("sv", "en")[place // 2 % 2], ("light", "dark")[place // 4 % 2]
    if not IS_ALL:  # those with the most on them once more, wide
        yield from (
            (page, (1, MANY)[place % 2], 1440, ("en", "sv")[place % 2], "light") for place, page in enumerate(RICHEST)
        )


def log_in(one: Tab) -> None:
    one.page.goto(one.url)
    one.page.fill("input[type=password]", PASSWORD)
    one.page.keyboard.press("Enter")
    one.page.wait_for_selector(".nav")


@pytest.mark.parametrize(("page", "count", "width", "language", "scheme"), list(cases()))
def test_a_page_is_whole(
    page: str, count: int, width: int, language: str, scheme: str, browser: Browser, street: Street
) -> None:
    with tab(browser, street.url(count), width=width, language=language, scheme=scheme) as one:
        if count == 1:
            log_in(one)
        one.open(page)
        is_there = count or page != f"devices/{KNOWN}"  # of a box without devices the page says that it is not there

        expected = (
            [] if is_there else ["Failed to load resource: the server responded with a status of 404 (Not Found)"]
        )
        assert set(one.complaints) == set(expected)
        assert one.overflow <= 0
        assert one.axe() == []
        assert one.hosts == {"127.0.0.1"}
        assert one.weight < HEAVIEST
        assert one.page.locator("html").get_attribute("lang") == language
        assert one.page.locator("h1").count() == 1
        assert one.page.title() != ""


def test_the_login_is_accessible_and_shows_nothing_else(browser: Browser, street: Street) -> None:
    with tab(browser, street.url(1), width=390) as one:
        one.open("devices")

        assert one.axe() == []
        assert one.page.locator("nav").count() == 0
        assert "torget-3" not in one.page.inner_text("body")
