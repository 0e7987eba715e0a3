"""The internet between an agent and a platform: what goes through, what a cut does, and that it mends on its port."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from simulators.demo.line import HOST, Line, _Near, line

LIMIT_S = 5.0
MUCH = 4 << 20  # octets: more than the sockets between hold


@pytest.fixture
async def echo() -> AsyncIterator[int]:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while octets := await reader.read(1 << 16):
                writer.write(octets)
                await writer.drain()
        except ConnectionError:
            pass  # that is what a cut line is
        finally:
            writer.close()

    server = await asyncio.start_server(answer, HOST, 0)
    yield server.sockets[0].getsockname()[1]
    server.close()


async def through(one: Line, octets: bytes) -> bytes:
    async with asyncio.timeout(LIMIT_S):
        reader, writer = await asyncio.open_connection(HOST, one.port)
        sending = asyncio.ensure_future(_send(writer, octets))
        answer = await reader.readexactly(len(octets))
        await sending
        writer.close()
        return answer


async def _send(writer: asyncio.StreamWriter, octets: bytes) -> None:
    writer.write(octets)
    await writer.drain()


async def test_all_octets_go_through_both_ways(echo: int) -> None:
    sent = bytes(range(256)) * (MUCH // 256)

    async with line(HOST, echo) as one:
        answer = await through(one, sent)

    assert answer == sent


class Agents(asyncio.Transport):
    """The transport of a connection that is read before its line has reached the platform, as Python 3.11.2 does."""

    def __init__(self) -> None:
        super().__init__()
        self.written = bytearray()
        self.heard = asyncio.Event()
        self.reads = True

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.written += data
        self.heard.set()

    def pause_reading(self) -> None:
        self.reads = False

    def resume_reading(self) -> None:
        self.reads = True

    def abort(self) -> None:
        self.reads = False


async def test_octets_that_come_before_the_platform_is_reached_are_kept_and_go_first(echo: int) -> None:
    agent = Agents()

    async with line(HOST, echo) as one, asyncio.timeout(LIMIT_S):
        near = _Near(one)
        near.connection_made(agent)
        near.data_received(b"early")
        read_meanwhile = agent.reads
        await agent.heard.wait()

    assert bytes(agent.written) == b"early"
    assert not read_meanwhile


async def test_a_cut_breaks_what_is_open_and_lets_nobody_in(echo: int) -> None:
    async with line(HOST, echo) as one, asyncio.timeout(LIMIT_S):
        reader, writer = await asyncio.open_connection(HOST, one.port)
        writer.write(b"hello")
        await reader.readexactly(5)

        one.cut()

        with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
            await reader.readexactly(1)
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection(HOST, one.port)
        writer.close()


async def test_it_mends_on_the_port_that_it_had(echo: int) -> None:
    async with line(HOST, echo) as one:
        port = one.port
        one.cut()
        await one.mend()

        answer = await through(one, b"again")

    assert (answer, one.port) == (b"again", port)


async def test_a_platform_that_is_not_there_is_a_broken_line() -> None:
    server = await asyncio.start_server(lambda _, writer: writer.close(), HOST, 0)
    port = server.sockets[0].getsockname()[1]
    server.close()

    async with line(HOST, port) as one, asyncio.timeout(LIMIT_S):
        reader, writer = await asyncio.open_connection(HOST, one.port)

        with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
            await reader.readexactly(1)
        writer.close()
