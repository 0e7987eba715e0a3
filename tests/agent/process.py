"""The `brygga` command as a process of its own; ``launch`` is how it is made, forked where nothing else is said."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from simulators.torture.agent_process import Launch
from tests import forked

BRYGGA = forked.BRYGGA
START_LIMIT_S = 30.0  # for a process to be up on a machine that does many other things
STOP_LIMIT_S = 10.0  # systemd gives 90; a source takes one second to drain, a destination three for its good-bye

CONFIGURATION = """
[gateway]
name = "test-gateway"
data = "data"
[clock]
trust = "system"
[[source]]
name = "mast"
type = "semtech_udp"
host = "127.0.0.1"
port = 0
[[destination]]
name = "city"
url = "mqtt://127.0.0.1:1"
format = "senml"
[[destination]]
name = "archive"
url = "http://127.0.0.1:1"
format = "ngsi_ld"
"""


def rewrite(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")


async def start(*arguments: str | Path, launch: Launch = forked.launch) -> asyncio.subprocess.Process:
    return await launch(
        *arguments, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE, stdin=asyncio.subprocess.DEVNULL
    )


async def ended(process: asyncio.subprocess.Process) -> tuple[int | None, str, str]:
    """Return exit code, output and complaints of a process that ends by itself."""
    try:
        async with asyncio.timeout(START_LIMIT_S):
            output, complaints = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return process.returncode, output.decode(), complaints.decode()


async def command(*arguments: str | Path) -> tuple[int | None, str, str]:
    return await ended(await start(BRYGGA, *arguments))


@contextlib.asynccontextmanager
async def running(configuration: Path, launch: Launch = forked.launch) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await start(BRYGGA, "run", "--config", configuration, launch=launch)
    assert process.stderr is not None
    try:
        async with asyncio.timeout(START_LIMIT_S):
            async for line in process.stderr:
                if b"started" in line:
                    break
            else:
                pytest.fail("the agent did not start")
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def status(configuration: Path) -> Any:
    code, output, complaints = await command("status", "--json", "--config", configuration)
    assert code == 0, complaints
    return json.loads(output)
