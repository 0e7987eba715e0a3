"""What a table's encoder lets a device say: a vector whose values can be replaced, and which reading each of them becomes.

Which field of the vector a reading comes from is found by trial: the field gets another value, is encoded and decoded, and the
reading must follow. So a phrase that was found holds by the decoder's own word.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final, Protocol

from decoders.contract import Command, Decoded, DecodeError, Decoder, Encoded, EncodeError, Payload
from decoders.vectors import Vector
from decoders.vocabulary import QUANTITIES
from decoders.vocabulary.units import convert
from simulators.sensors import Spoken
from simulators.values.moments import Value

READ_AT: Final = datetime(2026, 6, 1, 12, tzinfo=UTC)  # for payloads that say how long ago they were measured
LONGEST: Final = 51  # octets of application payload at DR0 (RP002-1.0.4, EU863-870)
FOLLOWS: Final = 0.3  # of the way from the old value: what a device rounds at most,
COARSE: Final = 0.02  # or of the value itself
STEPS: Final = (0, 1, 2, 5, 10)  # that fields are tried with which refuse what lies between two of their steps
TRIED: Final = 4  # vectors of a model, those with the most readings
TRUTHS: Final = (0, 1)  # where a field has numbers for false and true

Path = tuple[str | int, ...]
Field = Value | str
Probes = Callable[[str], Sequence[Value]]
"""Return values that a quantity may well have, in its canonical unit; none for one without a process."""


class Encodes(Protocol):
    """What makes payloads of field values."""

    def encode(self, command: Command) -> Encoded:
        """Return ``command`` as octets; raise EncodeError and nothing else."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """A field of a phrase, and the reading that it becomes; ``unit`` is the device's own."""

    path: Path
    quantity: str
    unit: str
    reading: int  # its place among the readings
    step: int = 0  # the field takes multiples of this only; 0: whatever is near
    words: tuple[Field, Field] | None = None  # what the field says for false and for true

    def told(self, value: Value) -> Field:
        """Return a value of the canonical unit in the device's, and in the field's words and steps."""
        if isinstance(value, bool):
            return value if self.words is None else self.words[value]
        exact = self.exact(value)
        return round(exact / self.step) * self.step if self.step else exact

    def exact(self, value: Value) -> Value:
        """Return a value of the canonical unit in the device's."""
        canonical = QUANTITIES[self.quantity].unit
        return convert(value, canonical, self.unit or "1") if canonical else value


@dataclass(frozen=True, slots=True, kw_only=True)
class Phrase:
    """A message whose ``slots`` can be filled anew."""

    encoder: Encodes
    f_port: int
    fields: Mapping[str, Any]
    slots: tuple[Slot, ...]

    def say(self, values: Sequence[Value]) -> Spoken:
        """Return the message with a value for each slot, in canonical units; one that the device cannot say stays as it was."""
        told = [(slot.path, slot.told(value)) for slot, value in zip(self.slots, values, strict=True)]
        try:
            return self._encoded(told)
        except EncodeError:
            return self._encoded([one for one in told if self._can_say(one)])

    def _can_say(self, one: tuple[Path, Field]) -> bool:
        try:
            self._encoded([one])
        except EncodeError:
            return False
        return True

    def _encoded(self, told: Sequence[tuple[Path, Field]]) -> Spoken:
        fields: Any = self.fields
        for path, value in told:
            fields = replaced(fields, path, value)
        return encoded(self.encoder, self.f_port, fields)


def encoded(encoder: Encodes, f_port: int, fields: Mapping[str, Any]) -> Spoken:
    """Return the payload that says ``fields``; raises EncodeError."""
    told = encoder.encode({"f_port": f_port, **fields})
    return Spoken(f_port, told.data)


def best_phrase(
    decoder: Decoder, encoder: Encodes, vectors: Sequence[Vector], probes: Probes, words: Sequence[str] = ()
) -> Phrase | None:
    """Return the phrase of a model that can say most; None where no vector of it can be said again.

    ``words`` are those that its fields may hold.
    """
    trials = [trial for vector in vectors if (trial := _first_trial(decoder, encoder, vector)) is not None]
    richest = sorted(trials, key=lambda trial: -len(trial.decoded.readings))[:TRIED]
    return max((_phrase(trial, probes, words) for trial in richest), key=lambda phrase: len(phrase.slots), default=None)


def read(decoder: Decoder, spoken: Spoken) -> Decoded | None:
    """Return what a payload says; None where it says nothing about now, or cannot be read."""
    try:
        decoded = decoder.decode(Payload(spoken.payload, spoken.f_port, READ_AT))
    except DecodeError:
        return None
    return decoded if decoded.readings and not any(one.at for one in decoded.readings) else None


# ── trying ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True, kw_only=True)
class _Trial:
    """A vector that can be said again."""

    decoder: Decoder
    encoder: Encodes
    f_port: int
    fields: Mapping[str, Any]
    decoded: Decoded

    def with_value(self, path: Path, value: Field) -> Decoded | None:
        """Return what is read when one field has another value."""
        try:
            spoken = encoded(self.encoder, self.f_port, replaced(self.fields, path, value))
        except EncodeError:
            return None
        return read(self.decoder, spoken)

    def without(self, name: str) -> _Trial | None:
        """Return the same message from fewer fields, where ``name`` follows from the others."""
        fewer = {key: value for key, value in self.fields.items() if key != name}
        return _trial(self.decoder, self.encoder, self.f_port, fewer, self.decoded)


def _trial(
    decoder: Decoder, encoder: Encodes, f_port: int, fields: Mapping[str, Any], decoded: Decoded
) -> _Trial | None:
    try:
        spoken = encoded(encoder, f_port, fields)
    except EncodeError:
        return None
    again = read(decoder, spoken)
    if again is None or again.readings != decoded.readings or len(spoken.payload) > LONGEST:
        return None
    return _Trial(decoder=decoder, encoder=encoder, f_port=f_port, fields=fields, decoded=decoded)


def _first_trial(decoder: Decoder, encoder: Encodes, vector: Vector) -> _Trial | None:
    f_port = vector.payload.f_port
    decoded = read(decoder, Spoken(f_port, vector.payload.data))
    return None if decoded is None else _trial(decoder, encoder, f_port, decoded.fields, decoded)


def _phrase(trial: _Trial, probes: Probes, words: Sequence[str]) -> Phrase:
    for name in trial.fields:
        trial = trial.without(name) or trial
    slots = tuple(_slots(trial, probes, words))
    return Phrase(encoder=trial.encoder, f_port=trial.f_port, fields=trial.fields, slots=slots)


def _slots(trial: _Trial, probes: Probes, words: Sequence[str]) -> Iterator[Slot]:
    taken: set[Path] = set()
    for number, reading in enumerate(trial.decoded.readings):
        wanted = probes(reading.quantity)
        tried = (
            _slot(trial, wanted, words, number, path) for path in _sources(trial, reading.value) if path not in taken
        )
        slot = next((one for one in tried if one is not None), None) if wanted else None
        if slot is not None:
            taken.add(slot.path)
            yield slot


def _sources(trial: _Trial, value: Field) -> Iterator[Path]:
    """Yield the fields that a reading may come from: those of the same value, and of a truth any."""
    for path, one in leaves(trial.fields):
        if isinstance(value, bool) or (one == value and not isinstance(one, str)):
            yield path


def _slot(trial: _Trial, wanted: Sequence[Value], words: Sequence[str], number: int, path: Path) -> Slot | None:
    """Return the slot where a reading follows a field."""
    reading = trial.decoded.readings[number]
    plain = Slot(path=path, quantity=reading.quantity, unit=reading.unit, reading=number)
    if isinstance(reading.value, bool):
        field = _at(trial.fields, path)
        return _worded(trial, plain, (False, True) if isinstance(field, bool) else (*TRUTHS, *words))
    slots = (replace(plain, step=step) for step in STEPS)
    return next((slot for slot in slots if _moves(trial, slot, wanted)), None)


def _worded(trial: _Trial, plain: Slot, words: Sequence[Field]) -> Slot | None:
    """Return the slot of a truth that a field has words for: one that is read as false, and one that is read as true."""
    meant: dict[bool, Field] = {}
    for word in words:
        told = trial.with_value(plain.path, word)
        if told is not None and _others_stay(trial, plain, told):
            value = told.readings[plain.reading].value
            if isinstance(value, bool):
                meant.setdefault(value, word)
    return replace(plain, words=(meant[False], meant[True])) if len(meant) == 2 else None


def _moves(trial: _Trial, slot: Slot, wanted: Sequence[Value]) -> bool:
    """Tell whether the reading becomes each value that the field gets, and does not just stay where it was."""
    was, moved = trial.decoded.readings[slot.reading].value, False
    for value in wanted:
        now = _reads(trial, slot, value)
        if now is None or isinstance(was, str):
            return False
        exact = slot.exact(value)
        if abs(now - exact) > max(FOLLOWS * abs(exact - was), COARSE * abs(exact)):
            return False
        moved = moved or now != was
    return moved


def _reads(trial: _Trial, slot: Slot, value: Value) -> Value | None:
    told = trial.with_value(slot.path, slot.told(value))
    if told is None or not _others_stay(trial, slot, told):
        return None
    now = told.readings[slot.reading].value
    return None if isinstance(now, str) else now


def _others_stay(trial: _Trial, slot: Slot, told: Decoded) -> bool:
    before, after = trial.decoded.readings, told.readings
    return len(before) == len(after) and all(
        one == was for number, (one, was) in enumerate(zip(after, before, strict=True)) if number != slot.reading
    )


# ── the fields of a message ─────────────────────────────────────────────────────────────────────────────────────────


def leaves(fields: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Yield every value that is no object and no list, with the way to it."""
    match fields:
        case Mapping():
            for name, value in fields.items():
                yield from leaves(value, (*path, name))
        case list() | tuple():
            for number, value in enumerate(fields):
                yield from leaves(value, (*path, number))
        case _:
            yield path, fields


def words_of(node: Any) -> Iterator[str]:
    """Yield the words that a table has for numbers, and those that its readings know."""
    if isinstance(node, Mapping):
        for name, value in node.items():
            if name in {"lookup", "labels", "enum", "values"}:
                yield from (word for one in (value, list(value)) for _, word in leaves(one) if isinstance(word, str))
            yield from words_of(value)
    elif isinstance(node, list):
        for value in node:
            yield from words_of(value)


def _at(fields: Any, path: Path) -> Any:
    for step in path:
        fields = fields[step]
    return fields


def replaced(fields: Any, path: Path, value: Field) -> Any:
    """Return ``fields`` with another value at the end of ``path``."""
    if not path:
        return value
    step, rest = path[0], path[1:]
    if isinstance(fields, Mapping):
        return {**fields, step: replaced(fields[step], rest, value)}
    return [replaced(one, rest, value) if number == step else one for number, one in enumerate(fields)]
