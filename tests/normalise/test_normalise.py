"""Readings become observations, and what does not is named."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID, uuid5

import pytest
from hypothesis import given
from hypothesis import strategies as st

from decoders.contract import Decoded, Reading
from gateway.model import Device, Entity, Eui64, Instant, LoraRate, Place, Plausibility, Reception, TimeQuality, Uplink
from gateway.normalise import Normalised, normalise, observation_id

HEARD_AT = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
UPLINK = Uplink(
    id=UUID("6b29fc40-ca47-5067-b31d-00dd010662da"),
    dev_eui=Eui64("a81758fffe03abcd"),
    activation="01020304-000001",
    f_cnt=7,
    f_port=5,
    payload=b"",
    confirmed=False,
    adr=True,
    receptions=(
        Reception(
            gateway=Eui64("00" * 8),
            frequency_hz=868_100_000,
            data_rate=LoraRate(7, 125_000),
            rssi_dbm=-80,
            snr_db=7.5,
            place=Place(59.0, 18.0),
        ),
    ),
    heard_at=Instant(HEARD_AT, 1.0, "boot", TimeQuality.GPS),
)
DEVICE = Device(dev_eui=UPLINK.dev_eui, entity=Entity("WeatherObserved", "torget-1"), place=Place(62.39, 17.31))


def told(*readings: Reading, device: Device = DEVICE) -> Normalised:
    return normalise(UPLINK, device, Decoded(readings), "r1")


def test_an_observation_carries_all_that_is_known() -> None:
    [one] = told(Reading("battery_voltage", 3612, "mV", "external")).observations

    assert one.uplink_id == UPLINK.id
    assert one.dev_eui == UPLINK.dev_eui
    assert one.entity == DEVICE.entity
    assert (one.quantity, one.value, one.unit, one.channel) == ("battery_voltage", 3.612, "V", "external")
    assert (one.observed_at, one.time_quality) == (HEARD_AT, TimeQuality.GPS)
    assert one.plausibility is Plausibility.PLAUSIBLE
    assert one.place == DEVICE.place


def test_the_radio_is_no_observation() -> None:
    assert told().observations == ()


def test_the_id_is_the_uuid5_of_the_place_in_the_uplink_and_the_revision() -> None:
    same = Reading("soil_moisture", 20, "%")

    ids = [one.id for one in told(same, replace(same, channel="2"), replace(same, channel="3")).observations]

    assert ids == [uuid5(UPLINK.id, f"{index}/r1") for index in range(3)]
    assert all(one.version == 5 and one.variant == "specified in RFC 4122" for one in ids)


def test_a_reading_that_is_left_out_does_not_rename_its_neighbours() -> None:
    good = Reading("co2", 500, "[ppm]")

    [one] = told(Reading("nonsense", 1), good).observations

    assert one.id == uuid5(UPLINK.id, "1/r1")


@given(st.uuids(), st.integers(0, 300), st.text(max_size=40))
def test_the_cheap_construction_is_the_standard_one(namespace: UUID, index: int, revision: str) -> None:
    assert observation_id(namespace, index, revision) == uuid5(namespace, f"{index}/{revision}")


@pytest.mark.parametrize(
    ("reading", "problem"),
    [
        (Reading("air_temprature", 1.0, "Cel"), "air_temprature is no quantity of the vocabulary"),
        (Reading("air_temperature", 1.0, "V"), "air_temperature: 'V' does not convert to 'Cel'"),
        (Reading("air_temperature", 1.0), "air_temperature: '1' does not convert to 'Cel'"),
        (
            Reading("co2", 400, "ppm"),
            "co2: 'ppm' does not convert to '[ppm]': unknown unit 'ppm'",
        ),
        (Reading("co2", "high", "[ppm]"), "co2: a text where a number is expected"),
        (Reading("co2", True, "[ppm]"), "co2: a truth value where a number is expected"),
        (Reading("co2", float("nan"), "[ppm]"), "co2: not a finite number"),
        (Reading("co2", float("-inf"), "[ppm]"), "co2: not a finite number"),
        (Reading("co2", 10**400, "[ppm]"), "co2: not a finite number"),
        (Reading("door_open", "open"), "door_open: neither true nor false"),
        (Reading("door_open", 2), "door_open: neither true nor false"),
        (Reading("door_open", float("nan")), "door_open: neither true nor false"),
    ],
)
def test_what_cannot_be_said_is_named_and_the_rest_goes_on(reading: Reading, problem: str) -> None:
    normalised = told(reading, Reading("relative_humidity", 41, "%"))

    assert normalised.problems == (problem,)
    assert [one.quantity for one in normalised.observations] == ["relative_humidity"]


def test_problems_do_not_hold_values_since_they_are_counted() -> None:
    problems = {told(Reading("co2", f"text {number}", "[ppm]")).problems for number in range(5)}

    assert len(problems) == 1


@pytest.mark.parametrize(("value", "expected"), [(True, True), (False, False), (1, True), (0, False)])
def test_truth_comes_as_bool_or_bit(value: int, expected: bool) -> None:  # noqa: FBT001 - a row of the table
    [one] = told(Reading("door_open", value)).observations

    assert one.value is expected
    assert one.unit == ""


@pytest.mark.parametrize(
    ("reading", "plausibility"),
    [
        (Reading("air_temperature", 85, "Cel"), Plausibility.PLAUSIBLE),
        (Reading("air_temperature", 85.1, "Cel"), Plausibility.IMPLAUSIBLE),
        (Reading("air_temperature", -3276.8, "Cel"), Plausibility.IMPLAUSIBLE),
        (Reading("relative_humidity", 1.5, "1"), Plausibility.IMPLAUSIBLE),
        (Reading("door_open", True), Plausibility.PLAUSIBLE),
    ],
)
def test_a_value_beyond_its_quantity_is_marked_and_kept(reading: Reading, plausibility: Plausibility) -> None:
    [one] = told(reading).observations

    assert one.plausibility is plausibility


@pytest.mark.parametrize(
    "at",
    [
        HEARD_AT - timedelta(days=30),
        HEARD_AT + timedelta(minutes=9),
        datetime(2026, 3, 1, 12, 30, tzinfo=timezone(timedelta(hours=1))),
    ],
)
def test_the_devices_own_time_is_kept(at: datetime) -> None:
    normalised = told(Reading("co2", 400, "[ppm]", None, at))

    assert normalised.observations[0].observed_at == at
    assert normalised.problems == ()


@pytest.mark.parametrize(
    "at",
    [
        datetime(1970, 1, 1, tzinfo=UTC),
        datetime(2106, 2, 7, tzinfo=UTC),
        HEARD_AT + timedelta(minutes=11),
        datetime(2026, 3, 1, 11, 0),  # noqa: DTZ001 - a decoder that broke its promise
    ],
)
def test_a_time_that_cannot_be_gives_way_to_the_time_of_hearing(at: datetime) -> None:
    normalised = told(Reading("co2", 400, "[ppm]", None, at))

    assert normalised.observations[0].observed_at == HEARD_AT
    assert normalised.problems == ("co2: the device's own time cannot be; the time of hearing stands for it",)


def test_a_position_in_the_payload_is_the_place_of_the_whole_uplink() -> None:
    normalised = told(
        Reading("air_temperature", 3.0, "Cel"),
        Reading("latitude", 57.7, "deg"),
        Reading("longitude", 11.97, "deg"),
        Reading("altitude", 12, "m"),
    )

    assert {one.place for one in normalised.observations} == {Place(57.7, 11.97, 12)}


def test_several_positions_stand_each_at_its_time() -> None:
    earlier, later = HEARD_AT - timedelta(hours=2), HEARD_AT - timedelta(hours=1)

    normalised = told(
        Reading("latitude", 57.0, "deg", None, earlier),
        Reading("longitude", 11.0, "deg", None, earlier),
        Reading("latitude", 58.0, "deg", None, later),
        Reading("longitude", 12.0, "deg", None, later),
        Reading("co2", 400, "[ppm]", None, later),
        Reading("battery_level", 80, "%"),
    )

    places = [one.place for one in normalised.observations]
    assert places == [Place(57.0, 11.0)] * 2 + [Place(58.0, 12.0)] * 3 + [Place(57.0, 11.0)]


@pytest.mark.parametrize(("latitude", "longitude"), [(0, 0), (91.0, 10.0), (59.0, 181.0), ("x", 10.0)])
def test_a_position_that_cannot_be_is_no_place(latitude: float, longitude: float) -> None:
    normalised = told(Reading("latitude", latitude, "deg"), Reading("longitude", longitude, "deg"))

    assert {one.place for one in normalised.observations} == {DEVICE.place}


def test_half_a_position_is_no_place() -> None:
    assert told(Reading("longitude", 17.0, "deg")).observations[0].place == DEVICE.place


def test_a_device_without_a_place_has_none() -> None:
    assert told(Reading("co2", 400, "[ppm]"), device=replace(DEVICE, place=None)).observations[0].place is None
