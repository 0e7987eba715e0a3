"""The simulated station's transmit queue against what the real one did with the same messages (2.0.6, measured)."""

from __future__ import annotations

import pytest

from gateway.lorawan.region import EU868
from gateway.model import Json
from simulators.station_radio import Placed, StationRadio

UPLINK_US = 10_000_000


def radio(*, keeps_duty_cycle: bool = False) -> StationRadio:
    return StationRadio(EU868.data_rates, (863_000_000, 870_000_000), keeps_duty_cycle=keeps_duty_cycle)


def dnmsg(**changes: Json) -> dict[str, Json]:
    fields: dict[str, Json] = {
        "dC": 0,
        "diid": 4711,
        "DevEui": "01-02-03-04-05-06-07-08",
        "pdu": "60AABBCCDD00010001020304",
        "RxDelay": 1,
        "RX1DR": 5,
        "RX1Freq": 868_100_000,
        "RX2DR": 0,
        "RX2Freq": 869_525_000,
    }
    return {name: value for name, value in (fields | changes).items() if value is not None}


def offered(made: StationRadio, late_us: int = 0, **changes: Json) -> Placed | None:
    return made.offer(dnmsg(**changes), answers_us=UPLINK_US, now_us=UPLINK_US + late_us)


def shown(placed: Placed | None) -> tuple[int, int, int] | None:
    if placed is None:
        return None
    return placed.transmission.starts_us - UPLINK_US, placed.transmission.frequency_hz, placed.order.number


RX1, RX2 = (1_000_000, 868_100_000, 5), (2_000_000, 869_525_000, 0)
ONLY_RX1: dict[str, Json] = {"RX2DR": None, "RX2Freq": None}


@pytest.mark.parametrize(
    ("late_us", "sent"), [(0, RX1), (900_000, RX1), (970_000, RX1), (1_300_000, RX2), (2_100_000, None)]
)
def test_a_late_downlink_falls_to_rx2_and_a_later_one_to_nothing(late_us: int, sent: object) -> None:
    assert shown(offered(radio(), late_us)) == sent


def test_a_late_one_without_rx2_is_dropped() -> None:
    assert offered(radio(), 1_300_000, **ONLY_RX1) is None


def test_a_slot_that_is_taken_falls_to_rx2() -> None:
    made = radio()

    assert [shown(offered(made)), shown(offered(made))] == [RX1, RX2]
    assert offered(made, **ONLY_RX1) is None


def test_class_c_is_sent_at_once_and_again_behind_what_is_on_air() -> None:
    made = radio()
    fields: dict[str, Json] = {"dC": 2, "RX1DR": None, "RX1Freq": None, "RX2DR": 3}

    first = made.offer(dnmsg(**fields), answers_us=None, now_us=UPLINK_US)
    second = made.offer(dnmsg(**fields), answers_us=None, now_us=UPLINK_US)

    assert shown(first) == (20_000, 869_525_000, 3)
    assert second is not None
    assert second.transmission.starts_us - UPLINK_US == 220_000  # a frame of 144 ms, tried again every 100 ms


def test_nothing_is_reported_of_a_device_of_zeros() -> None:
    placed = offered(radio(), DevEui="00-00-00-00-00-00-00-00")

    assert placed is not None
    assert not placed.order.reports


@pytest.mark.parametrize("changes", [{"RX1Freq": 915_000_000}, {"RX1DR": 8}])
def test_a_message_with_what_a_station_was_not_told_of_is_read_no_further(changes: dict[str, Json]) -> None:
    with pytest.raises(ValueError, match="RX1"):
        offered(radio(), **changes)


def test_its_own_duty_cycle_is_the_one_of_before_2017() -> None:
    made = radio(keeps_duty_cycle=True)
    low: dict[str, Json] = {**ONLY_RX1, "RX1Freq": 867_100_000}

    first = offered(made, **low)
    later = [
        made.offer(dnmsg(**low), answers_us=UPLINK_US + seconds * 1_000_000, now_us=UPLINK_US + seconds * 1_000_000)
        for seconds in (30, 42)
    ]

    assert first is not None
    assert [one is None for one in later] == [True, False]  # 41 ms of SF7 block the band for 41 s
