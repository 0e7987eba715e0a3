"""A real Prometheus scrapes an agent with a token, and reckons with the rules and the dashboard's queries."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import aiohttp
import pytest
import yaml

from gateway.web.roles import Role
from gateway.web.tokens import made
from simulators.ports import free_tcp_port
from tests.observe.listening import is_open, listening
from tests.observe.test_examples import RULES, panels
from tests.pipeline.rig import LIMIT_S, PAUSE_S
from tests.web.visiting import write_tokens

PROGRAM: Final = shutil.which("prometheus")
OPEN_TO_ALL = '[metrics]\nport = 0\nhost = "0.0.0.0"\n'

pytestmark = pytest.mark.skipif(PROGRAM is None, reason="prometheus is not installed; scripts/test installs it")


@dataclass(frozen=True, slots=True)
class Prometheus:
    """One that runs."""

    url: str
    session: aiohttp.ClientSession

    async def ask(self, path: str, **query: str) -> Any:
        """Return the data of an answer; AssertionError where it is an error."""
        async with self.session.get(f"{self.url}/api/v1/{path}", params=query) as answer:
            told = await answer.json()
            assert told["status"] == "success", (query, told)
            return told["data"]

    async def until(self, holds: Callable[[Any], bool], path: str, **query: str) -> Any:
        """Return the first answer of which ``holds``."""
        async with asyncio.timeout(LIMIT_S):
            while True:
                with contextlib.suppress(aiohttp.ClientError):  # it begins: no port yet, or 503
                    if holds(found := await self.ask(path, **query)):
                        return found
                await asyncio.sleep(PAUSE_S)


@contextlib.asynccontextmanager
async def prometheus(folder: Path, target: str, token: str) -> AsyncIterator[Prometheus]:
    assert PROGRAM is not None
    job = {
        "job_name": "brygga",
        "authorization": {"credentials": token},
        "static_configs": [{"targets": [target]}],
    }
    often = {"scrape_interval": "1s", "evaluation_interval": "1s"}
    written = folder / "prometheus.yml"
    written.write_text(yaml.safe_dump({"global": often, "rule_files": [str(RULES)], "scrape_configs": [job]}), "utf-8")
    port = free_tcp_port()
    process = await asyncio.create_subprocess_exec(
        PROGRAM,
        f"--config.file={written}",
        f"--storage.tsdb.path={folder / 'tsdb'}",
        f"--web.listen-address=127.0.0.1:{port}",
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        async with aiohttp.ClientSession() as session:
            yield Prometheus(f"http://127.0.0.1:{port}", session)
    finally:
        process.kill()
        await process.wait()


async def test_prometheus_scrapes_and_reckons(tmp_path: Path) -> None:
    token, kept = made("prometheus", Role.METRICS, "2026-11-26")
    async with listening(tmp_path, OPEN_TO_ALL) as box:
        write_tokens(box.data, kept)
        port = (await box.standing(is_open))["listening"].rpartition(":")[2]
        async with prometheus(tmp_path, f"127.0.0.1:{port}", token) as asked:
            (uptime,) = (
                await asked.until(lambda found: bool(found["result"]), "query", query="brygga_uptime_seconds")
            )["result"]
            (target,) = (await asked.ask("targets"))["activeTargets"]
            (group,) = (
                await asked.until(
                    lambda found: all(one["health"] != "unknown" for one in found["groups"][0]["rules"]), "rules"
                )
            )["groups"]
            for panel in panels():
                for one in panel.get("targets", ()):
                    query = one["expr"].replace("$__rate_interval", "5m").replace("$job", "brygga")
                    await asked.ask("query", query=query.replace("$instance", ".*").replace("$destination", ".*"))

    assert uptime["metric"] == {"__name__": "brygga_uptime_seconds", "job": "brygga", "instance": f"127.0.0.1:{port}"}
    assert (target["health"], target["lastError"]) == ("up", "")
    assert {one["name"]: one.get("lastError") for one in group["rules"] if one["health"] != "ok"} == {}
