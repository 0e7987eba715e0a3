"""A field's name as a vendor writes it, "TempC_SHT", "batV", "luftfuktighet_2", as the words that it is made of."""

from __future__ import annotations

import csv
import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Final

from decoders.vocabulary.spellings import ucum

LONGEST: Final = 80  # characters of a name; a longer one is nobody's name for a quantity
NO_UNITS: Final = frozenset({"min", "d", "t"})  # a minimum, much rather than a minute
PARTICLES: Final = re.compile(r"pm[ _.]?(1_0|1\.0|10_0|2_5|2\.5|25|10|1|4_0|4)(?!\d)", re.IGNORECASE)
PARTICLE_SIZES: Final = {"25": "2p5", "2.5": "2p5", "2_5": "2p5", "1_0": "1", "1.0": "1", "10_0": "10", "4_0": "4"}
PHASE: Final = re.compile(r"(?<![A-Z])(?P<kind>[LT])(?P<number>123|[1-4])N?(?![a-z0-9])")  # and tariff
PHASE_LETTER: Final = re.compile(r"_(abc|[abc])$")
ACIDITY: Final = re.compile(r"(?<![A-Za-z])p[hH](?![A-Za-z])")
WHOLE: Final = re.compile(r"e?co2(?!\d)|no2|so2|h2s|nh3|ch4|o3|ds18b20|pt1000?|sht\d+|4-20|bme\d+|h2o", re.IGNORECASE)
CAMEL: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")


@dataclass(frozen=True, slots=True)
class Name:
    """The words of a name in the dictionary's own vocabulary, sorted; what it says of the unit; what tells it from its like."""

    words: frozenset[str]
    unit: str | None = None  # UCUM
    number: str | None = None


def read(text: str) -> Name:
    """Return the words of ``text``; a word that is not known stays as it is, in small letters."""
    if len(text) > LONGEST:
        return Name(frozenset({text[:LONGEST]}))
    words: list[str] = []
    units: list[str] = []  # as they are written
    numbers: list[str] = []
    for piece in _pieces(text):
        known = _words().get(piece.casefold())
        if known is not None:
            words += known
        elif piece.isdecimal() or piece.startswith("\N{NUMBER SIGN}"):
            numbers.append(piece.lstrip("#"))
        elif words and piece.casefold() not in NO_UNITS and ucum(piece) is not None:
            units.append(piece)
        else:
            words.append(piece.casefold())
    unit = ucum("/".join(units))
    unknown = units if unit is None else []
    return Name(frozenset((*words, *unknown)), unit, "_".join(numbers) or None)


def _pieces(text: str) -> Iterator[str]:
    """Yield the pieces of a name: at signs that are no letters, at capitals, at digits; accents are gone."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    plain = PARTICLES.sub(lambda found: f" PM!{PARTICLE_SIZES.get(found[1], found[1])} ", plain)
    plain = PHASE.sub(lambda found: f" #{found['kind']}{found['number']} ", plain)
    plain = PHASE_LETTER.sub(r" #\1", plain)
    plain = ACIDITY.sub(" !ph! ", plain)
    plain = WHOLE.sub(lambda found: f" !{found[0].lower().replace('-', 'to')}! ", plain)
    for chunk in re.split(r"[^A-Za-z0-9!#]+", plain):
        yield from _chunk(chunk)


def _chunk(chunk: str) -> Iterator[str]:
    if not chunk:
        return
    if chunk.startswith(("#", "!")) or chunk.upper().startswith("PM!"):
        yield chunk.replace("!", "")
    elif chunk.casefold() in _words() or (not chunk.isdecimal() and ucum(chunk) is not None):
        yield chunk
    else:
        yield from CAMEL.findall(chunk)


@cache
def _words() -> Mapping[str, tuple[str, ...]]:
    text = (files("decoders.vocabulary") / "native_words.csv").read_text(encoding="utf-8")
    return MappingProxyType(
        {
            word: tuple(row["means"].split())
            for row in csv.DictReader(text.splitlines())
            for word in row["words"].split()
        }
    )
