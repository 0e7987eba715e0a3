"""A line on which nobody answers is given up, and so is what the kernel has not sent: it must not arrive when the network is back."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path

import pytest

from gateway.relay import station_line
from simulators.network_server_lns import NetworkServerLns
from tests.relay.scene import LIMIT_S, scene, until
from tests.relay.test_station_out import connected, foreign, hurried, relay_to

__all__ = ["hurried"]  # a fixture

READ_AT_ONCE = 65_536


class Ends:
    """How connections through a wire end, as the side of the server sees it: None is a goodbye."""

    def __init__(self, server: NetworkServerLns) -> None:
        self._target = server.port
        self.seen: list[type[Exception] | None] = []

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        back, out = await asyncio.open_connection("127.0.0.1", self._target)
        answers = asyncio.create_task(_pump(back, writer), name="wire back")
        self.seen.append(await _pump(reader, out))
        for each in (out, writer):
            each.close()
            with contextlib.suppress(ConnectionError):
                await each.wait_closed()
        await answers


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> type[Exception] | None:
    try:
        while octets := await reader.read(READ_AT_ONCE):
            writer.write(octets)
    except ConnectionError as error:
        return type(error)
    return None


@pytest.mark.parametrize(("answers_pings", "end"), [(False, ConnectionResetError), (True, type(None))])
async def test_what_the_kernel_has_not_sent_goes_with_a_line_that_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, answers_pings: bool, end: type[object]
) -> None:
    monkeypatch.setattr(station_line, "PONG_S", 0.3)
    async with NetworkServerLns() as server:
        ends = Ends(server)
        wire = await asyncio.start_server(ends.carry, "127.0.0.1", 0)
        async with wire:
            server.port_shown = wire.sockets[0].getsockname()[1]
            async with scene(tmp_path, relay_to(server)) as box:
                await connected(server, box)
                await box.hear(foreign(1))
                async with asyncio.timeout(LIMIT_S):
                    await server.until(lambda: server.of("updf") != [])
                server.answers_pings = answers_pings
                await until(lambda: answers_pings or box.status()["upstream"]["counts"].get("no_pong", 0) > 0)
            await until(lambda: len(ends.seen) >= 2)

    assert (ends.seen[1] or type(None)) is end  # the first asked for directions
