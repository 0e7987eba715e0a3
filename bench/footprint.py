"""What the agent takes of a small machine: `python -m bench.footprint [--json]`.

Peak memory (VmHWM) with a thousand devices registered and five thousand uplinks delivered to two destinations, one over MQTT
and one over HTTP; then the share of one core that it uses while no uplink comes and a packet forwarder pings.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import socket
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from bench import figures, radio
from bench.agent import AgentProcess, import_devices, running, write_configuration
from bench.fleet import GATEWAY, Fleet, datagrams
from gateway.sources.gwmp import PullData
from simulators.platforms.mosquitto import Mosquitto
from simulators.platforms.ngsi_ld import NgsiLdReceiver

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

FoundT = TypeVar("FoundT", bound="DataclassInstance")

RSS_LIMIT = 80e6  # bytes
IDLE_LIMIT = 0.01  # of one core
HEARD_PER_S = 171  # uplinks that one concentrator of eight channels can hear in a second, all at SF7
REST_S = 3.0  # for cursors to reach the disk before idleness begins
PING_S = 5.0  # a packet forwarder's keep-alive

DESTINATIONS = """
[[destination]]
name = "mqtt"
url = "mqtt://127.0.0.1:{mqtt}"
format = "senml"

[[destination]]
name = "http"
url = "{http}"
format = "ngsi_ld"

[destination.options]
late = "send"
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Footprint:
    """One run; bytes, and shares of one core."""

    started_rss: int  # with all devices loaded, before the first uplink
    peak_rss: int
    idle_share: float


async def measure(devices: int, uplinks: int, idle_s: float) -> Footprint:
    """Run once."""
    with tempfile.TemporaryDirectory(prefix="brygga-bench-") as name:
        async with _platforms(Path(name)) as destinations:
            fleet = Fleet(devices)
            configuration = write_configuration(Path(name), destinations)
            await asyncio.to_thread(import_devices, configuration, fleet.csv())
            load = radio.Load(datagrams=datagrams(fleet.frames(uplinks)), most_per_s=HEARD_PER_S)
            with running(configuration) as agent:
                started = agent.usage()
                port = agent.udp_port
                await asyncio.to_thread(radio.send, port, load, lambda: delivered(agent))
                idle_share = await asyncio.to_thread(_idle, agent, port, idle_s)
                ended = agent.usage()
    return Footprint(started_rss=started.peak_rss_bytes, peak_rss=ended.peak_rss_bytes, idle_share=idle_share)


def delivered(agent: AgentProcess) -> int:
    """Return how many uplinks both destinations have; RuntimeError when one of them refused any."""
    destinations = agent.status()["destinations"]
    held = {name: one["held"] for name, one in destinations.items() if one["held"]}
    if held:
        raise RuntimeError(f"not all was delivered: {held}")
    return min(int(one["counts"].get("delivered", 0)) for one in destinations.values())


def _idle(agent: AgentProcess, port: int, idle_s: float) -> float:
    """Return the share of one core that the agent uses while a forwarder does no more than ping."""
    time.sleep(REST_S)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as forwarder:
        before, began = agent.usage().cpu_s, time.monotonic()
        while (passed := time.monotonic() - began) < idle_s:
            forwarder.sendto(PullData(2, 0, GATEWAY).to_bytes(), ("127.0.0.1", port))
            time.sleep(min(PING_S, idle_s - passed))
        return (agent.usage().cpu_s - before) / (time.monotonic() - began)


@contextlib.asynccontextmanager
async def _platforms(folder: Path) -> AsyncIterator[str]:
    """Run a broker and a receiver for the block; give the destinations."""
    receiver = NgsiLdReceiver()
    await receiver.start()
    try:
        async with Mosquitto(folder / "mosquitto") as broker:
            yield DESTINATIONS.format(mqtt=broker.port, http=receiver.url)
    finally:
        await receiver.stop()


def shown(found: Footprint) -> str:
    """Return the table."""
    rows = [
        ("memory when started, MB", figures.shown(found.started_rss / 1e6), "", ""),
        ("memory at its peak, MB", *_judged(found.peak_rss / 1e6, RSS_LIMIT / 1e6)),
        ("idle, % of one core", *_judged(found.idle_share * 100, IDLE_LIMIT * 100)),
    ]
    return figures.table(("", "found", "limit", ""), rows)


def _judged(found: float, limit: float) -> tuple[str, str, str]:
    return figures.shown(found), figures.shown(limit), "kept" if found < limit else "BROKEN"


def main() -> None:
    """Measure and print."""
    report("bench.footprint", __doc__ or "", measure, shown, "to an MQTT and an HTTP destination")


def report(
    prog: str,
    description: str,
    measure: Callable[[int, int, float], Coroutine[Any, Any, FoundT]],
    shown: Callable[[FoundT], str],
    beside: str,
) -> None:
    """Read how much is to be measured from the command line, measure it, and print it, for people or for programs."""
    parser = argparse.ArgumentParser(prog=prog, description=description)
    parser.add_argument("--devices", type=int, default=1000)
    parser.add_argument("--uplinks", type=int, default=5000)
    parser.add_argument("--idle", type=float, default=30.0, metavar="S", help="seconds of idleness, each time (30)")
    parser.add_argument("--json", action="store_true", help="for programs")
    options = parser.parse_args()
    facts = figures.machine()
    found = asyncio.run(measure(options.devices, options.uplinks, options.idle))
    if options.json:
        said = {"devices": options.devices, "uplinks": options.uplinks, "idle_s": options.idle}
        figures.print_json({"machine": facts, "options": said, **asdict(found)})
        return
    words = f"{options.uplinks} uplinks of {options.devices} devices {beside}"
    print(f"{figures.machine_line(facts)}\n{words}; idle for {options.idle:g} s\n\n{shown(found)}")


if __name__ == "__main__":
    main()
