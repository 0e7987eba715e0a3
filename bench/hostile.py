"""Decoders under attack: hostile codecs beside honest devices, and random payloads through every decoder.

    python -m bench.hostile [attack] [random] [--calls 10000] [--payloads 100000] [--seed 1] [--json]

* Five hostile codecs (an endless loop, an allocation bomb, a deep recursion, a catastrophic regular expression, a typed
  array's sort, which no limit of the engine stops) are asked again and again, each time for a new device and a minute later, so
  that none waits; meanwhile fifty honest devices are decoded through the same `gateway.codecs`. Every hostile payload must be a DecodeError,
  every honest one decoded, and memory flat.
* Batches with fifty honest uplinks and five hostile ones, from the same five devices each time: those wait from the third.
* Random payloads (noise, vectors with octets changed, vectors cut and joined) through every decoder of the catalogue, as many
  for each, and as many in all through the JavaScript codecs of the tests, with fresh and kept contexts and one for each device.

The exit status is 1 when anything is found. With the numbers given above it takes an hour and more.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import resource
import shutil
import statistics
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench import decode_times, figures, hostile_devices
from bench.hostile_devices import SUITE, Fleet, Rig, Trial
from bench.layouts import LAYOUTS
from bench.noise import Growth, Soaked, Subject, soak
from decoders.contract import Payload
from decoders.loading import SameAs
from decoders.registry import Registry
from decoders.vectors import Vector

LEAK = 5e6  # octets that memory may grow by after warm-up
WARM_SHARE = 0.05
ALONE = 2000  # honest uplinks
MIXED = 20  # batches
ADDRESSES = 2 * 2**30  # octets: a payload that asks for gigabytes fails, and is found
DEVICES = 20  # of each JavaScript codec: a context for each of all is more than a worker keeps
PARTS = ("attack", "random")
CONTEXTS = ("fresh", "kept", "device")


@dataclass(frozen=True, slots=True, kw_only=True)
class Attack:
    """The three trials with hostile devices."""

    alone: Trial
    disturbed: Trial
    mixed: Trial

    def problems(self) -> Iterator[str]:
        """Yield what went wrong."""
        for trial in (self.alone, self.disturbed, self.mixed):
            yield from trial.wrong
        assert self.disturbed.growth is not None
        yield from _leak("the agent's side, while hostile codecs ran", self.disturbed.growth)
        if self.disturbed.most_workers > 2:
            yield f"{self.disturbed.most_workers} workers at a time; 2 are meant"


def attack(calls: int) -> Attack:
    """Run the three trials; ``calls``: of hostile codecs."""
    with tempfile.TemporaryDirectory(prefix="brygga-bench-") as folder, hostile_devices.ready(Path(folder)) as rig:
        return asyncio.run(_attack(rig, calls))


async def _attack(rig: Rig, calls: int) -> Attack:
    fleet = Fleet()
    await hostile_devices.undisturbed(rig, fleet, ALONE // 10)
    return Attack(
        alone=await hostile_devices.undisturbed(rig, fleet, ALONE),
        disturbed=await hostile_devices.disturbed(rig, fleet, calls, round(calls * WARM_SHARE)),
        mixed=await hostile_devices.mixed(rig, fleet, MIXED),
    )


# ── random payloads ─────────────────────────────────────────────────────────────────────────────────────────────


def of_catalogue(count: int, seed: int) -> Soaked:
    """Give every decoder of the catalogue ``count`` payloads."""
    registry = Registry.load(entry_points=False)
    names = [name for name in registry.names() if not isinstance(registry.get(name), SameAs)]
    return soak([(registry.get(name), registry.vectors(name)) for name in names], count, _warm(count), seed)


def of_javascript(count: int, seed: int) -> Soaked:
    """Give the JavaScript codecs of the tests and the benchmark ``count`` payloads together."""
    with tempfile.TemporaryDirectory(prefix="brygga-bench-") as folder, _codecs(Path(folder)) as subjects:
        each = max(count // len(subjects), 2)
        devices = min(each // 2, DEVICES)
        return soak(subjects, each, max(_warm(each), devices), seed, devices)


def _warm(count: int) -> int:
    return max(round(count * WARM_SHARE), 1)


@contextlib.contextmanager
def _codecs(folder: Path) -> Iterator[Sequence[Subject]]:
    """Give the codecs with contexts of every kind; their workers end with the block."""
    for context in CONTEXTS:
        place = folder / f"suite-{context}"
        place.mkdir()
        for path in SUITE.glob("*.js"):
            shutil.copy(path, place)
            place.joinpath(f"{path.stem}.meta.yaml").write_text(f"context: {context}\n", encoding="utf-8")
    seeds = [Vector(name="mild", payload=Payload(bytes.fromhex("00EA82"), 2))]
    layouts = {layout.name: [Vector(name="", payload=one) for one in layout.payloads] for layout in LAYOUTS}
    with decode_times.ready(folder) as registry:
        names = [name for name in registry.names_in(folder) if name.startswith(("suite-", *decode_times.CONTEXTS))]
        yield [(registry.get(name), layouts.get(name.partition("/")[2], seeds)) for name in names]


# ── what is said of it ──────────────────────────────────────────────────────────────────────────────────────────


def _leak(where: str, growth: Growth) -> Iterator[str]:
    if growth.octets > LEAK:
        yield f"{where}: memory grew by {growth.octets / 1e6:.1f} MB; {LEAK / 1e6:g} are meant"


def problems(soaked: Soaked) -> Iterator[str]:
    """Yield what went wrong with random payloads."""
    yield from (*soaked.seen.findings, *soaked.seen.slow)
    yield from _leak("this process, random payloads", soaked.growth)
    if soaked.worker is not None:
        yield from _leak("the worker, random payloads", soaked.worker)


def of_times(trial: Trial) -> Mapping[str, float]:
    """Return how long honest uplinks waited, in ms: the middle and the 99th percentile of the last ones, the longest of all."""
    cuts = statistics.quantiles(trial.honest_s, n=100, method="inclusive")
    return {"p50": cuts[49] * 1000, "p99": cuts[98] * 1000, "max": max(trial.longest_s, *trial.honest_s) * 1000}


def shown_attack(found: Attack) -> str:
    """Return the tables."""
    lines = {
        "an honest uplink, nobody hostile": found.alone,
        "an honest uplink, hostile codecs at work": found.disturbed,
        "a batch of 50 honest and 5 hostile": found.mixed,
    }
    rows = [(words, *map(figures.shown, of_times(trial).values())) for words, trial in lines.items()]
    outcomes = [(outcome, f"{count:,}") for outcome, count in sorted(found.disturbed.hostile.items())]
    assert found.disturbed.growth is not None
    facts = f"{len(found.disturbed.workers)} workers seen, {found.disturbed.most_workers} at a time; {_grown(found.disturbed.growth)}"
    times = figures.table(("ms until decoded", "p50", "p99", "max"), rows)
    return f"{times}\n\n{figures.table(('hostile outcomes', 'times'), outcomes)}\n\n{facts}"


def shown_soaked(words: str, found: Soaked) -> str:
    """Return what came of random payloads."""
    seen = found.seen
    counts = {"decoded": seen.decoded, **{str(reason): count for reason, count in sorted(seen.refused.items())}}
    rows = [(outcome, f"{count:,}") for outcome, count in counts.items()]
    facts = f"slowest {seen.slowest_s * 1000:.2f} ms; {_grown(found.growth)}"
    if found.worker is not None:
        facts += f"; the worker: {_grown(found.worker)}"
    return f"{figures.table((f'{words}: {seen.payloads:,} payloads', 'times'), rows)}\n\n{facts}"


def _grown(growth: Growth) -> str:
    return f"RSS {growth.warm / 1e6:.1f} MB when warm, {growth.end / 1e6:.1f} at the end"


def attack_as_json(found: Attack) -> Mapping[str, Any]:
    """Return the figures of the trials for programs: ms and octets."""
    assert found.disturbed.growth is not None
    return {
        "honest_ms": {"alone": of_times(found.alone), "disturbed": of_times(found.disturbed)},
        "mixed_batches_ms": of_times(found.mixed),
        "hostile": found.disturbed.hostile,
        "workers": len(found.disturbed.workers),
        "growth_octets": found.disturbed.growth.octets,
    }


def soaked_as_json(found: Soaked) -> Mapping[str, Any]:
    """Return the figures of random payloads for programs: ms and octets."""
    return {
        "payloads": found.seen.payloads,
        "decoded": found.seen.decoded,
        "refused": found.seen.refused,
        "slowest_ms": found.seen.slowest_s * 1000,
        "growth_octets": found.growth.octets,
        "worker_growth_octets": None if found.worker is None else found.worker.octets,
    }


def main() -> None:
    """Attack, and print what came of it."""
    parser = argparse.ArgumentParser(
        prog="bench.hostile", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"{' or '.join(PARTS)}; without any: both")
    parser.add_argument("--calls", type=int, default=10_000, help="of hostile codecs (10000)")
    parser.add_argument("--payloads", type=int, default=100_000, help="random ones for each decoder (100000)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true", help="for programs")
    options = parser.parse_args()
    if not set(options.parts) <= set(PARTS):
        parser.error(f"a part is {' or '.join(PARTS)}, not {' '.join(options.parts)}")
    resource.setrlimit(resource.RLIMIT_AS, (ADDRESSES, ADDRESSES))
    sys.exit(not _run(options, set(options.parts) or set(PARTS)))


def _run(options: argparse.Namespace, parts: set[str]) -> bool:
    """Run the parts, print their figures, and tell whether nothing was found."""
    facts, soaked, found = figures.machine(), dict[str, Soaked](), None
    if "random" in parts:
        soaked["JavaScript"] = of_javascript(options.payloads, options.seed)
        soaked["tables and Python"] = of_catalogue(options.payloads, options.seed)
    if "attack" in parts:
        found = attack(options.calls)
    if options.json:
        random = {words: soaked_as_json(one) for words, one in soaked.items()}
        figures.print_json({"machine": facts, "random": random, "attack": found and attack_as_json(found)})
    else:
        said = [shown_soaked(words, one) for words, one in soaked.items()] + ([shown_attack(found)] if found else [])
        print("\n\n".join((figures.machine_line(facts), *said)))
    wrong = [line for one in soaked.values() for line in problems(one)] + (list(found.problems()) if found else [])
    print("\n".join(wrong), file=sys.stderr, end="\n" if wrong else "")
    return not wrong


if __name__ == "__main__":
    main()
