"""Time a decoder on its own vectors."""

from __future__ import annotations

import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from decoders import door
from decoders.contract import DecodeError, Decoder, Payload
from decoders.vectors import Vector

ENOUGH_S: Final = 0.5  # of timing one decoder: some thousand calls of a fast one
LEAST: Final = 30  # calls, however slow
WARM: Final = 3  # rounds before: a worker starts, a table's code is met for the first time


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """How long one decode takes, in µs."""

    name: str
    kind: str
    calls: int
    p50_us: float
    p99_us: float
    longest_us: float


def measure(decoder: Decoder, kind: str, given: Sequence[Vector], enough_s: float = ENOUGH_S) -> Timing | None:
    """Return how long ``decoder`` takes for the payloads of ``given`` that it can read; None where there are none."""
    payloads = [vector.payload for vector in given if vector.error is None]
    if not payloads:
        return None
    for payload in payloads * WARM:
        _decode(decoder, payload)
    took = _timed(decoder, payloads, enough_s)
    return Timing(
        name=decoder.name,
        kind=kind,
        calls=len(took),
        p50_us=statistics.median(took) / 1000,
        p99_us=statistics.quantiles(took, n=100)[98] / 1000,
        longest_us=max(took) / 1000,
    )


def _timed(decoder: Decoder, payloads: Sequence[Payload], enough_s: float) -> list[int]:
    took: list[int] = []
    end = time.perf_counter() + enough_s
    while len(took) < LEAST or time.perf_counter() < end:
        for payload in payloads:
            began = time.perf_counter_ns()
            _decode(decoder, payload)
            took.append(time.perf_counter_ns() - began)
    return took


def _decode(decoder: Decoder, payload: Payload) -> None:
    try:
        door.decode(decoder, payload)
    except DecodeError:
        return  # a vector that fails: the proof tells of it
