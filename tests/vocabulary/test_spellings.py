"""Units as vendors write them are found in UCUM, and what is ambiguous is not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from decoders.vocabulary import QUANTITIES
from decoders.vocabulary.spellings import ucum
from decoders.vocabulary.units import UNITS, convert

# what vendors' published outputs and manuals write, and the quantity it goes with
WRITTEN: list[tuple[str, str, str]] = [
    ("°C", "Cel", "air_temperature"),
    ("℃", "Cel", "air_temperature"),
    ("Celsius", "Cel", "air_temperature"),
    ("°F", "[degF]", "air_temperature"),
    ("degF", "[degF]", "air_temperature"),
    ("K", "K", "air_temperature"),
    ("%", "%", "relative_humidity"),
    ("%RH", "%", "relative_humidity"),
    ("m³⋅m⁻³", "1", "soil_moisture"),
    ("l", "L", "water_volume"),
    ("L", "L", "water_volume"),
    ("m3", "m3", "water_volume"),
    ("m³", "m3", "water_volume"),
    ("M3", "m3", "water_volume"),
    ("ft3", "[cft_i]", "gas_volume"),
    ("gal", "[gal_us]", "water_volume"),
    ("l⋅h⁻¹", "L/h", "water_flow"),
    ("m³/h", "m3/h", "water_flow"),
    ("gpm", "[gal_us]/min", "water_flow"),
    ("kWh", "kW.h", "thermal_energy"),
    ("KWH", "kW.h", "active_energy_import"),
    ("Wh", "W.h", "active_energy_import"),
    ("MWh", "MW.h", "thermal_energy"),
    ("GJ", "GJ", "thermal_energy"),
    ("kvarh", "kV.A.h{reactive}", "reactive_energy_import"),
    ("VArh", "V.A.h{reactive}", "reactive_energy_import"),
    ("kW", "kW", "active_power"),
    ("VAr", "V.A{reactive}", "reactive_power"),
    ("VA", "V.A", "apparent_power"),
    ("V", "V", "battery_voltage"),
    ("mV", "mV", "battery_voltage"),
    ("mA", "mA", "analog_input_current"),
    ("A", "A", "current"),
    ("Hz", "Hz", "frequency"),
    ("inHg", "[in_i'Hg]", "atmospheric_pressure"),
    ("hPa", "hPa", "atmospheric_pressure"),
    ("pa", "Pa", "differential_pressure"),
    ("bar", "bar", "pipe_pressure"),
    ("psi", "[psi]", "pipe_pressure"),
    ("dS/m", "dS/m", "soil_conductivity"),
    ("µS⋅cm⁻¹", "uS/cm", "water_conductivity"),
    ("uS/cm", "uS/cm", "water_conductivity"),
    ("mS⋅cm⁻¹", "mS/cm", "water_conductivity"),
    ("ppm", "[ppm]", "co2"),
    ("ppb", "[ppb]", "tvoc"),
    ("µg⋅m⁻³", "ug/m3", "pm2_5"),
    ("μg/m³", "ug/m3", "pm10"),
    ("lux", "lx", "illuminance"),
    ("W⋅m⁻²", "W/m2", "solar_irradiance"),
    ("µmol⋅m⁻²⋅s⁻¹", "umol/(m2.s)", "par"),
    ("dB(A)", "dB{A}", "noise_laeq"),
    ("dBm", "dB{mW}", "rssi"),
    ("mm/h", "mm/h", "rain_intensity"),
    ("cm⋅h⁻¹", "cm/h", "rain_intensity"),
    ("km/h", "km/h", "wind_speed"),
    ("kn", "[kn_i]", "wind_speed"),
    ("m⋅s⁻¹", "m/s", "wind_speed"),
    ("°", "deg", "wind_direction"),
    ("mg⋅L⁻¹", "mg/L", "dissolved_oxygen"),
    ("NTU", "[NTU]", "turbidity"),
    ("km", "km", "distance"),
    ("inch", "[in_i]", "distance"),
    ("miles", "[mi_i]", "distance"),
    ("lbs", "[lb_av]", "weight"),
]


@pytest.mark.parametrize(("spelling", "unit", "quantity"), WRITTEN)
def test_what_vendors_write_is_a_unit_that_converts(spelling: str, unit: str, quantity: str) -> None:
    assert ucum(spelling) == unit
    convert(1.0, unit, QUANTITIES[quantity].unit)


@pytest.mark.parametrize("unit", sorted(UNITS))
def test_a_ucum_code_stands_for_itself(unit: str) -> None:
    assert ucum(unit) == unit


@pytest.mark.parametrize("spelling", ["", "mw", "NA", "Invalid", "bps", "FAU", "1⋅cm⁻³", "furlong", "x" * 500])
def test_what_is_unknown_or_may_be_two_units_is_none(spelling: str) -> None:
    assert ucum(spelling) is None


@given(st.text(max_size=30))
def test_any_text_is_a_unit_or_none(text: str) -> None:
    assert ucum(text) in {None, *UNITS}
