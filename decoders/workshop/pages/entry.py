"""All that the pages say of a model, gathered from its decoder, its vectors and its encoder."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from decoders import loading
from decoders.contract import Decoded, DecodeError, Decoder, EncodeError, Encoder, Payload, Reading
from decoders.makers import makers
from decoders.registry import Description, Registry
from decoders.table import Table
from decoders.vectors import RECEIVED_AT, Vector
from decoders.vocabulary import QUANTITIES
from decoders.workshop.layout import drawing
from decoders.workshop.pages.picture import Box, boxes

LONGEST_EXAMPLE: Final = 64  # octets: a longer one is shown only where there is no other
MOST_COMMANDS: Final = 3  # examples of what may be told
OWN: Final = re.compile(r"octets built (?!.*\bdecoded by\b)")  # a vector of ours, from the format alone
HOUSEKEEPING: Final = frozenset(
    {"battery_level", "battery_voltage", "device_temperature", "low_battery", "rssi", "snr", "tamper"}
)  # what nobody buys a sensor for: it stands last
PARTED: Final = re.compile(r"((?:[^,(]|\([^)]*\)|,(?! ))+), (.*)")
HOUSE: Final = re.compile(r"\b([A-Za-z][\w.-]*)/[A-Za-z][\w.-]+")  # owner/repository


@dataclass(frozen=True, slots=True)
class Stated:
    """A quantity, the units that the device states it in and the channels it has."""

    quantity: str
    units: tuple[str, ...]
    channels: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """A payload, its octets in boxes and what the decoder makes of it."""

    payload: Payload
    boxes: tuple[Box, ...]
    decoded: Decoded


@dataclass(frozen=True, slots=True)
class Told:
    """A command and the message that it becomes."""

    command: Mapping[str, Any]
    f_port: int
    octets: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A model of the catalogue."""

    description: Description
    maker: str
    same_as: str | None
    is_narrowed: bool  # it states less than the model whose payload it sends
    drawing: str
    stated: tuple[Stated, ...]
    example: Example | None
    takes: tuple[str, ...]
    told: tuple[Told, ...]
    proofs: Mapping[str, int]  # vectors by their source

    @property
    def name(self) -> str:
        """Return "vendor/model"."""
        return self.description.name

    @property
    def model(self) -> str:
        """Return the model's own name, without its maker's before it."""
        named, vendor = _parted(self.description.title)[0], self.description.vendor
        return named[len(vendor) :].strip() if named.casefold().startswith(f"{vendor} ") else named

    @property
    def what(self) -> str:
        """Return what the model is, as its title goes on; of one that says nothing, whose payload it sends."""
        said = _parted(self.description.title)[1]
        return said or (f"sends what {self.same_as} sends" if self.same_as else "")

    @property
    def anchor(self) -> str:
        """Return the place of the model on its vendor's page."""
        return self.name.partition("/")[2]

    @property
    def vectors(self) -> int:
        """Return how many payloads prove it."""
        return sum(self.proofs.values())

    @property
    def foreign(self) -> int:
        """Return of how many of them others say what they mean."""
        return sum(count for source, count in self.proofs.items() if not is_own(source))


def _parted(title: str) -> tuple[str, str]:
    """Return a title's model and the rest: what stands before the first comma that is in no parentheses, and after it."""
    found = PARTED.fullmatch(title)
    return (found[1], found[2]) if found else (title, "")


def is_own(source: str) -> bool:
    """Tell whether the vectors of a source were built here, from the drawn format alone."""
    return OWN.match(source) is not None


def house(source: str) -> str:
    """Return who published a vector, short: the owner of a repository, or how the source begins."""
    if is_own(source):
        return "own octets"
    found = HOUSE.search(source)
    return found[1] if found else re.split(r"[,;(:]", source, maxsplit=1)[0].strip()


def gather(registry: Registry) -> tuple[Entry, ...]:
    """Return every model, by name; raises ValueError with all that do not load, or whose vectors do not."""
    found, broken = [], []
    for name in registry.names():
        try:
            found.append(entry(registry, name))
        except (LookupError, ValueError, DecodeError) as error:
            broken.append(f"{name}: {error}")
    if broken:
        raise ValueError("\n".join(broken))
    return tuple(found)


def entry(registry: Registry, name: str) -> Entry:
    """Return what is known of one model; raises as `Registry.get` does, and ValueError for its vectors."""
    description, vectors, encoder = registry.describe(name), registry.vectors(name), registry.encoder(name)
    decoder = registry.get(name)
    readable = [replace(one, payload=_dated(one.payload)) for one in vectors if one.error is None]
    answers = [(one, decoder.decode(one.payload)) for one in readable]
    inner = loading.without_metadata(decoder)
    return Entry(
        description=description,
        maker=_maker(description),
        same_as=inner.other.name if isinstance(inner, loading.SameAs) else None,
        is_narrowed=isinstance(inner, loading.SameAs) and bool(inner.quantities),
        drawing=drawing(Path(registry.where(name))),
        stated=tuple(_stated(description, inner, [one for _, answer in answers for one in answer.readings])),
        example=_example(decoder, answers),
        takes=_takes(encoder),
        told=() if encoder is None else tuple(_told(registry, encoder, name)),
        proofs=dict(sorted(Counter(one.source for one in vectors).items())),
    )


def _dated(payload: Payload) -> Payload:
    return payload if payload.received_at else replace(payload, received_at=RECEIVED_AT)


def _maker(description: Description) -> str:
    known = {maker.vendor: maker.name for maker in makers()}
    return known.get(description.vendor) or description.vendor.capitalize()


def _stated(description: Description, decoder: Decoder, readings: Sequence[Reading]) -> Iterator[Stated]:
    """Yield what it names, with the units and channels that its table names or its vectors show."""
    shown: set[tuple[str, str, str | None]] = {(one.quantity, one.unit, one.channel) for one in readings}
    if isinstance(decoder, Table):
        shown |= {(one.quantity, one.unit, one.channel) for one in decoder.stated}
    for quantity in sorted(description.quantities, key=_rank):
        own = [one for one in shown if one[0] == quantity]
        units = tuple(sorted({unit for _, unit, _ in own})) or (QUANTITIES[quantity].unit,)
        yield Stated(quantity, units, tuple(sorted({channel for _, _, channel in own if channel}, key=_natural)))


def _rank(quantity: str) -> tuple[bool, int]:
    """Return the place of a quantity among others: that of the vocabulary, which keeps together what belongs together."""
    return quantity in HOUSEKEEPING, list(QUANTITIES).index(quantity)


def _natural(text: str) -> list[tuple[int, str]]:
    """Return what puts 2 before 10."""
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in re.split(r"(\d+)", text)]


def _example(decoder: Decoder, answers: Sequence[tuple[Vector, Decoded]]) -> Example | None:
    """Return the payload that says the most quantities, of others rather than of ours, the shorter the better."""
    if not answers:
        return None

    def worth(answer: tuple[Vector, Decoded]) -> tuple[bool, int, bool, int]:
        vector, decoded = answer
        size = len(vector.payload.data)
        quantities = len({one.quantity for one in decoded.readings})
        return size <= LONGEST_EXAMPLE, quantities, not is_own(vector.source), -size

    vector, decoded = max(answers, key=worth)
    return Example(payload=vector.payload, boxes=boxes(decoder, vector.payload), decoded=decoded)


# ── what may be told to it ──────────────────────────────────────────────────────────────────────────────────────


def _takes(encoder: Encoder | None) -> tuple[str, ...]:
    """Return the names of an encoder's commands: it says them when it is asked for nothing."""
    if encoder is None:
        return ()
    try:
        encoder.encode({})
    except EncodeError as error:
        return tuple(error.detail.partition("there are ")[2].split(", ")) if "there are " in error.detail else ()
    return ()


def _told(registry: Registry, encoder: Encoder, name: str) -> Iterator[Told]:
    good = [one for one in registry.command_vectors(name) if one.expected is not None]
    for vector in good[:MOST_COMMANDS]:
        encoded = encoder.encode(vector.command)
        yield Told(vector.command, encoded.f_port, encoded.data)
