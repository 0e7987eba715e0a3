"""A month offline, then the broker returns: `python -m bench.month [--json]`.

A million uplinks lie in the journal of a `brygga run` of its own, each stored alone as a town's box hears them; mosquitto is a
real one. While it drains, a device is heard every 200 ms. What is asked: every uplink arrives exactly once (by its id), those of
each lane in their order; a live one within two seconds; the agent's memory (VmRSS, each 100 ms) stays below 120 MB. Exit code 1
where a limit is broken.

The drain is measured three times, on copies of one journal: without a bound (`backlog_per_s = 0`), for a minute with the
default's bound, and in strict order, where what is heard now waits for all that was heard before.
"""

from __future__ import annotations

import argparse
import asyncio
import math
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from itertools import pairwise
from pathlib import Path

from bench import figures
from bench.agent import AgentProcess, import_devices, running, write_configuration
from bench.backlog import Backlog, Filled, fill
from bench.fleet import Fleet
from bench.listener import Listener
from bench.live import Live
from simulators.platforms.mosquitto import Mosquitto

RSS_LIMIT = 120e6  # bytes
LIVE_LIMIT_S = 2.0
LOOK_EVERY_S = 0.1
LIVE_EVERY = 2  # looks
STALLED_S = 60.0
LAST_S = 10.0  # for what was heard last to arrive
UNDER_WAY = 10  # uplinks, of those that are heard meanwhile: there is always one
ALONE = 3  # uplinks in a commit: fewer than make a group of the log
MEMORY = Path("/dev/shm")

DESTINATION = """
[[destination]]
name = "city"
url = "mqtt://127.0.0.1:{port}"
format = "senml"
{manner}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One way to drain; ``seconds`` ends one that would take a night."""

    name: str
    manner: str  # lines of the destination's section
    seconds: float = math.inf
    live_first: bool = True


CASES = (
    Case(name="live first, no bound", manner="backlog_per_s = 0"),
    Case(name="live first, as configured by default", manner="", seconds=60.0),
    Case(name="strict order", manner='order = "strict"', live_first=False),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Drain:
    """What one drain was like."""

    case: str
    rows_per_s: float
    seconds: float
    cpu_us: float  # of the agent, for each uplink
    peak_rss: int  # bytes
    history: int  # uplinks of the month that arrived
    live: int
    live_p50_s: float
    live_p99_s: float
    live_max_s: float
    lost: int
    repeated: int
    out_of_order: int
    overtaking: int  # live ones that came before the month was over
    broken: Sequence[str] = field(default_factory=tuple)  # limits, in words


@dataclass(frozen=True, slots=True)
class Month:
    """A configured box with its full journal, of which each drain has a copy."""

    folder: Path
    fleet: Fleet
    filled: Filled

    @contextmanager
    def copied(self, destination: str) -> Iterator[Path]:
        """Give the configuration of a copy for the length of a block."""
        with tempfile.TemporaryDirectory(prefix="brygga-bench-") as name:
            configuration = write_configuration(Path(name), destination)
            shutil.copytree(self.folder / "data", Path(name) / "data", dirs_exist_ok=True)
            yield configuration


def make(folder: Path, rows: int, devices: int, at_once: int = ALONE) -> Month:
    """Make the box in ``folder``: its devices as an installer brings them, its uplinks as hearing does."""
    fleet = Fleet(devices)
    import_devices(write_configuration(folder, DESTINATION.format(port=1, manner="")), fleet.csv())
    journal = folder / "data" / "journal.db"
    return Month(folder, fleet, asyncio.run(fill(journal, fleet, Backlog(rows=rows, at_once=at_once), ["city"])))


def drain(month: Month, case: Case) -> Drain:
    """Let the broker return, and watch until all is there or the case's time is over."""
    with (
        tempfile.TemporaryDirectory(prefix="brygga-bench-") as name,
        mosquitto(Path(name)) as port,
        month.copied(DESTINATION.format(port=port, manner=case.manner)) as configuration,
        Listener(port) as city,
    ):
        with running(configuration) as agent:
            live = Live(agent.udp_port, month.fleet)
            watched = _watch(agent, city, live, len(month.filled.ids), case)
        city.close()
        return judged(case, _found(case, month, city, live, watched))


@dataclass(frozen=True, slots=True)
class Watched:
    """What was seen from outside."""

    began: float
    peak_rss: int
    cpu_s: float


def _watch(agent: AgentProcess, city: Listener, live: Live, rows: int, case: Case) -> Watched:
    began, looks, peak, before_s = time.monotonic(), 0, 0, agent.usage().cpu_s
    while (now := time.monotonic()) - began < case.seconds and city.count + UNDER_WAY < rows + live.count:
        if now - max(city.last_at, began) > STALLED_S:
            raise TimeoutError(f"{city.count} uplinks came, then nothing for {STALLED_S:g} s")
        if looks % LIVE_EVERY == 0:
            live.send()
        peak, looks = max(peak, agent.rss_bytes()), looks + 1
        time.sleep(max(0.0, began + looks * LOOK_EVERY_S - time.monotonic()))
    _await_last(city, live, rows if math.isinf(case.seconds) else 0)
    return Watched(began, max(peak, agent.rss_bytes()), agent.usage().cpu_s - before_s)


def _await_last(city: Listener, live: Live, rows: int) -> None:
    """Wait for what was sent last, not for ever: what does not come is lost."""
    last, deadline = list(live.sent)[-1], time.monotonic() + LAST_S
    while time.monotonic() < deadline and not (city.count >= rows + live.count and city.has(last)):
        time.sleep(LOOK_EVERY_S)


def _found(case: Case, month: Month, city: Listener, live: Live, watched: Watched) -> Drain:
    first: dict[str, float] = {}
    for uplink, at in city.arrivals():
        first.setdefault(uplink, at)
    place = {uplink: number for number, uplink in enumerate(month.filled.ids)}
    history = [place[uplink] for uplink in first if uplink in place]
    heard = {uplink: number for number, uplink in enumerate(live.sent)}
    waits = sorted(first[uplink] - at for uplink, at in live.sent.items() if uplink in first) or [math.inf]
    ended = max((at for uplink, at in first.items() if uplink in place), default=math.inf)
    expected = len(place) if math.isinf(case.seconds) else max(history, default=-1) + 1
    return Drain(
        case=case.name,
        rows_per_s=len(history) / (ended - watched.began),
        seconds=ended - watched.began,
        cpu_us=watched.cpu_s / max(1, len(first)) * 1e6,
        peak_rss=watched.peak_rss,
        history=len(history),
        live=len(live.sent),
        live_p50_s=statistics.median(waits),
        live_p99_s=waits[min(len(waits) - 1, int(len(waits) * 0.99))],
        live_max_s=waits[-1],
        lost=expected - len(history) + sum(uplink not in first for uplink in live.sent),
        repeated=city.count - len(first),
        out_of_order=_falls(history) + _falls([heard[uplink] for uplink in first if uplink in heard]),
        overtaking=sum(first[uplink] < ended for uplink in heard if uplink in first),
    )


def _falls(numbers: Sequence[int]) -> int:
    return sum(one > other for one, other in pairwise(numbers))


def judged(case: Case, found: Drain) -> Drain:
    """Return what was ``found`` with the limits that it breaks."""
    asked = (
        (found.lost == 0, f"{found.lost} uplinks are lost"),
        (found.repeated == 0, f"{found.repeated} came more than once"),
        (found.out_of_order == 0, f"{found.out_of_order} came before an older one of their lane"),
        (case.live_first or not found.overtaking, f"{found.overtaking} overtook older ones"),
        (found.peak_rss < RSS_LIMIT, f"{found.peak_rss / 1e6:.0f} MB where {RSS_LIMIT / 1e6:.0f} are allowed"),
        (
            not case.live_first or found.live_max_s <= LIVE_LIMIT_S,
            f"a live uplink took {found.live_max_s:.1f} s where {LIVE_LIMIT_S:g} are allowed",
        ),
    )
    return replace(found, broken=tuple(words for holds, words in asked if not holds))


@contextmanager
def mosquitto(folder: Path) -> Iterator[int]:
    """Run mosquitto for the block; give its port."""
    with asyncio.Runner() as runner:
        broker = Mosquitto(folder / "mosquitto")
        runner.run(broker.start())
        try:
            yield broker.port
        finally:
            runner.run(broker.stop())


# ── what is said of it ──

ROWS: Mapping[str, str] = {
    "rows_per_s": "of the month, uplinks/s",
    "seconds": "seconds",
    "cpu_us": "agent's CPU, µs for each uplink",
    "peak_rss": "memory at its peak, MB",
    "history": "of the month, arrived",
    "live": "heard meanwhile",
    "live_p50_s": "until a live one is there, s: median",
    "live_p99_s": "99th percentile",
    "live_max_s": "the longest",
    "lost": "lost",
    "repeated": "more than once",
    "out_of_order": "before an older one of their lane",
    "overtaking": "live ones that came before the month's last",
}


def shown(month: Month, drains: Sequence[Drain]) -> str:
    """Return the table and the verdict."""
    rows = [(words, *(_cell(name, asdict(one)[name]) for one in drains)) for name, words in ROWS.items()]
    filled = month.filled
    said = (
        f"{len(filled.ids)} uplinks in the journal, {filled.bytes_per_row:.0f} bytes each, "
        f"{filled.used_bytes / 1e6:.0f} MB; filled in {filled.took_s:.0f} s"
    )
    broken = [f"BROKEN, {one.case}: {words}" for one in drains for words in one.broken]
    return "\n\n".join(
        [said, figures.table(("", *(one.case for one in drains)), rows), "\n".join(broken) or "all limits kept"]
    )


def _cell(name: str, value: float) -> str:
    if isinstance(value, int) and name != "peak_rss":
        return f"{value:,}"
    return figures.shown(value / 1e6 if name == "peak_rss" else value)


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="bench.month", description=__doc__)
    parser.add_argument("--uplinks", type=int, default=1_000_000)
    parser.add_argument("--devices", type=int, default=200)
    parser.add_argument(
        "--at-once", type=int, default=ALONE, help="uplinks in a commit of the filling (3: stored alone)"
    )
    parser.add_argument("--cases", default="123", help="which of the three drains (123)")
    parser.add_argument("--json", action="store_true", help="for programs")
    options = parser.parse_args()
    facts = figures.machine()
    with tempfile.TemporaryDirectory(prefix="brygga-bench-", dir=MEMORY if MEMORY.is_dir() else None) as name:
        month = make(Path(name), options.uplinks, options.devices, options.at_once)
        drains = [drain(month, case) for number, case in enumerate(CASES, 1) if str(number) in options.cases]
    if options.json:
        filled = {"bytes_per_row": month.filled.bytes_per_row, "took_s": month.filled.took_s}
        figures.print_json({"machine": facts, "filled": filled, "drains": list(map(asdict, drains))})
    else:
        print(f"{figures.machine_line(facts)}\n{shown(month, drains)}")
    return 1 if any(one.broken for one in drains) else 0


if __name__ == "__main__":
    sys.exit(main())
