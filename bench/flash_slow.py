"""Uplinks a second, and how long a commit takes: `python -m bench.flash_slow STORE FOLDER WAITING SECONDS`, prints JSON.

`bench.flash` runs it on a disk whose flushes are slow. Three destinations take everything.
"""

from __future__ import annotations

import json
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from bench.flash_messages import uplinks
from bench.flash_stores import STORES, groups

DESTINATIONS: Final = 3
KIND: Final = "uplink of 20 octets, heard by two"
SWITCH_S: Final = 0.0005  # as the agent sets it


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """What a store did in the time."""

    per_s: float  # uplinks
    p50_ms: float  # of a group's commit with what its destinations take
    p99_ms: float
    longest_ms: float
    commits: int


def measure(store: str, folder: Path, waiting: int, seconds: float) -> Pace:
    """Commit groups of ``waiting`` for ``seconds``."""
    with STORES[store](folder, DESTINATIONS) as opened:
        took: list[float] = []
        supply = groups(uplinks(KIND), waiting)
        began = time.perf_counter()
        while time.perf_counter() - began < seconds:
            group, at = next(supply), time.perf_counter()
            opened.live(group)
            took.append((time.perf_counter() - at) * 1000)
        per_s = len(took) * waiting / (time.perf_counter() - began)
    took.sort()
    return Pace(
        per_s=per_s,
        p50_ms=took[len(took) // 2],
        p99_ms=took[len(took) * 99 // 100],
        longest_ms=took[-1],
        commits=len(took),
    )


if __name__ == "__main__":
    sys.setswitchinterval(SWITCH_S)
    name, folder, waiting, seconds = sys.argv[1:]
    print(json.dumps(asdict(measure(name, Path(folder), int(waiting), float(seconds)))))
