"""Adaptive data rate in a closed loop: devices that do what they are told, on paths that are known."""

from __future__ import annotations

from itertools import pairwise
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.lorawan.adr import HeardUplink, Limits, Setting, remember, wanted
from tests.lorawan.adr_uplinks import FASTEST, FLOORS, LIMITS, SLOWEST, heard


def settle(snr_at_full_power_db: float, random: Random, *, fading_db: float = 0.0, uplinks: int = 200) -> list[Setting]:
    """Run a device that does what it is told, each step of power 2 dB; return the setting of each uplink."""
    now, settings = SLOWEST, []
    history: tuple[HeardUplink, ...] = ()
    for f_cnt in range(uplinks):
        settings.append(now)
        snr_db = snr_at_full_power_db - 2 * now.tx_power - random.random() * fading_db
        history = remember(history, heard(f_cnt, snr_db, now))
        now = wanted(history, now, LIMITS) or now
    return settings


@pytest.mark.parametrize(
    ("snr_db", "expected"),
    [
        (-12.0, SLOWEST),  # 2 dB too few even at the slowest
        (-5.0, Setting(data_rate=1, tx_power=0)),  # 5 dB spare at DR0, 2.5 dB at DR1
        (-1.0, Setting(data_rate=3, tx_power=0)),  # 9 dB spare at DR0, 1.5 dB at DR3
        (6.0, Setting(data_rate=5, tx_power=1)),  # 16 dB at DR0: DR5, where 3.5 dB are left: 2 dB less power
        (30.0, Setting(data_rate=5, tx_power=7)),
    ],
)
def test_a_device_comes_to_rest_where_its_path_allows(snr_db: float, expected: Setting) -> None:
    settings = settle(snr_db, Random(1))

    assert settings[5:] == [expected] * 195


@pytest.mark.parametrize("seed", range(5))
def test_fading_does_not_make_a_device_restless(seed: int) -> None:
    settings = settle(4.0, Random(seed), fading_db=12.0, uplinks=1_000)

    changes = sum(one != other for one, other in pairwise(settings))
    assert changes <= 5
    assert settings[-1] == FASTEST  # the best of 20 is about 4 dB


SETTINGS = st.builds(Setting, data_rate=st.integers(0, 7), tx_power=st.integers(0, 7), nb_trans=st.integers(1, 3))
HEARD = st.builds(
    HeardUplink,
    f_cnt=st.integers(0, 0xFFFF_FFFF),
    snr_db=st.none() | st.floats(),
    gateways=st.integers(1, 9),
    adr=st.booleans(),
    setting=st.sampled_from([SLOWEST, FASTEST]) | SETTINGS,
)


@given(st.lists(HEARD, max_size=40), SETTINGS, st.integers(0, 3), st.integers(3, 7), st.integers(0, 7))
def test_nothing_that_is_heard_leads_beyond_the_limits(
    heard_: list[HeardUplink], now: Setting, lowest: int, highest: int, max_tx_power: int
) -> None:
    limits = Limits(min_data_rate=lowest, max_data_rate=highest, max_tx_power=max_tx_power, required_snr_db=FLOORS)
    history: tuple[HeardUplink, ...] = ()
    for one in heard_:
        history = remember(history, one)

    told = wanted(history, now, limits)

    assert told is None or (
        lowest <= told.data_rate <= min(highest, 5) and 0 <= told.tx_power <= max_tx_power and 1 <= told.nb_trans <= 3
    )
    assert told != now
