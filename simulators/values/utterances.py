"""What a device of the catalogue says at any moment: its surroundings in its own octets.

A model whose decoder is a table says what its processes give, through that table's own encoder; one that is drawn in `layouts`, by
that drawing. All others say the vectors that came with their decoders, drawn by the moment.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import Final

from decoders.contract import DecodeError, Decoder, Payload
from decoders.loading import SameAs, without_metadata
from decoders.payload_schema import document
from decoders.payload_schema.encoding import compile_messages
from decoders.registry import Registry
from decoders.table import Table
from simulators.hashed import mixed
from simulators.sensors import Spoken
from simulators.values.layouts import LAYOUTS, Speaks
from simulators.values.moments import Moment, Place, Setting, Value
from simulators.values.phrases import READ_AT, Phrase, best_phrase, read, words_of
from simulators.values.processes import PROCESSES, World

PROBED: Final = (
    1_768_460_000.0,
    1_776_333_333.0,
    1_782_036_789.0,
    1_784_555_000.0,
    1_793_777_777.0,
)  # times of day and year in 2026
LESS: Final = 0.93  # of a value, to see that what hardly moves is what moves
TRIED_ON: Final = Place(seed=1, device="a phrase is tried on it", setting=Setting.OFFICE)


class Means(StrEnum):
    """How a model's payloads are made."""

    ENCODER = "encoder"
    LAYOUT = "layout"
    VECTORS = "vectors"


class Utterances:
    """What the models of a registry say; what was found out of a model is kept."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._phrases: dict[str, Phrase | None] = {}
        self._sayings: dict[str, Sequence[Spoken]] = {}

    def means(self, model: str) -> Means:
        """Return how a model's payloads are made; raises as `Registry.get` does."""
        if model in LAYOUTS:
            return Means.LAYOUT
        return Means.VECTORS if self.phrase(model) is None else Means.ENCODER

    def of(self, model: str, place: Place) -> Speaks:
        """Return what says the payload of any moment, in any order; LookupError for a model that has neither table nor vectors."""
        if model in LAYOUTS:
            return LAYOUTS[model](World.around(place))
        phrase = self.phrase(model)
        return self._sampled(model, place) if phrase is None else _filled(phrase, World.around(place))

    def phrase(self, model: str) -> Phrase | None:
        """Return the message of a table that can say most; None where none can say anything of its surroundings."""
        if model not in self._phrases:
            phrase = self._found(model)
            self._phrases[model] = phrase if phrase is not None and phrase.slots else None
        return self._phrases[model]

    def _found(self, model: str) -> Phrase | None:
        decoder = self._registry.get(model)
        origin = _origin(decoder)
        if not isinstance(origin, Table):
            return None
        table = document.read(Path(self._registry.where(origin.name)))
        encoder, vectors = compile_messages(table, origin.name), self._registry.vectors(model)
        return best_phrase(decoder, encoder, vectors, _probes, sorted(set(words_of(table))))

    def _sampled(self, model: str, place: Place) -> Speaks:
        sayings, key = self._said(model), place.key("sayings")
        return lambda now: sayings[mixed(mixed(key, now.uplinks), int(now.seconds)) % len(sayings)]

    def _said(self, model: str) -> Sequence[Spoken]:
        """Return the vectors that say something about now; where there are none, all that say anything."""
        if model not in self._sayings:
            decoder = self._registry.get(model)
            spoken = [Spoken(one.payload.f_port, one.payload.data) for one in self._registry.vectors(model)]
            readable = [one for one in spoken if _says_anything(decoder, one)]
            fresh = [one for one in readable if read(decoder, one) is not None]
            self._sayings[model] = fresh or readable
        if not self._sayings[model]:
            raise LookupError(f"no vector of {model} can be read")
        return self._sayings[model]


def _origin(decoder: Decoder) -> Decoder:
    """Return the decoder that one which is the same as another comes from."""
    inner = without_metadata(decoder)
    return _origin(inner.other) if isinstance(inner, SameAs) else inner


def _probes(quantity: str) -> Sequence[Value]:
    if quantity not in PROCESSES:
        return ()
    process = PROCESSES[quantity](World.around(TRIED_ON))
    values = [process(Moment.of_seconds(seconds)) for seconds in PROBED]
    return (False, True) if isinstance(values[0], bool) else [*values, LESS * values[0]]


def _filled(phrase: Phrase, world: World) -> Speaks:
    processes = [PROCESSES[slot.quantity](world) for slot in phrase.slots]
    return lambda now: phrase.say([process(now) for process in processes])


def _says_anything(decoder: Decoder, spoken: Spoken) -> bool:
    try:
        return bool(decoder.decode(Payload(spoken.payload, spoken.f_port, READ_AT)).readings)
    except DecodeError:
        return False
