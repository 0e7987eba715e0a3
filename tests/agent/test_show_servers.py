"""What people are shown of network servers in front: in `brygga status`, among strangers, in a device's story."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.commands import show_network
from gateway.commands.show_servers import servers_lines
from gateway.network.stories import best_margin_db, frame
from tests.journal.test_served import told

STRANGER: dict[str, Any] = {
    "kind": "served", "address": "a81758fffe0d0099", "join_eui": None, "operator": None, "frames": 3, "last_heard": "", "age_s": 4.0,
    "rssi_dbm": None, "snr_db": None, "data_rate": "", "gateways": [], "source": "campus",
}  # fmt: skip


def test_where_no_server_tells_anything_nothing_is_said() -> None:
    assert [*servers_lines({})] == []
    assert [*servers_lines({"counts": {"uplinks": 0}, "strangers": 0, "downlinks": {}})] == []


def test_what_was_told_is_counted_and_what_needs_a_person_is_marked() -> None:
    counts = {"uplinks": 12, "repeated": 2, "decoded_too_large": 1, "with_session_here": 5}

    lines = [*servers_lines({"counts": counts, "strangers": 3, "downlinks": {"handed": 4, "refused": 1}})]

    assert lines[0] == "network servers: 12 uplinks since the start, 2 told again and known, 4 downlinks handed on"
    assert [line[:8] for line in lines[1:]] == ["    ! 3 ", "    ! 1 ", "    ! 1 ", "    ! 5 "]


def test_a_stranger_is_shown_with_who_told_of_it(capsys: pytest.CaptureFixture[str]) -> None:
    show_network.strangers([STRANGER])

    printed = capsys.readouterr().out
    assert "a81758fffe0d0099  told by campus" in printed
    assert "not told" in printed
    assert "one that a network server tells of and is yours" in printed


def test_an_uplink_that_nobody_told_the_signal_of_has_none_in_its_devices_story() -> None:
    said = frame(told(7))

    assert (said["rssi_dbm"], said["data_rate"], said["gateways"]) == (None, None, 0)
    assert best_margin_db([told(7)]) is None
