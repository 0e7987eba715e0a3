"""Single MAC commands: what they can say, what they mean in plain units, and the time that they tell."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from gateway.errors import BadFrame, BadFrameReason
from gateway.lorawan.mac_commands import (
    DeviceTimeAns,
    DevStatusAns,
    LinkADRAns,
    LinkADRReq,
    NewChannelReq,
    PingSlotInfoReq,
    RXTimingSetupReq,
    TXParamSetupReq,
)
from gateway.lorawan.mac_commands.gps_time import AFTER_LEAP_SECONDS, GPS_AHEAD_OF_UTC, GPS_EPOCH, gps_time

# ── one command alone ──


@pytest.mark.parametrize(
    ("octets", "reason"),
    [
        ("", BadFrameReason.NOT_SUPPORTED),
        ("04 00", BadFrameReason.NOT_SUPPORTED),
        ("03", BadFrameReason.TRUNCATED),
        ("03 07 07", BadFrameReason.TOO_LONG),
    ],
)
def test_other_octets_than_one_command_are_refused(octets: str, reason: BadFrameReason) -> None:
    with pytest.raises(BadFrame) as refusal:
        LinkADRAns.from_bytes(bytes.fromhex(octets))

    assert refusal.value.reason is reason


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"ch_index": 256}, r"NewChannelReq.ch_index: 256 is not in 0 to 255"),
        ({"max_dr": 16}, r"NewChannelReq.max_dr: 16 is not in 0 to 15"),
        ({"min_dr": -1}, r"NewChannelReq.min_dr: -1 is not in 0 to 15"),
        ({"frequency_hz": 868_100_050}, r"868100050 is not in 0 to 1677721500 in steps of 100"),
        ({"frequency_hz": 2_410_000_000}, r"2410000000 is not in 0 to 1677721500 in steps of 100"),
    ],
)
def test_what_the_wire_cannot_say_is_no_command(fields: dict[str, int], words: str) -> None:
    suits = {"ch_index": 3, "frequency_hz": 867_100_000, "max_dr": 5, "min_dr": 0}

    with pytest.raises(ValueError, match=words):
        NewChannelReq(**(suits | fields))


@pytest.mark.parametrize("margin", [-33, 32])
def test_a_margin_has_six_bits_and_a_sign(margin: int) -> None:
    with pytest.raises(ValueError, match=f"DevStatusAns.margin: {margin} is not in -32 to 31"):
        DevStatusAns(battery=0, margin=margin)


def test_commands_are_values() -> None:
    command = LinkADRReq(data_rate=5, tx_power=1, ch_mask=0x00FF, ch_mask_cntl=0, nb_trans=1)

    assert {command, LinkADRReq.from_bytes(command.to_bytes())} == {command}
    assert not hasattr(command, "__dict__")
    assert PingSlotInfoReq(periodicity=1) != PingSlotInfoReq(periodicity=2)


@pytest.mark.parametrize(("battery", "percent"), [(0, None), (1, 0.0), (254, 100.0), (255, None)])
def test_a_battery_is_told_in_percent(battery: int, percent: float | None) -> None:
    assert DevStatusAns(battery=battery, margin=0).battery_percent == percent


@pytest.mark.parametrize(("delay", "seconds"), [(0, 1), (1, 1), (2, 2), (15, 15)])
def test_no_delay_is_one_second(delay: int, seconds: int) -> None:
    assert RXTimingSetupReq(delay=delay).rx1_delay_s == seconds


@pytest.mark.parametrize(("max_eirp", "dbm"), [(0, 8), (5, 16), (13, 30), (15, 36)])
def test_the_most_power_is_an_index(max_eirp: int, dbm: int) -> None:
    command = TXParamSetupReq(downlink_dwell_time=False, uplink_dwell_time=True, max_eirp=max_eirp)

    assert command.max_eirp_dbm == dbm


# ── GPS time ──


@pytest.mark.parametrize(
    ("utc", "seconds"),
    [
        ("1980-01-06T00:00:00+00:00", 0),
        ("1981-06-30T23:59:59+00:00", 46_828_799),  # 541 days and 86,399 s; no leap second yet
        ("1981-07-01T00:00:00+00:00", 46_828_801),
        ("2011-09-14T01:46:25+00:00", 1_000_000_000),  # 15 leap seconds
        ("2016-12-31T23:59:59+00:00", 1_167_264_016),  # IERS Bulletin C 52: 17 until here
        ("2017-01-01T00:00:00+00:00", 1_167_264_018),  # 18 from here
        ("2017-01-01T01:00:00+01:00", 1_167_264_018),  # the same moment in Stockholm
    ],
)
def test_gps_time_has_no_leap_seconds(utc: str, seconds: int) -> None:
    assert gps_time(datetime.fromisoformat(utc)) == timedelta(seconds=seconds)


def test_gps_is_18_seconds_ahead() -> None:
    assert timedelta(seconds=18) == GPS_AHEAD_OF_UTC
    assert list(AFTER_LEAP_SECONDS) == sorted(set(AFTER_LEAP_SECONDS))


def test_a_time_without_a_zone_is_none() -> None:
    with pytest.raises(ValueError, match="a time with its zone is expected"):
        gps_time(datetime(2026, 11, 25, 12, 0))  # noqa: DTZ001  # it is what is refused


def test_the_time_is_told_in_256ths_of_a_second() -> None:
    utc = datetime(2011, 9, 14, 3, 46, 25, 999_999, tzinfo=timezone(timedelta(hours=2)))

    answer = DeviceTimeAns.at(utc)

    assert answer == DeviceTimeAns(seconds=1_000_000_000, fractional_second=255)
    assert answer.to_bytes().hex(" ") == "0d 00 ca 9a 3b ff"
    assert answer.since_gps_epoch == timedelta(seconds=1_000_000_000, microseconds=996_094)


@pytest.mark.parametrize("utc", [datetime(2116, 2, 13, tzinfo=UTC), GPS_EPOCH - timedelta(seconds=1)])
def test_a_time_that_32_bits_do_not_hold_is_no_answer(utc: datetime) -> None:
    with pytest.raises(ValueError, match=r"DeviceTimeAns.seconds: -?\d+ is not in 0 to 4294967295"):
        DeviceTimeAns.at(utc)
