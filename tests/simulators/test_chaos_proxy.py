"""The bad line: what each mood does to connections and octets, and that nothing of it stays."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from simulators.chaos_proxy import ChaosProxy, Mood, Way, main

LIMIT_S = 10.0
A_MOMENT_S = 0.05  # in which nothing is to come

Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@pytest.fixture
async def echo() -> AsyncIterator[tuple[str, int]]:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while octets := await reader.read(1024):
            writer.write(octets)
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    yield server.sockets[0].getsockname()[:2]
    server.close()
    await server.wait_closed()


@asynccontextmanager
async def dialled(proxy: ChaosProxy) -> AsyncIterator[Connection]:
    reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
    try:
        yield reader, writer
    finally:
        writer.transport.abort()


async def said(connection: Connection, octets: bytes, limit_s: float = LIMIT_S) -> bytes:
    connection[1].write(octets)
    async with asyncio.timeout(limit_s):
        return await connection[0].readexactly(len(octets))


async def test_a_good_line_carries_every_octet(echo: tuple[str, int]) -> None:
    async with ChaosProxy(echo) as proxy, dialled(proxy) as connection:
        heard = await said(connection, bytes(range(256)) * 400)

    assert heard == bytes(range(256)) * 400
    assert proxy.counts["connections"] == 1


async def test_a_delayed_and_narrow_line_takes_its_time(echo: tuple[str, int]) -> None:
    async with ChaosProxy(echo, mood=Mood(delay_s=0.03, octets_per_s=20_000)) as proxy, dialled(proxy) as connection:
        began = time.monotonic()
        await said(connection, bytes(1000))
        took = time.monotonic() - began

    assert took >= 2 * (0.03 + 0.05)


async def test_a_black_hole_keeps_what_is_said_and_gives_it_when_it_ends(echo: tuple[str, int]) -> None:
    async with ChaosProxy(echo) as proxy, dialled(proxy) as connection:
        await said(connection, b"before")
        await proxy.become(Mood(way=Way.BLACK_HOLE))
        with pytest.raises(TimeoutError):
            await said(connection, b"within", A_MOMENT_S)
        await proxy.become(Mood())
        async with asyncio.timeout(LIMIT_S):
            late = await connection[0].readexactly(6)

    assert late == b"within"


async def test_whoever_dials_into_a_black_hole_is_connected_and_hears_nothing(echo: tuple[str, int]) -> None:
    async with ChaosProxy(echo, mood=Mood(way=Way.BLACK_HOLE)) as proxy, dialled(proxy) as connection:
        with pytest.raises(TimeoutError):
            await said(connection, b"?", A_MOMENT_S)


async def test_a_silent_line_never_says_anything(echo: tuple[str, int]) -> None:
    async with ChaosProxy(echo, mood=Mood(way=Way.SILENT)) as proxy, dialled(proxy) as connection:
        await proxy.become(Mood())
        with pytest.raises(TimeoutError):
            await said(connection, b"?", A_MOMENT_S)


async def test_a_line_that_refuses_ends_all_and_takes_nobody_until_it_is_well(echo: tuple[str, int]) -> None:
    async with ChaosProxy(echo) as proxy:
        async with dialled(proxy) as connection:
            await said(connection, b"before")
            await proxy.become(Mood(way=Way.REFUSE))
            with pytest.raises((OSError, asyncio.IncompleteReadError)):
                await said(connection, b"?")
            with pytest.raises(ConnectionRefusedError):
                await asyncio.open_connection("127.0.0.1", proxy.port)
        await proxy.become(Mood())
        async with dialled(proxy) as connection:
            assert await said(connection, b"again") == b"again"


async def test_a_cut_ends_the_connections_that_are_there(echo: tuple[str, int]) -> None:
    async with ChaosProxy(echo) as proxy, dialled(proxy) as connection:
        await said(connection, b"before")
        count = proxy.cut()
        with pytest.raises((OSError, asyncio.IncompleteReadError)):
            await said(connection, b"?")

    assert count == 1


async def test_a_half_closed_line_says_that_no_more_comes(echo: tuple[str, int]) -> None:
    async with ChaosProxy(echo) as proxy, dialled(proxy) as connection:
        await said(connection, b"before")
        proxy.half_close()
        async with asyncio.timeout(LIMIT_S):
            rest = await connection[0].read()

        assert rest == b""
        connection[1].write(b"heard by nobody")


async def lives(echo: tuple[str, int], seed: int) -> int:
    """Return how many pieces of 100 octets go through before the line breaks."""
    async with ChaosProxy(echo, mood=Mood(cut_every=2000), seed=seed) as proxy, dialled(proxy) as connection:
        for count in range(10_000):
            try:
                await said(connection, bytes(100))
            except (OSError, asyncio.IncompleteReadError):
                return count
    raise AssertionError("it never broke")


async def test_the_seed_decides_when_a_line_breaks(echo: tuple[str, int]) -> None:
    first, again, other = [await lives(echo, seed) for seed in (1, 1, 2)]

    assert first == again != other


async def test_a_target_that_is_away_is_away_through_the_line(echo: tuple[str, int]) -> None:
    async with ChaosProxy(("127.0.0.1", 1)) as proxy, dialled(proxy) as connection:
        with pytest.raises((OSError, asyncio.IncompleteReadError)):
            await said(connection, b"?")


def test_the_command_obeys_words_on_standard_input() -> None:
    words = "black-hole\ncut\nnonsense\nwell\nend\n"

    done = subprocess.run(
        [sys.executable, "-m", "simulators.chaos_proxy", "--to", "127.0.0.1:1"],
        input=words,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )

    first, *answers = done.stdout.splitlines()
    assert first.startswith("listening on 127.0.0.1:")
    assert answers[:2] == ["black-hole", "cut 0"]
    assert answers[2].startswith("'nonsense' is none of well, ")
    assert answers[3:] == ["well"]


@pytest.mark.parametrize("address", ["1883", "host:", "host:x", "host:70000"])
def test_an_address_that_is_none_is_refused(address: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["--to", address])

    assert "HOST:PORT" in capsys.readouterr().err
