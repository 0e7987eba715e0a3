"""Which octets of a payload say which fields, found by changing them: it holds for any decoder, for all are pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any, Final

from decoders.contract import DecodeError, Decoder, Payload

BITS: Final = 8
FEW: Final = (
    2  # values that an octet must say, if others of its bits make the payload unreadable: a time that cannot be
)
MOST_NAMES: Final = 3  # of a box; an octet that many sums begin with changes dozens
INDEX: Final = re.compile(r"\[(\d+)\]")
Fields = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Box:
    """Octets that stand together: the fields whose values they are; none where they say what follows, or nothing at all."""

    octets: bytes
    fields: tuple[str, ...]
    is_read: bool = True


def boxes(decoder: Decoder, payload: Payload) -> tuple[Box, ...]:
    """Return the octets of ``payload``, which the decoder can read, in boxes."""
    fields = decoder.decode(payload).fields
    said = [_said(decoder, payload, place, fields) for place in range(len(payload.data))]
    made, place = [], 0
    for (names, is_read), group in groupby(said):
        size = len(list(group))
        made.append(Box(payload.data[place : place + size], names, is_read))
        place += size
    return tuple(made)


def _said(decoder: Decoder, payload: Payload, place: int, fields: Fields) -> tuple[tuple[str, ...], bool]:
    """Return the fields whose values an octet is, and whether it matters at all.

    One of whose bits more change which fields there are than what these say, says what follows.
    """
    before, changed = flat(fields), set[str]()
    values = shapes = errors = 0
    for other in _changed(payload, place):
        try:
            found = decoder.decode(other).fields
        except DecodeError:
            errors += 1
            continue
        if found == fields:
            continue
        after = flat(found)
        if before.keys() != after.keys():
            shapes += 1
        else:
            values += 1
            changed |= {name for name in before if before[name] != after[name]}
    is_value = values >= max(shapes, FEW if errors else 1)
    return tuple(name for name in before if is_value and name in changed), bool(values or shapes or errors)


def _changed(payload: Payload, place: int) -> Iterator[Payload]:
    for bit in range(BITS):
        octets = bytearray(payload.data)
        octets[place] ^= 1 << bit
        yield replace(payload, data=bytes(octets))


def flat(fields: Fields) -> dict[str, Any]:
    """Return fields by their paths, ``a.b`` and ``a[0].b``; a list of plain values is one, and so is an object of a value and its unit."""
    return dict(_flat("", fields))


def _flat(path: str, value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping) and not _is_wrapped(value):
        for name, inner in value.items():
            yield from _flat(f"{path}.{name}" if path else str(name), inner)
    elif isinstance(value, Sequence) and any(isinstance(one, Mapping) for one in value):
        for place, inner in enumerate(value):
            yield from _flat(f"{path}[{place}]", inner)
    elif path:
        yield path, value


def _is_wrapped(value: Mapping[str, Any]) -> bool:
    return "value" in value and value.keys() <= {"value", "unit", "displayName"}


def label(names: Sequence[str]) -> str:
    """Return the fields of a box in few words: ``a[1].b``, ``a[2].b`` and ``a[3].b`` are ``a[1…3].b``."""
    ranges: dict[str, list[int]] = {}
    for name in names:
        numbers = ranges.setdefault(INDEX.sub("[]", name), [])
        numbers += [int(found[1]) for found in INDEX.finditer(name)][-1:]
    said = [shape.replace("[]", f"[{_range(numbers)}]") for shape, numbers in ranges.items()]
    more = [f"{len(said) - MOST_NAMES} more"] if len(said) > MOST_NAMES else []
    return ", ".join([*said[:MOST_NAMES], *more])


def _range(numbers: Sequence[int]) -> str:
    if not numbers:
        return ""
    low, high = min(numbers), max(numbers)
    return str(low) if low == high else f"{low}…{high}"
