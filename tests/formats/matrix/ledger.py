"""What a platform was told, in one form for all: whose, when, how much, in which unit, and how many times."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from decoders.vocabulary.units import UnitError, convert
from gateway.model import Item, Observation

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
TRUE: Final = frozenset({"1", "occupied", "on", "open", "pressed", "smoke", "true", "wet"})
FALSE: Final = frozenset({"0", "clear", "closed", "dry", "false", "free", "off", "released"})
MOL: Final = 8.314463 * 293 / 101300  # m³ of a mole at 20 °C and 101.3 kPa, at which the law states gases
NO2_UG_PER_PPM: Final = 46.0055 / MOL


@dataclass(frozen=True, slots=True)
class Statement:
    """One value as a platform has it; the unit in UCUM, "" where the platform has none beside it."""

    dev_eui: str
    at_ms: int
    value: Any
    unit: str = ""
    quantity: str = ""  # where the platform has our name of it


Ledger = Counter[Statement]


def at_ms(text: str) -> int:
    """Return a time of ISO 8601 in milliseconds since the epoch."""
    return milliseconds(datetime.fromisoformat(text))


def milliseconds(at: datetime) -> int:
    return (at - EPOCH) // timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True)
class Verdicts:
    """A ledger held against what was measured."""

    times: Mapping[str, int]  # how often each observation was told, by its id
    unsaid: Counter[str]  # observations that nobody was told of, by quantity
    strange: Sequence[str]  # statements that nobody measured


def judge(ledger: Ledger, items: Sequence[Item], resolution_ms: int = 1) -> Verdicts:
    """Return what became of all observations of ``items``; times are compared as exactly as the platform keeps them."""
    measured: dict[tuple[str, int], list[Observation]] = defaultdict(list)
    for item in items:
        for one in item.observations:
            measured[item.device.dev_eui, milliseconds(one.observed_at) // resolution_ms].append(one)
    times: Counter[str] = Counter()
    strange = []
    for statement, count in ledger.items():
        here = measured.get((statement.dev_eui, statement.at_ms // resolution_ms), ())
        meant = next((one for one in here if is_same(one, statement)), None)
        if meant is None:
            strange.append(f"{statement} (there: {[(one.quantity, one.value, one.unit) for one in here]})")
        else:
            times[str(meant.id)] = max(times[str(meant.id)], count)
    unsaid = Counter(one.quantity for item in items for one in item.observations if not times[str(one.id)])
    return Verdicts(times, unsaid, strange)


def is_same(one: Observation, said: Statement) -> bool:
    """Tell whether a statement is what was measured, in whatever unit."""
    if said.quantity not in {"", one.quantity}:
        return False
    if isinstance(one.value, bool):
        return truth(said.value) == one.value
    if isinstance(one.value, str) or isinstance(said.value, (bool, str)) or said.value is None:
        return False
    exact = 1e-4 if said.unit == "[ppm]" and one.unit != "[ppm]" else 1e-6  # the gas law's constants are rounded
    return any(math.isclose(value, one.value, rel_tol=exact, abs_tol=1e-9) for value in _in_unit_of(one, said))


def truth(value: Any) -> bool | None:
    """Return a truth value in any of the words that platforms have for it."""
    word = str(value).lower()
    return True if word in TRUE else False if word in FALSE else None


def _in_unit_of(one: Observation, said: Statement) -> Iterator[float]:
    if one.quantity == "no2" and said.unit == "[ppm]":
        yield said.value * NO2_UG_PER_PPM
        return
    try:
        yield convert(said.value, said.unit or one.unit, one.unit)
    except UnitError:
        return
