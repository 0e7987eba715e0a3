"""HTTP: sent, and then no whole answer."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from aiohttp import web

from gateway.model import Verdict
from gateway.transports.service import Bearer

from .conftest import HandClock
from .web_platform import SECRET, MakeHttp, Platform, Speak, one, post

LATER, REFUSED, TAKEN, UNCLEAR = Verdict.LATER, Verdict.REFUSED, Verdict.TAKEN, Verdict.UNCLEAR


async def test_a_connection_closed_instead_of_an_answer_is_unclear(
    raw: Callable[[Speak], Awaitable[str]], make_http: MakeHttp
) -> None:
    async def speak(_: asyncio.StreamReader, __: asyncio.StreamWriter) -> None:
        return

    transport = make_http(await raw(speak))

    answer = await one(transport)

    assert (answer.verdict, answer.status) == (UNCLEAR, 0)
    assert answer.detail == "sent, and no answer: the platform closed the connection without an answer"
    assert transport.status()["last_error"] == answer.detail


async def test_a_reset_instead_of_an_answer_is_unclear(
    raw: Callable[[Speak], Awaitable[str]], make_http: MakeHttp
) -> None:
    async def speak(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.transport.abort()

    assert (await one(make_http(await raw(speak)), post(b"x" * 900_000))).verdict is UNCLEAR


async def test_a_half_closed_connection_is_unclear(raw: Callable[[Speak], Awaitable[str]], make_http: MakeHttp) -> None:
    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write_eof()
        await reader.read()

    assert (await one(make_http(await raw(speak)))).verdict is UNCLEAR


async def test_silence_is_unclear(raw: Callable[[Speak], Awaitable[str]], make_http: MakeHttp) -> None:
    async def speak(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        await reader.read()

    answer = await one(make_http(await raw(speak), connect_limit_s=0.1, total_limit_s=0.3))

    assert answer.verdict is UNCLEAR
    assert "time for the whole exchange was over" in answer.detail


@pytest.mark.parametrize("noise", [b"SSH-2.0-OpenSSH_9.2\r\n\r\n", b"HTTP/1.1 2000 OK\r\n\r\n", b"\x00" * 100])
async def test_what_is_no_http_is_unclear(
    raw: Callable[[Speak], Awaitable[str]], make_http: MakeHttp, noise: bytes
) -> None:
    async def speak(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(noise)

    answer = await one(make_http(await raw(speak), login=Bearer(SECRET)))

    assert answer.verdict is UNCLEAR
    assert "hunter2" not in answer.detail


BROKEN_BODIES = [
    (b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf", UNCLEAR, 0),
    (b"HTTP/1.1 207 Multi-Status\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n", UNCLEAR, 0),
    (b"HTTP/1.1 422 Unprocessable Entity\r\nContent-Length: 10\r\n\r\nhalf", REFUSED, 422),
    (b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 10\r\n\r\nhalf", LATER, 503),
]


@pytest.mark.parametrize(("response", "expected", "status"), BROKEN_BODIES)
async def test_a_body_that_breaks_off_makes_only_a_success_unclear(
    raw: Callable[[Speak], Awaitable[str]], make_http: MakeHttp, response: bytes, expected: Verdict, status: int
) -> None:
    async def speak(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(response)

    answer = await one(make_http(await raw(speak)))

    assert (answer.verdict, answer.status) == (expected, status)


async def test_a_slow_body_of_a_success_is_unclear_when_the_time_is_over(
    raw: Callable[[Speak], Awaitable[str]], make_http: MakeHttp
) -> None:
    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf")
        await reader.read()

    answer = await one(make_http(await raw(speak), connect_limit_s=0.1, total_limit_s=0.3))

    assert answer.verdict is UNCLEAR
    assert answer.detail == "200 OK, and then the body did not come in time"


@pytest.mark.parametrize("status", [200, 400])
async def test_a_huge_body_is_cut(platform: Platform, make_http: MakeHttp, status: int) -> None:
    async def respond(_: web.Request) -> web.StreamResponse:
        return web.Response(status=status, body=b"x" * 3_000_000)

    platform.respond = respond
    transport = make_http(platform.url, body_limit_octets=1000)

    first, second = await one(transport), await one(transport)

    assert first.body == second.body == b"x" * 1000
    assert first.verdict is (TAKEN if status == 200 else REFUSED)
    assert "only the first 1000 octets" in first.detail


async def test_an_answer_in_single_octets_is_a_whole_answer(
    raw: Callable[[Speak], Awaitable[str]], make_http: MakeHttp
) -> None:
    async def speak(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for octet in b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbody":
            writer.write(bytes([octet]))
            await asyncio.sleep(0)

    answer = await one(make_http(await raw(speak)))

    assert (answer.verdict, answer.body) == (TAKEN, b"body")


async def test_a_connection_is_used_again(platform: Platform, make_http: MakeHttp) -> None:
    peers: set[object] = set()

    async def respond(request: web.Request) -> web.StreamResponse:
        assert request.transport is not None
        peers.add(request.transport.get_extra_info("peername"))
        return web.Response(text="ok")

    platform.respond = respond
    transport = make_http(platform.url, concurrency=1)

    await transport.send([post()] * 20)

    assert len(peers) == 1


async def test_a_cancelled_send_leaves_nothing_behind(platform: Platform, make_http: MakeHttp) -> None:
    released = asyncio.Event()

    async def respond(_: web.Request) -> web.StreamResponse:
        await released.wait()
        return web.Response()

    platform.respond = respond
    transport = make_http(platform.url)

    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1):
            await transport.send([post()] * 10)

    released.set()
    platform.respond = platform._ok
    assert (await one(transport)).verdict is TAKEN


async def test_status_tells_how_the_last_exchange_went(
    platform: Platform, make_http: MakeHttp, clock: HandClock
) -> None:
    transport = make_http(platform.url)
    before = transport.status()["connected"]
    await one(transport)
    clock.passed_s = 12.0

    status = transport.status()

    assert before is None
    assert (status["connected"], status["last_answer_s"], status["counts"]) == (True, 12.0, {"taken": 1})
    assert status["last_error"] is None
