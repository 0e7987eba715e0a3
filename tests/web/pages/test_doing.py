"""What people do with the pages: by keyboard alone, with a photo of a label, while the agent starts again."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Route, expect

from gateway.commands.show_lanes import CATCHING_UP
from tests.web.pages.boxes import COLDER, ERS, KNOWN, MANY, PASSWORD, PORT, Street
from tests.web.pages.browsing import LIMIT_MS, Tab, tab
from tests.web.pages.labels import nothing, photo

LABEL = "LW:D0:1122334455667788:A81758FFFE0A0001:AABB1122"  # LoRa Alliance TR005, section 4
expect.set_options(timeout=LIMIT_MS)


@pytest.fixture
def many(browser: Browser, street: Street) -> Iterator[Tab]:
    with tab(browser, street.url(MANY)) as one:
        yield one


@pytest.fixture
def phone(browser: Browser, street: Street) -> Iterator[Tab]:
    with tab(browser, street.url(0), width=390) as one:
        yield one


def test_keys_alone_log_in_find_a_device_send_to_it_and_log_out(browser: Browser, street: Street) -> None:
    with tab(browser, street.url(1)) as one:
        page, press = one.page, one.page.keyboard.press
        one.open()
        page.keyboard.type(PASSWORD)  # the field has the focus
        press("Enter")
        page.wait_for_selector(".nav")
        one.tab_to("Sensorer")
        press("Enter")
        expect(page.locator("h1")).to_have_text("Sensorer")
        page.wait_for_selector(".rows a")
        one.tab_to("Biblioteket")
        press("Enter")
        expect(page.locator("h1")).to_have_text("Biblioteket")
        one.tab_to("Port")
        page.keyboard.type("10")
        one.tab_to("Innehåll, hex")
        page.keyboard.type("0102")
        press("Enter")
        expect(page.locator("#told")).to_contain_text("Ställt i kö")
        expect(page.get_by_role("heading", name="Väntar på att skickas")).to_be_visible()
        press("Home")
        one.tab_to("Logga ut")
        press("Enter")
        expect(page.locator("h1")).to_have_text("Logga in")

        assert one.complaints == ["Failed to load resource: the server responded with a status of 401 (Unauthorized)"] * len(one.complaints)  # fmt: skip
        waiting = street.call(street.boxes[1].agent.journal.downlinks(KNOWN, open_only=True, limit=9))
        assert [(each.f_port, each.payload) for each in waiting] == [(10, b"\x01\x02")]


def test_a_wrong_password_is_said_at_its_field(browser: Browser, street: Street) -> None:
    with tab(browser, street.url(1), width=390, language="en") as one:
        one.open()
        one.page.fill("input[type=password]", "guessed")
        one.page.keyboard.press("Enter")

        field = one.page.get_by_label("Password")
        expect(field).to_have_attribute("aria-invalid", "true")
        expect(field).to_have_accessible_description(re.compile("Wrong password"))
        expect(field).to_be_focused()


def test_what_is_heard_now_is_on_the_page_without_a_reload(many: Tab, street: Street) -> None:
    many.open(f"devices/{KNOWN}")
    expect(many.page.locator(".reading", has_text="Lufttemperatur")).to_contain_text("22,6 °C")
    many.page.evaluate("window.isTheSame = true")
    box = street.boxes[MANY]
    street.call(box.is_followed())

    street.call(box.hear(COLDER))

    expect(many.page.locator(".reading", has_text="Lufttemperatur")).to_contain_text("17,8 °C")
    assert many.page.evaluate("window.isTheSame")


def test_the_live_page_shows_pauses_and_filters_a_bounded_number(many: Tab, street: Street) -> None:
    many.open("live")
    box = street.boxes[MANY]
    street.call(box.is_followed())

    async def hear_often() -> None:
        for _ in range(120):
            await box.hear()

    street.call(hear_often())
    lines = many.page.locator(".heard > li")
    expect(lines).to_have_count(100)
    many.page.get_by_role("button", name="Pausa").click()
    street.call(box.hear())
    expect(many.page.locator("p[role=status]")).to_contain_text("Pausad; 1")
    many.page.get_by_label("Filtrera").fill("nobody")

    expect(lines).to_have_count(0)


def test_five_thousand_devices_are_searched_sorted_and_paged(many: Tab) -> None:
    many.open("devices")
    rows = many.page.locator(".rows tbody tr")
    expect(rows).to_have_count(50)
    many.page.get_by_role("button", name="Nästa").click()
    expect(many.page.locator(".pager")).to_contain_text("51–100 av 5")
    many.page.get_by_label("Sök").fill("mätare 4321")

    expect(rows).to_have_count(1)
    expect(rows.first).to_contain_text("Mätare 4321")
    assert "search=m%C3%A4tare+4321" in many.page.url  # a link to it can be kept
    many.page.get_by_label("Sök").fill("nobody")
    expect(many.page.get_by_role("heading", name="Ingen sensor stämmer")).to_be_visible()


def test_the_language_turns_at_once_and_is_remembered(many: Tab) -> None:
    many.open("devices")
    many.page.get_by_role("button", name="English").click()
    expect(many.page.locator("h1")).to_have_text("Devices")
    many.page.reload()

    expect(many.page.locator("h1")).to_have_text("Devices")
    expect(many.page.locator("html")).to_have_attribute("lang", "en")


def test_a_plot_has_the_same_numbers_as_a_table(many: Tab) -> None:
    many.open(f"devices/{KNOWN}")
    figure = many.page.locator("figure", has_text="Lufttemperatur")
    expect(figure.locator("canvas")).to_be_visible()

    figure.get_by_text("Visa som tabell").click()

    expect(figure.locator("tbody tr").last).to_contain_text("22,6")
    assert many.page.locator("figure").count() == many.page.locator("figure summary").count()


def test_a_photo_of_a_label_is_read_and_its_device_added(phone: Tab, street: Street) -> None:
    phone.open("add")
    before = [one.url for one in phone.requests if "jsqr" in one.url]
    phone.page.set_input_files("#photo", {"name": "label.jpg", "mimeType": "image/jpeg", "buffer": photo(LABEL)})
    expect(phone.page.get_by_label("DevEUI", exact=True)).to_have_value("a81758fffe0a0001")
    expect(phone.page.get_by_label("JoinEUI (AppEUI)")).to_have_value("1122334455667788")
    phone.page.get_by_label("AppKey", exact=True).fill("00")
    phone.page.get_by_label("Namn", exact=True).fill("Badplatsen")
    phone.page.get_by_role("button", name="Lägg till sensorn").click()
    expect(phone.page.get_by_label("AppKey", exact=True)).to_be_focused()
    expect(phone.page.get_by_label("AppKey", exact=True)).to_have_accessible_description(re.compile("32"))
    phone.page.get_by_label("AppKey", exact=True).fill("000102030405060708090a0b0c0d0e0f")
    phone.page.get_by_role("button", name="Lägg till sensorn").click()
    expect(phone.page.get_by_role("heading", name="Badplatsen är tillagd")).to_be_visible()

    assert before == []  # it is loaded for a photo, and not before
    assert phone.axe() == []
    phone.page.get_by_role("link", name="Följ sensorn").click()
    phone.page.get_by_role("button", name="Ta bort sensorn").click()
    phone.page.get_by_role("dialog").get_by_role("button", name="Ta bort sensorn").click()
    expect(phone.page.get_by_role("heading", name="Inga sensorer ännu")).to_be_visible()
    assert street.call(street.boxes[0].agent.journal.devices()) == []


def test_a_photo_without_a_code_says_what_to_do(phone: Tab) -> None:
    phone.open("add")
    phone.page.set_input_files("#photo", {"name": "wall.jpg", "mimeType": "image/jpeg", "buffer": nothing()})

    expect(phone.page.locator("#photo-state")).to_contain_text("Ingen QR-kod hittades")


def test_an_agent_that_starts_again_is_missed_and_found_again(phone: Tab, street: Street) -> None:
    phone.open()
    expect(phone.page.locator("#standing")).to_contain_text("problem")
    street.call(street.stop(0))
    expect(phone.page.locator("#away")).to_contain_text("Ingen kontakt")
    street.call(street.start(0))

    expect(phone.page.locator("#away")).to_be_empty()
    expect(phone.page.locator("h1")).to_be_visible()


def test_a_payload_is_tried_out(many: Tab) -> None:
    many.open("decoders")
    many.page.get_by_label("Avkodare", exact=True).fill("elsys/ers")
    many.page.get_by_label("Port").fill("5")
    many.page.get_by_label("Innehåll").fill("0100e20229")
    many.page.get_by_role("button", name="Avkoda").click()

    expect(many.page.locator("table", has_text="Uppmätt värde")).to_contain_text("22,6 °C")


def wrong(one: Tab, label: str) -> str:
    """Return what is said at a field that is wrong: all of it in the page's language, but for what the agent says itself."""
    field = one.page.get_by_label(label, exact=True)
    expect(field).to_have_attribute("aria-invalid", "true")
    return str(one.page.locator(".field", has=field).locator(".fault").inner_text())


def test_a_wrong_key_is_told_in_swedish_before_anything_is_sent(phone: Tab) -> None:
    phone.open("add")
    phone.page.get_by_role("button", name="Skriv för hand").click()
    phone.page.get_by_label("DevEUI", exact=True).fill("A8-17-58-FF-FE-0A-00")
    phone.page.get_by_label("AppKey", exact=True).fill("0001O2")
    phone.page.get_by_label("Avkodare", exact=True).fill("ERS")
    phone.page.get_by_label("Latitud", exact=True).fill("157,7")
    phone.page.get_by_role("button", name="Lägg till sensorn").click()

    assert wrong(phone, "DevEUI") == "14 hexsiffror där det ska vara 16"
    assert wrong(phone, "AppKey") == "Bara 0–9 och A–F kan stå här"
    assert wrong(phone, "Avkodare").startswith("tillverkare/modell med små bokstäver")
    assert wrong(phone, "Latitud") == "Ett tal från −90 till 90"
    assert phone.page.get_by_label("DevEUI", exact=True).evaluate("one => one === document.activeElement")
    assert [one.url for one in phone.requests if one.method == "POST"] == []
    assert phone.axe() == []


def test_what_the_agent_alone_finds_wrong_has_a_swedish_head_and_its_own_words(phone: Tab) -> None:
    phone.open("add")
    phone.page.get_by_label("Text från etiketten").fill("SN 12345")
    phone.page.get_by_role("button", name="Läs etiketten").click()
    label = wrong(phone, "Text från etiketten")
    phone.page.get_by_role("button", name="Skriv för hand").click()
    phone.page.get_by_label("DevEUI", exact=True).fill("a81758fffe0a0001")
    phone.page.get_by_role("button", name="Lägg till sensorn").click()
    key = wrong(phone, "AppKey")

    assert label.startswith("Etiketten går inte att läsa.")
    assert key.startswith("Behöver fyllas i")
    assert phone.page.locator(".fault [lang=en]").count() == 2
    assert phone.axe() == []


def test_a_decoder_that_is_not_there_and_a_payload_that_is_none_are_told_in_swedish(many: Tab) -> None:
    many.open("decoders")
    many.page.get_by_label("Avkodare", exact=True).fill("nobody/nothing")
    many.page.get_by_label("Port").fill("0")
    many.page.get_by_label("Innehåll").fill("0100e")
    many.page.get_by_role("button", name="Avkoda").click()
    port, payload = wrong(many, "Port"), wrong(many, "Innehåll")
    many.page.get_by_label("Port").fill("5")
    many.page.get_by_label("Innehåll").fill("01:00:e2")
    many.page.get_by_role("button", name="Avkoda").click()

    assert (port, payload) == ("Ett tal från 1 till 255", "5 hexsiffror; det ska vara ett jämnt antal")
    assert wrong(many, "Avkodare").startswith("Den avkodaren finns inte")


def test_a_platform_that_is_away_is_told_in_swedish_with_its_own_words_below(many: Tab) -> None:
    many.open("destinations/lund")

    expect(many.page.locator("main")).to_contain_text("Ingen svarar på den porten.")
    expect(many.page.locator(".said", has_text="connection refused")).to_have_attribute("lang", "en")


def test_the_doctor_speaks_swedish(phone: Tab) -> None:
    phone.open("doctor")
    nobody = phone.page.locator(".finding", has_text="Ingen sensor är registrerad")

    expect(nobody.locator(".said")).to_have_text("brygga device add --label -")
    told = phone.page.locator(".finding .said")
    assert told.count() > 0
    assert phone.page.locator(".finding .said[lang=en]").count() == 0


def test_the_last_hour_of_radio_is_drawn_as_the_sources_counted_it_before_the_page_was_open(
    many: Tab, street: Street
) -> None:
    street.call(street.boxes[MANY].hear())
    many.open()
    figure = many.page.locator("figure", has_text="Radiopaket som hörts")
    expect(figure.locator("canvas")).to_be_visible()

    figure.get_by_text("Visa som tabell").click()

    expect(figure.locator("tbody tr")).to_have_count(60)
    counted = [int(one.replace("\u00a0", "")) for one in figure.locator("tbody td:nth-child(2)").all_inner_texts()]
    assert sum(counted) >= 4  # three when the box began, and one now
    expect(many.page.locator("main")).to_contain_text("ramar på tio minuter")


def test_a_frame_of_another_key_is_told_on_its_devices_page_with_what_to_compare(many: Tab, street: Street) -> None:
    box = street.boxes[MANY]

    async def hear_a_stranger() -> None:
        *signed, last = box.device.uplink(PORT, ERS)
        await box.roof.push(bytes([*signed, last ^ 1]), rssi_dbm=-71.0)
        await box.hear()  # behind it: the other one is refused by then

    street.call(hear_a_stranger())
    many.open(f"devices/{KNOWN}")

    refused = many.page.locator(".card", has_text="Ramar som inte togs emot")
    expect(refused).to_contain_text("Jämför nycklar och LoRaWAN-version med etiketten")
    expect(refused.locator(".age")).not_to_have_count(0)


def test_a_label_that_is_refused_leaves_no_form_of_the_one_before(phone: Tab) -> None:
    phone.open("add")
    text, read = phone.page.get_by_label("Text från etiketten"), phone.page.get_by_role("button", name="Läs etiketten")
    text.fill(LABEL)
    read.click()
    expect(phone.page.get_by_label("DevEUI", exact=True)).to_have_value("a81758fffe0a0001")
    text.fill("SN 12345")
    read.click()

    assert wrong(phone, "Text från etiketten").startswith("Etiketten går inte att läsa.")
    expect(phone.page.get_by_label("DevEUI", exact=True)).to_have_count(0)
    expect(phone.page.get_by_role("button", name="Lägg till sensorn")).to_have_count(0)


def test_a_makers_family_decoder_is_offered_and_the_others_are_a_search_away(phone: Tab) -> None:
    phone.open("add")
    phone.page.get_by_label("Text från etiketten").fill(LABEL)
    phone.page.get_by_role("button", name="Läs etiketten").click()
    expect(phone.page.get_by_role("button", name="elsys/ers", exact=True)).to_be_visible()
    others = phone.page.locator("details", has_text="avkodare till")
    others.locator("summary").click()
    expect(others.get_by_label("Sök avkodare")).to_have_value("elsys")
    others.get_by_role("button", name="elsys/elt-ultrasonic").click()

    expect(phone.page.get_by_label("Avkodare", exact=True)).to_have_value("elsys/elt-ultrasonic")
    assert phone.axe() == []
    assert phone.overflow <= 0
    others.get_by_label("Sök avkodare").fill("axioma")
    others.get_by_label("Sök avkodare").press("Enter")
    expect(others.get_by_role("button", name="axioma/")).not_to_have_count(0)
    assert [one.url for one in phone.requests if one.method == "POST" and one.url.endswith("/devices")] == []


def test_a_place_with_decimal_commas_is_two_numbers(many: Tab) -> None:
    many.open(f"devices/{KNOWN}")

    expect(many.page.locator("main")).to_contain_text("57,701 · 11,975")


def test_what_was_done_is_not_said_beside_the_next_refusal(many: Tab) -> None:
    many.open(f"devices/{KNOWN}")
    many.page.get_by_label("Port").fill("11")
    many.page.get_by_label("Innehåll, hex").fill("01")
    many.page.get_by_role("button", name="Ställ i kö").click()
    expect(many.page.locator("#told")).to_contain_text("Ställt i kö")
    many.page.get_by_label("Port").fill("11")
    many.page.get_by_label("Innehåll, hex").fill("1")
    many.page.get_by_role("button", name="Ställ i kö").click()

    assert wrong(many, "Innehåll, hex") == "1 hexsiffra; det ska vara ett jämnt antal"
    expect(many.page.locator("#told")).to_be_empty()
    many.page.get_by_role("button", name="Dra tillbaka").click()
    expect(many.page.locator("#told")).to_contain_text("Tillbakadraget")


def test_a_payload_beside_a_command_is_refused_and_not_passed_over(many: Tab, street: Street) -> None:
    many.open(f"devices/{KNOWN}")
    many.page.get_by_label("Port").fill("900")
    many.page.get_by_label("Innehåll, hex").fill("01")
    many.page.get_by_label("Eller ett kommando, JSON").fill('{"interval": 600}')
    many.page.get_by_role("button", name="Ställ i kö").click()

    assert wrong(many, "Port") == "Ett tal från 1 till 223"
    assert wrong(many, "Innehåll, hex") == "Antingen ett innehåll eller ett kommando, inte båda"
    assert street.call(street.boxes[MANY].agent.journal.downlinks(KNOWN, open_only=True, limit=9)) == []


def test_a_destination_that_catches_up_says_in_which_order(many: Tab) -> None:
    def behind(route: Route) -> None:
        answer = route.fetch()
        told = answer.json()
        told["lane"] |= {"name": CATCHING_UP, "history": 110}
        route.fulfill(response=answer, json=told)

    many.page.route("**/api/v1/destinations/lund", behind)
    many.open("destinations/lund")

    expect(many.page.locator("main")).to_contain_text("det som hörs nu går först")
    assert many.complaints == []
