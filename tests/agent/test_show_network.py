"""What people read of the network on 80 columns."""

from __future__ import annotations

from typing import Any

import pytest
from rich.cells import cell_len

from gateway.commands import show_device, show_network
from gateway.commands.listing import pairs
from gateway.model import Json

DOWNLINK: dict[str, Json] = {
    "id": 42, "dev_eui": "a81758fffe0a0001", "name": "Bibliotekets läsesal på övervåningen", "f_port": 6,
    "payload": "3e0f14000003b415000000001f00000005", "confirmed": True, "priority": 5, "reference": "göteborg-2026-1",
    "state": "queued", "words": "queued again after 2 tries: duty_cycle; goes with the device's next uplink", "tries": 2,
    "f_cnt": 7, "queued_at": "2026-11-24T12:00:00+00:00", "expires_at": None, "sent_at": "2026-11-24T13:00:00+01:00",
    "detail": "duty_cycle",
}  # fmt: skip
REFUSED: dict[str, Json] = {
    "at": "2026-11-24T12:00:00+00:00", "reason": "mic", "words": "signed with another key than the one registered here",
    "helps": "compare its keys and its LoRaWAN version with the label; another network's device may have the same DevAddr",
    "detail": "mic", "dev_eui": None, "dev_addr": "26011234", "gateway": "0016c001ff10a235", "data_rate": "SF7BW125",
    "rssi_dbm": -57.0, "snr_db": None,
}  # fmt: skip
STRANGER: dict[str, Json] = {
    "kind": "data", "address": "26011234", "join_eui": None, "operator": "The Things Network", "frames": 12,
    "last_heard": "2026-11-24T12:00:00+00:00", "age_s": 300.0, "rssi_dbm": -117.0, "snr_db": -7.5, "data_rate": "SF12BW125",
    "gateways": ["0016c001ff10a235", "0016c001ff10a236"],
}  # fmt: skip
CHANNEL = {"lowest_data_rate": 0, "highest_data_rate": 5, "downlink_hz": None, "enabled": True}
DEVICE: dict[str, Any] = {
    "dev_eui": "a81758fffe0a0001", "name": "Bibliotekets läsesal", "decoder": "elsys/ers", "activation": "otaa",
    "mac_version": "1.0.3", "device_class": "A", "join_eui": None, "entity": {"type": None, "id": "library-1"},
    "place": None, "tags": ["air"], "adr_margin_db": None, "counter_reset_allowed": False, "running": True, "last_heard_s": 300.0, "last_heard": "2026-11-24T12:00:00+00:00",
    "sessions": [{"dev_addr": "00130001", "activation": "00130001-7", "next_f_cnt_up": 9, "next_f_cnt_down": 3}],
    "events": [{"at": "2026-11-20T08:00:00+00:00", "what": "joined as 00130001, DevNonce 4711, through 0016c001ff10a235"}],
    "radio": {
        "region": "EU868", "data_rate": "DR5 (SF7BW125)", "tx_power": 2, "eirp_dbm": 12, "nb_trans": 2, "device_class": "A",
        "channels": [
            *({"number": number, "frequency_hz": 868_100_000 + number * 200_000, **CHANNEL} for number in range(8)),
            {"number": 8, "frequency_hz": 867_000_000, **CHANNEL, "enabled": False},
        ],
        "rx1": {"delay_s": 1, "dr_offset": 0}, "rx2": {"frequency_hz": 869_525_000, "data_rate": "DR0 (SF12BW125)"},
        "asked": ["LinkADRReq", "DevStatusReq"],
    },
    "status": {"external_power": False, "battery_percent": 98, "margin_db": 7, "told_at": "x", "age_s": 10_800.0},
    "margin_db": 12.0,
    "gateways": [
        {"gateway": "0016c001ff10a235", "source": "mast", "frames": 3, "of": 3, "best_rssi_dbm": -57.0, "best_snr_db": 9.2},
    ],
    "frames": [
        {
            "heard_at": "2026-11-24T12:00:00+00:00", "f_cnt": 8, "f_port": 5, "payload": "0100e2" * 20, "confirmed": True,
            "data_rate": "SF7BW125", "frequency_hz": 868_100_000, "rssi_dbm": -57.0, "snr_db": 9.2, "margin_db": 16.7,
            "gateways": 1,
        }
    ],
    "refused": [REFUSED],
    "downlinks": [DOWNLINK],
}  # fmt: skip


@pytest.fixture(autouse=True)
def eighty_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (show_device, show_network):
        monkeypatch.setattr(module, "terminal_width", lambda: 80)


def printed(capsys: pytest.CaptureFixture[str]) -> list[str]:
    lines = capsys.readouterr().out.splitlines()
    assert max(map(cell_len, lines)) <= 80, lines
    return lines


def test_a_devices_story_is_readable_on_eighty_columns(capsys: pytest.CaptureFixture[str]) -> None:
    show_device.device(DEVICE)

    assert printed(capsys) == [
        "DevEUI      a81758fffe0a0001",
        "name        Bibliotekets läsesal",
        "decoder     elsys/ers",
        "activation  otaa, LoRaWAN 1.0.3, class A",
        "JoinEUI     any",
        "measures    library-1",
        "place       -",
        "tags        air",
        "last heard  5 min ago",
        "session     DevAddr 00130001 (activation 00130001-7), next uplink 9, next",
        "            downlink 3",
        "events      2026-11-20 08:00:00  joined as 00130001, DevNonce 4711, through",
        "            0016c001ff10a235",
        "sends       EU868, DR5 (SF7BW125), TXPower 2 (12 dBm EIRP), each frame 2 times",
        "channels    868.1 868.3 868.5 868.7 868.9 869.1 869.3 869.5 MHz; 1 more are",
        "            switched off",
        "listens     RX1 after 1 s, data rate offset 0; RX2 on 869.525 MHz, DR0",
        "            (SF12BW125)",
        "asked       LinkADRReq, DevStatusReq",
        "margin      12 dB above what its data rate needs, the best of the last 3 frames",
        "battery     98 %; it hears this network with 7 dB to spare; told 3 h ago",
        "gateways    0016c001ff10a235  3 of 3 frames, at best -57 dBm, 9.2 dB",
        "frames      2026-11-24 12:00:00  FCnt 8, port 5, confirmed, SF7BW125 868.1 MHz,",
        "            -57 dBm, 9.2 dB",
        "              " + ("0100e2" * 20)[:66],
        "              " + ("0100e2" * 20)[66:],
        "refused     2026-11-24 12:00:00  signed with another key than the one registered",
        "            here",
        "              → compare its keys and its LoRaWAN version with the label; another",
        "              network's device may have the same DevAddr",
        "downlinks   42: 3e0f14000003b415000000001f00000005 to port 6, queued again after",
        "            2 tries: duty_cycle; goes with the device's next uplink",
    ]


@pytest.mark.parametrize(
    ("sessions", "words"),
    [
        ([], ["behind      the network server that source campus tells of", "session     none here: its network server has it"]),
        (DEVICE["sessions"], [
            "behind      the network server that source campus tells of. It has a session",
            "            here, too: what both hear is told twice, under two ids",
        ]),
    ],
)  # fmt: skip
def test_a_device_behind_a_network_server_is_told_so(
    sessions: list[Json], words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    show_device.device({**DEVICE, "sessions": sessions, "behind": "campus"})

    told = printed(capsys)
    assert told[told.index(words[0]) :][: len(words)] == words


def test_a_fixed_plan_is_told_by_its_numbers(capsys: pytest.CaptureFixture[str]) -> None:
    channels = [
        {"number": one, "frequency_hz": 902_300_000, **CHANNEL, "enabled": one < 17 or one == 65} for one in range(72)
    ]

    show_device.device({**DEVICE, "radio": {**DEVICE["radio"], "channels": channels}})

    assert "channels    18 of 72: 0-16, 65" in printed(capsys)


@pytest.mark.parametrize(
    ("status", "words"),
    [
        ({"external_power": True, "battery_percent": None}, "external power"),
        ({"external_power": False, "battery_percent": None}, "not measured"),
        ({"external_power": False, "battery_percent": 0}, "0 %"),
    ],
)
def test_a_battery_is_told_in_words(status: dict[str, Json], words: str, capsys: pytest.CaptureFixture[str]) -> None:
    show_device.device({**DEVICE, "status": {**status, "margin_db": -3, "age_s": 1.0}})

    assert f"battery     {words}; it hears this network with -3 dB to spare; told now" in printed(capsys)


def test_a_list_of_downlinks_keeps_state_and_device_on_a_narrow_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    show_network.downlinks([DOWNLINK])

    head, row = printed(capsys)
    assert head.split() == ["id", "device", "port", "payload", "state"]
    assert row.startswith("42  Bibliotekets läs")
    assert "queued again after" in row


def test_one_downlink_is_told_whole(capsys: pytest.CaptureFixture[str]) -> None:
    show_network.downlink(DOWNLINK)

    assert printed(capsys) == [
        "id         42",
        "device     a81758fffe0a0001 Bibliotekets läsesal på övervåningen",
        "state      queued again after 2 tries: duty_cycle; goes with the device's next",
        "           uplink",
        "port       6",
        "payload    3e0f14000003b415000000001f00000005",
        "confirmed  yes",
        "priority   5",
        "queued     2026-11-24 12:00:00 UTC",
        "expires    never",
        "last sent  2026-11-24 12:00:00 UTC, FCnt 7",
        "reference  göteborg-2026-1",
    ]


def test_strangers_are_told_with_whose_they_may_be(capsys: pytest.CaptureFixture[str]) -> None:
    joining = {
        **STRANGER,
        "kind": "join",
        "address": "70b3d57ed0000002",
        "join_eui": "70b3d57ed0000000",
        "operator": None,
    }
    unknown = {**STRANGER, "address": "fe000123", "operator": None}

    show_network.strangers([STRANGER, joining, unknown])

    lines = printed(capsys)
    assert lines[0].split()[:4] == ["who", "belongs", "to", "frames"]
    assert "The Things Network" in lines[1]
    assert "5 min ago" in lines[1]
    assert "asks to join" in lines[2]
    assert "an unknown network" in lines[3]
    assert lines[-1] == "one that asks to join and is yours: `brygga device add --dev-eui …`"


def test_a_refused_frame_is_told_with_what_would_help(capsys: pytest.CaptureFixture[str]) -> None:
    show_network.refused([REFUSED], running=True)

    assert printed(capsys) == [
        "2026-11-24 12:00:00  DevAddr 26011234: signed with another key than the one",
        "                     registered here",
        "                     SF7BW125, -57 dBm, gateway 0016c001ff10a235",
        "                     → compare its keys and its LoRaWAN version with the label;",
        "                     another network's device may have the same DevAddr",
    ]


def test_nothing_to_tell_is_said_so(capsys: pytest.CaptureFixture[str]) -> None:
    show_network.downlinks([])
    show_network.strangers([])
    show_network.refused([], running=True)
    show_network.refused([], running=False)

    assert printed(capsys) == [
        "no downlinks wait; `brygga downlink send --help` tells how to send one",
        "nobody was heard but this box's own devices",
        "no frame was refused since the agent started",
        "not known while the agent is stopped: it remembers the last 200 while it runs",
    ]


def test_pairs_go_into_a_pipe_as_they_are() -> None:
    assert list(pairs({"a": "x" * 200, "long": "1\n2\x1b"}, None)) == ["a     " + "x" * 200, "long  1", "      2"]
