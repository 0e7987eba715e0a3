"""Actility's and Netmore's pushes: what they and their users have published, read whole, and what cannot be."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from typing import Any

import pytest

from gateway.model import LoraRate, ServerNews, ServerUplink
from gateway.sources.network_server import actility, netmore
from gateway.sources.network_server.bad_event import BadEvent, BadEventReason

from .events import ABOUT, EVENTS, JUNK, octets

REPORT = EVENTS["actility-uplink"]["DevEUI_uplink"]
PUSH = EVENTS["netmore-uplink"]


def reported(said: Any) -> ServerUplink:
    (one,) = actility.read(octets(said), ABOUT)
    assert isinstance(one, ServerUplink)
    return one


def pushed(said: Any) -> ServerUplink:
    (one,) = netmore.read(octets(said), ABOUT)
    if isinstance(one, BadEvent):
        raise one
    assert isinstance(one, ServerUplink)
    return one


def test_a_report_of_thingpark_is_read_whole() -> None:
    one = reported(EVENTS["actility-uplink"])

    assert (one.dev_eui, one.dev_addr, one.f_cnt, one.f_port) == ("70b3d57050011422", "0405f519", 3866, 20)
    assert (one.payload.hex(), one.confirmed, one.adr) == ("901429c204282705", True, True)
    assert one.server_time == datetime(2026, 2, 24, 16, 23, 17, 468_000, tzinfo=UTC)
    first, second = one.receptions
    assert (first.gateway, first.rssi_dbm, first.snr_db) == ("00000000ff0109a4", -113.0, -11.0)
    assert (first.frequency_hz, first.data_rate) == (868_100_000, LoraRate(8, 125_000))
    assert first.place is not None
    assert (first.place.latitude, second.place) == (60.242538, None)


def test_texts_for_numbers_and_a_lone_base_station_mean_the_same() -> None:
    plain, untyped = reported(EVENTS["actility-uplink"]), reported(EVENTS["actility-uplink-untyped"])

    assert (untyped.payload, untyped.f_cnt, untyped.f_port, untyped.confirmed) == (
        plain.payload, plain.f_cnt, plain.f_port, plain.confirmed,
    )  # fmt: skip
    assert untyped.server_time == plain.server_time
    assert untyped.receptions == plain.receptions[:1]


def test_without_a_frequency_nobody_says_how_it_was_heard() -> None:
    report = {name: value for name, value in REPORT.items() if name != "Frequency"}

    assert reported({"DevEUI_uplink": report}).receptions == ()


def test_a_report_that_comes_again_has_the_same_id_and_another_frame_has_another() -> None:
    assert reported({"DevEUI_uplink": REPORT}).id == reported({"DevEUI_uplink": dict(REPORT)}).id
    assert reported({"DevEUI_uplink": REPORT | {"FCntUp": 3867}}).id != reported({"DevEUI_uplink": REPORT}).id
    assert (
        reported({"DevEUI_uplink": REPORT | {"Time": "2026-02-25T16:23:17Z"}}).id
        != reported({"DevEUI_uplink": REPORT}).id
    )


def test_other_reports_are_a_join_or_nothing_for_us() -> None:
    (joined,) = actility.read(octets(EVENTS["actility-join"]), ABOUT)

    assert isinstance(joined, ServerNews)
    assert joined.what == "joined at campus"
    assert [*actility.read(octets(EVENTS["actility-downlink-sent"]), ABOUT)] == []


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (EVENTS["actility-uplink-encrypted"], BadEventReason.ENCRYPTED),
        ({"DevEUI_uplink": REPORT | {"payload_hex": "90142"}}, BadEventReason.PAYLOAD),
        ({"DevEUI_uplink": REPORT | {"payload_hex": 90}}, BadEventReason.PAYLOAD),
        ({"DevEUI_uplink": REPORT | {"Time": ""}}, BadEventReason.TIME),
        ({"DevEUI_uplink": REPORT | {"DevEUI": "70B3D5705001142"}}, BadEventReason.DEV_EUI),
        ({"DevEUI_uplink": REPORT | {"FCntUp": "many"}}, BadEventReason.COUNTER),
        ({"hello": 1}, BadEventReason.SHAPE),
    ],
)
def test_a_report_that_cannot_be_is_refused_for_its_reason(said: Any, reason: BadEventReason) -> None:
    with pytest.raises(BadEvent) as caught:
        reported(said)

    assert caught.value.reason is reason


def test_xml_is_no_json() -> None:
    with pytest.raises(BadEvent) as caught:
        [*actility.read(b'<?xml version="1.0"?><DevEUI_uplink/>', ABOUT)]

    assert caught.value.reason is BadEventReason.JSON


def test_a_push_of_netmore_is_read_whole() -> None:
    one = pushed(PUSH)

    assert (one.dev_eui, one.f_cnt, one.f_port) == ("a81758fffe0a1234", 76533, 5)
    assert one.payload.hex() == "0100910262070e380b00031bd51700000973"
    assert one.server_time == datetime(2026, 9, 4, 17, 46, 43, 79_435, tzinfo=UTC)
    (reception,) = one.receptions
    assert (reception.gateway, reception.rssi_dbm, reception.snr_db) == ("0000000000000773", -87, 11)
    assert (reception.frequency_hz, reception.data_rate) == (867_300_000, LoraRate(7, 125_000))


def test_a_list_is_each_of_its_uplinks_and_what_is_none_is_passed_over() -> None:
    found = [*netmore.read(octets(EVENTS["netmore-list"]), ABOUT)]

    assert [one.f_cnt for one in found if isinstance(one, ServerUplink)] == [76533, 76534]
    assert len({one.id for one in found if isinstance(one, ServerUplink)}) == 2


def test_the_record_that_its_broker_publishes_is_read_as_well() -> None:
    assert pushed([{"t": 1_693_849_603_079, "n": "raw", "u": "json", "v": PUSH}]) == pushed(PUSH)


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ([1], BadEventReason.SHAPE),
        ("text", BadEventReason.SHAPE),
        ({"payload": "00"}, BadEventReason.SHAPE),
        (PUSH | {"payload": "zz"}, BadEventReason.PAYLOAD),
        (PUSH | {"timestamp": None}, BadEventReason.TIME),
    ],
)
def test_a_push_that_cannot_be_is_refused_for_its_reason(said: Any, reason: BadEventReason) -> None:
    with pytest.raises(BadEvent) as caught:
        pushed(said)

    assert caught.value.reason is reason


def test_hostile_octets_are_refused_and_nothing_else_happens() -> None:
    seeded = random.Random(20261126)
    wholes = [octets(EVENTS[kind]) for kind in ("actility-uplink", "netmore-list")]
    hostile = [whole[:size] for whole in wholes for size in range(0, len(whole), 5)]
    hostile += [b"[" * 100_000, *(seeded.randbytes(40) for _ in range(200))]
    hostile += [octets({"DevEUI_uplink": dict.fromkeys(REPORT, junk)}) for junk in JUNK]
    hostile += [octets(dict.fromkeys(PUSH, junk)) for junk in JUNK]

    for one in hostile:
        for reader in (actility, netmore):
            try:
                assert isinstance([*reader.read(one, ABOUT)], list)
            except BadEvent:
                continue
