"""Devices with hostile codecs among honest ones, as the agent decodes for them: through `gateway.codecs`."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import time
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import cycle, islice
from pathlib import Path

from bench import decode_times
from bench.layouts import LAYOUTS
from bench.noise import Growth, rss
from bench.uplinks import Uplinks
from bench.workers import worker_pids
from decoders.contract import Decoded, DecodeError, Decoder, Payload
from decoders.javascript import decoder as javascript
from decoders.javascript.crew import Crew
from decoders.javascript.patience import PROBE_EVERY
from decoders.registry import Registry
from gateway.codecs import Codecs, Heard, Outcome

SUITE = Path(__file__).parent.parent / "tests" / "decoders" / "javascript" / "codecs"
HOSTILE = ("endless-loop", "allocation-bomb", "deep-recursion", "catastrophic-regex", "typed-array-sort-loop")
HONEST_KINDS = ("fresh", "kept", "fresh", "table", "cursor")  # most of them share the workers with the hostile ones
HONEST = 50
HONEST_KEPT = 10_000
FIRST_HOSTILE = 1_000_000  # their numbers as devices; honest ones are below
PAUSE_S = 0.01  # between two honest uplinks; one concentrator hears 171 a second at most
LOOK_EVERY = 20  # honest uplinks: all processes of the machine are gone through for it
PAYLOAD = Payload(bytes.fromhex("00EA82"), 2)


@dataclass(slots=True)
class Trial:
    """What was seen."""

    # How long each honest uplink waited for its decode; no more of them, lest the list be the memory that grows.
    honest_s: deque[float] = field(default_factory=lambda: deque(maxlen=HONEST_KEPT))
    longest_s: float = 0.0  # of all
    hostile: Counter[str] = field(default_factory=Counter)  # outcomes in words
    wrong: list[str] = field(default_factory=list)  # outcomes that must not be
    workers: set[int] = field(default_factory=set)  # ids of all worker processes that there were
    most_workers: int = 0
    growth: Growth | None = None

    def look(self) -> None:
        """Note which workers there are."""
        pids = set(worker_pids())
        self.workers |= pids
        self.most_workers = max(self.most_workers, len(pids))

    def judge(self, batch: Sequence[Heard], outcomes: Sequence[Outcome]) -> None:
        """Note each outcome: an honest payload is decoded, a hostile one is a DecodeError."""
        for (_, device), outcome in zip(batch, outcomes, strict=True):
            is_hostile = device.decoder.startswith("hostile/")
            if is_hostile and isinstance(outcome, DecodeError):
                self.hostile[f"{device.decoder}: {outcome}"] += 1
            elif is_hostile or not isinstance(outcome, Decoded):
                self.wrong.append(f"{device.decoder}: {outcome}")


class Minutes:
    """A clock that skips a minute when told: a codec in trouble is tried once in each."""

    def __init__(self) -> None:
        self._skipped = 0.0

    def __call__(self) -> float:
        """Return seconds."""
        return time.monotonic() + self._skipped

    def skip(self) -> None:
        """Let a minute pass at once."""
        self._skipped += PROBE_EVERY + 1


@dataclass(frozen=True, slots=True)
class Rig:
    """What the agent has for decoding, and the clock by which those in trouble wait."""

    codecs: Codecs
    clock: Minutes


@contextlib.contextmanager
def ready(folder: Path) -> Iterator[Rig]:
    """Give codecs with the layouts in every kind and the hostile codecs, made in ``folder``; their workers end with the block."""
    (folder / "hostile").mkdir()
    for name in HOSTILE:
        shutil.copy(SUITE / "hostile" / f"{name}.js", folder / "hostile")
    clock = Minutes()
    with decode_times.ready(folder) as registry, contextlib.closing(Crew(clock)) as crew:
        decoders = {name: _decoder(registry, name, folder, crew) for name in registry.names_in(folder)}
        yield Rig(Codecs(decoders.__getitem__), clock)


def _decoder(registry: Registry, name: str, folder: Path, crew: Crew) -> Decoder:
    path = folder / f"{name}.js"
    return javascript.load(path, name, path.read_bytes(), crew) if path.exists() else registry.get(name)


class Fleet:
    """Uplinks of fifty honest devices, and of hostile ones."""

    def __init__(self) -> None:
        self._uplinks = Uplinks()
        senders = [
            (f"{kind}/{layout.name}", payload)
            for kind in HONEST_KINDS
            for layout in LAYOUTS
            for payload in layout.payloads
        ]
        self._senders = cycle(enumerate(islice(cycle(senders), HONEST)))
        self._strangers = FIRST_HOSTILE

    def honest(self, count: int) -> list[Heard]:
        """Return the next uplinks, the devices in turn."""
        return [
            self._uplinks.of(payload, decoder, number) for number, (decoder, payload) in islice(self._senders, count)
        ]

    def hostile(self) -> list[Heard]:
        """Return an uplink of each hostile codec, from devices that never sent before: patience is per device."""
        self._strangers += len(HOSTILE)
        return [
            self._uplinks.of(PAYLOAD, f"hostile/{name}", self._strangers + place) for place, name in enumerate(HOSTILE)
        ]

    def the_same_hostile(self) -> list[Heard]:
        """Return an uplink of each hostile codec, always from the same five devices."""
        return [
            self._uplinks.of(PAYLOAD, f"hostile/{name}", FIRST_HOSTILE + place) for place, name in enumerate(HOSTILE)
        ]


async def undisturbed(rig: Rig, fleet: Fleet, uplinks: int) -> Trial:
    """Decode honest uplinks alone, one after the other."""
    trial = Trial()
    for _ in range(uplinks):
        await _one(rig.codecs, fleet, trial)
    return trial


async def disturbed(rig: Rig, fleet: Fleet, hostile_calls: int, warm_calls: int) -> Trial:
    """Decode honest uplinks one after the other, while a loop beside does nothing but hostile ones: as two destinations do.

    A minute passes after each of its rounds, lest a codec wait instead of running. Memory is warm after ``warm_calls``.
    """
    trial, count = Trial(), 0
    async with asyncio.TaskGroup() as tasks:
        attack = tasks.create_task(_attack(rig, fleet, trial, hostile_calls, warm_calls), name="hostile")
        # No limit: the attack has one, each of its payloads ends with a worker's limits.
        while not attack.done():
            await _one(rig.codecs, fleet, trial)
            if (count := count + 1) % LOOK_EVERY == 0:
                trial.look()
    return trial


async def mixed(rig: Rig, fleet: Fleet, rounds: int) -> Trial:
    """Decode batches that hold an uplink of each honest device and of five hostile ones, the same in every round."""
    trial = Trial()
    for _ in range(rounds):
        batch = [*fleet.honest(HONEST), *fleet.the_same_hostile()]
        began = time.perf_counter()
        outcomes = await rig.codecs.decode(batch)
        trial.honest_s.append(time.perf_counter() - began)
        trial.judge(batch, outcomes)
        trial.look()
    return trial


async def _one(codecs: Codecs, fleet: Fleet, trial: Trial) -> None:
    batch = fleet.honest(1)
    began = time.perf_counter()
    outcomes = await codecs.decode(batch)
    took_s = time.perf_counter() - began
    trial.honest_s.append(took_s)
    trial.longest_s = max(trial.longest_s, took_s)
    trial.judge(batch, outcomes)
    await asyncio.sleep(PAUSE_S)


async def _attack(rig: Rig, fleet: Fleet, trial: Trial, calls: int, warm_calls: int) -> None:
    warm = 0
    for number in range(0, calls, len(HOSTILE)):
        batch = fleet.hostile()
        trial.judge(batch, await rig.codecs.decode(batch))
        trial.look()
        rig.clock.skip()
        if number >= warm_calls and not warm:
            warm = rss()
    trial.growth = Growth(warm, rss())
