"""What being observed takes of a small machine: `python -m bench.footprint_metrics [--json]`.

A thousand devices, each heard twice, two destinations. The agent alone; with `[metrics]` and a port of its own; with single devices, too; with `[health]`. Memory
(VmHWM) when started and after a hundred scrapes, processor time and duration of a scrape, and what that makes of a core at one in fifteen seconds.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import tempfile
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import aiohttp

from bench import figures, radio
from bench.agent import AgentProcess, import_devices, running, write_configuration
from bench.fleet import Fleet, datagrams
from bench.footprint import HEARD_PER_S, _platforms, delivered
from simulators.platforms.mosquitto import Mosquitto

UPLINKS: Final = 2  # of each device
SCRAPES: Final = 100
WARM: Final = 5  # scrapes before any is counted: modules are loaded by the first
EVERY_S: Final = 15.0
PORT: Final = "\n[metrics]\nport = 0\n"
HEALTH: Final = '\n[health]\nurl = "mqtt://127.0.0.1:{port}"\ninterval_s = 5\n'
SETTLED_S: Final = 12.0  # two health messages


@dataclass(frozen=True, slots=True, kw_only=True)
class Footprint:
    """One way of being observed; bytes and seconds."""

    peak_rss: int
    scrape_cpu_s: float | None = None
    scrape_s: float | None = None
    octets: int | None = None


async def measure(devices: int) -> Mapping[str, Footprint]:
    """Run each way once."""
    with tempfile.TemporaryDirectory(prefix="brygga-bench-") as name:
        async with Mosquitto(Path(name) / "mosquitto") as broker:
            ways = {
                "the agent alone": "",
                "[metrics], a port": PORT,
                "[metrics], a port, devices": f"{PORT}devices = true\n",
                "[health]": HEALTH.format(port=broker.port),
            }
            return {way: await _one(devices, more) for way, more in ways.items()}


async def _one(devices: int, more: str) -> Footprint:
    with tempfile.TemporaryDirectory(prefix="brygga-bench-") as name:
        async with _platforms(Path(name)) as destinations:
            configuration = write_configuration(Path(name), destinations + more)
            fleet = Fleet(devices)
            await asyncio.to_thread(import_devices, configuration, fleet.csv())
            load = radio.Load(datagrams=datagrams(fleet.frames(UPLINKS * devices)), most_per_s=HEARD_PER_S)
            with running(configuration) as agent:
                await asyncio.to_thread(radio.send, agent.udp_port, load, lambda: delivered(agent))
                await asyncio.sleep(SETTLED_S)
                return (
                    await _scraped(agent) if "[metrics]" in more else Footprint(peak_rss=agent.usage().peak_rss_bytes)
                )


async def _scraped(agent: AgentProcess) -> Footprint:
    url = f"http://{agent.status()['metrics']['listening']}/metrics"
    async with aiohttp.ClientSession() as prometheus:
        for _ in range(WARM):
            await _scrape(prometheus, url)
        before = agent.usage()
        found = [await _scrape(prometheus, url) for _ in range(SCRAPES)]
        after = agent.usage()
    return Footprint(
        peak_rss=after.peak_rss_bytes,
        scrape_cpu_s=(after.cpu_s - before.cpu_s) / SCRAPES,
        scrape_s=statistics.median(took_s for took_s, _ in found),
        octets=found[-1][1],
    )


async def _scrape(prometheus: aiohttp.ClientSession, url: str) -> tuple[float, int]:
    began = time.perf_counter()
    async with prometheus.get(url) as answer:
        answer.raise_for_status()
        return time.perf_counter() - began, len(await answer.read())


def main() -> int:
    """Measure, and print a table or JSON."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--devices", type=int, default=1000)
    options = parser.parse_args()
    found = asyncio.run(measure(options.devices))
    if options.json:
        figures.print_json({way: asdict(one) for way, one in found.items()})
        return 0
    for way, one in found.items():
        print(f"{way:28} {one.peak_rss / 1e6:6.1f} MB", end="")
        if one.scrape_cpu_s is not None and one.scrape_s is not None:
            share = one.scrape_cpu_s / EVERY_S
            print(
                f"   a scrape {one.scrape_cpu_s * 1e3:.1f} ms of a core, {one.scrape_s * 1e3:.1f} ms, {one.octets} octets;"
                f" each {EVERY_S:g} s {share:.3%} of a core",
                end="",
            )
        print()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
