"""What decoders cost: µs for each decode, as a table, in Python and in JavaScript, and the memory of JavaScript codecs.

    python -m bench.decoders [--json]

Times: three layouts, each written as a table, as Python by hand (with `Cursor`, with `struct`) and as JavaScript; before
anything is timed all must say the same of the same payloads. Tables and Python are called alone, JavaScript through
`gateway.codecs`; beside it the bare engine, in this process, without limits, shims, pipes and readings. The exit status is
1 when a limit is broken.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from bench import decode_memory, figures
from bench.decode_memory import Agents, Memory
from bench.decode_times import BARE, BARE_NEW, STRUCT, TABLE, Cost, all_costs, through_codecs
from bench.figures import Spread
from bench.layouts import LAYOUTS

FRESH, KEPT = through_codecs("fresh", 100), through_codecs("kept", 100)
STEPS = (1, 100, 300)  # codecs that a worker has run
CODECS, REMEMBERING = 300, 100

# What is above may take so many times as much as what is below, in the median of the repetitions. Of what has two
# processes it is the CPU: workers give way to whatever else the machine does, and wall tells of the neighbours.
RATIOS = (
    (TABLE, STRUCT, "p50", 1.2),  # compiled, a table is as fast as what people write
    # What a fresh context costs is the room around the codec, parsed anew for each: 17 kB beside the codec's own 1 kB.
    (FRESH, BARE_NEW, "cpu", 10.0),
    (KEPT, BARE, "cpu", 40.0),  # two pipes, two processes and the readings, beside a call of 7 µs
)
ON_TOP_LIMIT = 150e6  # octets of 300 codecs' agent and workers above an agent without JavaScript

Costs = Mapping[str, Sequence[Mapping[str, Cost]]]  # by layout, repetition for repetition, by subject


@dataclass(frozen=True, slots=True)
class Judged:
    """One figure and the limit that is stated for it."""

    words: str
    found: float
    limit: float

    @property
    def kept(self) -> bool:
        """Tell whether it keeps it."""
        return self.found <= self.limit

    def cells(self) -> tuple[str, ...]:
        """Return a line of the table of limits."""
        return self.words, figures.shown(self.found), figures.shown(self.limit), "kept" if self.kept else "BROKEN"


def spread(costs: Costs, layout: str, subject: str, what: str = "p50") -> Spread:
    """Return one figure of all repetitions, in µs."""
    return Spread.of(getattr(one[subject], what) for one in costs[layout])


def ratio(costs: Costs, layout: str, above: str, below: str, what: str) -> Spread:
    """Return how many times as much ``above`` takes as ``below``."""
    return figures.ratios(spread(costs, layout, above, what), spread(costs, layout, below, what))


def judged(costs: Costs, agents: Agents) -> Iterator[Judged]:
    """Yield each figure that has a limit."""
    for above, below, what, limit in RATIOS:
        for layout in LAYOUTS:
            yield Judged(
                f"{layout.name}: {above} / {below}, {what}", ratio(costs, layout.name, above, below, what).median, limit
            )
    for words, memory in (("fresh contexts", agents.fresh), (f"{REMEMBERING} devices remembered", agents.remembering)):
        on_top = memory - agents.plain
        yield Judged(f"{CODECS} codecs on top of the agent, {words}, MB", on_top.pss / 1e6, ON_TOP_LIMIT / 1e6)


# ── what is said of it ──────────────────────────────────────────────────────────────────────────────────────────


def shown_times(costs: Costs) -> Iterator[str]:
    """Yield a table for each layout."""
    for layout in LAYOUTS:
        rows = [
            (subject, *spread(costs, layout.name, subject).cells(), *_medians(costs, layout.name, subject))
            for subject in costs[layout.name][0]
        ]
        heads = (f"{layout.words}: µs for each decode", "p50", "min", "max", "p99", "CPU")
        yield figures.table(heads, rows)


def _medians(costs: Costs, layout: str, subject: str) -> Iterator[str]:
    yield from (figures.shown(spread(costs, layout, subject, what).median) for what in ("p99", "cpu"))


def shown_memory(workers: Mapping[str, Mapping[int, Memory]], agents: Agents) -> str:
    """Return the table of memory."""
    rows = [
        (f"a worker after {count} codecs, {words}", *_megabytes(memory))
        for words, found in workers.items()
        for count, memory in found.items()
    ]
    rows += [
        (f"the agent, {CODECS} devices, no JavaScript", *_megabytes(agents.plain)),
        (f"agent and workers, {CODECS} codecs", *_megabytes(agents.fresh)),
        (f"the same, {REMEMBERING} devices remembered", *_megabytes(agents.remembering)),
    ]
    return figures.table(("MB", "PSS", "RSS"), rows)


def _megabytes(memory: Memory) -> tuple[str, str]:
    return figures.shown(memory.pss / 1e6), figures.shown(memory.rss / 1e6)


def as_json(costs: Costs, workers: Mapping[str, Mapping[int, Memory]], agents: Agents) -> Mapping[str, Any]:
    """Return all figures for programs: µs and octets."""
    return {
        "decode_us": {
            layout: {
                subject: {what: spread(costs, layout, subject, what).as_json() for what in ("p50", "p99", "cpu")}
                for subject in rounds[0]
            }
            for layout, rounds in costs.items()
        },
        "workers": {words: {count: asdict(one) for count, one in found.items()} for words, found in workers.items()},
        "agents": asdict(agents),
        "limits": [{**asdict(one), "kept": one.kept} for one in judged(costs, agents)],
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="bench.decoders", description=__doc__)
    parser.add_argument("--repetitions", type=int, default=5)
    parser.add_argument("--json", action="store_true", help="for programs")
    options = parser.parse_args()
    facts = figures.machine()
    with tempfile.TemporaryDirectory(prefix="brygga-bench-") as folder:
        costs = all_costs(options.repetitions, Path(folder))
    workers = {
        "fresh contexts": decode_memory.of_worker(STEPS),
        "a context kept by each": decode_memory.of_worker(STEPS, remembering=True),
    }
    agents = decode_memory.of_agents(CODECS, REMEMBERING)
    if options.json:
        figures.print_json({"machine": facts, **as_json(costs, workers, agents)})
    else:
        limits = figures.table(("", "found", "limit", ""), [one.cells() for one in judged(costs, agents)])
        print("\n\n".join((figures.machine_line(facts), *shown_times(costs), shown_memory(workers, agents), limits)))
    sys.exit(not all(one.kept for one in judged(costs, agents)))


if __name__ == "__main__":
    main()
