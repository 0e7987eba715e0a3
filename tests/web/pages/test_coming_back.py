"""A phone's network comes and goes, addresses are mistyped, proxies change them: nothing typed is lost, and no message says what is not so."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Route, expect

from tests.web.pages.boxes import PASSWORD, Street
from tests.web.pages.browsing import LIMIT_MS, Tab, tab

KEY = "000102030405060708090a0b0c0d0e0f"
API = "**/api/v1/**"
expect.set_options(timeout=LIMIT_MS)


@pytest.fixture
def phone(browser: Browser, street: Street) -> Iterator[Tab]:
    with tab(browser, street.url(0), width=390, language="en") as one:
        yield one


def lose_contact(one: Tab, street: Street) -> None:
    """Have the phone reach nothing, and its stream end."""
    one.page.route(API, lambda route: route.abort())
    street.call(hang_up(street))
    expect(one.page.locator("#away")).to_contain_text("No contact")


async def hang_up(street: Street) -> None:
    for part in street.boxes[0].agent.parts:
        if part.field == "web":
            part.website._site.hang_up()  # type: ignore[attr-defined]  # a room of the web


def test_what_was_typed_is_there_when_the_network_is_back(phone: Tab, street: Street) -> None:
    phone.open("add")
    phone.page.get_by_role("button", name="by hand").click()
    phone.page.get_by_label("AppKey", exact=True).fill(KEY)
    lose_contact(phone, street)
    phone.page.unroute(API)

    expect(phone.page.locator("#told")).to_contain_text("answers again")
    expect(phone.page.locator("#away")).to_be_empty()
    expect(phone.page.get_by_label("AppKey", exact=True)).to_have_value(KEY)


def test_a_page_that_could_not_be_had_comes_by_itself_when_the_network_is_back(phone: Tab, street: Street) -> None:
    phone.open()
    lose_contact(phone, street)
    phone.page.evaluate("location.hash = '#/devices'")
    expect(phone.page.get_by_role("alert")).to_contain_text("No contact")
    phone.page.unroute(API)

    expect(phone.page.get_by_role("heading", name="No devices yet")).to_be_visible()


def test_the_live_page_says_that_something_may_be_missing(phone: Tab, street: Street) -> None:
    phone.open("live")
    phone.page.get_by_label("Filter").fill("library")
    lose_contact(phone, street)
    phone.page.unroute(API)

    expect(phone.page.locator("p[role=status]")).to_contain_text("what came meanwhile is not shown")


@pytest.mark.parametrize("route", ["%", "destinations/50%", "destinations/100%2525", "devices?search=50%25%"])
def test_an_address_that_was_mistyped_shows_a_page(phone: Tab, route: str) -> None:
    phone.open(route)

    expect(phone.page.locator("main h1")).to_be_visible()
    assert [one for one in phone.complaints if not one.startswith("Failed to load resource")] == []


def test_what_is_no_passwords_fault_is_not_said_of_the_password(browser: Browser, street: Street) -> None:
    def elsewhere(route: Route) -> None:
        route.fulfill(status=403, json={"problems": ["Origin: a page of another site asks"]})

    with tab(browser, street.url(1), width=390, language="en") as one:
        one.open()
        one.page.route("**/api/v1/session", elsewhere)
        one.page.fill("input[type=password]", PASSWORD)
        one.page.keyboard.press("Enter")

        expect(one.page.locator("#told")).to_contain_text("Origin: a page of another site asks")
        assert "Wrong password" not in one.page.inner_text("main")
