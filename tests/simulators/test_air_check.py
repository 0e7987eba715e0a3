"""The judge of downlinks hears what a receiver hears, to the microsecond, and says why it does not."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.lorawan.region import US915
from gateway.model import DataRate, Eui64, FskRate, LoraRate
from simulators.air_check import Fault, judge, preamble
from simulators.concentrator import Transmission, airtime_us
from simulators.end_device import EndDevice, Listening, Make, Window

SF7, SF12 = LoraRate(7, 125_000), LoraRate(12, 125_000)
ENDED_US = 5_000_000
RX1 = Window(delay_us=1_000_000, frequency_hz=868_100_000, data_rate=SF7, longest=255)
RX2 = Window(delay_us=2_000_000, frequency_hz=869_525_000, data_rate=SF12, longest=64)
CLASS_A = Listening(rx1=RX1, rx2=RX2)
CLASS_C = replace(CLASS_A, device_class="C")


def sent_in(window: Window, *, late_us: int = 0, size: int = 12, **changes: Any) -> Transmission:
    transmission = Transmission(
        phy_payload=bytes(size),
        frequency_hz=window.frequency_hz,
        data_rate=window.data_rate,
        power_dbm=14,
        starts_us=ENDED_US + window.delay_us + late_us,
        airtime_us=airtime_us(size, window.data_rate, crc=False),
        inverted=True,
    )
    return replace(transmission, **changes)


@pytest.mark.parametrize(("window", "name"), [(RX1, "rx1"), (RX2, "rx2")])
def test_it_lands_in_its_window(window: Window, name: str) -> None:
    verdict = judge(sent_in(window), CLASS_A, uplink_ended_us=ENDED_US)

    assert (verdict.window, verdict.error_us, verdict.faults) == (name, 0, ())


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"frequency_hz": 868_100_001}, Fault.FREQUENCY),
        ({"data_rate": LoraRate(8, 125_000)}, Fault.DATA_RATE),
        ({"inverted": False}, Fault.POLARITY),
        ({"phy_payload": bytes(256)}, Fault.TOO_LONG),
        ({"starts_us": ENDED_US + 1_100_000}, Fault.LATE),
        ({"starts_us": ENDED_US + 900_000}, Fault.EARLY),
    ],
)
def test_each_fault_alone_keeps_it_from_being_heard(changes: dict[str, Any], fault: Fault) -> None:
    verdict = judge(sent_in(RX1, **changes), CLASS_A, uplink_ended_us=ENDED_US)

    assert (verdict.window, verdict.faults, verdict.heard) == ("rx1", (fault,), False)


# A symbol of SF7 at 125 kHz lasts 1,024 µs: 3 of the 8 may be missed, and one may be waited for; the clock takes 20 µs.
@pytest.mark.parametrize(
    ("late_us", "faults"),
    [(-3_053, (Fault.EARLY,)), (-3_052, ()), (-1, ()), (1, ()), (1_004, ()), (1_005, (Fault.LATE,))],
)
def test_a_preamble_is_missed_to_the_microsecond(late_us: int, faults: tuple[Fault, ...]) -> None:
    verdict = judge(sent_in(RX1, late_us=late_us), CLASS_A, uplink_ended_us=ENDED_US)

    assert (verdict.error_us, verdict.faults) == (late_us, faults)


@pytest.mark.parametrize(
    ("data_rate", "late_us"), [(SF12, 32_748), (LoraRate(12, 500_000), 8_172), (FskRate(50_000), 140)]
)
def test_slow_symbols_forgive_more(data_rate: DataRate, late_us: int) -> None:
    assert int(preamble(data_rate).late_us) == late_us


def test_fsk_has_no_polarity() -> None:
    fast = replace(RX1, data_rate=FskRate(50_000))

    assert judge(sent_in(fast, inverted=False), replace(CLASS_A, rx1=fast), uplink_ended_us=ENDED_US).heard


def test_the_largest_frame_of_a_data_rate_is_heard_and_one_octet_more_is_not() -> None:
    verdicts = [judge(sent_in(RX2, size=size), CLASS_A, uplink_ended_us=ENDED_US) for size in (64, 65)]

    assert [verdict.faults for verdict in verdicts] == [(), (Fault.TOO_LONG,)]


@given(ended_us=st.integers(0, 2**32 - 1), turns=st.integers(0, 3), late_us=st.integers(-3_000, 1_000))
def test_a_counter_that_wraps_between_uplink_and_window_makes_no_difference(
    ended_us: int, turns: int, late_us: int
) -> None:
    starts_us = ended_us + turns * 2**32 + RX1.delay_us + late_us

    verdict = judge(sent_in(RX1, starts_us=starts_us), CLASS_A, uplink_ended_us=ended_us)

    assert (verdict.window, verdict.error_us, verdict.heard) == ("rx1", late_us, True)


# ── class C ──


@pytest.mark.parametrize("after_us", [200_000, 1_500_000, 2_300_000, 60_000_000])
def test_class_c_listens_on_rx2_s_channel_all_the_time(after_us: int) -> None:
    at_once = sent_in(RX2, starts_us=ENDED_US + after_us, airtime_us=50_000)

    verdicts = [judge(at_once, listening, uplink_ended_us=ENDED_US) for listening in (CLASS_C, CLASS_A)]

    assert [(verdict.window, verdict.heard) for verdict in verdicts] == [("rxc", True), ("rx2", False)]


@pytest.mark.parametrize("after_us", [-100_000, 960_000, 1_003_000])
def test_class_c_is_deaf_while_it_sends_and_in_rx1(after_us: int) -> None:
    at_once = sent_in(RX2, starts_us=ENDED_US + after_us, airtime_us=50_000)

    verdict = judge(at_once, CLASS_C, uplink_ended_us=ENDED_US, uplink_airtime_us=200_000)

    assert (verdict.window, verdict.faults) == ("rxc", (Fault.DEAF,))


def test_class_c_hears_rx1_too() -> None:
    assert judge(sent_in(RX1), CLASS_C, uplink_ended_us=ENDED_US).window == "rx1"


# ── where a device listens ──


def test_a_joining_device_listens_after_five_and_six_seconds() -> None:
    device = EndDevice(Eui64("a81758fffe051d02"), make=Make(data_rate=3))
    device.join_request()

    listening = device.listening

    assert listening.rx1 == Window(
        delay_us=5_000_000, frequency_hz=device.on_air.frequency_hz, data_rate=LoraRate(9, 125_000), longest=128
    )
    assert listening.rx2 == Window(delay_us=6_000_000, frequency_hz=869_525_000, data_rate=SF12, longest=64)


def test_a_fixed_plan_answers_on_its_own_channels() -> None:
    device = EndDevice(Eui64("a81758fffe051d02"), make=Make(region=US915, data_rate=0))

    device.join_request()

    rx1 = device.listening.rx1
    number = (device.on_air.frequency_hz - 902_300_000) // 200_000
    assert rx1 is not None
    assert rx1.frequency_hz == 923_300_000 + 600_000 * (number % 8)
    assert rx1.data_rate == LoraRate(10, 500_000)
