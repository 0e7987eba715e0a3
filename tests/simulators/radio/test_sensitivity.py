"""How weak a frame may be: our sums against what the data sheets state."""

from __future__ import annotations

import pytest

from gateway.model import FskRate, LoraRate
from simulators.radio import SX1301, SX1302
from simulators.radio.receivers import SX1276_NOISE_FIGURE_DB
from simulators.radio.sensitivity import noise_dbm, sensitivity_dbm


@pytest.mark.parametrize(
    ("spreading_factor", "bandwidth_hz", "stated_dbm"),
    [  # SX1272/73 data sheet rev. 2, RFS_L125 and RFS_L250
        (7, 125_000, -124),
        (8, 125_000, -127),
        (9, 125_000, -130),
        (10, 125_000, -133),
        (11, 125_000, -135),
        (12, 125_000, -137),
        (7, 250_000, -122),
        (8, 250_000, -125),
        (9, 250_000, -128),
        (10, 250_000, -130),
    ],
)
def test_a_device_is_as_sensitive_as_its_data_sheet_says(
    spreading_factor: int, bandwidth_hz: int, stated_dbm: float
) -> None:
    weakest_dbm = sensitivity_dbm(LoraRate(spreading_factor, bandwidth_hz), SX1276_NOISE_FIGURE_DB)

    assert weakest_dbm == pytest.approx(stated_dbm, abs=1.5)  # its own table is no smoother


@pytest.mark.parametrize(
    ("figure_db", "stated_dbm"), [(SX1301.noise_figure_db, -139.5), (SX1302.noise_figure_db, -141)]
)
def test_a_concentrator_is_as_sensitive_as_its_data_sheet_says(figure_db: float, stated_dbm: float) -> None:
    weakest_dbm = sensitivity_dbm(LoraRate(12, 125_000), figure_db)

    assert weakest_dbm == pytest.approx(stated_dbm, abs=0.1)


def test_the_noise_of_a_channel_is_that_of_its_width_and_the_receiver() -> None:
    noise = [noise_dbm(LoraRate(7, hertz), 6.0) for hertz in (125_000, 250_000, 500_000)]

    assert noise == pytest.approx([-117.0, -114.0, -111.0], abs=0.1)


def test_fsk_needs_a_signal_above_the_noise() -> None:
    assert sensitivity_dbm(FskRate(50_000), 6.0) == pytest.approx(-108.7, abs=0.1)
