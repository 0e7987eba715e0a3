"""Find a decoder by what people know of it: maker, model, what it measures."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Final

from decoders.registry import Description
from decoders.vocabulary import QUANTITIES

SWEDISH: Final = {  # what an installer types, and what decoders are described with
    "vatten": "water", "vattenmätare": "water_volume", "mätare": "meter", "temperatur": "temperature", "luftfuktighet": "humidity",
    "fukt": "humidity", "dörr": "door", "fönster": "window", "snö": "snow", "nivå": "level", "djup": "depth", "buller": "sound",
    "ljud": "sound", "parkering": "parking", "luft": "air", "luftkvalitet": "co2", "jord": "soil", "mark": "soil", "ljus": "light",
    "närvaro": "presence", "rörelse": "motion", "läckage": "leak", "läcka": "leak", "värme": "heat", "värmemätare": "heat", "energi": "energy",
    "el": "energy", "badvatten": "water_temperature", "regn": "rain", "vind": "wind", "tryck": "pressure", "personräknare": "people",
    "lutning": "tilt", "partiklar": "pm2_5", "vägyta": "surface", "avstånd": "distance", "puls": "pulse", "batteri": "battery",
    "markfukt": "soil_moisture", "lufttryck": "atmospheric_pressure", "koldioxid": "co2", "väder": "weather", "väderstation": "weather",
    "fjärrvärme": "heat", "elmätare": "energy", "ström": "current", "spänning": "voltage", "effekt": "power", "flöde": "flow",
    "knapp": "button", "termostat": "thermostat", "ventil": "valve", "vattennivå": "level", "snödjup": "snow", "inomhus": "indoor",
    "utomhus": "outdoor", "fyllnadsgrad": "fill_level", "rök": "smoke", "hastighet": "speed", "vattenläcka": "leak",
    "översvämning": "water_present", "löv": "leaf", "vikt": "weight",
}  # fmt: skip
ALIKE: Final = 0.75  # of two words, one of them mistyped
SHORT: Final = 3  # letters, up to which a mistyped word is like too many others
TITLED: Final = 0.1  # of two that fit as well the one whose title says it: a water meter before a heat meter, which counts water, too
WORTH: Final = (("name", 4.0), ("title", 2.0), ("quantities", 2.0), ("source", 0.5))


@dataclass(frozen=True, slots=True)
class Match:
    """A decoder that was found, and how well it fits."""

    description: Description
    score: float


def search(words: Sequence[str], among: Iterable[Description]) -> list[Match]:
    """Return the decoders that fit all of ``words``, the best first; a word may be a part, or mistyped by a letter or two."""
    wanted = [SWEDISH.get(word.casefold(), word.casefold()) for word in words]
    texts = _Texts()
    found = [Match(one, score) for one in among if (score := _score(wanted, one, texts)) > 0]
    return sorted(found, key=lambda match: (-match.score, match.description.name))


def _score(wanted: Sequence[str], one: Description, texts: _Texts) -> float:
    told = texts.of(one)
    scores = []
    for word in wanted:
        scores.append(max(worth * texts.fits(word, told[what]) for what, worth in WORTH))
        if not scores[-1]:
            return 0.0
    parts = [part for word in wanted for part in word.split("_")]
    return sum(scores) + TITLED * sum(part in told["title"] for part in parts)


def text_of(quantity: str) -> str:
    """Return the text in which a word for a quantity is looked for."""
    found = QUANTITIES.get(quantity)
    said = "" if found is None else f"{found.quantity_kind} {found.ngsi_ld_model} {found.note}"
    return f"{quantity} {quantity.replace('_', ' ')} {said}"


class _Texts:
    """The texts of one search, and what has been compared in it: decoders share most of their words."""

    def __init__(self) -> None:
        self._quantities: dict[str, str] = {}
        self._fits: dict[tuple[str, str], float] = {}
        self._alike: dict[tuple[str, str], float] = {}

    def of(self, one: Description) -> Mapping[str, str]:
        """Return the texts of a decoder by what they tell."""
        return {
            "name": one.name.casefold(),
            "title": one.title.casefold(),
            "quantities": " ".join(self._told(quantity) for quantity in one.quantities),
            "source": one.source.casefold(),
        }

    def _told(self, quantity: str) -> str:
        if quantity not in self._quantities:
            self._quantities[quantity] = text_of(quantity).casefold()
        return self._quantities[quantity]

    def fits(self, word: str, text: str) -> float:
        """Return how well a word fits a text: 1 where it stands there, 0 where nothing is like it."""
        if (word, text) not in self._fits:
            self._fits[word, text] = self._compared(word, text)
        return self._fits[word, text]

    def _compared(self, word: str, text: str) -> float:
        words = text.replace("/", " ").split()
        if word in text.replace("/", " ").replace("-", " ").split() or word == text:
            return 1.0
        if word in text or word.replace("-", "") in text.replace("-", ""):
            return 0.7
        if len(word) <= SHORT:
            return 0.0
        close = max((self._likeness(word, other) for other in words), default=0.0)
        return 0.4 * close if close >= ALIKE else 0.0

    def _likeness(self, word: str, other: str) -> float:
        """Return how alike two words are; 0 for those whose lengths tell already that they are not."""
        if 2 * min(len(word), len(other)) < ALIKE * (len(word) + len(other)):
            return 0.0
        if (word, other) not in self._alike:
            self._alike[word, other] = SequenceMatcher(None, word, other).ratio()
        return self._alike[word, other]
