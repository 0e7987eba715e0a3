"""What the log's way into the file adds to hearing: `python -m bench.checkpoints [--seconds S] [--per-s N] [--json]`.

Uplinks come at a steady pace, on this machine's disk and on one whose flushes take 5 and 20 ms longer (a card's), with and without
2 ms for each write elsewhere. Of each uplink the wait for its commit is timed: 50th, 99th and 99.9th percentile, the share that
waited for more than 100 ms, and of those that met a checkpoint. Exit code 1 where one adds more than 100 ms.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Final

from bench import figures
from bench.hearing_delays import SLOW_MS, Delays
from simulators.faults.disk import FaultyDisk
from simulators.faults.missing import Missing

DISKS: Final = (
    ("", "this disk"),
    ("only=.db flush_ms=5", "flush 5 ms"),
    ("only=.db flush_ms=20", "flush 20 ms"),
    ("only=.db flush_ms=20 jump_us=2000", "flush 20 ms, and 2 ms a jump"),
)
PER_S: Final = 100.0  # uplinks; one concentrator of eight channels hears 171 a second at most
MORE_S: Final = 120.0  # for one child, beside its own seconds

Found = tuple[str, Delays]


def delays(words: str, seconds: float, per_s: float) -> Delays:
    """Return what uplinks wait on a disk that is as ``words`` say; Missing where there is no such disk."""
    with tempfile.TemporaryDirectory(prefix="brygga-bench-") as name:
        environment = None
        if words:
            disk = FaultyDisk.made_in(Path(name))
            disk.say(words)
            environment = disk.environment()
        command = [sys.executable, "-m", "bench.hearing_delays", name, str(seconds), str(per_s)]
        done = subprocess.run(
            command, env=environment, stdout=subprocess.PIPE, text=True, timeout=seconds + MORE_S, check=True
        )
    return Delays(**json.loads(done.stdout))


def shown(found: Sequence[Found]) -> str:
    """Return the table and the verdicts."""
    rows = [
        (
            disk,
            f"{one.uplinks:,}",
            str(one.checkpoints),
            *map(
                figures.shown,
                (one.p50_ms, one.p99_ms, one.p999_ms, one.p999_apart_ms, one.p50_beside_ms, one.longest_ms),
            ),
            f"{100 * one.slow / one.uplinks:.3f}",
            f"{100 * one.slow_beside / max(1, one.beside):.3f}",
        )
        for disk, one in found
    ]
    heads = ("", "uplinks", "checkpoints", "p50 ms", "p99 ms", "p99.9 ms", "p99.9 apart", "p50 beside", "longest ms")
    slow = (f"% above {SLOW_MS:.0f} ms", "% of those beside a checkpoint")
    said = [f"{disk}: {'kept' if is_kept(one) else 'BROKEN'} with {added_ms(one):.0f}" for disk, one in found]
    return f"{figures.table((*heads, *slow), rows)}\n\na checkpoint adds at most {SLOW_MS:.0f} ms (p99.9 beside one, less p50): {', '.join(said)}"


def added_ms(found: Delays) -> float:
    """Return what a checkpoint adds to what an uplink waits: all but one of a thousand beside one, less half of all."""
    return max(0.0, found.p999_beside_ms - found.p50_ms)


def is_kept(found: Delays) -> bool:
    """Tell whether a checkpoint adds no more than it may."""
    return added_ms(found) <= SLOW_MS


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="bench.checkpoints", description=__doc__)
    parser.add_argument("--seconds", type=float, default=120.0, help="for each disk (120)")
    parser.add_argument("--per-s", type=float, default=PER_S, help="uplinks a second (100)")
    parser.add_argument("--json", action="store_true", help="for programs")
    options = parser.parse_args()
    facts, found = figures.machine(), list[Found]()
    for words, disk in DISKS:
        try:
            found.append((disk, delays(words, options.seconds, options.per_s)))
        except Missing as missing:
            print(f"not measured with a slower disk: {missing}", file=sys.stderr)
    if options.json:
        runs = {disk: asdict(one) for disk, one in found}
        figures.print_json({"machine": facts, "options": vars(options), "delays": runs})
    else:
        print(f"{figures.machine_line(facts)}\n{options.per_s:g} uplinks a second\n\n{shown(found)}")
    return 0 if all(is_kept(one) for _, one in found) else 1


if __name__ == "__main__":
    sys.exit(main())
