"""Quantities and units as people read them: ``soil_ph`` is soil pH, ``ug/m3`` is µg/m³."""

from __future__ import annotations

import re
from typing import Final

from decoders.vocabulary import QUANTITIES

SPELT: Final = {  # parts of a quantity's name that are no plain words
    "co2": "CO₂", "co": "CO", "no": "NO", "no2": "NO₂", "o3": "ozone", "so2": "SO₂", "h2s": "H₂S", "ch4": "methane", "nh3": "ammonia",
    "hcho": "formaldehyde", "tvoc": "TVOC", "pm1": "PM1", "pm2_5": "PM2.5", "pm4": "PM4", "pm10": "PM10", "par": "PAR", "uv": "UV",
    "laeq": "LAeq", "lamax": "LAmax", "lamin": "LAmin", "ph": "pH", "orp": "redox potential", "tds": "dissolved solids",
    "rssi": "RSSI", "snr": "SNR",
}  # fmt: skip
SYMBOLS: Final = {  # of UCUM codes that no rule below spells
    "1": "", "Cel": "°C", "[degF]": "°F", "deg": "°", "[ppth]": "‰", "[ppm]": "ppm", "[ppb]": "ppb", "[pH]": "pH", "[NTU]": "NTU",
    "dB{A}": "dB(A)", "dB{mW}": "dBm", "dB{W}": "dBW", "V.A{reactive}": "var", "kV.A{reactive}": "kvar",
    "kV.A.h{reactive}": "kvarh", "V.A.h{reactive}": "varh", "V.A.s{reactive}": "var·s", "kW.h": "kWh", "W.h": "Wh", "MW.h": "MWh",
    "GW.h": "GWh", "V.A": "VA", "kV.A": "kVA", "[g]": "g₀", "m[g]": "mg₀", "[in_i]": "in", "[ft_i]": "ft", "[mi_i]": "mi",
    "[cft_i]": "ft³", "[gal_us]": "US gal", "[gal_us]/min": "US gal/min", "[lb_av]": "lb", "[kn_i]": "kn", "[mi_i]/h": "mph",
    "[psi]": "psi", "[in_i'Hg]": "inHg", "mm[Hg]": "mmHg", "mm[H2O]": "mmH2O", "cm[H2O]": "cmH2O", "m[H2O]": "mH2O", "/min": "1/min",
}  # fmt: skip
RAISED: Final = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")


def words(quantity: str) -> str:
    """Return the name of a quantity in words: "air temperature"."""
    if quantity in SPELT:
        return SPELT[quantity]
    return " ".join(SPELT.get(part, part) for part in quantity.split("_"))


def symbol(unit: str) -> str:
    """Return a unit, a UCUM code, as it is written beside a number; "" where nothing is."""
    if unit in SYMBOLS:
        return SYMBOLS[unit]
    plain = re.sub(r"(?<=[a-zA-Z])-?\d", lambda power: power[0].translate(RAISED), unit)
    return re.sub(r"\bu(?=[a-zA-Z])", "µ", plain).replace(".", "·")


def with_unit(quantity: str) -> str:
    """Return a quantity and its canonical unit in words: "air temperature (°C)", "door open"."""
    name, unit = words(quantity), symbol(QUANTITIES[quantity].unit)
    return f"{name} ({unit})" if unit and not name.endswith(unit) else name
