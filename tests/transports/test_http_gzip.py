"""Compressed bodies: found out with the first of them, and never the reason that something is lost."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from aiohttp import web

from gateway.model import Answer, Verdict
from gateway.transports.packing import NO_GZIP, SMALLEST

from .web_platform import MakeHttp, Platform, Respond, one, post

LONG = b'{"said":"' + b"again and " * 100 + b'"}'


def plain_only(status: int) -> Callable[[Platform], Respond]:
    """Return a platform that does not know Content-Encoding, and complains with ``status`` of what it cannot read."""

    def respond(platform: Platform) -> Respond:
        async def answer(_: web.Request) -> web.StreamResponse:
            encoded = "Content-Encoding" in platform.headers[-1]
            return web.Response(status=status if encoded else 204)

        return answer

    return respond


async def test_a_long_body_goes_compressed_and_arrives_as_it_was(platform: Platform, make_http: MakeHttp) -> None:
    transport = make_http(platform.url, gzip=True)

    answers = [await one(transport, post(LONG)) for _ in range(2)]

    assert [one.verdict for one in answers] == [Verdict.TAKEN] * 2
    assert [body for _, _, body in platform.asked] == [LONG, LONG]
    assert [sent["Content-Encoding"] for sent in platform.headers] == ["gzip", "gzip"]
    assert int(platform.headers[0]["Content-Length"]) < len(LONG) / 5
    counts = transport.status()["counts"]
    assert counts["gzip_saved_octets"] == 2 * (len(LONG) - int(platform.headers[0]["Content-Length"]))


async def test_a_short_body_goes_plain(platform: Platform, make_http: MakeHttp) -> None:
    transport = make_http(platform.url, gzip=True)

    await one(transport, post(b"x" * (SMALLEST - 1)))

    assert "Content-Encoding" not in platform.headers[0]


async def test_without_being_asked_nothing_is_compressed(platform: Platform, make_http: MakeHttp) -> None:
    transport = make_http(platform.url)

    await one(transport, post(LONG))

    assert "Content-Encoding" not in platform.headers[0]
    assert transport.status()["notes"] == []


@pytest.mark.parametrize("status", [400, 415, 422, 500])
async def test_a_platform_that_cannot_read_it_gets_plain_bodies_from_then_on(
    platform: Platform, make_http: MakeHttp, status: int
) -> None:
    transport = make_http(platform.url, gzip=True)
    platform.respond = plain_only(status)(platform)

    answers: list[Answer] = [await one(transport, post(LONG)) for _ in range(2)]

    assert [one.status for one in answers] == [204, 204]
    assert ["Content-Encoding" in sent for sent in platform.headers] == [True, False, False]
    assert transport.status()["notes"] == [NO_GZIP]


async def test_a_body_that_is_refused_both_ways_is_refused_and_decides_nothing(
    platform: Platform, make_http: MakeHttp
) -> None:
    async def refuses(_: web.Request) -> web.StreamResponse:
        return web.Response(status=400)

    transport = make_http(platform.url, gzip=True)
    platform.respond = refuses

    answer = await one(transport, post(LONG))

    assert (answer.verdict, answer.status) == (Verdict.REFUSED, 400)
    assert ["Content-Encoding" in sent for sent in platform.headers] == [True, False]
    assert transport.status()["notes"] == []


@pytest.mark.parametrize("status", [401, 429, 503])
async def test_what_is_about_the_way_there_is_not_asked_twice(
    platform: Platform, make_http: MakeHttp, status: int
) -> None:
    async def later(_: web.Request) -> web.StreamResponse:
        return web.Response(status=status)

    transport = make_http(platform.url, gzip=True)
    platform.respond = later

    answer = await one(transport, post(LONG))

    assert answer.verdict is Verdict.LATER
    assert len(platform.asked) == 1
