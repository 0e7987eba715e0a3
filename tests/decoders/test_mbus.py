"""M-Bus records: what EN 13757-3 says of their heads, numbers, times and profiles."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from decoders import mbus
from decoders.contract import DecodeError, DecodeReason
from decoders.cursor import Cursor
from decoders.mbus import Function, Record


def _records(octets: str) -> list[Record]:
    return list(mbus.records(Cursor(bytes.fromhex(octets), "little")))


def test_a_record_says_its_function_storage_and_tariff() -> None:
    # minimum; storage number 1 + 2 * 2 = 5; tariff 1
    (record,) = _records("e2 12 3b 0500")

    assert (record.function, record.storage, record.tariff) == (Function.MINIMUM, 5, 1)
    assert record.vif == b"\x3b"


def test_fillers_are_passed_over_and_a_vendors_own_data_end_the_records() -> None:
    found = _records("2f 01 5b 08 2f 0f deadbeef")

    assert [record.vif for record in found] == [b"\x5b"]


# Flow, media temperature and volume of the telegram in Kamstrup's flowIQ 2101/3100 M-Bus description, section 8.
@pytest.mark.parametrize(
    ("octets", "kind", "unit", "value"),
    [
        ("02 3b 0500", "flow", "m3/h", 0.005),
        ("01 5b 08", "flow_temperature", "Cel", 8),
        ("44 13 a0050100", "volume", "m3", 66.976),
        ("0c 06 52676102", "energy", "W.h", 2_616_752_000),
        ("0b 3b 1200f0", "flow", "m3/h", -0.012),
        ("02 5a ffff", "flow_temperature", "Cel", -0.1),
        ("05 13 0000c03f", "volume", "m3", 0.0015),
    ],
)
def test_a_value_is_scaled_by_its_vif(octets: str, kind: str, unit: str, value: float) -> None:
    (record,) = _records(octets)

    scale, number = mbus.scale(record), mbus.number(record)

    assert scale is not None
    assert number is not None
    assert (scale.kind, scale.unit) == (kind, unit)
    assert mbus.scaled(number, scale.power) == pytest.approx(value)


@pytest.mark.parametrize("octets", ["01 5b 80", "02 3b 0080", "0a 5a a1b2", "05 13 0000c07f", "00 13"])
def test_what_says_no_value_is_none(octets: str) -> None:
    (record,) = _records(octets)

    assert mbus.number(record) is None


@pytest.mark.parametrize(
    ("octets", "moment"),
    [
        ("02373723", datetime(2017, 3, 23, 23, 2, tzinfo=UTC)),  # Kamstrup flowIQ 2101/3100, bytes 78 to 81
        ("0a2d8209", datetime(2004, 9, 2, 13, 10, tzinfo=UTC)),  # the same, section 7.2
        ("8a2d8209", None),  # the meter says that it does not know
        ("00203f2d", None),  # the 31st of a month 13
        ("3f2c", datetime(2017, 12, 31, tzinfo=UTC)),
        ("1e0a0c3f2c00", datetime(2017, 12, 31, 12, 10, 30, tzinfo=UTC)),
    ],
)
def test_a_time_is_of_one_of_three_types(octets: str, moment: datetime | None) -> None:
    assert mbus.moment(bytes.fromhex(octets)) == moment


def test_an_inverse_profile_goes_back_in_time() -> None:
    # increments, hours, of 2 octets; what lies before the newest value is less
    profile = mbus.profile(bytes.fromhex("62 01 2701 2201 ffff"))

    assert profile.spacing == timedelta(hours=1)
    assert profile.steps == (-295, -290, None)


@pytest.mark.parametrize("octets", ["2201 2701", "6f01 00", "62fe 2701", "6200 2701"])
def test_a_profile_that_cannot_be_is_malformed(octets: str) -> None:
    with pytest.raises(DecodeError) as raised:
        mbus.profile(bytes.fromhex(octets))

    assert raised.value.reason is DecodeReason.MALFORMED


@pytest.mark.parametrize(
    ("octets", "reason"),
    [
        ("04 13 0100", DecodeReason.TRUNCATED),
        ("0d 13", DecodeReason.TRUNCATED),
        ("0d 13 05 0000", DecodeReason.TRUNCATED),
        ("8f", DecodeReason.TRUNCATED),
        ("0f00", None),
        ("4f 13 00", DecodeReason.UNKNOWN_MESSAGE),
        ("81" + "80" * 12, DecodeReason.MALFORMED),
        ("01" + "80" * 12, DecodeReason.MALFORMED),
    ],
)
def test_records_that_cannot_be_read_say_why(octets: str, reason: DecodeReason | None) -> None:
    if reason is None:
        assert _records(octets) == []
        return

    with pytest.raises(DecodeError) as raised:
        _records(octets)

    assert raised.value.reason is reason
