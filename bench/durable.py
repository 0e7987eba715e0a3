"""What durability costs, beside the least that it could: `python -m bench.durable [--json]`.

Uplinks a second that are on disk with a hundred waiting, beside plain sqlite3 (WAL, `synchronous=FULL`) that inserts the same records
a hundred in each commit, ready-made, and one that does the same job from the same values (`bench.commits`); with this machine's disk, and with one whose flushes take 5 and 20 ms longer, as a card's do. Then
how fast a journal drains to mosquitto, decoded and said in SenML, beside plain paho-mqtt with the same messages (QoS 1). What is
compared is measured side by side in each repetition. Exit code 1 where less than half of a limit is reached.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from bench import figures, month
from bench.agent import AgentProcess, running
from bench.collector import Collector
from bench.commits import WAYS, Commits
from bench.figures import Spread, ratios
from bench.floors import PlainPaho, Rate
from simulators.faults.disk import FaultyDisk
from simulators.faults.missing import Missing

HALF = 1 / 2
JUDGED = ("plain", "plain_job")  # the ready-made rows alone, and the same job from the same values
SLOWER_MS = (0, 5, 20)
COMMIT_LIMIT_S = 120.0
DRAIN_LIMIT_S = 120.0
LOOK_EVERY_S = 0.02
CASE = month.Case(name="drain", manner="backlog_per_s = 0")


@dataclass(frozen=True, slots=True, kw_only=True)
class Durable:
    """One repetition of commits, with flushes ``slower_ms`` slower than the disk's own."""

    slower_ms: int
    journal: Commits
    plain: Commits
    plain_counters: Commits
    plain_job: Commits


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One repetition of draining."""

    per_s: float
    cpu_us: float  # of the agent, for each uplink
    paho: Rate


def committed(disk: FaultyDisk | None, slower_ms: int, uplinks: int) -> Durable:
    """Commit once in each way."""
    if disk is not None:
        disk.say(f"flush_ms={slower_ms}")
    environment = os.environ if disk is None or not slower_ms else disk.environment()
    found = {way: _commits(way, uplinks, environment) for way in WAYS}
    return Durable(slower_ms=slower_ms, **found)


def _commits(way: str, uplinks: int, environment: Mapping[str, str]) -> Commits:
    with tempfile.TemporaryDirectory(prefix="brygga-bench-") as folder:
        command = [sys.executable, "-m", "bench.commits", way, folder, str(uplinks)]
        done = subprocess.run(command, env=environment, capture_output=True, check=True, timeout=COMMIT_LIMIT_S)
    return Commits(**json.loads(done.stdout))


def drained(full: month.Month) -> Told:
    """Drain a copy of the journal, then let plain paho-mqtt say the same."""
    with tempfile.TemporaryDirectory(prefix="brygga-bench-") as name, month.mosquitto(Path(name)) as port:
        collector = Collector(port)
        destination = month.DESTINATION.format(port=port, manner=CASE.manner)
        with full.copied(destination) as configuration, running(configuration) as agent:
            per_s, cpu_us = _pace(agent, len(full.filled.ids))
        messages = collector.collect()
        missing = set(full.filled.ids) - {dict(message.user_properties)["uplink"] for message in messages}
        if missing:
            raise RuntimeError(f"{len(missing)} uplinks did not arrive: there is no figure")
        plain = PlainPaho(port)
        try:
            return Told(per_s=per_s, cpu_us=cpu_us, paho=plain.publish(messages, properties=True))
        finally:
            plain.close()


def _pace(agent: AgentProcess, rows: int) -> tuple[float, float]:
    """Return uplinks a second and µs of CPU for each, from the first look at the draining to its end."""
    deadline, first = time.monotonic() + DRAIN_LIMIT_S, None
    while time.monotonic() < deadline:
        now, count, cpu_s = time.perf_counter(), _delivered(agent), agent.usage().cpu_s
        if count and first is None:
            first = now, count, cpu_s
        if first is not None and count >= rows:
            told = count - first[1]
            return told / (now - first[0]), (cpu_s - first[2]) / told * 1e6
        time.sleep(LOOK_EVERY_S)
    raise TimeoutError(f"{rows} uplinks were not delivered within {DRAIN_LIMIT_S:g} s")


def _delivered(agent: AgentProcess) -> int:
    return int(agent.status()["destinations"]["city"]["counts"].get("delivered", 0))


# ── what is said of it ──


def shown(durable: Sequence[Durable], told: Sequence[Told]) -> tuple[str, bool]:
    """Return the tables with the verdicts, and whether all limits are kept."""
    rows, verdicts = list[tuple[str, ...]](), list[tuple[str, float]]()
    for slower_ms in dict.fromkeys(one.slower_ms for one in durable):
        runs = [one for one in durable if one.slower_ms == slower_ms]
        disk = f"flushes {slower_ms} ms slower" if slower_ms else "this disk"
        for way in WAYS:
            rows.append((f"{disk}: {_WORDS[way]}", *_cells([getattr(one, way) for one in runs])))
        ours = Spread.of(one.journal.per_s for one in runs)
        for way in ("plain", "plain_counters", "plain_job"):
            found = ratios(ours, Spread.of(getattr(one, way).per_s for one in runs))
            rows.append((f"{disk}: journal / {_WORDS[way]}", figures.shown(found.median), "", ""))
            verdicts += [(f"commits, {disk}, to {_WORDS[way]}", found.median)] if way in JUDGED else []
    parts = [figures.table(("a hundred waiting", "uplinks/s", "µs of CPU", "bytes written"), rows)]
    if told:
        pace, paho = Spread.of(one.per_s for one in told), Spread.of(one.paho.per_s for one in told)
        ratio = ratios(pace, paho)
        lines = [
            ("drain, uplinks/s", *pace.cells()),
            ("plain paho-mqtt, the same messages/s", *paho.cells()),
            ("drain / plain paho-mqtt", *ratio.cells()),
            ("agent's CPU, µs for each uplink", *Spread.of(one.cpu_us for one in told).cells()),
            ("plain paho-mqtt's CPU, µs for each message", *Spread.of(one.paho.cpu_us for one in told).cells()),
        ]
        parts.append(figures.table(("", "median", "min", "max"), lines))
        verdicts.append(("drain, to plain paho-mqtt", ratio.median))
    said = [
        f"{words}: {'kept' if ratio >= HALF else 'BROKEN'} with {ratio:.2f} of {HALF:g}" for words, ratio in verdicts
    ]
    return "\n\n".join([*parts, "\n".join(said)]), all(ratio >= HALF for _, ratio in verdicts)


_WORDS = {
    "journal": "journal",
    "plain": "plain sqlite3, rows alone",
    "plain_counters": "plain sqlite3, rows and counters",
    "plain_job": "plain sqlite3, the same job",
}


def _cells(runs: Sequence[Commits]) -> tuple[str, str, str]:
    columns = ((one.per_s, one.cpu_us, one.written) for one in runs)
    per_s, cpu_us, written = (figures.shown(Spread.of(column).median) for column in zip(*columns, strict=True))
    return per_s, cpu_us, written


def measure(folder: Path, options: argparse.Namespace) -> tuple[list[Durable], list[Told]]:
    """Measure all, one repetition after another."""
    disk = _slow_disk(folder)
    slower = SLOWER_MS if disk else SLOWER_MS[:1]
    full = month.make(folder / "box", options.drained, options.devices)
    durable, told = list[Durable](), list[Told]()
    for _ in range(options.repetitions):
        durable += [committed(disk, slower_ms, options.uplinks) for slower_ms in slower]
        told.append(drained(full))
    return durable, told


def _slow_disk(folder: Path) -> FaultyDisk | None:
    try:
        return FaultyDisk.made_in(folder)
    except Missing as error:
        print(f"not measured with a slower disk: {error}", file=sys.stderr)
        return None


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="bench.durable", description=__doc__)
    parser.add_argument("--uplinks", type=int, default=10_000, help="of each way to commit (10000)")
    parser.add_argument("--drained", type=int, default=20_000, help="uplinks in the journal that drains (20000)")
    parser.add_argument("--devices", type=int, default=200)
    parser.add_argument("--repetitions", type=int, default=5)
    parser.add_argument("--json", action="store_true", help="for programs")
    options = parser.parse_args()
    facts: Mapping[str, Any] = figures.machine()
    with tempfile.TemporaryDirectory(prefix="brygga-bench-") as name:
        folder = Path(name)
        folder.joinpath("box").mkdir()
        durable, told = measure(folder, options)
    words, is_kept = shown(durable, told)
    if options.json:
        runs = {"durable": list(map(asdict, durable)), "told": list(map(asdict, told))}
        figures.print_json({"machine": facts, "options": vars(options), **runs})
    else:
        print(f"{figures.machine_line(facts)}\n{options.repetitions} repetitions; medians\n\n{words}")
    return 0 if is_kept else 1


if __name__ == "__main__":
    sys.exit(main())
