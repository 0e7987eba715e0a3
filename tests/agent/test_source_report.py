"""What `brygga source test` makes of a watch, and how it looks on a phone."""

from __future__ import annotations

from typing import Any

import pytest
from rich.cells import cell_len

from gateway.commands import show_source_test
from gateway.commands.listing import folded
from gateway.commands.source_test import report
from gateway.commands.source_watching import Watched
from gateway.model import Eui64, Json
from gateway.sources.settings import GnssSettings, SemtechUdpSettings, SerialModemSettings

PHONE = 60  # columns
RADIO = SemtechUdpSettings(
    name="radio", host="0.0.0.0", port=1700, gateways=frozenset({Eui64("aa555a0000000001")}), receive_buffer_bytes=1
)
MODEM = SerialModemSettings(
    name="stick",
    port="/dev/ttyUSB0",
    modem="auto",
    baud=None,
    frequency_hz=868_100_000,
    spreading_factor=7,
    bandwidth_hz=125_000,
    gateway=None,
)
NOTHING: dict[str, Any] = {
    "kinds": {}, "gateways": {}, "data_rates": {}, "times": {}, "rssi_dbm": [], "snr_db": [],
}  # fmt: skip
SOMETHING: dict[str, Any] = {
    "kinds": {"own": 12, "own_join": 1, "stranger": 34},
    "gateways": {"aa555a0000000001": 47},
    "data_rates": {"SF7BW125": 40, "SF12BW125": 7},
    "times": {"gps": 40, "none": 7},
    "rssi_dbm": [-120, -57],
    "snr_db": [-18.0, 9.2],
}
STATUS: dict[str, Any] = {
    "listening": "0.0.0.0:1700",
    "counts": {"datagrams": 3},
    "dropped": {"bad_crc": 1},
    "advice": [],
    "gateways": {},
}


def watched(survey: dict[str, Any] = NOTHING, *, devices: int = 3, running: bool = True, **after: Json) -> Watched:
    return Watched(
        running=running, seconds=10.0, devices=devices, before=STATUS, after={**STATUS, **after}, survey=survey
    )


def on_a_phone(told: dict[str, Json]) -> list[str]:
    return [part for line in show_source_test.lines(told) for part in folded(line, PHONE)]


def test_frames_are_told_by_whose_they_are_with_signal_times_and_crc() -> None:
    gateway = {"last_seen_s": 0.4, "can_transmit": True, "address": "10.0.0.7:40123", "frames": 47}
    told = report(
        RADIO,
        watched(
            SOMETHING,
            counts={"datagrams": 60, "frames": 47},
            dropped={"bad_crc": 15},
            gateways={"aa555a0000000001": gateway},
        ),
    )

    assert told["arrives"] is True
    assert [*show_source_test.lines(told)] == [
        "radio: 47 frames in 10 s",
        "  packet forwarders over UDP (Semtech UDP, GWMP)",
        "  listens on 0.0.0.0:1700",
        "gateways: 1",
        "  aa555a0000000001 now, can transmit, 10.0.0.7:40123",
        "what came",
        "      12 of your devices",
        "       1 of your devices, which ask to join",
        "      34 of others' devices",
        "  RSSI -120 to -57 dBm, SNR -18 to 9.2 dB",
        "  SF12BW125 7, SF7BW125 40",
        "  CRC right of 77 % (47 of 61)",
        "  times: 40 from GPS, 7 none",
        "dropped",
        "      14 bad_crc: packets that met another one in the air, or were too weak",
        "         what to do: nothing, where it is less than half of all; else look at the antenna and its cable",
    ]


def test_what_was_counted_before_the_watch_is_not_told() -> None:
    told = report(RADIO, watched())

    assert (told["counts"], told["dropped"], told["arrives"]) == ({}, [], False)


def test_where_nothing_arrives_it_says_what_to_look_at_with_this_sources_own_port() -> None:
    told = report(RADIO, watched(running=False))

    shown = [*show_source_test.lines(told)]
    assert shown[0] == "radio: nothing arrives in 10 s"
    assert "  the agent does not run: what came now was counted, and nothing of it is kept" in shown
    assert any("serv_port_up" in line and "0.0.0.0:1700" in line for line in shown)
    assert any("ufw allow 1700/udp" in line for line in shown)
    assert shown[-1] == "docs/sources/semtech-udp.md tells more"


def test_keep_alives_alone_are_somebody() -> None:
    told = report(RADIO, watched(counts={"datagrams": 5}))

    assert told["arrives"] is True
    assert next(iter(show_source_test.lines(told))) == "radio: somebody is there; no frame in 10 s"


def test_a_modem_that_has_answered_is_somebody() -> None:
    told = report(MODEM, watched(listening="/dev/ttyUSB0 (RN2483 1.0.5)", hears="868.1 MHz at SF7BW125"))

    assert told["arrives"] is True
    assert "  hears 868.1 MHz at SF7BW125" in [*show_source_test.lines(told)]


def test_a_receiver_of_satellites_tells_fixes_and_is_asked_for_no_device() -> None:
    gnss = GnssSettings(name="gps", port="/dev/ttyACM0", baud=None)
    told = report(gnss, watched({**NOTHING, "kinds": {"fix": 10}}, devices=0, words="has a place and the time"))

    shown = [*show_source_test.lines(told)]
    assert shown[0] == "gps: 10 fixes in 10 s"
    assert "  is connected to 0.0.0.0:1700; has a place and the time" in shown
    assert not any("devices are registered" in line for line in shown)


def test_a_modem_that_is_away_is_nobody() -> None:
    told = report(MODEM, watched(listening=None, state="away", advice=["/dev/ttyUSB0: nothing is plugged in there"]))

    shown = [*show_source_test.lines(told)]
    assert told["arrives"] is False
    assert "! /dev/ttyUSB0: nothing is plugged in there" in shown
    assert any("dialout" in line for line in shown)


@pytest.mark.parametrize(
    ("survey", "devices", "words"),
    [
        ({**SOMETHING, "kinds": {"stranger": 4}}, 0, "! no devices are registered"),
        ({**SOMETHING, "kinds": {"stranger": 4}}, 3, "! none was of your devices"),
    ],
)
def test_strangers_alone_are_explained(survey: dict[str, Any], devices: int, words: str) -> None:
    shown = [*show_source_test.lines(report(RADIO, watched(survey, devices=devices)))]

    assert any(line.startswith(words) for line in shown)


def test_a_reason_that_no_table_has_is_counted_all_the_same() -> None:
    told = report(RADIO, watched(dropped={"bad_crc": 1, "brand_new": 2}))

    assert [(one["reason"], one["count"]) for one in told["dropped"]] == [("brand_new", 2)]


@pytest.mark.parametrize("survey", [NOTHING, SOMETHING])
def test_on_a_phone_no_line_is_wider_than_its_screen(survey: dict[str, Any]) -> None:
    gateways = {
        f"aa555a00000000{number:02x}": {
            "last_seen_s": 3.0, "can_transmit": False, "address": "[2001:db8:85a3::8a2e:370:7334]:40123", "frames": 1,
        }
        for number in range(12)
    }  # fmt: skip
    told = report(
        RADIO, watched(survey, dropped={"bad_crc": 9, "not_allowed": 2}, gateways=gateways, advice=["x " * 90])
    )

    shown = on_a_phone(told)

    assert max(map(cell_len, shown)) <= PHONE
    assert "  and 2 more, heard earlier" in shown


def test_what_a_terminal_would_obey_does_not_get_through() -> None:
    told = report(RADIO, watched(SOMETHING, listening="\x1b[2J", advice=["\x9b31m"]))

    assert all(line.isprintable() for line in show_source_test.lines(told))
