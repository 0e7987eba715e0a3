"""A whole agent as a process of its own, and the commands that an operator types beside it."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from gateway.devices_file import write_csv_with_keys
from gateway.journal import Registration
from gateway.model import Json
from simulators.packet_forwarder import PacketForwarder, Signal
from simulators.ports import free_udp_port
from simulators.torture.agent_process import AgentProcess
from tests.forked import launch
from tests.pipeline.rig import ROOF

EX_CONFIG = 78
LIMIT_S = 60.0  # a command starts within a second where nothing else runs; others do
PAUSE_S = 0.02

CONFIGURATION = """\
[gateway]
name = "test"
data = "data"
[clock]
trust = "system"
[[source]]
name = "radio"
type = "semtech_udp"
host = "127.0.0.1"
port = {port}
"""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a command ended."""

    code: int
    out: str
    err: str


async def brygga(folder: Path, *words: str) -> Outcome:
    process = await launch(
        sys.executable,
        *("-m", "gateway", *words, "--config", str(folder / "brygga.toml")),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(LIMIT_S):
            out, err = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.communicate()
    assert process.returncode is not None
    return Outcome(process.returncode, out.decode(), err.decode())


class Box:
    """A configuration in a folder, and the agent that runs with it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.server = ("127.0.0.1", free_udp_port())
        self.agent = AgentProcess(folder / "brygga.toml", folder / "agent.log", launch=launch)
        self.forwarder = PacketForwarder(ROOF, self.server, keep_alive_s=0.2)

    def write(self, *destinations: str) -> None:
        text = "\n".join([CONFIGURATION.format(port=self.server[1]), *destinations])
        (self.folder / "brygga.toml").write_text(text, encoding="utf-8")
        (self.folder / "data").mkdir(exist_ok=True)

    async def start(self, *registrations: Registration, destinations: Sequence[str] = ()) -> None:
        """Register devices and start the agent; return when it answers the gateway."""
        self.write(*destinations)
        await self.agent.ask("device", "import", "-", text=write_csv_with_keys(registrations))
        await self.agent.start()
        async with asyncio.timeout(LIMIT_S):
            await self.forwarder.connected()

    async def push(self, *frames: bytes) -> None:
        for frame in frames:
            assert await self.forwarder.push(Signal(phy_payload=frame))

    async def status(self, until: Callable[[Mapping[str, Json]], bool]) -> Mapping[str, Json]:
        """Return what `brygga status --json` says as soon as ``until`` likes it."""
        async with asyncio.timeout(LIMIT_S):
            while True:
                status = await self.agent.status()
                if until(status):
                    return status
                await asyncio.sleep(PAUSE_S)

    async def json(self, *words: str) -> Json:
        return json.loads(await self.agent.ask(*words, "--json"))
