"""What the dashboard takes of a small machine: `python -m bench.footprint_web [--json]`.

As bench.footprint, with `[web]` and a password: a thousand devices, five thousand uplinks to two destinations while a page follows all that
happens; then logins, every file of the pages, lists, a device's past, the decoders searched. Peak memory (VmHWM), and the share of one core
that is used when nothing comes and nobody follows, and with one page open. At the end how long lists and pasts take to be answered.
"""

from __future__ import annotations

import asyncio
import contextlib
import statistics
import tempfile
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from bench import figures, radio
from bench.agent import AgentProcess, import_devices, running, write_configuration
from bench.fleet import Fleet, datagrams
from bench.footprint import HEARD_PER_S, IDLE_LIMIT, _idle, _judged, _platforms, delivered, report
from gateway.web.files import PAGES
from gateway.web.passwords import hashed

RSS_LIMIT = 110e6  # bytes
LIST_LIMIT_S = 0.3
PASSWORD = "a password of a bench"
LOGINS = 5
TIMES = 10
FOLLOWERS = 4
WEB = "\n[web]\nport = 0\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Footprint:
    """One run; bytes, seconds, and shares of one core."""

    started_rss: int
    delivered_rss: int  # at its peak until all was delivered
    peak_rss: int  # after the visits
    rss: int  # at the end
    idle_share: float
    followed_share: float
    list_s: float  # fifty devices of all, sorted: median
    history_s: float


async def measure(devices: int, uplinks: int, idle_s: float) -> Footprint:
    """Run once."""
    with tempfile.TemporaryDirectory(prefix="brygga-bench-") as name:
        async with _platforms(Path(name)) as destinations:
            fleet = Fleet(devices)
            configuration = write_configuration(Path(name), destinations + WEB)
            (Path(name) / "data" / "web.password").write_text(hashed(PASSWORD), encoding="ascii")
            await asyncio.to_thread(import_devices, configuration, fleet.csv())
            load = radio.Load(datagrams=datagrams(fleet.frames(uplinks)), most_per_s=HEARD_PER_S)
            with running(configuration) as agent:
                return await _visited(agent, fleet, load, idle_s)


async def _visited(agent: AgentProcess, fleet: Fleet, load: radio.Load, idle_s: float) -> Footprint:
    started, port = agent.usage(), agent.udp_port
    url = f"http://{agent.status()['web']['listening']}"
    async with aiohttp.ClientSession(url, cookie_jar=aiohttp.CookieJar(unsafe=True)) as visitor:
        await _log_in(visitor)
        async with _following(visitor, FOLLOWERS):
            await asyncio.to_thread(radio.send, port, load, lambda: delivered(agent))
            sent = agent.usage()
            list_s, history_s = await _look_around(visitor, fleet.members[0].end_device.dev_eui)
        peak = agent.usage()
        idle_share = await asyncio.to_thread(_idle, agent, port, idle_s)
        async with _following(visitor, 1):
            followed_share = await asyncio.to_thread(_idle, agent, port, idle_s)
        return Footprint(
            started_rss=started.peak_rss_bytes,
            delivered_rss=sent.peak_rss_bytes,
            peak_rss=peak.peak_rss_bytes,
            rss=agent.rss_bytes(),
            idle_share=idle_share,
            followed_share=followed_share,
            list_s=list_s,
            history_s=history_s,
        )


async def _log_in(visitor: aiohttp.ClientSession) -> None:
    for _ in range(LOGINS):
        async with visitor.post("/api/v1/session", json={"password": PASSWORD}) as answer:
            answer.raise_for_status()


@contextlib.asynccontextmanager
async def _following(visitor: aiohttp.ClientSession, count: int) -> AsyncIterator[None]:
    """Have pages that follow all that happens."""
    tasks = [asyncio.create_task(_follow(visitor), name="page") for _ in range(count)]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _follow(visitor: aiohttp.ClientSession) -> None:
    limit = aiohttp.ClientTimeout(total=None)
    async with visitor.get("/api/v1/live", timeout=limit) as answer:
        async for _ in answer.content.iter_any():
            pass


async def _look_around(visitor: aiohttp.ClientSession, dev_eui: str) -> tuple[float, float]:
    """Ask for all that pages ask for; return how long a list and a device's past take."""
    for file in PAGES.rglob("*"):
        if file.is_file():
            async with visitor.get(f"/{file.relative_to(PAGES).as_posix()}") as answer:
                await answer.read()
    for path in (
        "status",
        "site",
        "logs",
        "destinations",
        "decoders?search=elsys",
        "openapi.json",
        "devices?limit=500",
    ):
        await _took_s(visitor, path)
    listed = [await _took_s(visitor, "devices?sort=-rssi_dbm&limit=50") for _ in range(TIMES)]
    past = [await _took_s(visitor, f"devices/{dev_eui}/history?hours=168") for _ in range(TIMES)]
    return statistics.median(listed), statistics.median(past)


async def _took_s(visitor: aiohttp.ClientSession, path: str) -> float:
    began = time.perf_counter()
    async with visitor.get(f"/api/v1/{path}") as answer:
        answer.raise_for_status()
        await answer.read()
    return time.perf_counter() - began


def shown(found: Footprint) -> str:
    """Return the table."""
    rows = [
        ("memory when started, MB", figures.shown(found.started_rss / 1e6), "", ""),
        ("memory at its peak, all delivered, MB", figures.shown(found.delivered_rss / 1e6), "", ""),
        ("memory at its peak, after visits, MB", *_judged(found.peak_rss / 1e6, RSS_LIMIT / 1e6)),
        ("memory at the end, MB", figures.shown(found.rss / 1e6), "", ""),
        ("idle, % of one core", *_judged(found.idle_share * 100, IDLE_LIMIT * 100)),
        ("idle with a page open, % of one core", figures.shown(found.followed_share * 100), "", ""),
        ("a list of devices, ms", *_judged(found.list_s * 1000, LIST_LIMIT_S * 1000)),
        ("a device's past, ms", figures.shown(found.history_s * 1000), "", ""),
    ]
    return figures.table(("", "found", "limit", ""), rows)


def main() -> None:
    """Measure and print."""
    report(
        "bench.footprint_web", __doc__ or "", measure, shown, f"beside {FOLLOWERS} pages that follow, {LOGINS} logins"
    )


if __name__ == "__main__":
    main()
