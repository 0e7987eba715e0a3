"""What a survey counts of what a source brings, and that it counts no other source's."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gateway.model import DevAddr, Eui64, Frame, Instant, LoraRate, Reception, ServerUplink, TimeQuality
from gateway.survey import Kind, Known, Survey, merged
from simulators.end_device import EndDevice
from tests.sources.conftest import GATEWAY, OTHER, HandClock

OWN, STRANGER = Eui64("a81758fffe000001"), Eui64("a81758fffe000002")
ADDRESS = DevAddr("00011234")
KNOWN = Known(frozenset({ADDRESS}), frozenset({OWN}))
NOW: Instant = HandClock()()

FRAMES = [
    (EndDevice.abp(OWN, ADDRESS).uplink(1, b"\1"), Kind.OWN),
    (EndDevice.abp(STRANGER, DevAddr("00019999")).uplink(1, b"\1"), Kind.STRANGER),
    (EndDevice(OWN).join_request(), Kind.OWN_JOIN),
    (EndDevice(STRANGER).join_request(), Kind.STRANGER_JOIN),
    (b"\x60" + bytes(11), Kind.DOWNLINK),
    (b"\x20" + bytes(16), Kind.DOWNLINK),
    (b"\xe0\1\2\3", Kind.UNREADABLE),
    (b"\x40\1", Kind.UNREADABLE),
    (b"", Kind.UNREADABLE),
]


def frame(phy_payload: bytes, **changes: object) -> Frame:
    reception = Reception(
        gateway=GATEWAY,
        frequency_hz=868_100_000,
        data_rate=LoraRate(7, 125_000),
        rssi_dbm=-57,
        snr_db=9.5,
        source="radio",
    )
    return Frame(phy_payload, (replace(reception, **changes),), NOW)  # type: ignore[arg-type]


@pytest.mark.parametrize(("phy_payload", "kind"), FRAMES)
def test_a_frame_is_counted_by_whose_it_is_and_what(phy_payload: bytes, kind: Kind) -> None:
    survey = Survey("radio", KNOWN)

    survey.take(frame(phy_payload))

    assert survey.as_json()["kinds"] == {str(kind): 1}


def test_another_sources_frames_are_not_counted() -> None:
    survey = Survey("radio", KNOWN)

    survey.take(frame(b"", source="mast"))

    assert survey.as_json()["kinds"] == {}


def test_signals_are_told_from_the_weakest_to_the_strongest_and_times_by_whose_they_are() -> None:
    survey = Survey("radio", KNOWN)

    survey.take(frame(b"", rssi_dbm=-120, snr_db=-18.0))
    survey.take(frame(b"", gateway=OTHER, snr_db=None, gateway_time=NOW.utc, gateway_time_is_gps=True))
    survey.take(frame(b"", gateway_time=NOW.utc))

    told = survey.as_json()
    assert (told["rssi_dbm"], told["snr_db"]) == ([-120, -57], [-18.0, 9.5])
    assert told["gateways"] == {GATEWAY: 2, OTHER: 1}
    assert told["times"] == {"none": 1, "gps": 1, "gateway": 1}


def test_what_a_network_server_tells_is_counted_by_its_device() -> None:
    survey = Survey("city", KNOWN)
    told = ServerUplink(
        source="city",
        id="1",
        dev_eui=OWN,
        dev_addr=None,
        f_cnt=1,
        f_port=1,
        payload=b"",
        confirmed=False,
        adr=False,
        receptions=(),
        server_time=None,
        heard_at=replace(NOW, quality=TimeQuality.NTP),
    )

    survey.take(told)
    survey.take(replace(told, dev_eui=STRANGER))
    survey.take(replace(told, source="town"))

    assert survey.as_json()["kinds"] == {"own": 1, "stranger": 1}


def test_two_surveys_one_after_the_other_are_as_one() -> None:
    whole, first, second = (Survey("radio", KNOWN) for _ in range(3))
    for survey in (whole, first):
        survey.take(frame(FRAMES[0][0], rssi_dbm=-90))
    for survey in (whole, second):
        survey.take(frame(FRAMES[2][0], snr_db=None))

    assert merged(first.as_json(), second.as_json()) == whole.as_json()
    assert merged(second.as_json(), Survey("radio", KNOWN).as_json()) == second.as_json()
