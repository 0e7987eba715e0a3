"""Adaptive data rate against ChirpStack's own cases and at its edges."""

from __future__ import annotations

from dataclasses import replace
from math import inf, nan
from typing import Any

import pytest

from gateway.lorawan.adr import (
    HISTORY,
    HeardUplink,
    Limits,
    Setting,
    floors,
    heard_at,
    limits_of,
    loss_percent,
    next_nb_trans,
    remember,
    stepped,
    wanted,
)
from gateway.lorawan.region import AU915, EU868, US915
from gateway.model import FskRate, LoraRate
from tests.lorawan.adr_uplinks import FASTEST, FLOORS, LIMITS, SLOWEST, heard, run
from tests.lorawan.vectors import lines


def cases(function: str) -> list[Any]:
    return [
        pytest.param(line["case"], id=line["case"].get("name", str(number)))
        for number, line in enumerate(lines("adr"))
        if line["function"] == function
    ]


# ── ChirpStack's cases ──


def test_every_vector_is_used() -> None:
    functions = {"test_get_nb_trans", "test_get_ideal_tx_power_index_and_dr", "test_handle"}

    assert sum(len(cases(one)) for one in functions | {"test_get_packet_loss_percentage"}) == len(lines("adr")) == 17


@pytest.mark.parametrize("case", cases("test_get_nb_trans"))
def test_repetitions_follow_the_loss(case: dict[str, Any]) -> None:
    assert next_nb_trans(case["current_nb_trans"], case["pkt_loss_rate"]) == case["expected_nb_trans"]


@pytest.mark.parametrize("case", cases("test_get_ideal_tx_power_index_and_dr"))
def test_steps_go_to_the_data_rate_first(case: dict[str, Any]) -> None:
    start = Setting(data_rate=case["dr"], tx_power=case["tx_power_index"])

    better = stepped(start, case["n_step"], max_data_rate=case["max_dr"], max_tx_power=case["max_tx_power_index"])

    assert better == Setting(data_rate=case["expected_dr"], tx_power=case["expected_tx_power_index"])


@pytest.mark.parametrize("case", cases("test_get_packet_loss_percentage"))
def test_the_gaps_of_the_counters_are_the_loss(case: dict[str, Any]) -> None:
    assert loss_percent(case["history_fcnt"]) == case["expected_percent"]


@pytest.mark.parametrize("case", cases("test_handle"))
def test_a_device_is_told_what_chirpstack_tells_it(case: dict[str, Any]) -> None:
    request, response = case["request"], case["response"]
    now = Setting(data_rate=request["dr"], tx_power=request["tx_power_index"], nb_trans=request["nb_trans"])
    required = dict.fromkeys(FLOORS, request.get("required_snr_for_dr", 0.0))
    limits = Limits(
        min_data_rate=0,
        max_data_rate=request["max_dr"],
        max_tx_power=request["max_tx_power_index"],
        required_snr_db=required,
    )
    # Where ADR is off the case has no history: the device is heard as in its neighbour, but for the bit.
    uplinks = request.get("uplink_history", [{"max_snr": 0.0}])
    history = tuple(heard(number, one["max_snr"], now, adr=request["adr"]) for number, one in enumerate(uplinks))

    told = wanted(history, now, limits, margin_db=0.0) or now

    assert told == Setting(data_rate=response["dr"], tx_power=response["tx_power_index"], nb_trans=response["nb_trans"])


# ── what is told ──


@pytest.mark.parametrize(
    ("snr_db", "now", "expected"),
    [
        # spare = SNR - floor - 10 dB; a step is a whole 3 dB
        (-7.1, SLOWEST, None),  # 2.9 dB
        (-7.0, SLOWEST, Setting(data_rate=1, tx_power=0)),  # 3 dB
        (5.0, SLOWEST, Setting(data_rate=5, tx_power=0)),  # 15 dB: all the way up
        (14.0, SLOWEST, Setting(data_rate=5, tx_power=3)),  # 24 dB: eight steps, five of them data rate
        (60.0, SLOWEST, Setting(data_rate=5, tx_power=7)),  # more than there are
        (5.5, FASTEST, Setting(data_rate=5, tx_power=1)),  # 3 dB
        (60.0, Setting(data_rate=5, tx_power=7), None),  # at the end of both
        (-0.4, Setting(data_rate=5, tx_power=3), None),  # 2.9 dB too few: no whole step
        (-0.5, Setting(data_rate=5, tx_power=3), Setting(data_rate=5, tx_power=2)),  # 3 dB too few
        (-30.0, Setting(data_rate=5, tx_power=3), Setting(data_rate=5, tx_power=0)),  # the data rate stays
        (-30.0, FASTEST, None),  # nothing more to give: the device helps itself
    ],
)
def test_what_is_spare_is_spent(snr_db: float, now: Setting, expected: Setting | None) -> None:
    assert wanted(run(HISTORY, snr_db, now), now, LIMITS) == expected


def test_the_best_uplink_counts() -> None:
    history = (*run(19, -25.0, SLOWEST), heard(19, -4.0))

    assert wanted(history, SLOWEST, LIMITS) == Setting(data_rate=2, tx_power=0)  # 6 dB spare


def test_each_device_has_its_margin() -> None:
    history = run(HISTORY, 5.0, SLOWEST)

    assert wanted(history, SLOWEST, LIMITS, margin_db=16.0) == Setting(data_rate=3, tx_power=0)  # 9 dB spare
    assert wanted(history, SLOWEST, LIMITS, margin_db=25.0) is None


@pytest.mark.parametrize("count", [1, 19])
def test_a_few_uplinks_give_a_better_data_rate_but_no_more_power(count: int) -> None:
    weak = Setting(data_rate=5, tx_power=3)

    assert wanted(run(count, 5.0, SLOWEST), SLOWEST, LIMITS) == FASTEST
    assert wanted(run(count, -30.0, weak), weak, LIMITS) is None


def test_nothing_is_told_before_anything_is_heard() -> None:
    assert wanted((), SLOWEST, LIMITS) is None


def test_a_device_that_decides_for_itself_is_told_nothing() -> None:
    history = (*run(19, 10.0, SLOWEST), heard(19, 10.0, adr=False))

    assert wanted(history, SLOWEST, LIMITS) is None


def test_what_was_heard_at_full_power_says_nothing_of_less() -> None:
    quieter = Setting(data_rate=5, tx_power=3)
    history = (*run(15, 14.5, FASTEST), *run(5, 8.4, quieter, first=15))

    # 8.4 dB are 5.9 dB spare: one step; the 14.5 dB of before would be four.
    assert wanted(history, quieter, LIMITS) == Setting(data_rate=5, tx_power=4)


def test_an_earlier_time_under_the_same_setting_is_over() -> None:
    other = Setting(data_rate=4, tx_power=0)
    history = (*run(5, 14.5, FASTEST), *run(5, 0.0, other, first=5), *run(5, 3.0, FASTEST, first=10))

    assert wanted(history, FASTEST, LIMITS) is None  # 0.5 dB spare


@pytest.mark.parametrize("snr_db", [None, nan, inf, -inf])
def test_an_uplink_without_an_snr_is_no_reason(snr_db: float | None) -> None:
    assert wanted(run(HISTORY, snr_db, SLOWEST), SLOWEST, LIMITS) is None


# ── limits ──


@pytest.mark.parametrize(
    ("now", "limits", "expected"),
    [
        (FASTEST, replace(LIMITS, max_data_rate=3), Setting(data_rate=3, tx_power=0)),
        (SLOWEST, replace(LIMITS, min_data_rate=2), Setting(data_rate=2, tx_power=0)),
        (Setting(data_rate=5, tx_power=7), replace(LIMITS, max_tx_power=4), Setting(data_rate=5, tx_power=4)),
        (Setting(data_rate=6, tx_power=0), replace(LIMITS, max_data_rate=7), FASTEST),  # SF7 at 250 kHz: no step of it
        (Setting(data_rate=7, tx_power=0), replace(LIMITS, min_data_rate=7, max_data_rate=7), None),  # FSK, and fixed
        (Setting(data_rate=7, tx_power=0), Limits(min_data_rate=0, max_data_rate=2, max_tx_power=0, required_snr_db={}),
         Setting(data_rate=2, tx_power=0)),
    ],
)  # fmt: skip
def test_limits_hold_even_where_nothing_is_spare(now: Setting, limits: Limits, expected: Setting | None) -> None:
    # -5 dB spare are no step up, and one uplink is too few for a step down
    floor = limits.required_snr_db.get(expected.data_rate if expected else now.data_rate, 0.0)

    assert wanted((heard(0, floor + 5.0, now),), now, limits) == expected


def test_steps_start_from_where_the_limits_put_the_device() -> None:
    # 0 dB at DR0 are 10 dB spare, three steps; at DR2, which is the least allowed, 5 dB and one step
    told = wanted(run(HISTORY, 0.0, SLOWEST), SLOWEST, replace(LIMITS, min_data_rate=2))

    assert told == Setting(data_rate=3, tx_power=0)

    weak = Setting(data_rate=5, tx_power=7)  # 3 dB too few: one step up from 4, the least power allowed
    assert wanted(run(HISTORY, -0.5, weak), weak, replace(LIMITS, max_tx_power=4)) == Setting(data_rate=5, tx_power=3)


def test_a_region_s_limits_are_its_lora_rates_and_powers() -> None:
    assert limits_of(EU868) == LIMITS
    assert limits_of(US915) == Limits(
        min_data_rate=0,
        max_data_rate=3,
        max_tx_power=14,
        required_snr_db={0: -15.0, 1: -12.5, 2: -10.0, 3: -7.5},  # SF10 to SF7
    )
    assert limits_of(AU915, dwell_limited=True).min_data_rate == 2  # 400 ms are too short for SF12 and SF11


def test_rates_of_another_kind_than_lora_at_125_khz_have_no_floor() -> None:
    assert floors((LoraRate(10, 125_000), LoraRate(8, 500_000), None, FskRate(50_000))) == {0: -15.0}


# ── losses and repetitions ──


@pytest.mark.parametrize(
    ("lost", "nb_trans", "expected"),
    [(0, 1, 1), (0, 2, 1), (0, 3, 2), (1, 1, 1), (1, 2, 2), (2, 1, 2), (2, 2, 3), (6, 1, 3), (6, 3, 3)],
)  # of 20 heard: 0, 5, 10 and 30 percent
def test_losses_make_a_device_repeat(lost: int, nb_trans: int, expected: int) -> None:
    now = replace(FASTEST, nb_trans=nb_trans)
    history = (*run(10, 3.0, now), *run(10, 3.0, now, first=10 + lost))

    assert (wanted(history, now, LIMITS) or now).nb_trans == expected


def test_losses_of_a_short_time_are_not_known() -> None:
    now = replace(FASTEST, nb_trans=2)

    assert loss_percent(list(range(19))) is None
    assert wanted(run(19, 3.0, now), now, LIMITS) is None


def test_losses_before_a_change_do_not_count_after_it() -> None:
    repeating = replace(FASTEST, nb_trans=2)
    history: tuple[HeardUplink, ...] = ()
    told = []
    for number in range(40):  # every other frame is lost, until it is sent twice
        setting = FASTEST if number < 20 else repeating
        history = remember(history, heard(2 * number if number < 20 else 20 + number, 3.0, setting))
        told.append(wanted(history, setting, LIMITS))

    assert told[19] == replace(FASTEST, nb_trans=3)
    assert told[20:39] == [None] * 19
    assert told[39] == replace(FASTEST, nb_trans=1)  # 20 in a row


@pytest.mark.parametrize(("nb_trans", "expected"), [(0, 1), (1, 1), (3, 2), (15, 2)])
def test_other_repetitions_than_the_table_s_are_taken_for_the_nearest(nb_trans: int, expected: int) -> None:
    assert next_nb_trans(nb_trans, 0.0) == expected


# ── history ──


def test_the_last_20_uplinks_are_remembered() -> None:
    history: tuple[HeardUplink, ...] = ()
    for number in range(30):
        history = remember(history, heard(number))

    assert [one.f_cnt for one in history] == list(range(10, 30))


def test_a_repetition_only_makes_an_uplink_better() -> None:
    history = remember((heard(6), heard(7, -3.0, gateways=2)), heard(7, 1.0, gateways=1))

    assert history == (heard(6), heard(7, 1.0, gateways=2))
    assert remember((heard(7, None),), heard(7, -5.0)) == (heard(7, -5.0),)
    assert remember((heard(7, None),), heard(7, None)) == (heard(7, None),)


def test_a_counter_that_starts_anew_starts_a_history() -> None:
    assert remember(run(20, 0.0, SLOWEST, first=500), heard(0)) == (heard(0),)


def test_a_device_that_helped_itself_sends_at_full_power() -> None:
    told = Setting(data_rate=5, tx_power=4, nb_trans=2)

    assert heard_at(told, 3) == Setting(data_rate=3, tx_power=0, nb_trans=2)
    assert heard_at(told, 5) == told
