"""Units convert exactly, come out clean, and refuse what cannot be."""

from __future__ import annotations

from itertools import pairwise, permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from decoders.vocabulary.units import UNITS, UnitError, clean, convert

# value, unit, other unit, value in it; from the definitions of the SI brochure, UCUM and NIST SP 811
KNOWN: list[tuple[float, str, str, float]] = [
    (21.5, "Cel", "Cel", 21.5),
    (21.499999999999996, "Cel", "Cel", 21.5),
    (70.7, "[degF]", "Cel", 21.5),
    (-40, "[degF]", "Cel", -40),
    (0, "Cel", "[degF]", 32),
    (0, "K", "Cel", -273.15),
    (294.65, "K", "Cel", 21.5),
    (273.151, "K", "Cel", 0.001),
    (1013.25, "hPa", "Pa", 101_325),
    (1013.25, "mbar", "kPa", 101.325),
    (0.3, "bar", "kPa", 30),
    (1, "[psi]", "kPa", 6.89475729317),
    (1.5, "m[H2O]", "kPa", 14.709975),
    (760, "mm[Hg]", "hPa", 1013.2472),
    (29.92, "[in_i'Hg]", "hPa", 1013.204536960),
    (2, "[cft_i]", "L", 56.633693184),
    (1, "[gal_us]", "L", 3.785411784),
    (1, "[gal_us]/min", "L/min", 3.785411784),
    (1, "[lb_av]", "kg", 0.45359237),
    (1, "[mi_i]", "km", 1.609344),
    (2, "cm/h", "mm/h", 20),
    (1482, "mm", "m", 1.482),
    (3.4, "cm", "mm", 34),
    (1, "[ft_i]", "cm", 30.48),
    (191_051, "L", "m3", 191.051),
    (3295, "mV", "V", 3.295),
    (4.2, "V", "mV", 4200),
    (612, "[ppm]", "[ppb]", 612_000),
    (0.41, "1", "%", 41),
    (41, "%", "1", 0.41),
    (35, "mg/kg", "[ppm]", 35),
    (36, "km/h", "m/s", 10),
    (10, "m/s", "km/h", 36),
    (1, "[kn_i]", "km/h", 1.852),
    (3.6, "mm/h", "m/s", 1e-06),
    (60, "L/min", "m3/h", 3.6),
    (1, "m3/s", "L/s", 1000),
    (0.05, "mg/m3", "ug/m3", 50),
    (9.1, "mg/L", "kg/m3", 0.0091),
    (310, "uS/cm", "S/m", 0.031),
    (2.5, "dS/m", "S/m", 0.25),
    (1, "[g]", "m/s2", 9.80665),
    (-1000, "m[g]", "m/s2", -9.80665),
    (180, "deg", "rad", 3.14159265359),
    (1, "kW.h", "J", 3_600_000),
    (1, "GJ", "kW.h", 277.777777778),
    (1234, "W.h", "kW.h", 1.234),
    (2, "pCi/L", "Bq/m3", 74),
    (-97, "dB{mW}", "dB{W}", -127),
    (1.5, "h", "s", 5400),
    (4, "mA", "A", 0.004),
]


@pytest.mark.parametrize(("value", "unit", "other", "expected"), KNOWN)
def test_known_values_convert_to_the_last_digit(value: float, unit: str, other: str, expected: float) -> None:
    assert convert(value, unit, other) == expected


@pytest.mark.parametrize(
    ("value", "unit", "other", "expected"),
    [(3000, "mV", "V", 3), (3, "V", "mV", 3000), (7, "1", "1", 7), (2**64, "W.h", "J", 2**64 * 3600)],
)
def test_whole_numbers_stay_whole_where_the_result_is_exact(value: int, unit: str, other: str, expected: int) -> None:
    result = convert(value, unit, other)

    assert result == expected
    assert type(result) is int


def test_whole_numbers_that_do_not_divide_become_fractions() -> None:
    assert convert(3001, "mV", "V") == 3.001


@pytest.mark.parametrize(
    ("unit", "other", "words"),
    [
        ("Cel", "V", "'Cel' does not convert to 'V'"),
        ("[ppb]", "ug/m3", "'[ppb]' does not convert to 'ug/m3'"),
        ("ppm", "[ppm]", "'ppm' does not convert to '[ppm]': unknown unit 'ppm'"),
        ("Cel", "", "'Cel' does not convert to '': unknown unit ''"),
        ("[NTU]", "mg/L", "'[NTU]' does not convert to 'mg/L'"),
    ],
)
def test_what_does_not_convert_is_said(unit: str, other: str, words: str) -> None:
    with pytest.raises(UnitError) as refusal:
        convert(1.0, unit, other)

    assert str(refusal.value) == words


def test_every_pair_of_a_dimension_converts_there_and_back() -> None:
    pairs = [pair for pair in permutations(UNITS, 2) if UNITS[pair[0]].dimension == UNITS[pair[1]].dimension]

    assert len(pairs) > 500
    for unit, other in pairs:
        assert convert(convert(12.5, unit, other), other, unit) == pytest.approx(12.5, rel=1e-9), (unit, other)


def test_units_of_different_dimensions_never_convert() -> None:
    for unit, other in permutations(UNITS, 2):
        if UNITS[unit].dimension != UNITS[other].dimension:
            with pytest.raises(UnitError):
                convert(1, unit, other)


@given(st.decimals(min_value=-100_000, max_value=100_000, places=4))
def test_a_reading_with_four_decimals_stays_what_it_was(reading: object) -> None:
    value = float(str(reading))

    assert convert(value, "mV", "mV") == value
    assert convert(convert(value, "mV", "V"), "V", "mV") == value


@given(st.floats(allow_nan=False, allow_infinity=False, min_value=-1e300, max_value=1e300))
def test_cleaning_changes_nothing_that_a_sensor_measures(value: float) -> None:
    assert clean(value) == pytest.approx(value, rel=1e-11)
    assert clean(clean(value)) == clean(value)


def test_large_counters_keep_every_digit() -> None:
    assert convert(1_234_567_890_123_456.0, "W.h", "W.h") == 1_234_567_890_123_456.0
    assert convert(1_234_567_890_123, "W.h", "W.h") == 1_234_567_890_123


def test_order_is_kept() -> None:
    results = [convert(value, "[degF]", "Cel") for value in range(-100, 200)]

    assert all(low < high for low, high in pairwise(results))
