"""Random payloads through decoders: what crashes, what breaks its promise, what takes long, what leaks."""

from __future__ import annotations

import contextlib
import gc
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import cycle, islice
from random import Random

import psutil

from bench.workers import worker_pids
from decoders import door
from decoders.contract import DecodeError, Decoder, DecodeReason, Payload
from decoders.javascript import answers
from decoders.javascript.decoder import JavaScriptDecoder
from decoders.vectors import RECEIVED_AT, Vector, broken_promises

LONGEST = 242  # octets, the most that EU868 carries
SHORT = 32  # octets; most devices' messages
KEPT_SHARE = 0.9  # of payloads that stay on a port the decoder knows
CHECKED_EVERY = 16  # whether JSON holds what comes out, and more: five times the work of a decode
SLOW_S = 0.005
OWN_MISTAKES = tuple(f"{kind}: " for kind in answers.MISTAKES)  # exceptions of a codec's own, on octets that are noise
FINDINGS = 50  # kept; more say nothing new


def payloads(vectors: Sequence[Vector], random: Random, devices: int = 1) -> Iterator[Payload]:
    """Yield payloads for ever: a third noise, a third a vector with octets changed, a third two vectors cut and joined.

    The ``devices`` send in turn.
    """
    known = [(vector.payload.data, vector.payload.f_port) for vector in vectors] or [(b"", 1)]
    for device in cycle(range(devices)):
        data, port = random.choice(known)
        match random.randrange(3):
            case 0:
                data = random.randbytes(random.randrange(LONGEST if random.random() < 0.1 else SHORT))
            case 1:
                data = _changed(data, random)
            case _:
                data = _cut(data, random) + _cut(random.choice(known)[0], random)
        port = port if random.random() < KEPT_SHARE else random.randrange(256)
        yield Payload(data[:LONGEST], port, RECEIVED_AT, f"device-{device}")


def _changed(data: bytes, random: Random) -> bytes:
    octets = bytearray(data)
    for _ in range(random.randint(1, 4) if octets else 0):
        octets[random.randrange(len(octets))] = random.randrange(256)
    return bytes(octets)


def _cut(data: bytes, random: Random) -> bytes:
    return data[: random.randint(0, len(data))]


@dataclass(slots=True)
class Seen:
    """What came of the payloads."""

    decoded: int = 0
    refused: Counter[DecodeReason] = field(default_factory=Counter)
    findings: list[str] = field(default_factory=list)  # broken promises, decoders that failed, workers that ended
    slow: list[str] = field(default_factory=list)  # payloads that take longer than 5 ms
    slowest_s: float = 0.0

    @property
    def payloads(self) -> int:
        """Return how many there were."""
        return self.decoded + self.refused.total()

    def find(self, decoder: Decoder, payload: Payload, problem: str) -> None:
        """Note a finding, with what is needed to see it again."""
        if len(self.findings) < FINDINGS:
            self.findings.append(f"{_named(decoder, payload)}: {problem}")

    def time(self, decoder: Decoder, payload: Payload, took_s: float) -> None:
        """Note how long a payload takes that takes longer than all before."""
        self.slowest_s = max(self.slowest_s, took_s)
        if took_s > SLOW_S and len(self.slow) < FINDINGS:
            self.slow.append(f"{_named(decoder, payload)}: takes {took_s * 1000:.1f} ms")


def _named(decoder: Decoder, payload: Payload) -> str:
    return f"{decoder.name}: {payload.data.hex()} on port {payload.f_port}"


def run(decoder: Decoder, given: Iterator[Payload], seen: Seen) -> None:
    """Have ``decoder`` read all of ``given``. A broken promise is a finding, and what takes longer than 5 ms is noted."""
    for payload in given:
        began = time.perf_counter()
        try:
            decoded = door.decode(decoder, payload)
        except DecodeError as error:
            seen.refused[error.reason] += 1
            if _broke(decoder, error):
                seen.find(decoder, payload, str(error))
        else:
            seen.decoded += 1
            if seen.decoded % CHECKED_EVERY == 0:
                for problem in broken_promises(decoded):
                    seen.find(decoder, payload, problem)
        if time.perf_counter() - began > min(seen.slowest_s, SLOW_S):
            # Only what is slow each time is the payload's doing: the machine has other work, and collects its garbage.
            seen.time(decoder, payload, min(_took_s(decoder, payload) for _ in range(5)))


def _broke(decoder: Decoder, error: DecodeError) -> bool:
    """Tell whether ``error`` is a failure of ours, or of a decoder of ours."""
    if error.reason is not DecodeReason.FAILED:
        return False
    return not (isinstance(decoder, JavaScriptDecoder) and error.detail.startswith(OWN_MISTAKES))


def _took_s(decoder: Decoder, payload: Payload) -> float:
    began = time.thread_time()  # CPU of this thread: what works elsewhere has limits of its own
    with contextlib.suppress(DecodeError):
        door.decode(decoder, payload)
    return time.thread_time() - began


# ── memory ──────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Growth:
    """RSS in octets, when all was met once, and at the end."""

    warm: int
    end: int

    @property
    def octets(self) -> int:
        """Return what it has grown by."""
        return self.end - self.warm


def rss(pid: int | None = None) -> int:
    """Return the RSS of a process, of this one by default, without what waits to be collected here."""
    gc.collect()
    return int(psutil.Process(pid).memory_info().rss)


Subject = tuple[Decoder, Sequence[Vector]]


@dataclass(frozen=True, slots=True)
class Soaked:
    """What came of the payloads, and how the memory grew: of this process, and of the worker where there is one."""

    seen: Seen
    growth: Growth
    worker: Growth | None


def soak(subjects: Sequence[Subject], count: int, warm: int, seed: int, devices: int = 1) -> Soaked:
    """Give each of the ``subjects`` ``count`` payloads of its own, the first ``warm`` of them to warm up.

    A worker process that ends on the way is a finding.
    """
    seen = Seen()
    streams = [(decoder, payloads(vectors, Random(f"{seed} {decoder.name}"), devices)) for decoder, vectors in subjects]
    for decoder, stream in streams:
        run(decoder, islice(stream, warm), seen)
    before, workers = rss(), {worker: rss(worker) for worker in worker_pids()}
    for decoder, stream in streams:
        run(decoder, islice(stream, count - warm), seen)
    if set(worker_pids()) != workers.keys():
        seen.findings.append(f"the workers were {sorted(workers)}, at the end they are {sorted(worker_pids())}")
        workers = {}
    grown = [Growth(warm_rss, rss(worker)) for worker, warm_rss in workers.items()]
    return Soaked(seen, Growth(before, rss()), max(grown, key=lambda one: one.octets, default=None))
