"""Units as vendors write them, "°C", "m³", "W⋅m⁻²", "kWh", and what each is in UCUM."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Final

from decoders.vocabulary.units import UNITS

LONGEST: Final = 24  # characters; the longest spelling has 15
SIGNS: Final = str.maketrans(
    {
        **dict(zip("⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺", "0123456789-+", strict=True)),
        **dict.fromkeys("μ", "µ"),  # the Greek letter for the micro sign
        **dict.fromkeys("⋅·*×•", "."),
        **dict.fromkeys("−–", "-"),
        **dict.fromkeys(" \t\u00a0_", ""),
    }
)


def ucum(spelling: str) -> str | None:
    """Return the UCUM code of ``spelling``, a unit as a vendor writes it; None when it is not known or ambiguous.

    UCUM codes stand for themselves. Capitals do not matter where they tell no two units apart.
    """
    if len(spelling) > LONGEST:
        return None
    if spelling in UNITS:
        return spelling
    plain = spelling.translate(SIGNS)
    exact, folded = _spellings()
    return exact.get(plain) or folded.get(plain.casefold())


@cache
def _spellings() -> tuple[Mapping[str, str], Mapping[str, str]]:
    text = (files(__package__) / "unit_spellings.csv").read_text(encoding="utf-8")
    exact = {unit.translate(SIGNS): unit for unit in UNITS}
    for row in csv.DictReader(text.splitlines()):
        exact.update((word.translate(SIGNS), row["ucum"]) for word in row["spellings"].split())
    meant = Counter(folded for folded, _ in {(word.casefold(), unit) for word, unit in exact.items()})
    unambiguous = {word.casefold(): unit for word, unit in exact.items() if meant[word.casefold()] == 1}
    return MappingProxyType(exact), MappingProxyType(unambiguous)
