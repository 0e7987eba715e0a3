"""One field with octets of its own: its value as a decoder reports it, undone to a raw value, in octets."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from decoders.cursor import ByteOrder
from decoders.payload_schema import document
from decoders.payload_schema.encoding_message import ABSENT, Gap, Given, Message, Told, wrong
from decoders.payload_schema.encoding_ranges import Case, ranges
from decoders.payload_schema.encoding_values import (
    Labels,
    Stage,
    as_number,
    back,
    below,
    forward,
    labels,
    nearest,
    stages,
)
from decoders.payload_schema.encoding_wire import wire
from decoders.payload_schema.encoding_wired import Wire

MOST_ON_A_CURVE = 1 << 16  # raw numbers tried where a curve has no inverse: 16 bits, the widest that is calibrated
TINY = 1e-9  # of a step: what binary arithmetic leaves behind


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversion:
    """What a field does between its raw value and the value that is reported."""

    wire: Wire
    cases: tuple[Case, ...]  # sums, and the raw numbers that they are for
    words: Labels | None
    bounds: Sequence[float] | None

    @classmethod
    def of(cls, field: document.Mapping, octets: Wire) -> Conversion:
        """Return the conversion of ``field``; raises TableError."""
        sums = stages(field)
        cases = [(fits, (*case, *sums)) for fits, case in ranges(field)] or [(_always, sums)]
        cases += [(fits, other) for fits, plan in cases if (other := below(plan))]
        words = labels(field, "values" if field.get("type") == "enum" else "lookup")
        return cls(wire=octets, cases=tuple(cases), words=words, bounds=_bounds(field))

    def told(self, value: Any) -> Told:
        """Return ``value`` in octets; ValueError tells what would be right."""
        if isinstance(value, Mapping) and "value" in value:
            value = value["value"]  # an object as ``wrap`` reports it
        if self.words is not None:
            label = self.words.raw(value)
            return self._told(self._raw(label)[0], self.words.words[label])
        if not self.wire.is_number:
            return self._told(value, value)
        number = as_number(value)
        if self.bounds is not None and not self.bounds[0] <= number <= self.bounds[1]:
            raise ValueError(f"{number:.12g} lies outside {self.bounds[0]:.12g} to {self.bounds[1]:.12g}")
        raw, plan, loss = self._raw(number)
        return self._told(raw, forward(plan, raw), loss)

    def _told(self, raw: Any, value: Any, loss: float = 0.0) -> Told:
        octets, bits = self.wire.say(raw)
        return Told(octets=octets, bits=bits, value=value, loss=loss)

    def _raw(self, number: float) -> tuple[float, tuple[Stage, ...], float]:
        """Return the raw number, the sums that it is for, and what was rounded off."""
        problem = ValueError(f"{number:.12g} is no value of this field")
        for fits, plan in self.cases:
            try:
                exact = self._on_curve(plan, number) if any(stage.curved for stage in plan) else back(plan, number)
                raw = _nearest(exact, number, plan) if self.wire.is_whole else exact
                self._check_room(raw, number, plan)
            except ValueError as error:
                problem = error
                continue
            if fits(raw):
                return raw, plan, abs(exact - raw)
        raise problem

    def _on_curve(self, plan: tuple[Stage, ...], number: float) -> float:
        low, high = self.wire.low, self.wire.high
        if not self.wire.is_whole or high - low >= MOST_ON_A_CURVE:
            raise ValueError(f"{number:.12g} cannot be told: nothing leads back from a curve over so many values")
        return low + nearest([forward(plan, raw) for raw in range(int(low), int(high) + 1)], number)

    def _check_room(self, raw: float, number: float, plan: Sequence[Stage]) -> None:
        wire = self.wire
        if not wire.low <= raw <= wire.high:
            low, high = sorted((forward(plan, wire.low), forward(plan, wire.high)))
            raise ValueError(f"{number:.12g} does not fit into {wire.words} ({low:.12g} to {high:.12g})")

    def empty(self) -> Any:
        """Return what raw 0 is read as, None where it says nothing."""
        if not self.wire.is_number:
            return None
        value = forward(self.cases[0][1], 0)
        return value if self.words is None else self.words.words.get(int(value))

    def curve(self) -> Iterable[Any]:
        """Yield every value that there can be, in the order of the raw numbers; nothing where those are too many."""
        low, high = self.wire.low, self.wire.high
        if self.wire.is_whole and self.wire.is_number and high - low < MOST_ON_A_CURVE and len(self.cases) == 1:
            yield from (forward(self.cases[0][1], raw) for raw in range(int(low), int(high) + 1))


def _always(_: float) -> bool:
    return True


def _nearest(exact: float, number: float, plan: Sequence[Stage]) -> int:
    """Return the whole raw number nearest to ``exact``: fractions are rounded, whole units are not."""
    raw = round(exact)
    if abs(exact - raw) <= TINY * max(1.0, abs(exact)) or not all(stage.straight for stage in plan):
        return raw
    step = abs(forward(plan, 1) - forward(plan, 0))
    if step >= 1:
        low, high = sorted((forward(plan, int(exact // 1)), forward(plan, int(exact // 1) + 1)))
        raise ValueError(f"{number:.12g} lies between two steps of the device; {low:.12g} and {high:.12g} are some")
    return raw


def _bounds(field: document.Mapping) -> Sequence[float] | None:
    bounds = field.get("valid_range")
    if bounds is None:
        return None
    if not isinstance(bounds, list) or len(bounds) != 2 or not all(isinstance(one, int | float) for one in bounds):
        raise field.wrong("valid_range is [least, greatest]")
    return bounds


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """A field of a message."""

    names: tuple[str, ...]  # its own, and what other fields call it
    wire: Wire
    conversion: Conversion
    bits: bytes  # of its octets, those that it says
    standing: Any  # what is said when nothing else is asked for; ABSENT
    is_fixed: bool  # and nothing else can be
    is_quiet: bool  # padding: 0 unless another field says it
    template: str | None

    @classmethod
    def of(cls, field: document.Mapping, order: ByteOrder) -> Field:
        """Compile ``field``; raises TableError."""
        is_enum = field.get("type") == "enum"
        octets = wire(field.changed(type=field.get("base", "u8")) if is_enum else field, order)
        name, var = field.get("name"), field.get("var")
        if not isinstance(name, str) and octets.words != "skip":
            raise field.wrong("a field has a name")
        is_quiet = octets.words == "skip" or str(name).startswith("_")
        return cls(
            names=tuple(one for one in (name, var) if isinstance(one, str)),
            wire=octets,
            conversion=Conversion.of(field, octets),
            bits=bytes(octets.size or 0) if is_quiet else octets.bits(),
            standing=field.get("value", ABSENT if is_enum else field.get("default", ABSENT)),
            is_fixed="value" in field,
            is_quiet=is_quiet,
            template=field.get("name_from"),
        )

    def say(self, message: Message, given: Given) -> None:
        """Say the value, or leave its octets free for what the rest of the message says; raises EncodeError."""
        where = given.where(self.names[0] if self.names else "skip")
        value = self._value(message, given)
        try:
            if value is ABSENT:
                self._leave_free(message, where)
            else:
                told = self.conversion.told(value)
                self._put(message, told)
                if self.wire.announced is not None:
                    message.follows(given, self.wire.announced, len(told.octets))
        except ValueError as error:
            raise wrong(where, error) from error

    def _value(self, message: Message, given: Given) -> Any:
        if not self.names or self.wire.words == "skip":
            return ABSENT
        value = given.take(self.names[0])
        if value is ABSENT and self.template is not None:
            value = given.take(resolved(self.template, message.known))
        if value is ABSENT:
            return self.standing
        if self.is_fixed and value != self.standing:
            raise wrong(given.where(self.names[0]), f"{value!r} where it is always {self.standing!r}")
        return value

    def _put(self, message: Message, told: Told) -> None:
        output, size = message.output, len(told.octets)
        output.reserve(size)
        output.put(told.octets, told.bits, output.position)
        output.position += size if self.wire.step is None else self.wire.step
        message.note(self.names, told)

    def _leave_free(self, message: Message, where: str) -> None:
        output, size = message.output, self.wire.size
        if size is None:
            raise ValueError(f"it is missing; {self.wire.words} is expected")
        output.reserve(size)
        if self.names:
            message.gaps.append(
                Gap(
                    where=where,
                    names=self.names,
                    start=output.position,
                    bits=self.bits,
                    say=self.conversion.told,
                    curve=self.conversion.curve,
                    empty=self.conversion.empty,
                )
            )
        output.position += size if self.wire.step is None else self.wire.step


def resolved(template: str, known: Mapping[str, Any]) -> str:
    """Return a ``name_from`` with what is known put in its place (PS-265)."""

    def value(match: re.Match[str]) -> str:
        found = known.get(match[1], match[0])
        return str(int(found) if isinstance(found, float) and found.is_integer() else found)

    return re.sub(r"\$\{(\w+)\}", value, template)
