"""The agent as its command: how it starts, and how it ends."""

from __future__ import annotations

import asyncio
import signal
from dataclasses import replace
from pathlib import Path

import pytest

from gateway.agent import first_cause
from gateway.config import make_data_folder
from gateway.errors import Busy
from gateway.journal import Changes, Journal, Registration
from gateway.model import Device, Key, RootKeys
from tests.agent.process import (
    CONFIGURATION,
    START_LIMIT_S,
    STOP_LIMIT_S,
    rewrite,
    running,
    status,
)
from tests.journal.samples import DEV_EUI, clock, uplink


async def test_a_running_agent_shows_itself_and_ends_by_sigterm_with_0(configuration: Path) -> None:
    async with running(configuration, asyncio.create_subprocess_exec) as process:
        shown = await status(configuration)
        process.terminate()
        async with asyncio.timeout(STOP_LIMIT_S):
            code = await process.wait()

    assert shown["agent"] == {"name": "test-gateway", "version": shown["agent"]["version"], "running": True}
    assert shown["sources"][0]["listening"].startswith("127.0.0.1:")
    assert {name: one["configured"] for name, one in shown["destinations"].items()} == {"city": True, "archive": True}
    assert code == 0
    assert not (configuration.parent / "data" / "control.sock").exists()


async def test_ctrl_c_ends_it_too(configuration: Path) -> None:
    async with running(configuration, asyncio.create_subprocess_exec) as process:
        process.send_signal(signal.SIGINT)
        async with asyncio.timeout(STOP_LIMIT_S):
            code = await process.wait()

    assert code == 0


@pytest.mark.parametrize("name", ["city", "archive"])
async def test_a_platform_that_never_answers_does_not_keep_it_from_ending(configuration: Path, name: str) -> None:
    asked, left = asyncio.Event(), asyncio.Event()

    async def be_silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.set()
        while await reader.read(1024):  # no limit: until the agent hangs up
            pass
        writer.close()
        left.set()

    await keep_an_uplink(configuration, name)
    async with await asyncio.start_server(be_silent, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        rewrite(configuration, CONFIGURATION.replace("127.0.0.1:1", f"127.0.0.1:{port}"))
        async with running(configuration) as process, asyncio.timeout(START_LIMIT_S):
            await asked.wait()
            process.terminate()
            async with asyncio.timeout(STOP_LIMIT_S):
                code = await process.wait()
            await left.wait()

    assert code == 0


async def keep_an_uplink(configuration: Path, destination: str) -> None:
    """Leave an uplink in the journal that ``destination`` has yet to get."""
    make_data_folder(configuration.parent / "data")
    journal = await Journal.open(configuration.parent / "data" / "journal.db", clock=clock, destinations=[destination])
    try:
        device = Device(dev_eui=DEV_EUI, decoder="elsys/ers")
        await journal.put_devices([Registration(device=device, root_keys=RootKeys(app_key=Key(bytes(16))))])
        heard = replace(uplink(1, payload=bytes.fromhex("0100e2 0229")), f_port=5)
        await journal.commit(Changes(uplinks=(heard,)))
    finally:
        await journal.close()


async def test_what_it_writes_is_its_users_alone(configuration: Path) -> None:
    data = configuration.parent / "data"

    async with running(configuration):
        modes = {path.name: path.stat().st_mode & 0o777 for path in (data, *data.iterdir())}

    assert modes.pop("data") & 0o027 == 0
    assert {name: mode & 0o077 for name, mode in modes.items()} == dict.fromkeys(modes, 0)
    assert {"journal.db", "control.sock"} <= modes.keys()


async def test_it_starts_again_after_a_kill(configuration: Path) -> None:
    async with running(configuration) as process:
        process.kill()
        await process.wait()
    left = (configuration.parent / "data" / "control.sock").exists()

    async with running(configuration):
        shown = await status(configuration)

    assert left
    assert shown["agent"]["running"] is True


async def test_the_status_of_a_stopped_agent_is_read_from_its_journal(configuration: Path) -> None:
    async with running(configuration):
        pass

    shown = await status(configuration)

    assert shown["agent"]["running"] is False
    assert set(shown["destinations"]) == {"city", "archive"}


def test_the_first_cause_is_found_in_groups_of_groups() -> None:
    cause = Busy("x")
    group = BaseExceptionGroup("a", [BaseExceptionGroup("b", [cause, KeyboardInterrupt()])])

    assert first_cause(group) is cause
