"""What each stage of the path costs an uplink, alone, in one process: `python -m bench.stages [--json]`.

CPU is that of all threads of the process; wall is what passes, waiting included. Every stage runs the agent's own code
on the same uplinks, as many at a time as the agent takes.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import gc
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from bench import figures
from bench.figures import Spread
from bench.floors import BareCrypto
from bench.lot import Lot, batches, by_address, make, open_all, rxpk_of, talk
from decoders.registry import Registry
from gateway.clock import SystemClock
from gateway.codecs import Codecs
from gateway.formats.ngsi_ld import NgsiLd
from gateway.formats.senml import SenMl
from gateway.journal import Changes, Journal, Settlement
from gateway.model import Eui64, Frame, TimeQuality
from gateway.normalise import normalise
from gateway.sources import gwmp
from gateway.sources.gather import Gather
from gateway.sources.rxpk import read_rxpk
from gateway.sources.under_way import UnderWay
from gateway.transports.broker import Broker
from gateway.transports.endpoint import endpoint
from gateway.transports.mqtt import Mqtt
from simulators.platforms.mosquitto import Mosquitto

SWITCH_S = 0.0005  # as the agent sets it
GATHER_S = 0.2  # the agent's default

Run = Callable[[], Awaitable[None]]
Ready = contextlib.AbstractAsyncContextManager[Run]
clock = SystemClock(at_least=TimeQuality.NTP)


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage: ``ready`` prepares a run, which alone is timed; ``on_path`` if the whole path of SenML over MQTT has it."""

    name: str
    ready: Callable[[Lot], Ready]
    on_path: bool = True


@dataclass(frozen=True, slots=True)
class Cost:
    """µs for each uplink."""

    stage: Stage
    cpu: Spread
    wall: Spread


def _stage(work: Callable[[Lot], None]) -> Callable[[Lot], Ready]:
    """Make a stage of a function that needs no preparation."""

    @contextlib.asynccontextmanager
    async def ready(lot: Lot) -> AsyncIterator[Run]:
        async def run() -> None:
            work(lot)

        yield run

    return ready


# ── hearing ──


def _parse(lot: Lot) -> None:
    for datagram in lot.datagrams:
        gwmp.sender(datagram)
        gwmp.acknowledgement(datagram)
        rxpk_of(datagram)


def _read_rxpk(lot: Lot) -> None:
    gateway = Eui64("00" * 8)
    for rxpk in lot.rxpks:
        read_rxpk(rxpk, gateway=gateway, source="bench")


@contextlib.asynccontextmanager
async def _gathering(lot: Lot) -> AsyncIterator[Run]:
    async def hear(_: Frame) -> None:
        """Take it."""

    async def run() -> None:
        gather = Gather(hear, GATHER_S)
        async with asyncio.TaskGroup() as group:
            under_way = UnderWay(gather, group, len(lot.frames))
            for frame in lot.frames:
                under_way.tell(frame)

    yield run


@contextlib.asynccontextmanager
async def _opening(lot: Lot) -> AsyncIterator[Run]:
    sessions = by_address(lot.fleet.sessions())

    async def run() -> None:
        open_all(lot.frames, sessions)

    yield run


@contextlib.asynccontextmanager
async def _bare_crypto(lot: Lot) -> AsyncIterator[Run]:
    bare = BareCrypto([frame.phy_payload for frame in lot.frames])

    async def run() -> None:
        bare.run()

    yield run


# ── the journal ──


@contextlib.asynccontextmanager
async def _journal(lot: Lot) -> AsyncIterator[Journal]:
    with tempfile.TemporaryDirectory(prefix="brygga-bench-") as folder:
        journal = await Journal.open(Path(folder) / "journal.db", clock=clock, destinations=["city"])
        try:
            await journal.put_devices(lot.registrations)
            yield journal
        finally:
            await journal.close()


@contextlib.asynccontextmanager
async def _committing(lot: Lot, at_once: int) -> AsyncIterator[Run]:
    async with _journal(lot) as journal:
        yield partial(_commit_all, journal, lot.changes, at_once)


async def _commit_all(journal: Journal, changes: Sequence[Changes], at_once: int) -> None:
    for chunk in batches(changes, at_once):
        await asyncio.gather(*map(journal.commit, chunk))


@contextlib.asynccontextmanager
async def _reading(lot: Lot) -> AsyncIterator[Run]:
    async with _journal(lot) as journal:
        await _commit_all(journal, lot.changes, 1000)

        async def run() -> None:
            while rows := await journal.read("city", 100):
                await journal.settle("city", Settlement(delivered=frozenset(row.id for row in rows)))
            await journal.flush()

        yield run


# ── telling ──


@contextlib.asynccontextmanager
async def _decoding(lot: Lot) -> AsyncIterator[Run]:
    codecs = Codecs(Registry.load().get)
    for registration in lot.registrations:
        codecs.revision(registration.device.decoder)  # loads it

    async def run() -> None:
        for batch in batches(lot.wanted):
            await codecs.decode(batch)

    yield run


def _normalise(lot: Lot) -> None:
    for item in lot.items:
        normalise(item.uplink, item.device, item.decoded, "a/b@1")


def _senml(lot: Lot) -> None:
    for batch in batches(lot.items):
        talk(SenMl(), batch)


def _senml_cbor(lot: Lot) -> None:
    for batch in batches(lot.items):
        talk(SenMl(encoding="cbor"), batch)


def _ngsi_ld(lot: Lot) -> None:
    for batch in batches(lot.items):
        talk(NgsiLd(late="send"), batch)


@contextlib.asynccontextmanager
async def _publishing(lot: Lot) -> AsyncIterator[Run]:
    with tempfile.TemporaryDirectory(prefix="brygga-bench-") as folder:
        async with Mosquitto(Path(folder)) as mosquitto:
            mqtt = Mqtt(Broker(endpoint=endpoint(f"mqtt://127.0.0.1:{mosquitto.port}"), client_id="bench"), clock)
            await mqtt.send(lot.requests[:1])  # opens the connection

            async def run() -> None:
                for batch in batches(lot.requests):
                    await mqtt.send(batch)

            try:
                yield run
            finally:
                await mqtt.close()


STAGES = (
    Stage("GWMP: acknowledge, parse", _stage(_parse)),
    Stage("rxpk: read one", _stage(_read_rxpk)),
    Stage("gather: a task, 200 ms", _gathering),
    Stage("lorawan: parse, prove, decrypt, count", _opening),
    Stage("  floor: bare CMAC and AES", _bare_crypto, on_path=False),
    Stage("journal: commit 1 at a time", partial(_committing, at_once=1), on_path=False),
    Stage("journal: commit 10 at a time", partial(_committing, at_once=10), on_path=False),
    Stage("journal: commit 100 at a time", partial(_committing, at_once=100)),
    Stage("journal: read 100, settle", _reading),
    Stage("codecs: decode", _decoding),
    Stage("normalise", _stage(_normalise)),
    Stage("format: SenML JSON", _stage(_senml)),
    Stage("format: SenML CBOR", _stage(_senml_cbor), on_path=False),
    Stage("format: NGSI-LD", _stage(_ngsi_ld), on_path=False),
    Stage("transport: MQTT, to PUBACK", _publishing),
)


async def measure(lot: Lot, stage: Stage, repetitions: int) -> Cost:
    """Run a stage several times on fresh ground."""
    seconds = [await _once(lot, stage) for _ in range(repetitions)]
    per_uplink = 1e6 / len(lot.frames)
    return Cost(stage, *(Spread.of(one * per_uplink for one in column) for column in zip(*seconds, strict=True)))


async def _once(lot: Lot, stage: Stage) -> tuple[float, float]:
    async with stage.ready(lot) as run:
        gc.collect()
        cpu, wall = time.process_time(), time.perf_counter()
        await run()
        return time.process_time() - cpu, time.perf_counter() - wall


async def measure_all(count: int, devices: int, repetitions: int) -> Sequence[Cost]:
    """Measure every stage with the same lot."""
    lot = await make(count, devices)
    return [await measure(lot, stage, repetitions) for stage in STAGES]


def path_cpu(costs: Sequence[Cost]) -> float:
    """Return the sum of what is on the path: what the whole would cost if nothing stood between the rooms."""
    return sum(cost.cpu.median for cost in costs if cost.stage.on_path)


def shown(costs: Sequence[Cost]) -> str:
    """Return the table."""
    rows = [(cost.stage.name, *cost.cpu.cells(), cost.wall.cells()[0]) for cost in costs]
    rows.append(("sum of SenML JSON over MQTT", figures.shown(path_cpu(costs)), "", "", ""))
    return figures.table(("µs for each uplink", "CPU", "min", "max", "wall"), rows)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="bench.stages", description=__doc__)
    parser.add_argument("--uplinks", type=int, default=3000)
    parser.add_argument("--devices", type=int, default=200)
    parser.add_argument("--repetitions", type=int, default=5)
    parser.add_argument("--json", action="store_true", help="for programs")
    options = parser.parse_args()
    sys.setswitchinterval(SWITCH_S)
    facts = figures.machine()
    costs = asyncio.run(measure_all(options.uplinks, options.devices, options.repetitions))
    if options.json:
        stages = {
            cost.stage.name.strip(): {"cpu_us": cost.cpu.as_json(), "wall_us": cost.wall.as_json()} for cost in costs
        }
        figures.print_json(
            {"machine": facts, "uplinks": options.uplinks, "stages": stages, "path_cpu_us": path_cpu(costs)}
        )
        return
    print(f"{figures.machine_line(facts)}\n{options.uplinks} uplinks of {options.devices} devices\n\n{shown(costs)}")


if __name__ == "__main__":
    main()
