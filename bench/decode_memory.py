"""What JavaScript codecs take of the memory: of a worker, and of the whole agent with its workers.

Memory is PSS, the kernel's own account in /proc/PID/smaps_rollup: a process's private pages, and its share of those that
several have. So the sum over agent and workers counts each page once. RSS is beside it: it counts Python's own code
again for each process.
"""

from __future__ import annotations

import asyncio
import contextlib
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

from bench import generated_codecs, radio
from bench.agent import import_devices, running, write_configuration
from bench.fleet import Fleet, datagrams, good_payloads
from bench.workers import worker_pids
from decoders.contract import Payload
from decoders.registry import Registry
from simulators.platforms.mosquitto import Mosquitto

HEARD_PER_S = 171  # uplinks that one concentrator of eight channels can hear in a second, all at SF7
EACH = 3  # uplinks of each device
PLAIN = "elsys/ers"

DESTINATIONS = """
[[destination]]
name = "city"
url = "mqtt://127.0.0.1:{port}"
format = "senml"

[decoders]
folder = "{folder}"
"""


@dataclass(frozen=True, slots=True)
class Memory:
    """Of one process or several, in octets."""

    pss: int
    rss: int

    def __add__(self, other: Memory) -> Memory:
        return Memory(self.pss + other.pss, self.rss + other.rss)

    def __sub__(self, other: Memory) -> Memory:
        return Memory(self.pss - other.pss, self.rss - other.rss)


def of_process(pid: int) -> Memory:
    """Return what a process takes now."""
    found = psutil.Process(pid).memory_full_info()
    return Memory(found.pss, found.rss)


def with_children(pid: int) -> Memory:
    """Return what a process and its workers take now."""
    whole = of_process(pid)
    for child in psutil.Process(pid).children(recursive=True):
        whole += of_process(child.pid)
    return whole


# ── a worker ────────────────────────────────────────────────────────────────────────────────────────────────────


def of_worker(steps: Sequence[int], *, remembering: bool = False) -> Mapping[int, Memory]:
    """Return what one worker takes after so many codecs have decoded; ``remembering``: each keeps its device's context."""
    found: dict[int, Memory] = {}
    with tempfile.TemporaryDirectory(prefix="brygga-bench-") as name:
        names = list(generated_codecs.write(Path(name), max(steps), max(steps) if remembering else 0))
        with contextlib.closing(Registry.load([Path(name)], entry_points=False)) as registry:
            for number, decoder in enumerate(names, 1):
                payload = generated_codecs.payload(number)
                registry.get(decoder).decode(Payload(payload.data, payload.f_port, None, f"device-{number}"))
                if number in steps:
                    (worker,) = worker_pids()
                    found[number] = of_process(worker)
    return found


# ── the agent ───────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True, kw_only=True)
class Agents:
    """The agent with its workers in three runs: the same devices and as many uplinks, other decoders."""

    plain: Memory  # one decoder of the catalogue, in Python, for all
    fresh: Memory  # a JavaScript codec for each device
    remembering: Memory  # the same, and a hundred of them keep a context for their device


def of_agents(codecs: int, remembering: int) -> Agents:
    """Return what the agent takes when each of ``codecs`` devices has a JavaScript codec of its own."""
    return Agents(
        plain=asyncio.run(_of_agent({PLAIN: good_payloads(PLAIN)}, codecs, 0)),
        fresh=asyncio.run(_of_agent({}, codecs, 0)),
        remembering=asyncio.run(_of_agent({}, codecs, remembering)),
    )


async def _of_agent(sends: Mapping[str, Sequence[Payload]], devices: int, remembering: int) -> Memory:
    with tempfile.TemporaryDirectory(prefix="brygga-bench-") as name:
        folder = Path(name)
        names = list(generated_codecs.write(folder / "decoders", devices, remembering))
        fleet = Fleet(
            devices, sends=sends or {one: [generated_codecs.payload(place)] for place, one in enumerate(names)}
        )
        async with Mosquitto(folder / "mosquitto") as broker:
            destinations = DESTINATIONS.format(port=broker.port, folder=folder / "decoders")
            configuration = write_configuration(folder, destinations)
            await asyncio.to_thread(import_devices, configuration, fleet.csv())
            return await asyncio.to_thread(_after_all, configuration, fleet, devices * EACH)


def _after_all(configuration: Path, fleet: Fleet, uplinks: int) -> Memory:
    """Return what agent and workers take when all is delivered."""
    load = radio.Load(datagrams=datagrams(fleet.frames(uplinks)), most_per_s=HEARD_PER_S)
    with running(configuration) as agent:
        radio.send(
            agent.udp_port, load, lambda: int(agent.status()["destinations"]["city"]["counts"].get("delivered", 0))
        )
        return with_children(agent.pid)
