"""The command that runs a stand-in, as an installer types it."""

from __future__ import annotations

import asyncio
import signal
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from gateway.model import Request
from tests.formats.telling import over_http
from tests.simulators.test_dry_run import checked, told


@asynccontextmanager
async def command(*arguments: str) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "gateway", "simulate", "platform", *arguments, stdout=PIPE, stderr=PIPE
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def test_the_command_says_what_to_write_shows_what_comes_and_ends_when_it_has_seen_enough() -> None:
    async with command("json", "--way", "http", "--port", "0", "--count", "2") as process:
        assert process.stdout is not None
        first = (await asyncio.wait_for(process.stdout.readline(), 20)).decode()
        there = over_http(first.split()[0])
        for body in (b'{"a":1}', b'{"a":'):
            await there.send([Request(target="/in", body=body, content_type="application/json")])
        await there.close()
        said, _ = await asyncio.wait_for(process.communicate(), 20)

    shown = said.decode()
    assert 'format = "json"' in shown
    assert "✓ POST /in" in shown
    assert "→ 400 Bad Request: no JSON" in shown
    assert shown.splitlines()[-1] == "1 taken, 1 refused"
    assert process.returncode == 1


async def test_an_entity_that_had_to_be_made_first_is_no_refusal_in_the_count(tmp_path: Path) -> None:
    async with command("ngsi_ld_merge", "--port", "0", "--count", "1") as process:
        assert process.stdout is not None
        first = (await asyncio.wait_for(process.stdout.readline(), 20)).decode()
        text = (
            f'[[destination]]\nname = "dry-run"\nurl = "{first.split()[0]}"\nformat = "ngsi_ld"\noptions.way = "merge"'
        )
        async with told(checked(text, tmp_path)) as loop:
            await loop.to_its_end()
        said, _ = await asyncio.wait_for(process.communicate(), 20)

    assert said.decode().splitlines()[-1] == "1 taken, 0 refused"
    assert process.returncode == 0


async def test_a_person_who_ends_it_gets_the_count() -> None:
    async with command("senml", "--port", "0") as process:
        assert process.stdout is not None
        await asyncio.wait_for(process.stdout.readline(), 20)
        process.send_signal(signal.SIGINT)
        said, _ = await asyncio.wait_for(process.communicate(), 20)

    assert said.decode().splitlines()[-1] == "0 taken, 0 refused"
    assert process.returncode == 1


async def test_a_port_that_is_taken_is_said() -> None:
    server = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]

    async with command("ngsi_ld", "--port", str(port)) as process:
        _, complaint = await asyncio.wait_for(process.communicate(), 20)

    server.close()
    await server.wait_closed()
    assert f"127.0.0.1:{port} cannot be listened on" in complaint.decode()
    assert process.returncode == 1
