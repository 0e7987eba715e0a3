"""Vectors: payloads with what they say, beside the decoder they prove, and the checks that every decoder passes."""

from __future__ import annotations

import json
import math
import random
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from decoders import door
from decoders.contract import Decoded, DecodeError, Decoder, DecodeReason, Payload, Reading
from decoders.payload_schema import document
from decoders.payload_schema.document import TableError
from decoders.vocabulary import QUANTITIES, ValueType
from decoders.vocabulary.units import UnitError, convert

TOLERANCE = 1e-6
RECEIVED_AT = datetime(2026, 6, 1, 12, tzinfo=UTC)  # for what is run without a time of its own
NOISE_SIZES = (1, 2, 3, 5, 11, 24, 51, 115, 242)  # 242 octets is the most that EU868 carries

KEYS = {
    "name", "description", "payload", "f_port", "fPort", "received_at", "expected", "readings", "error", "source",
    "licence",
}  # fmt: skip
PUBLISHED = {
    "fport",
    "port",
    "direction",
    "input_metadata",
    "expected_quality",
}  # of the language's own vectors, besides


@dataclass(frozen=True, slots=True, kw_only=True)
class Vector:
    """A payload and what it says. ``None`` is not stated, and so not checked."""

    name: str
    payload: Payload
    expected: Mapping[str, Any] | None = None
    readings: tuple[Reading, ...] | None = None
    error: DecodeReason | None = None
    source: str = ""
    licence: str = ""
    names_some: bool = False  # of the fields; the language's own vectors leave out what they do not show


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing a decoder did that it should not do."""

    vector: str
    payload: str
    problem: str

    def __str__(self) -> str:
        return f"{self.vector}: {self.payload}: {self.problem}"


def load(path: Path) -> tuple[Vector, ...]:
    """Return the vectors of a file; raises TableError with file and line.

    The file is ``{source, licence, f_port, vectors: [...]}``, the first three being what a vector does not say
    itself; or a table of the Payload Schema language with its own ``test_vectors``, of which those that have an
    ``input`` are for encoders.
    """
    data = document.read(path)
    given = data.get("vectors", data.get("test_vectors", []))
    if not isinstance(given, list) or not all(isinstance(one, document.Mapping) for one in given):
        raise data.wrong("vectors is a list of mappings")
    is_published = "test_vectors" in data
    return tuple(_vector(one, data) for one in given if not (is_published and _is_of_others(one)))


def _is_of_others(one: document.Mapping) -> bool:
    """Tell whether a published vector is for an encoder, for one definition alone, or for something that is no payload."""
    return "input" in one or "command" in one or "payload" not in one


def _vector(one: document.Mapping, whole: document.Mapping) -> Vector:
    one.only(KEYS | PUBLISHED if "test_vectors" in whole else KEYS, (), "a vector")
    name = str(one.get("name", one.get("description", "")))
    readings = one.get("readings")
    try:
        said = next((one[key] for key in ("f_port", "fPort", "fport", "port") if key in one), whole.get("f_port", 1))
        port, data = int(said), octets(one.get("payload", ""))
        error = DecodeReason(one["error"]) if "error" in one else None
    except ValueError as wrong:
        raise one.wrong(str(wrong)) from wrong
    return Vector(
        name=name,
        payload=Payload(data, port, _time(one.get("received_at"))),
        expected=one.get("expected"),
        readings=None if readings is None else tuple(_reading(reading) for reading in readings),
        error=error,
        source=str(one.get("source", whole.get("source", ""))),
        licence=str(one.get("licence", whole.get("licence", ""))),
        names_some="test_vectors" in whole,
    )


def octets(given: Any) -> bytes:
    """Return the octets that stand in a file as hex digits or as a list of numbers; ValueError where they do not."""
    if isinstance(given, list):
        return bytes(given)
    return bytes.fromhex(str(given).removeprefix("0x"))


def _reading(spec: document.Mapping) -> Reading:
    spec.only({"quantity", "value", "unit", "channel", "at"}, (), "a reading")
    return Reading(
        spec["quantity"], spec["value"], str(spec.get("unit", "")), spec.get("channel"), _time(spec.get("at"))
    )


def _time(value: object) -> datetime | None:
    if value is None:
        return None
    moment = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


# ── what a vector says ──────────────────────────────────────────────────────────────────────────────────────────


def check(decoder: Decoder, vectors: Sequence[Vector]) -> list[Finding]:
    """Return where ``decoder`` says something else than the vectors do."""
    return [
        Finding(vector.name, vector.payload.data.hex(), problem)
        for vector in vectors
        for problem in _against(decoder, vector)
    ]


def _against(decoder: Decoder, vector: Vector) -> Iterator[str]:
    try:
        decoded = door.decode(decoder, vector.payload)
    except DecodeError as error:
        if error.reason is not vector.error:
            yield f"{error} where {vector.error or 'a value'} is expected"
        return
    if vector.error is not None:
        yield f"decoded where {vector.error} is expected"
    if vector.expected is not None:
        fields = _shown_by(vector.expected, decoded.fields) if vector.names_some else decoded.fields
        yield from differences("fields", fields, vector.expected)
    if vector.readings is not None:
        yield from _reading_differences(decoded.readings, vector.readings)
    yield from broken_promises(decoded)


def differences(where: str, found: Any, expected: Any) -> Iterator[str]:
    """Yield how ``found`` differs from ``expected``: numbers by more than 1e-6, and nothing missing or more.

    A value alone is expected to stand alone, or as the ``value`` of an object that says its unit beside it.
    """
    if isinstance(expected, Mapping) and isinstance(found, Mapping):
        for key in {**expected, **found}:
            if key not in found or key not in expected:
                yield f"{where}.{key}: {'missing' if key not in found else f'{found[key]!r} is not expected'}"
            else:
                yield from differences(f"{where}.{key}", found[key], expected[key])
    elif isinstance(found, Mapping) and "value" in found and not isinstance(expected, Mapping):
        yield from differences(where, found["value"], expected)
    elif isinstance(expected, list) and isinstance(found, list | tuple) and len(expected) == len(found):
        for place, (left, right) in enumerate(zip(found, expected, strict=True)):
            yield from differences(f"{where}[{place}]", left, right)
    elif not _same(found, expected):
        yield f"{where}: {found!r} where {expected!r} is expected"


def _shown_by(expected: Any, found: Any) -> Any:
    """Return of ``found`` what ``expected`` names; 0 and 1 count as the truth values that published vectors have for them."""
    if isinstance(expected, Mapping) and isinstance(found, Mapping):
        return {key: _shown_by(expected[key], value) for key, value in found.items() if key in expected}
    if isinstance(expected, list) and isinstance(found, list) and len(expected) == len(found):
        return [_shown_by(left, right) for left, right in zip(expected, found, strict=True)]
    return bool(found) if isinstance(expected, bool) and found in (0, 1) else found


def _same(found: Any, expected: Any) -> bool:
    if isinstance(found, bool) or isinstance(expected, bool):
        return found is expected
    if isinstance(found, int | float) and isinstance(expected, int | float):
        return abs(found - expected) <= TOLERANCE
    return bool(found == expected)


def _reading_differences(found: Sequence[Reading], expected: Sequence[Reading]) -> Iterator[str]:
    left, right = ({_key(one): one for one in readings} for readings in (found, expected))
    for key in {**left, **right}:
        if key not in right:
            yield f"the reading {_said(left[key])} is not expected"
        elif key not in left:
            yield f"the reading {_said(right[key])} is missing"
        elif left[key].unit != right[key].unit or not _same(left[key].value, right[key].value):
            yield f"the reading {_said(left[key])} where {_said(right[key])} is expected"


def _said(one: Reading) -> str:
    channel = "" if one.channel is None else f" ({one.channel})"
    at = "" if one.at is None else f" at {one.at.isoformat()}"
    return f"{one.quantity}{channel} {one.value} {one.unit}".rstrip() + at


def _key(one: Reading) -> tuple[str, str | None, datetime | None]:
    return one.quantity, one.channel, one.at


# ── what every decoder promises ─────────────────────────────────────────────────────────────────────────────────


def broken_promises(decoded: Decoded) -> Iterator[str]:
    """Yield what no decoder may say: values that JSON cannot hold, unknown quantities, a thing said twice."""
    try:
        json.dumps(dict(decoded.fields), allow_nan=False)
    except (TypeError, ValueError) as error:
        yield f"fields: {error}"
    for one, times in Counter(map(_key, decoded.readings)).items():
        if times > 1:
            yield f"reading {one}: said {times} times"
    for reading in decoded.readings:
        yield from _broken_reading(reading)


def _broken_reading(reading: Reading) -> Iterator[str]:
    quantity = QUANTITIES.get(reading.quantity)
    if quantity is None:
        yield f"{reading.quantity} is no quantity of the vocabulary"
    elif (quantity.value_type is ValueType.BOOLEAN) is not isinstance(reading.value, bool):
        yield f"{reading.quantity}: {reading.value!r} is not of its kind, {quantity.value_type}"
    elif quantity.unit or reading.unit:
        yield from _unconvertible(reading, quantity.unit)
    if isinstance(reading.value, float) and not math.isfinite(reading.value):
        yield f"{reading.quantity}: {reading.value} is no number of JSON"
    if reading.at is not None and reading.at.utcoffset() is None:
        yield f"{reading.quantity}: {reading.at} has no time zone"


def _unconvertible(reading: Reading, canonical: str) -> Iterator[str]:
    try:
        convert(1.0, reading.unit, canonical)
    except UnitError as error:
        yield f"{reading.quantity}: {error}"


def hostile(decoder: Decoder, vectors: Sequence[Vector], seed: int = 1) -> list[Finding]:
    """Return what ``decoder`` does to hostile octets but return a Decoded or raise a DecodeError."""
    return [
        Finding(kind, f"{payload.data.hex()} on port {payload.f_port}", problem)
        for kind, payload in hostile_payloads(vectors, seed)
        for problem in _survives(decoder, payload)
    ]


def hostile_payloads(vectors: Sequence[Vector], seed: int = 1) -> Iterator[tuple[str, Payload]]:
    """Yield what a decoder must survive: each truncation of each vector, longer ones, flipped bits, all ports, noise."""
    noise = random.Random(seed)  # noqa: S311 - a repeatable noise is meant
    for vector in vectors:
        data, port = vector.payload.data, vector.payload.f_port
        for end in range(len(data)):
            yield "truncated", Payload(data[:end], port, RECEIVED_AT)
        yield "extended", Payload(data + noise.randbytes(7), port, RECEIVED_AT)
        yield "no time", Payload(data, port)
        for _ in range(8):
            yield "a bit flipped", Payload(_flipped(data, noise), port, RECEIVED_AT)
    for port in range(256):
        data = vectors[port % len(vectors)].payload.data if vectors else b"\0"
        yield "other port", Payload(data, port, RECEIVED_AT)
    for port in sorted({vector.payload.f_port for vector in vectors} | {1}):
        for size in NOISE_SIZES:
            for octets in (bytes(size), b"\xff" * size, *(noise.randbytes(size) for _ in range(20))):
                yield "noise", Payload(octets, port, RECEIVED_AT)


def _flipped(data: bytes, noise: random.Random) -> bytes:
    if not data:
        return data
    bit = noise.randrange(len(data) * 8)
    octets = bytearray(data)
    octets[bit // 8] ^= 1 << bit % 8
    return bytes(octets)


def _survives(decoder: Decoder, payload: Payload) -> Iterator[str]:
    try:
        decoded = door.decode(decoder, payload)
    except DecodeError as error:
        if error.reason is DecodeReason.FAILED:
            yield str(error)
        return
    yield from broken_promises(decoded)


__all__ = [
    "Finding",
    "TableError",
    "Vector",
    "broken_promises",
    "check",
    "differences",
    "hostile",
    "hostile_payloads",
    "load",
]
