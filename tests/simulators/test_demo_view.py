"""The live view: it fits its terminal, says what matters at every size, and draws only what the agent said."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID
from xml.etree import ElementTree as ET

import pytest
from rich.console import Console

from gateway.model import Entity, Observation, Plausibility, TimeQuality, eui64
from simulators.demo.shows import Lines, Screenful, show_on
from simulators.demo.snapshot import DestinationLine, DeviceLine, Snapshot, value, values
from simulators.demo.tale import GONE, WELL, Event, Moment
from simulators.demo.view import picture
from simulators.members import POSTS

SIZES = [(80, 24), (100, 30), (120, 40), (160, 50)]


def device(place: int) -> DeviceLine:
    return DeviceLine(
        name=POSTS[place].name,
        decoder=POSTS[place].decoder,
        joins=False,
        rssi_dbm=-118.0,
        snr_db=-11.3,
        data_rate="SF12BW125",
        gateways=2,
        f_cnt=1234,
        values=("21.5 °C", "42.5 %", "1009 hPa", "a value that is longer than any room there is"),
        age_s=12.0,
    )


def destination(name: str, away_s: float | None, waiting: int) -> DestinationLine:
    return DestinationLine(
        name=name,
        speaks="SenML, MQTT 3.1.1",
        away_s=away_s,
        trouble="connection refused" if away_s else "",
        waiting=waiting,
        delivered=12345,
        refused=0,
    )


def moment(*, devices: Sequence[DeviceLine] | None = None, waiting: int = 48) -> Moment:
    return Moment(
        at_s=17.0,
        phase=GONE,
        snapshot=Snapshot(
            devices=[device(place) for place in range(len(POSTS))] if devices is None else devices,
            destinations=[destination("north-city", 5.2, waiting), destination("south-city", None, 0)],
            frames=200,
            uplinks=190,
            joins=6,
            on_disk=190,
            file_bytes=90_000,
        ),
        events=[Event(0.0, WELL.words), Event(12.0, GONE.words)],
        backlog=[0, 3, 20, waiting],
    )


def drawn(one: Moment, columns: int, rows: int) -> list[str]:
    console = Console(width=columns, height=rows, record=True, file=io.StringIO())
    console.print(picture(one, columns, rows))
    return console.export_text().splitlines()


@pytest.mark.parametrize(("columns", "rows"), SIZES)
def test_it_fits_and_says_what_matters(columns: int, rows: int) -> None:
    lines = drawn(moment(), columns, rows)

    text = "\n".join(lines)
    assert len(lines) <= rows
    assert max(map(len, lines)) <= columns
    assert "…" not in text
    for words in (GONE.words, "away for 5 s", "48 waiting", "12345 delivered", "delivering", "48 wait for a city"):
        assert words in text
    for post in POSTS:
        assert post.name in text
    assert text.count("-118/-11.3") == len(POSTS)
    assert text.count("21.5 °C  42.5 %") == len(POSTS)


def test_values_are_shown_whole_or_not_at_all() -> None:
    text = "\n".join(drawn(moment(), 80, 24))

    assert "a value" not in text


def test_a_device_that_was_not_heard_has_no_numbers() -> None:
    silent = DeviceLine(name="Archive", decoder="elsys/ers", joins=True)

    text = "\n".join(drawn(moment(devices=[silent]), 80, 24))

    assert "joining …" in text
    assert "dB" not in text


def test_a_backlog_is_drawn_in_proportion() -> None:
    full, half = (
        "\n".join(drawn(replace(moment(waiting=waiting), backlog=[48]), 80, 24)).count("█") for waiting in (48, 24)
    )

    assert full == 2 * half


def observation(quantity: str, unit: str, found: float | bool, channel: str | None = None) -> Observation:  # noqa: FBT001 - a value
    return Observation(
        id=UUID(int=1),
        uplink_id=UUID(int=2),
        dev_eui=eui64("70b3d57ed0000001"),
        entity=Entity(),
        quantity=quantity,
        unit=unit,
        value=found,
        channel=channel,
        observed_at=datetime(2026, 6, 1, tzinfo=UTC),
        time_quality=TimeQuality.NTP,
        plausibility=Plausibility.PLAUSIBLE,
        place=None,
    )


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (observation("air_temperature", "Cel", 21.5), "21.5 °C"),
        (observation("air_temperature", "Cel", -3.0, "external"), "external -3 °C"),
        (observation("co2", "[ppm]", 1255), "1255 ppm"),
        (observation("atmospheric_pressure", "hPa", 1004.7), "1005 hPa"),
        (observation("pipe_pressure", "kPa", 0.4549), "0.455 kPa"),
        (observation("battery_level", "%", 96), "battery 96 %"),
        (observation("door_open", "", found=True), "door open"),
        (observation("leak_detected", "", found=False), "no leak"),
        (observation("window_open", "", found=False), "no window open"),
    ],
)
def test_values_read_as_people_say_them(given: Observation, words: str) -> None:
    assert value(given) == words


def test_batteries_come_last() -> None:
    said = values([observation("battery_level", "%", 96), observation("air_temperature", "Cel", 7.0)])

    assert said == ("7 °C", "battery 96 %")


def test_where_there_is_no_terminal_there_are_plain_lines() -> None:
    console = Console(width=40, record=True, file=io.StringIO(), force_terminal=False)

    with show_on(console) as show:
        show.draw(moment())
        show.draw(moment())

    assert isinstance(show, Lines)
    lines = console.export_text().splitlines()
    assert lines[:2] == [f"0:00  {WELL.words}", f"0:12  {GONE.words}"]
    assert len(lines) == 3
    assert "190 uplinks on disk; north-city away for 5 s, waiting 48" in lines[2]


@pytest.mark.parametrize(("columns", "rows", "kind"), [(80, 24, Screenful), (60, 24, Lines), (80, 15, Lines)])
def test_a_terminal_gets_a_live_screen_if_it_is_large_enough(columns: int, rows: int, kind: type) -> None:
    console = Console(
        width=columns, height=rows, force_terminal=True, file=io.StringIO(), _environ={"TERM": "xterm-256color"}
    )

    with show_on(console) as show:
        show.draw(moment())

    assert isinstance(show, kind)


def test_the_picture_in_the_documentation_is_whole_and_loads_nothing() -> None:
    svg = (Path(__file__).parents[2] / "docs" / "demo.svg").read_text(encoding="utf-8")

    text = "".join(ET.fromstring(svg).itertext()).replace("\N{NO-BREAK SPACE}", " ")
    assert GONE.words in text
    for post in POSTS:
        assert post.name in text
    assert "@font-face" not in svg
    assert "@import" not in svg
