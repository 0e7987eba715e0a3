"""What each source costs a frame, beside packet forwarders over UDP in the same run: `python -m bench.sources [--json]`.

Two figures each. The wire alone: what was received becomes a frame, by the source's own reader, in this process. The whole source:
from its socket, broker, port or file to `hear`, fed by a process of its own through the real protocol; CPU is that of the
measured process, all threads of it. A frame is not gathered, proved or kept here: that is every source's alike (`bench.stages`).
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from bench import figures
from bench.figures import Spread, ratios
from bench.fleet import datagrams
from bench.source_feeders import A_STEP, FRAMES, TOKEN, frames, payloads
from bench.source_wires import WIRES
from gateway.clock import SystemClock
from gateway.config import load
from gateway.model import Clock, Heard, Json, TimeQuality
from gateway.sources import Source, catalogue
from simulators.platforms.mosquitto import Mosquitto

LIMIT_S: Final = 120.0
BASE: Final = "semtech_udp"
MOST: Final = 5.0  # times the CPU of a packet forwarder's datagram, of any source

Keys = Mapping[str, Json]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a source is heard: its keys, and what its feeder is told; None: where it listens."""

    keys: Keys
    where: str | None = None


@dataclass(frozen=True, slots=True)
class Cost:
    """What a source costs a frame."""

    kind: str
    wire_us: Spread
    cpu_us: Spread
    per_s: Spread


@asynccontextmanager
async def _port(_: Path, **keys: Json) -> AsyncIterator[Place]:
    yield Place({"host": "127.0.0.1", "port": 0, **keys})


@asynccontextmanager
async def _broker(folder: Path, **keys: Json) -> AsyncIterator[Place]:
    async with Mosquitto(folder) as mosquitto:
        where = f"127.0.0.1:{mosquitto.port}"
        yield Place({"url": f"mqtt://{where}", **keys}, where)


@asynccontextmanager
async def _serial(folder: Path) -> AsyncIterator[Place]:
    path = str(folder / "modem")
    yield Place({"port": path, "modem": "wio_e5", "frequency_hz": 868_100_000, "spreading_factor": 7}, path)


@asynccontextmanager
async def _zmq(folder: Path) -> AsyncIterator[Place]:
    where = f"ipc://{folder}/zmq"
    yield Place({"event_url": f"{where}_event", "command_url": f"{where}_command"}, where)


@asynccontextmanager
async def _recording(folder: Path, count: int) -> AsyncIterator[Place]:
    path, sent = folder / "recorded.jsonl", datagrams(frames())
    path.write_text(
        "".join(f'{{"hex": "{sent[number % FRAMES].hex()}"}}\n' for number in range(count)), encoding="ascii"
    )
    yield Place({"file": str(path), "speed": "fastest"}, "")


def places(count: int) -> Mapping[str, Callable[[Path], AbstractAsyncContextManager[Place]]]:
    """Return where each source is heard, by its type."""
    return {
        "semtech_udp": _port,
        "basics_station": _port,
        "serial_modem": _serial,
        "chirpstack_mqtt": _broker,
        "concentratord": _zmq,
        "chirpstack": _broker,
        "the_things_stack": lambda folder: _broker(folder, application="city@ttn"),
        "webhook": lambda folder: _port(folder, server="chirpstack", token=TOKEN),
        "recording": lambda folder: _recording(folder, count),
    }


# ── the whole source ──


class Counting:
    """A `hear` that counts, and lets the feeder go on."""

    def __init__(self, count: int) -> None:
        self.count = 0
        self.feeder: asyncio.subprocess.Process | None = None
        self.first_at = 0.0
        self._wanted = count
        self.all_heard = asyncio.Event()

    async def __call__(self, _: Heard) -> None:
        """Count one."""
        self.count += 1
        if self.count % A_STEP == 0 and self.feeder is not None and self.feeder.stdin is not None:
            self.feeder.stdin.write(b"+")
        if self.count >= self._wanted:
            self.all_heard.set()


def source_of(folder: Path, kind: str, keys: Keys, clock: Clock) -> Source:
    """Return the source that a configuration makes."""
    said = "\n".join(f"{key} = {json.dumps(value)}" for key, value in keys.items())
    path = folder / "brygga.toml"
    path.write_text(
        f'[gateway]\ndata = "data"\n[[source]]\nname = "bench"\ntype = "{kind}"\n{said}\n', encoding="utf-8"
    )
    return catalogue.make(load(path).sources[0], clock)


async def through(kind: str, count: int) -> tuple[float, float]:
    """Return CPU and wall seconds that ``count`` frames take through a whole source."""
    clock = SystemClock(at_least=TimeQuality.NTP)
    with tempfile.TemporaryDirectory(prefix="brygga-bench-") as name:
        folder = Path(name)
        async with places(count)[kind](folder) as place, asyncio.timeout(LIMIT_S), asyncio.TaskGroup() as group:
            source, hear = source_of(folder, kind, place.keys, clock), Counting(count)
            if kind == "recording":
                return await _played(source, hear, group)
            run = group.create_task(source.run(hear))
            where = place.where or await _listening(source)
            hear.feeder = feeder = await _fed(kind, count, where)
            assert feeder.stdout is not None
            assert feeder.stdin is not None
            await feeder.stdout.readline()
            await source.listening()
            gc.collect()
            cpu, wall = time.process_time(), time.perf_counter()
            feeder.stdin.write(b"+")
            await hear.all_heard.wait()
            took = time.process_time() - cpu, time.perf_counter() - wall
            feeder.stdin.close()
            await feeder.wait()
            run.cancel()
    return took


async def _played(source: Source, hear: Counting, group: asyncio.TaskGroup) -> tuple[float, float]:
    gc.collect()
    cpu, wall = time.process_time(), time.perf_counter()
    run = group.create_task(source.run(hear))
    await hear.all_heard.wait()
    took = time.process_time() - cpu, time.perf_counter() - wall
    run.cancel()
    return took


async def _listening(source: Source) -> str:
    address: Any = await source.listening()
    return f"{address[0]}:{address[1]}"


async def _fed(kind: str, count: int, where: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "bench.source_feeders", kind, str(count), where),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )


# ── the wire alone ──


def wire(kind: str, count: int) -> float:
    """Return the CPU seconds that reading ``count`` frames takes."""
    read, said = WIRES[kind](frames(), payloads())
    gc.collect()
    began = time.process_time()
    for number in range(count):
        read(said[number % FRAMES])
    return time.process_time() - began


# ── all ──


def measure(kinds: Sequence[str], count: int, repetitions: int) -> list[Cost]:
    """Measure each kind, in turn, ``repetitions`` times."""
    found: dict[str, list[tuple[float, float, float]]] = {kind: [] for kind in kinds}
    for _ in range(repetitions):
        for kind in kinds:
            cpu, wall = asyncio.run(through(kind, count))
            found[kind].append((wire(kind, count) / count * 1e6, cpu / count * 1e6, count / wall))
    return [Cost(kind, *map(Spread.of, zip(*values, strict=True))) for kind, values in found.items()]


def shown(costs: Sequence[Cost]) -> str:
    """Return the table."""
    base = next(cost for cost in costs if cost.kind == BASE)
    return figures.table(
        ("a frame", "wire, µs", "source, µs", "to UDP's", "min", "max", "frames/s"),
        [
            (
                cost.kind,
                figures.shown(cost.wire_us.median),
                figures.shown(cost.cpu_us.median),
                *ratios(cost.cpu_us, base.cpu_us).cells(),
                figures.shown(cost.per_s.median),
            )
            for cost in costs
        ],
    )


def as_json(costs: Sequence[Cost]) -> Iterator[tuple[str, Any]]:
    """Yield what was measured, for programs."""
    for cost in costs:
        yield (
            cost.kind,
            {
                "wire_us": cost.wire_us.as_json(),
                "source_us": cost.cpu_us.as_json(),
                "frames_per_s": cost.per_s.as_json(),
            },
        )


def broken(costs: Sequence[Cost]) -> list[str]:
    """Return the sources that cost more than they may."""
    base = next(cost for cost in costs if cost.kind == BASE)
    return [cost.kind for cost in costs if ratios(cost.cpu_us, base.cpu_us).median > MOST]


def main() -> int:
    """Measure and print; return 1 where a source costs more than it may."""
    parser = argparse.ArgumentParser(prog="bench.sources", description=__doc__)
    parser.add_argument("--frames", type=int, default=5_000)
    parser.add_argument("--repetitions", type=int, default=5)
    parser.add_argument("--only", action="append", help="these types, beside semtech_udp")
    parser.add_argument("--json", action="store_true", help="for programs")
    options = parser.parse_args()
    facts = figures.machine()
    kinds = [kind for kind in places(0) if options.only is None or kind in {BASE, *options.only}]
    costs = measure(kinds, options.frames, options.repetitions)
    if options.json:
        figures.print_json({"machine": facts, "frames": options.frames, "sources": dict(as_json(costs))})
    else:
        print(f"{figures.machine_line(facts)}\n{options.frames} frames, {options.repetitions} times\n\n{shown(costs)}")
    for kind in broken(costs):
        print(f"{kind} costs more than {MOST:g} times what a packet forwarder's datagram does", file=sys.stderr)
    return 1 if broken(costs) else 0


if __name__ == "__main__":
    sys.exit(main())
