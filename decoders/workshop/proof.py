"""Prove a decoder: all that is wrong with it at once, each thing in a line that says what to do."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from decoders import command_vectors, door, vectors
from decoders.contract import Decoded, DecodeError, Decoder, Encoder
from decoders.loading import SameAs
from decoders.registry import BrokenDecoder, Registry, UnknownDecoder
from decoders.vectors import Finding, Vector

LONGEST_DECODE_S: Final = (
    0.1  # a JavaScript codec is stopped then; the agent waits for a Python one as long as it takes
)

ADVICE: Final = (  # the first whose words stand in the problem
    ("is no quantity of the vocabulary", "take one of docs/reference/quantities.md, or leave it a field"),
    ("is not of its kind", "give it `labels` that make it yes or no, or choose another quantity"),
    ("said 2 times", "tell them apart with `channel`, or with their own time (`at`)"),
    ("times", "tell them apart with `channel`, or with their own time (`at`)"),
    ("no time zone", "a device's own time is UTC: datetime.fromtimestamp(seconds, UTC)"),
    ("is no number of JSON", "leave the value out where the device has none"),
    ("does not convert", "state the unit that the device measures in, in UCUM (docs/reference/quantities.md)"),
    ("where a value is expected", "the decoder refuses it: mend the decoder, or say `error:` in the vector"),
    ("decoded where", "the decoder takes it: raise DecodeError, or mend the vector"),
    ("is expected", "mend the decoder, or the vector if the vendor's document says otherwise"),
    ("is not expected", "mend the decoder, or add it to the vector"),
    ("missing", "mend the decoder, or the vector if the vendor's document says otherwise"),
)
BROKEN: Final = "check lengths and values before they are used; `Cursor` does it for octets that are missing"


@dataclass(frozen=True, slots=True)
class Remark:
    """One thing that is wrong with a decoder or its vectors, and what to do."""

    where: str  # the decoder's name, or a file
    problem: str
    advice: str
    is_error: bool = True  # else it may stay: somebody should know

    def __str__(self) -> str:
        return f"{self.where}: {self.problem} → {self.advice}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """What came of proving one decoder."""

    name: str
    payloads: int  # vectors
    commands: int
    hostile: int  # hostile payloads that were decoded or refused
    remarks: tuple[Remark, ...]

    @property
    def is_good(self) -> bool:
        """Tell whether nothing has to be mended."""
        return not any(remark.is_error for remark in self.remarks)


def prove(registry: Registry, name: str) -> Proof:
    """Return all that is wrong with the decoder ``name``: loading, vectors, hostile octets, promises, speed."""
    try:
        decoder, given, encoder = registry.get(name), registry.vectors(name), registry.encoder(name)
        commands = registry.command_vectors(name)
    except (BrokenDecoder, UnknownDecoder, vectors.TableError) as error:
        remark = Remark(name, str(error), "nothing else was tried: mend this first")
        return Proof(name=name, payloads=0, commands=0, hostile=0, remarks=(remark,))
    tried = sum(1 for _ in vectors.hostile_payloads(given)) if not isinstance(decoder, SameAs) else 0
    remarks = [
        *_about_files(registry, name),
        *(_about_vectors if isinstance(decoder, SameAs) else _about_own)(
            decoder, name, given
        ),  # the other is proved itself
        *_about_commands(encoder, name, commands, is_own=not isinstance(decoder, SameAs)),
    ]
    return Proof(name=name, payloads=len(given), commands=len(commands), hostile=tried, remarks=tuple(remarks))


def _about_files(registry: Registry, name: str) -> Iterator[Remark]:
    description = registry.describe(name)
    for problem in registry.table_problems(name):
        yield Remark(name, problem, "give each its own name")
    for problem in registry.message_problems(name):
        yield Remark(name, problem, "mend the table, or the vector if the vendor's document says otherwise")
    for fact, said in (("source", description.source), ("licence", description.licence)):
        if not said:
            yield Remark(name, f"no {fact} is named", f"add `{fact}:` (SOURCE, LICENCE in Python)", is_error=False)
    if not description.quantities:
        advice = (
            "add `reading:` to fields (`brygga decoder map` proposes some); until then a city gets raw fields alone"
        )
        yield Remark(name, "it states no quantity", advice, is_error=False)


def _about_own(decoder: Decoder, name: str, given: Sequence[Vector]) -> Iterator[Remark]:
    if not given:
        yield Remark(name, "no vectors", "put payloads of the vendor's document into <model>.vectors.yaml beside it")
    yield from _about_vectors(decoder, name, given)
    yield from _about_promises(decoder, name, given)


def _about_vectors(decoder: Decoder, name: str, given: Sequence[Vector]) -> Iterator[Remark]:
    for finding in vectors.check(decoder, given):
        yield Remark(name, f"vector {finding.vector!r} ({finding.payload}): {finding.problem}", advice(finding.problem))
    for vector in given:
        if not vector.source:
            yield Remark(name, f"vector {vector.name!r} has no source", "say where it comes from", is_error=False)


def _about_commands(
    encoder: Encoder | None, name: str, given: Sequence[command_vectors.CommandVector], *, is_own: bool
) -> Iterator[Remark]:
    if encoder is None:
        if given:
            yield Remark(name, "`commands` in the vectors, and no encoder", "write <model>.commands.py, or remove them")
        return
    if not given and is_own:
        yield Remark(name, "an encoder without vectors", "add `commands:` to <model>.vectors.yaml", is_error=False)
    for problem in command_vectors.check(encoder, given):
        yield Remark(name, f"command {problem}", advice(problem))
    for problem in _summed([(one.partition("}: ")[2] or one, one) for one in command_vectors.hostile(encoder, given)]):
        yield Remark(name, f"command {problem}", "refuse what does not fit with an EncodeError in words")


def _about_promises(decoder: Decoder, name: str, given: Sequence[Vector]) -> Iterator[Remark]:
    found = vectors.hostile(decoder, given)
    for problem, finding in _distinct(found):
        yield Remark(name, problem, BROKEN if "failed" in finding.problem else advice(finding.problem))
    good = [vector for vector in given if vector.error is None]
    first, second = _all(decoder, good), _all(decoder, good[::-1])[::-1]
    if first != second:
        yield Remark(name, "the same payload says something else the second time", "keep nothing between two calls")
    yield from _about_speed(decoder, name, given)


def _all(decoder: Decoder, given: Sequence[Vector]) -> list[Decoded | str]:
    return [_outcome(decoder, vector) for vector in given]


def _outcome(decoder: Decoder, vector: Vector) -> Decoded | str:
    try:
        return door.decode(decoder, vector.payload)
    except DecodeError as error:
        return str(error)


def _about_speed(decoder: Decoder, name: str, given: Sequence[Vector]) -> Iterator[Remark]:
    slowest, payload = 0.0, ""
    for vector in given:
        began = time.perf_counter()
        _outcome(decoder, vector)
        took = time.perf_counter() - began
        if took > slowest:
            slowest, payload = took, vector.payload.data.hex()
    if slowest > LONGEST_DECODE_S:
        problem = f"{payload} took {slowest * 1000:.0f} ms; {LONGEST_DECODE_S * 1000:.0f} ms is the limit"
        yield Remark(name, problem, "a payload takes microseconds: look for a loop that grows", is_error=False)


def _distinct(found: Sequence[Finding]) -> Iterator[tuple[str, Finding]]:
    """Yield each kind of problem once, with one payload that shows it: ten thousand lines help nobody."""
    seen: dict[tuple[str, str], list[Finding]] = {}
    for finding in found:
        seen.setdefault((finding.vector, _kind(finding.problem)), []).append(finding)
    for (kind, _), alike in seen.items():
        more = f" (and {len(alike) - 1} more)" if len(alike) > 1 else ""
        yield f"{kind}: {alike[0].payload}: {alike[0].problem}{more}", alike[0]


def _summed(problems: Sequence[tuple[str, str]]) -> Iterator[str]:
    seen: dict[str, list[str]] = {}
    for problem, line in problems:
        seen.setdefault(_kind(problem), []).append(line)
    for alike in seen.values():
        yield alike[0] + (f" (and {len(alike) - 1} more)" if len(alike) > 1 else "")


def _kind(problem: str) -> str:
    """Return a problem without its numbers, so that two of a kind are seen to be one."""
    return re.sub(r"-?\d+(\.\d+)?(e-?\d+)?", "#", problem)


def advice(problem: str) -> str:
    """Return what to do about a problem of a vector."""
    return next((what for words, what in ADVICE if words in problem), "mend the decoder")


def strays(folder: Path) -> Iterator[Remark]:
    """Yield a remark for each file in ``folder`` that looks like a decoder's and that nothing reads."""
    from decoders import folder_check

    for line in folder_check.strays(folder):
        where, _, problem = line.partition(": ")
        yield Remark(where, problem, "move or rename it, or take it away")
