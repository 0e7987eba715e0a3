"""What the service manager hears of a whole process: the start, its line, a reload, the end."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.agent.process import BRYGGA, CONFIGURATION, rewrite

LIMIT_S = 30.0


@pytest.fixture
def configuration(tmp_path: Path) -> Path:
    path = tmp_path / "brygga.toml"
    rewrite(path, CONFIGURATION)
    path.chmod(0o644)
    return path


class Manager:
    """As much of systemd as listens."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        self._socket.bind(str(path))

    async def hears(self, start: str) -> str:
        """Return the next word that begins so; those before it are passed over."""
        async with asyncio.timeout(LIMIT_S):
            while True:
                said = (await asyncio.get_running_loop().sock_recv(self._socket, 4096)).decode()
                if said.startswith(start):
                    return said

    def close(self) -> None:
        self._socket.close()


@asynccontextmanager
async def service(manager: Manager, configuration: Path, *options: str) -> AsyncIterator[asyncio.subprocess.Process]:
    environment = {**os.environ, "NOTIFY_SOCKET": str(manager.path), "WATCHDOG_USEC": "2000000"}
    process = await asyncio.create_subprocess_exec(
        BRYGGA, "run", "--config", configuration, *options, stderr=asyncio.subprocess.PIPE, env=environment
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


@pytest.fixture
def manager(tmp_path: Path) -> Manager:
    return Manager(tmp_path / "notify")


async def test_start_line_food_reload_and_end_are_told(manager: Manager, configuration: Path) -> None:
    async with service(manager, configuration) as process:
        told = [await manager.hears(word) for word in ("EXTEND_TIMEOUT_USEC=", "READY=1", "STATUS=", "WATCHDOG=1")]
        os.kill(process.pid, signal.SIGHUP)
        told += [await manager.hears(word) for word in ("RELOADING=1\nMONOTONIC_USEC=", "READY=1")]
        rewrite(configuration, "[nonsense]\n")
        os.kill(process.pid, signal.SIGHUP)
        told += [await manager.hears(word) for word in ("RELOADING=1", "READY=1")]
        process.terminate()
        told.append(await manager.hears("STOPPING=1"))
        async with asyncio.timeout(LIMIT_S):
            code = await process.wait()
    manager.close()

    assert told[2] == "STATUS=1 source, 0 devices, all delivered"
    assert code == 0


def pipe_instead_of(path: Path) -> Callable[[], object]:
    """Put a pipe in a file's place, which is read until somebody has written all of it; return what puts the file back."""
    aside = path.rename(path.with_name("aside"))
    os.mkfifo(path)
    return lambda: aside.rename(path)


async def is_read(pipe: Path) -> int:
    """Return the writing end of a pipe as soon as somebody reads it."""
    async with asyncio.timeout(LIMIT_S):
        while True:
            try:
                return os.open(pipe, os.O_WRONLY | os.O_NONBLOCK)
            except OSError:
                await asyncio.sleep(0.01)


async def test_who_asks_for_a_reload_while_the_agent_starts_has_it_as_soon_as_it_can_be(
    manager: Manager, configuration: Path
) -> None:
    give_back = pipe_instead_of(configuration)
    async with service(manager, configuration) as process:
        pipe = await is_read(configuration)
        os.kill(process.pid, signal.SIGHUP)
        give_back()
        os.write(pipe, CONFIGURATION.encode())
        os.close(pipe)
        told = [await manager.hears(word) for word in ("READY=1", "RELOADING=1", "READY=1")]
        process.terminate()
        async with asyncio.timeout(LIMIT_S):
            code = await process.wait()
    manager.close()

    assert told[1].startswith("RELOADING=1")
    assert code == 0


async def test_a_log_for_programs_is_one_object_a_line_from_the_first_on(manager: Manager, configuration: Path) -> None:
    rewrite(configuration, CONFIGURATION + 'token = "in the clear"\n')
    async with service(manager, configuration, "--log-format", "json", "--log-level", "warning") as process:
        await manager.hears("READY=1")
        process.terminate()
        assert process.stderr is not None
        async with asyncio.timeout(LIMIT_S):
            log = (await process.stderr.read()).decode().splitlines()
    manager.close()

    assert log
    assert all(line.startswith('{"time": ') and '"level": "warning"' in line for line in log)
    assert any("every user can read it" in line for line in log)
