"""Find a decoder by what people know of it: maker, model, what it measures."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
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
    found = [Match(one, score) for one in among if (score := _score(wanted, one)) > 0]
    return sorted(found, key=lambda match: (-match.score, match.description.name))


def _score(wanted: Sequence[str], one: Description) -> float:
    texts = _texts(one)
    scores = [max(worth * _fits(word, texts[what]) for what, worth in WORTH) for word in wanted]
    parts = [part for word in wanted for part in word.split("_")]
    return sum(scores) + TITLED * sum(part in texts["title"] for part in parts) if scores and all(scores) else 0.0


def _texts(one: Description) -> dict[str, str]:
    quantities = " ".join(map(text_of, one.quantities))
    return {
        "name": one.name.casefold(),
        "title": one.title.casefold(),
        "quantities": quantities.casefold(),
        "source": one.source.casefold(),
    }


def text_of(quantity: str) -> str:
    """Return the text in which a word for a quantity is looked for."""
    found = QUANTITIES.get(quantity)
    said = "" if found is None else f"{found.quantity_kind} {found.ngsi_ld_model} {found.note}"
    return f"{quantity} {quantity.replace('_', ' ')} {said}"


def _fits(word: str, text: str) -> float:
    if word in text.replace("/", " ").replace("-", " ").split() or word == text:
        return 1.0
    if word in text or word.replace("-", "") in text.replace("-", ""):
        return 0.7
    close = max((SequenceMatcher(None, word, other).ratio() for other in text.replace("/", " ").split()), default=0.0)
    return 0.4 * close if close >= ALIKE and len(word) > 3 else 0.0
