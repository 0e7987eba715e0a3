"""Quantities over a year: within what is believable, no faster than things are, and the same for whoever asks."""

from __future__ import annotations

from datetime import UTC, datetime
from random import Random

import pytest

from decoders.vocabulary import QUANTITIES, ValueType
from simulators.values import PROCESSES, Moment, Place, Process, Setting, process, value

BEGINS_S = datetime(2026, 1, 1, tzinfo=UTC).timestamp()
YEAR_H = 365 * 24
STRIDE_H = 7  # no divisor of a day: every hour of a day comes up
OUT = (Setting.OUTDOORS,)
IN = (Setting.OFFICE, Setting.SCHOOL, Setting.HOME)
ALL = (*OUT, *IN)

# quantity, where, least and most in a year, most from one hour to the next; canonical units
PLAUSIBLE = [
    ("air_temperature", OUT, -30, 36, 4),
    ("air_temperature", IN, 16, 30, 2.5),
    ("air_temperature", (Setting.CELLAR,), 8, 20, 1),
    ("air_temperature", (Setting.COLD_STORE,), 1, 8, 1),
    ("relative_humidity", OUT, 22, 100, 12),
    ("relative_humidity", IN, 8, 72, 10),
    ("dew_point", OUT, -32, 24, 4),
    ("dew_point", IN, -20, 24, 4),
    ("feels_like_temperature", OUT, -30, 36, 4),
    ("surface_temperature", OUT, -31, 48, 7),
    ("device_temperature", OUT, -30, 37, 4),
    ("atmospheric_pressure", ALL, 950, 1060, 3),
    ("illuminance", OUT, 0, 110_000, 40_000),
    ("illuminance", IN, 1, 2000, 900),
    ("solar_irradiance", OUT, 0, 1000, 400),
    ("par", OUT, 0, 2100, 800),
    ("uv_index", OUT, 0, 9, 4),
    ("wind_speed", OUT, 0.3, 25, 8),
    ("wind_gust", OUT, 0.5, 40, 13),
    ("wind_direction", OUT, 0, 360, 360),
    ("rainfall", OUT, 0, 25, 25),
    ("rain_intensity", OUT, 0, 60, 60),
    ("snow_depth", OUT, 0, 80, 2),
    ("co2", OUT, 400, 460, 40),
    ("co2", IN, 400, 1500, 700),
    ("tvoc", IN, 30, 500, 350),
    ("hcho", IN, 10, 40, 20),
    ("radon", IN, 20, 130, 90),
    ("noise_laeq", OUT, 36, 72, 20),
    ("noise_laeq", IN, 27, 62, 30),
    ("noise_lamax", ALL, 33, 92, 40),
    ("noise_lamin", ALL, 18, 68, 35),
    ("people_count", IN, 0, 27, 27),
    ("temperature_setpoint", IN, 18, 21, 3),
    ("valve_position", IN, 0, 100, 40),
    ("pm1", ALL, 0, 60, 20),
    ("pm2_5", ALL, 0, 90, 30),
    ("pm4", ALL, 0, 130, 45),
    ("pm10", ALL, 0, 200, 70),
    ("no2", ALL, 0, 260, 90),
    ("no", ALL, 0, 150, 50),
    ("co", ALL, 0, 3700, 1300),
    ("so2", ALL, 0, 20, 7),
    ("o3", ALL, 4, 120, 40),
    ("air_quality_index", ALL, 0, 400, 140),
    ("vehicle_speed", OUT, 25, 65, 25),
    ("rainfall_total", OUT, 30_000, 45_000, 25),
    ("vehicle_count", OUT, 0, 2e7, 700),
    ("people_in", ALL, 0, 2e6, 120),
    ("people_out", ALL, 0, 2e6, 120),
    ("motion_count", ALL, 0, 2e6, 120),
    ("pulse_count", ALL, 0, 2e6, 100),
    ("on_time", ALL, 0, 4e8, 3600),
    ("water_volume", ALL, 0, 2000, 0.15),
    ("water_flow", ALL, 0, 0.5, 0.5),
    ("thermal_energy", ALL, 0, 300_000, 15),
    ("gas_volume", ALL, 0, 30_000, 2),
    ("active_energy_import", ALL, 0, 80_000, 4),
    ("active_energy_export", ALL, 0, 8000, 0.5),
    ("reactive_energy_import", ALL, 0, 20_000, 0.6),
    ("active_power", ALL, 0, 8000, 8000),
    ("reactive_power", ALL, 0, 2100, 2100),
    ("apparent_power", ALL, 0, 8400, 8400),
    ("current", ALL, 0, 40, 40),
    ("power_factor", ALL, 0.9, 1, 0.1),
    ("voltage", ALL, 224, 238, 12),
    ("frequency", ALL, 49.9, 50.1, 0.2),
    ("water_level", OUT, 0.05, 3.1, 0.1),
    ("groundwater_level", OUT, 0.9, 4.6, 0.02),
    ("distance", OUT, 0.1, 3.2, 0.1),
    ("water_temperature", ALL, 0, 22, 0.2),
    ("water_conductivity", OUT, 200, 460, 10),
    ("water_ph", OUT, 6, 8.6, 0.1),
    ("turbidity", OUT, 1, 7, 0.3),
    ("dissolved_oxygen", OUT, 7, 13, 0.3),
    ("orp", OUT, 160, 320, 8),
    ("tds", OUT, 130, 250, 6),
    ("salinity", OUT, 1.5, 4.5, 0.1),
    ("free_chlorine", OUT, 0.2, 0.6, 0.03),
    ("soil_temperature", OUT, -5, 20, 0.3),
    ("soil_moisture", OUT, 4, 48, 1),
    ("soil_water_tension", OUT, 10, 150, 8),
    ("soil_conductivity", OUT, 0.005, 0.1, 0.003),
    ("soil_ph", OUT, 5.4, 7.4, 0.1),
    ("soil_nitrogen", OUT, 25, 55, 2),
    ("soil_phosphorus", OUT, 15, 35, 1),
    ("soil_potassium", OUT, 80, 160, 4),
    ("leaf_wetness", OUT, 0, 100, 100),
    ("fill_level", OUT, 0, 100, 96),
    ("fill_height", OUT, 0, 150, 145),
    ("weight", OUT, 12, 103, 90),
    ("pipe_pressure", ALL, 370, 490, 115),
    ("differential_pressure", ALL, 19, 45, 26),
    ("battery_level", ALL, 20, 100, 0.1),
    ("battery_voltage", ALL, 3.0, 3.65, 0.03),
    ("analog_input_voltage", ALL, 1350, 1650, 300),
    ("analog_input_current", ALL, 8, 11, 3),
    ("tilt", ALL, 0.8, 1.6, 0.7),
    ("acceleration_x", ALL, -0.1, 0.3, 0.4),
    ("acceleration_y", ALL, -0.3, 0.1, 0.4),
    ("acceleration_z", ALL, 9.6, 10, 0.4),
    ("vibration_acceleration", ALL, 0.2, 1, 0.7),
    ("vibration_velocity", ALL, 0.7, 2.1, 1.3),
    ("latitude", ALL, 59.27, 59.27, 0),
    ("longitude", ALL, 15.21, 15.21, 0),
    ("altitude", ALL, 38, 46, 7),
]
TRUTHS = sorted(name for name in PROCESSES if QUANTITIES[name].value_type is ValueType.BOOLEAN)
COUNTERS = sorted(name for name in PROCESSES if QUANTITIES[name].value_type is ValueType.COUNTER)


def over_a_year(one: Process) -> list[tuple[float, float]]:
    """Return pairs of values an hour apart; the device sends two uplinks an hour."""
    return [
        (one(_moment(BEGINS_S + hour * 3600, 2 * hour)), one(_moment(BEGINS_S + (hour + 1) * 3600, 2 * hour + 2)))
        for hour in range(0, YEAR_H, STRIDE_H)
    ]


def _moment(seconds: float, uplinks: int = 0) -> Moment:
    return Moment.of_seconds(seconds, uplinks)


@pytest.mark.parametrize(("quantity", "settings", "least", "most", "an_hour"), PLAUSIBLE)
def test_a_year_is_believable(
    quantity: str, settings: tuple[Setting, ...], least: float, most: float, an_hour: float
) -> None:
    known = QUANTITIES[quantity]
    for number, setting in enumerate(settings):
        pairs = over_a_year(process(Place(seed=number, device=f"device {number}", setting=setting), quantity))

        values = [one for pair in pairs for one in pair]
        assert least <= min(values)
        assert max(values) <= most
        assert max(abs(after - before) for before, after in pairs) <= an_hour + 1e-9
        assert known.plausible_minimum is None or known.plausible_minimum <= min(values)
        assert known.plausible_maximum is None or max(values) <= known.plausible_maximum


def test_every_process_is_looked_at() -> None:
    assert {one[0] for one in PLAUSIBLE} | {*TRUTHS} == {*PROCESSES}


@pytest.mark.parametrize("quantity", TRUTHS)
def test_what_is_true_or_false_is_both_now_and_then(quantity: str) -> None:
    here = [process(Place(seed=3, device=str(number), setting=Setting.OFFICE), quantity) for number in range(4)]

    said = {one(_moment(BEGINS_S + hour * 3600)) for one in here for hour in range(0, YEAR_H, 5)}

    assert said <= {False, True}
    assert True in said or quantity in {"low_battery", "meter_burst", "tamper", "leak_detected"}
    assert False in said


@pytest.mark.parametrize("quantity", COUNTERS)
def test_a_counter_never_falls_however_close_one_looks(quantity: str) -> None:
    counter, random = process(Place(seed=5, device="meter"), quantity), Random(quantity)
    times = sorted(BEGINS_S + random.uniform(0, 86_400 * 40) for _ in range(1500)) + [
        BEGINS_S + 86_400 * 50 + n for n in range(1500)
    ]

    shown = [counter(_moment(seconds)) for seconds in times]

    assert shown == sorted(shown)
    assert shown[0] < shown[1499]


@pytest.mark.parametrize("quantity", sorted(PROCESSES))
def test_a_value_is_the_same_whoever_asks_in_whatever_order(quantity: str) -> None:
    place = Place(seed=2, device="a1", setting=Setting.SCHOOL)
    times = [BEGINS_S + number * 5_417.0 for number in range(60)]
    in_order = [process(place, quantity)(_moment(seconds)) for seconds in times]

    backwards = process(place, quantity)

    assert [backwards(_moment(seconds)) for seconds in reversed(times)] == in_order[::-1]


def test_another_device_and_another_seed_measure_something_else() -> None:
    at = datetime(2026, 5, 4, 12, tzinfo=UTC)

    measured = {value(seed, device, "air_temperature", at) for seed in (1, 2) for device in ("a", "b")}

    assert len(measured) == 4


def test_a_quantity_without_a_process_is_refused() -> None:
    with pytest.raises(KeyError, match="lightning_count"):
        value(1, "a", "lightning_count", datetime(2026, 5, 4, tzinfo=UTC))
