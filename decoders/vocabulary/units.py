"""Units of sensors, in UCUM, and the exact factors between them.

Only units of one dimension convert. Gases in ppm and in µg/m³ do not: that needs the molar mass, a temperature and a
pressure, which a sensor's maker knows and this table does not.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import pi
from typing import Final

SIGNIFICANT: Final = "%.12g"  # no sensor has twelve digits, and no two float operations spoil one of them
DECIMALS: Final = 9  # after an offset is added small results keep the error of the large numbers they came from


class UnitError(ValueError):
    """Say that a value cannot be stated in another unit: one of the two is unknown, or they measure different things."""

    def __init__(self, from_unit: str, to_unit: str) -> None:
        self.from_unit = from_unit
        self.to_unit = to_unit
        unknown = [unit for unit in (from_unit, to_unit) if unit not in UNITS]
        why = f": unknown unit {unknown[0]!r}" if unknown else ""
        super().__init__(f"{from_unit!r} does not convert to {to_unit!r}{why}")


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit as its dimension's first unit counts it: ``first = value * factor + offset``."""

    dimension: str
    factor: Fraction
    offset: Fraction = Fraction(0)


@dataclass(frozen=True, slots=True)
class _Step:
    """One conversion: ``(value + before) * numerator / denominator + after``."""

    numerator: int
    denominator: int
    before: float
    after: float


def convert(value: float, from_unit: str, to_unit: str) -> float:
    """Return ``value`` in ``to_unit``; raise UnitError when the units do not convert.

    Floats come out with twelve significant digits, so 21.499999999999996 is 21.5; whole numbers stay whole where
    the result is exact.
    """
    if from_unit == to_unit:
        return value if type(value) is int else clean(value)
    step = _STEPS.get((from_unit, to_unit)) or _step(from_unit, to_unit)
    if step.before or step.after:
        shifted = (value + step.before) * step.numerator / step.denominator + step.after
        return clean(round(shifted, DECIMALS))
    if type(value) is int:
        whole, rest = divmod(value * step.numerator, step.denominator)
        if not rest:
            return whole
    return clean(value * step.numerator / step.denominator)


def clean(value: float) -> float:
    """Return ``value`` without the dust of binary arithmetic; whole numbers, however large, are as they are."""
    return value if value == value // 1 else float(SIGNIFICANT % value)


def _step(from_unit: str, to_unit: str) -> _Step:
    source, target = UNITS.get(from_unit), UNITS.get(to_unit)
    if source is None or target is None or source.dimension != target.dimension:
        raise UnitError(from_unit, to_unit)
    ratio = source.factor / target.factor
    before, after = source.offset / source.factor, -target.offset / target.factor
    step = _Step(ratio.numerator, ratio.denominator, float(before), float(after))
    _STEPS[from_unit, to_unit] = step
    return step


_STEPS: dict[tuple[str, str], _Step] = {}  # grows with the pairs that decoders state, a few dozen

# Each dimension with its units and their factors, exact as the UCUM specification and the SI brochure define them.
_FACTORS: Final[dict[str, dict[str, str | float]]] = {
    "pressure": {
        "Pa": "1",
        "hPa": "100",
        "mbar": "100",
        "kPa": "1000",
        "bar": "100000",
        "MPa": "1000000",
        "mm[H2O]": "9.80665",
        "cm[H2O]": "98.0665",
        "m[H2O]": "9806.65",
        "mm[Hg]": "133.322",
        "[in_i'Hg]": "3386.3788",
        "[psi]": "6894.757293168361",
    },
    "length": {
        "m": "1",
        "um": "1e-6",
        "mm": "1e-3",
        "cm": "1e-2",
        "dm": "1e-1",
        "km": "1000",
        "[in_i]": "0.0254",
        "[ft_i]": "0.3048",
        "[mi_i]": "1609.344",
    },
    "volume": {
        "m3": "1",
        "mL": "1e-6",
        "cL": "1e-5",
        "dL": "1e-4",
        "L": "1e-3",
        "dm3": "1e-3",
        "hL": "0.1",
        "[cft_i]": "0.028316846592",
        "[gal_us]": "0.003785411784",
    },
    "mass": {"kg": "1", "mg": "1e-6", "g": "1e-3", "t": "1000", "[lb_av]": "0.45359237"},
    "time": {"s": "1", "ms": "1e-3", "min": "60", "h": "3600", "d": "86400"},
    "speed": {
        "m/s": "1",
        "mm/s": "1e-3",
        "cm/s": "1e-2",
        "km/h": "1/3.6",
        "m/h": "1/3600",
        "mm/h": "1/3600000",
        "cm/h": "1/360000",
        "mm/min": "1/60000",
        "[kn_i]": "1852/3600",
        "[mi_i]/h": "0.44704",
    },
    "flow": {
        "m3/s": "1",
        "m3/h": "1/3600",
        "m3/d": "1/86400",
        "L/s": "1e-3",
        "L/min": "1/60000",
        "L/h": "1/3600000",
        "mL/min": "1/60000000",
        "[gal_us]/min": "0.003785411784/60",
    },
    "acceleration": {
        "m/s2": "1",
        "mm/s2": "1e-3",
        "cm/s2": "1e-2",
        "[g]": "9.80665",
        "m[g]": "0.00980665",
    },
    "angle": {"deg": "1", "rad": 180 / pi, "mrad": 0.18 / pi},
    "frequency": {"Hz": "1", "kHz": "1000", "MHz": "1000000", "/min": "1/60"},
    "voltage": {"V": "1", "uV": "1e-6", "mV": "1e-3", "kV": "1000"},
    "current": {"A": "1", "uA": "1e-6", "mA": "1e-3"},
    "power": {"W": "1", "mW": "1e-3", "kW": "1000", "MW": "1000000"},
    "apparent power": {"V.A": "1", "kV.A": "1000"},
    "reactive power": {"V.A{reactive}": "1", "kV.A{reactive}": "1000"},
    "energy": {
        "kW.h": "1",
        "W.h": "1e-3",
        "MW.h": "1000",
        "GW.h": "1000000",
        "J": "1/3600000",
        "kJ": "1/3600",
        "MJ": "1/3.6",
        "GJ": "1000/3.6",
    },
    "reactive energy": {"kV.A.h{reactive}": "1", "V.A.h{reactive}": "1e-3", "V.A.s{reactive}": "1/3600000"},
    "conductivity": {
        "S/m": "1",
        "dS/m": "0.1",
        "mS/m": "1e-3",
        "uS/m": "1e-6",
        "S/cm": "100",
        "mS/cm": "0.1",
        "uS/cm": "1e-4",
    },
    "illuminance": {"lx": "1", "klx": "1000"},
    "irradiance": {"W/m2": "1", "kW/m2": "1000", "mW/cm2": "10"},
    "photon flux": {"umol/(m2.s)": "1", "mmol/(m2.s)": "1000"},
    "mass concentration": {
        "kg/m3": "1",
        "g/m3": "1e-3",
        "mg/m3": "1e-6",
        "ug/m3": "1e-9",
        "ng/m3": "1e-12",
        "g/L": "1",
        "mg/L": "1e-3",
        "ug/L": "1e-6",
    },
    "ratio": {
        "1": "1",
        "%": "1e-2",
        "[ppth]": "1e-3",
        "[ppm]": "1e-6",
        "[ppb]": "1e-9",
        "g/kg": "1e-3",
        "mg/kg": "1e-6",
        "ug/kg": "1e-9",
    },
    "activity concentration": {"Bq/m3": "1", "kBq/m3": "1000", "Bq/L": "1000", "pCi/L": "37"},
    "turbidity": {"[NTU]": "1"},
    "acidity": {"[pH]": "1"},
    "level": {"dB": "1", "dB{A}": "1"},
    "power level": {"dB{mW}": "1"},
}


def _fraction(factor: str | float) -> Fraction:
    if isinstance(factor, float):
        return Fraction(factor)
    above, _, below = factor.partition("/")
    return Fraction(above) / Fraction(below or 1)


UNITS: Final[dict[str, Unit]] = {
    unit: Unit(dimension, _fraction(factor)) for dimension, units in _FACTORS.items() for unit, factor in units.items()
} | {
    "Cel": Unit("temperature", Fraction(1)),
    "K": Unit("temperature", Fraction(1), Fraction("-273.15")),
    "dB{W}": Unit("power level", Fraction(1), Fraction(30)),
    "[degF]": Unit("temperature", Fraction(5, 9), Fraction(-160, 9)),
}
"""Every unit by its UCUM code."""
