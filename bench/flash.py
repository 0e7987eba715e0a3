"""What the journal costs a flash card: bytes for an uplink's whole life, pace and stalls on a slow card.

    python -m bench.flash [--repetitions N] [--seconds S] [--quick] [--json]

Beside the journal, in the same run and with the same messages: one log table with cursors, dropped segments, compressed groups
(flash_stores.py). Bytes are counted at a device of their own where root can mount one.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from bench import figures
from bench.figures import Spread, ratios
from bench.flash_device import disk
from bench.flash_messages import KINDS, uplinks
from bench.flash_slow import Pace
from bench.flash_stores import STORES, groups
from simulators.faults.disk import FaultyDisk
from simulators.faults.missing import Missing

WAITING: Final = {1: 3_000, 10: 15_000, 100: 60_000}  # uplinks that wait for one commit, and how many are counted
WARM: Final = {1: 4_000, 10: 12_000, 100: 30_000}  # before: the log goes round, segments have come and gone
DESTINATIONS: Final = (1, 3)
TO_BEAT: Final = {
    1: 15.0,
    10: 1.8,
    100: 0.42,
}  # kB for a 400-byte message and three destinations: the best that was measured
SLOW: Final = (  # a card's flush, ms; and more for each write elsewhere, µs: class A1 does 500 of those a second
    ("only=.db flush_ms=5", "5 ms"),
    ("only=.db flush_ms=20", "20 ms"),
    ("only=.db flush_ms=20 jump_us=2000", "20 ms, and 2 ms a jump"),
)
LIMIT_MS: Final = 100.0  # that bringing the log into the file may add to a commit
SLOWEST_S: Final = 300.0  # for one child


@dataclass(frozen=True, slots=True, order=True)
class Case:
    """What is measured."""

    kind: str
    destinations: int
    waiting: int
    store: str


CASES: Final = tuple(
    Case(kind, number, waiting, store)
    for kind in KINDS
    for number in DESTINATIONS
    for waiting in WAITING
    for store in STORES
)
Setting = tuple[str, str, int]  # how the disk is, the store, how many wait


def bytes_of(case: Case, scale: float) -> tuple[float, str]:
    """Return the bytes that one message costs, and how they were counted."""
    with disk() as card, STORES[case.store](card.folder, case.destinations) as store:
        supply = groups(uplinks(case.kind), case.waiting)
        rounds = [int(count[case.waiting] * scale) // case.waiting for count in (WARM, WAITING)]
        for _ in range(rounds[0]):
            store.live(next(supply))
        before = card.written()
        for _ in range(rounds[1]):
            store.live(next(supply))
        return (card.written() - before) / (rounds[1] * case.waiting), card.how


def pace_of(store: str, waiting: int, words: str, seconds: float) -> Pace:
    """Return how quick a store is on a disk that is as ``words`` say; Missing where there is no such disk."""
    with tempfile.TemporaryDirectory(prefix="brygga-flash-") as name:
        slow = FaultyDisk.made_in(Path(name))
        slow.say(words)
        command = [sys.executable, "-m", "bench.flash_slow", store, name, str(waiting), str(seconds)]
        done = subprocess.run(
            command, env=slow.environment(), stdout=subprocess.PIPE, text=True, timeout=SLOWEST_S, check=True
        )
        return Pace(**json.loads(done.stdout))


# ── what is said of it ──


def shown_bytes(found: Mapping[Case, Spread]) -> str:
    """Return kB a message, a table for each kind of message and number of destinations."""
    parts: list[str] = []
    for kind, destinations in sorted({(case.kind, case.destinations) for case in found}):
        rows = [
            (
                store,
                *(figures.shown(found[Case(kind, destinations, waiting, store)].median / 1000) for waiting in WAITING),
            )
            for store in STORES
        ]
        heads = (f"kB: {kind}, {destinations} destinations", *(f"{waiting} waiting" for waiting in WAITING))
        parts.append(figures.table(heads, rows))
    return "\n\n".join(parts)


def shown_paces(found: Mapping[Setting, Sequence[Pace]]) -> str:
    """Return uplinks a second, how they stand to the plain store's, and how long commits took."""
    rows = []
    for (disk_is, store, waiting), paces in found.items():
        plain = Spread.of(pace.per_s for pace in found[disk_is, "one log table and cursors", waiting])
        per_s = Spread.of(pace.per_s for pace in paces)
        rows.append(
            (
                f"{store}, flush {disk_is}",
                str(waiting),
                figures.shown(per_s.median),
                figures.shown(ratios(per_s, plain).median),
                *(figures.shown(Spread.of(getattr(pace, name) for pace in paces).median) for name in PERCENTILES),
            )
        )
    return figures.table(("", "waiting", "uplinks/s", "to plain", "p50 ms", "p99 ms", "longest ms"), rows)


PERCENTILES: Final = ("p50_ms", "p99_ms", "longest_ms")


def verdict(found: Mapping[Case, Spread]) -> str:
    """Return whether the journal beats what is to be beaten."""
    kind = next(iter(KINDS))
    kilobytes = {waiting: found[Case(kind, 3, waiting, "journal")].median / 1000 for waiting in WAITING}
    said = ", ".join(
        f"{kilobytes[waiting]:.2f} ({'below' if kilobytes[waiting] < limit else 'MISSED'} {limit:g})"
        for waiting, limit in TO_BEAT.items()
    )
    return f"to beat, kB of a {kind} with 1, 10 and 100 waiting and three destinations: {said}"


def stalls(found: Mapping[Setting, Sequence[Pace]]) -> str:
    """Return how much longer than half of them the longest commit of the journal took on the slowest card.

    Of all repetitions the median: the longest of one is as often a neighbour's.
    """
    disk_is = SLOW[-1][1]
    added = max(
        Spread.of(pace.longest_ms - pace.p50_ms for pace in paces).median
        for (words, store, _), paces in found.items()
        if (words, store) == (disk_is, "journal")
    )
    said = "kept" if added <= LIMIT_MS else "MISSED"
    return f"flush {disk_is}: the log's way into the file adds at most {LIMIT_MS:.0f} ms to a commit: {said} with {added:.0f}"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="bench.flash", description=__doc__)
    parser.add_argument("--repetitions", type=int, default=3, help="of what the clock measures (3); bytes are exact")
    parser.add_argument("--seconds", type=float, default=20.0, help="that each store runs on a slow disk (20)")
    parser.add_argument("--quick", action="store_true", help="a fifth of the messages, one repetition of five seconds")
    parser.add_argument("--part", choices=("bytes", "pace", "all"), default="all", help="what to measure (all)")
    parser.add_argument("--json", action="store_true", help="for programs")
    arguments = parser.parse_args()
    scale, repetitions, seconds = (0.2, 1, 5.0) if arguments.quick else (1.0, arguments.repetitions, arguments.seconds)
    facts = figures.machine()
    say = _silence if arguments.json else _say
    say(f"{figures.machine_line(facts)}\n")
    found: dict[Case, Spread] = {}
    paces: dict[Setting, list[Pace]] = {}
    if arguments.part != "pace":
        measured = {case: bytes_of(case, scale) for case in CASES}
        found = {case: Spread.of([one]) for case, (one, _) in measured.items()}
        say(f"bytes {'; '.join(sorted({how for _, how in measured.values()}))}\n")
        say(f"{shown_bytes(found)}\n\n{verdict(found)}\n")
    if arguments.part != "bytes":
        paces, missing = _paces(repetitions, seconds)
        say(missing or f"{shown_paces(paces)}\n\n{stalls(paces)}")
    if arguments.json:
        figures.print_json(
            {
                "machine": facts,
                "bytes": [{**asdict(case), "bytes": one.median} for case, one in found.items()],
                "paces": [
                    {"disk": disk_is, "store": store, "waiting": waiting, "runs": list(map(asdict, runs))}
                    for (disk_is, store, waiting), runs in paces.items()
                ],
            }
        )


def _say(words: str) -> None:
    print(words, flush=True)  # at once: what comes next takes minutes


def _silence(words: str) -> None:
    """Say nothing."""


def _paces(repetitions: int, seconds: float) -> tuple[dict[Setting, list[Pace]], str]:
    """Return how quick the journal and the plainest store are on slow disks, by turns; and what is lacking for that."""
    found: dict[Setting, list[Pace]] = {}
    try:
        for _ in range(repetitions):
            for words, disk_is in SLOW:
                for waiting in WAITING:
                    for store in ("journal", "one log table and cursors"):
                        pace = pace_of(store, waiting, words, seconds)
                        found.setdefault((disk_is, store, waiting), []).append(pace)
    except Missing as missing:
        return {}, f"no slow disk: {missing}"
    return found, ""


if __name__ == "__main__":
    main()
