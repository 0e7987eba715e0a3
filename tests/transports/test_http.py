"""HTTP: each request as it is, each answer as its status says."""

from __future__ import annotations

import asyncio
import base64
from dataclasses import replace
from datetime import timedelta

import pytest
from aiohttp import web

from gateway.model import Request, Verdict
from gateway.transports.service import ApiKey, Basic, Bearer, Login

from .web_platform import SECRET, MakeHttp, Platform, one, post, served

LATER, REFUSED, TAKEN, UNCLEAR = Verdict.LATER, Verdict.REFUSED, Verdict.TAKEN, Verdict.UNCLEAR


async def test_a_request_goes_out_as_it_is(platform: Platform, make_http: MakeHttp) -> None:
    transport = make_http(f"{platform.url}/ngsi/", headers={"Fiware-Service": "sundsvall"})
    target = "/v1/entities/urn:ngsi-ld:Thing:1?options=a,b&q=%C3%A5"

    answer = await one(
        transport,
        Request(
            target=target, body=b"\x00\xff", content_type="application/ld+json", method="PATCH", headers={"Link": "<x>"}
        ),
    )

    assert (answer.verdict, answer.status, answer.detail) == (TAKEN, 201, "201 Created")
    assert platform.asked == [("PATCH", f"/ngsi{target}", b"\x00\xff")]
    sent = platform.headers[0]
    assert sent["Content-Type"] == "application/ld+json"
    assert (sent["Link"], sent["Fiware-Service"], sent["User-Agent"]) == ("<x>", "sundsvall", "brygga")


async def test_a_request_without_body_has_no_content_type(platform: Platform, make_http: MakeHttp) -> None:
    transport = make_http(platform.url)

    await one(transport, Request(target="/", body=b"", content_type="", method="GET"))

    assert platform.asked == [("GET", "/", b"")]
    assert "Content-Type" not in platform.headers[0]


LOGINS: list[tuple[Login, str, str]] = [
    (Bearer(SECRET), "Authorization", "Bearer hunter2"),
    (Basic("gåte", SECRET), "Authorization", "Basic " + base64.b64encode("gåte:hunter2".encode()).decode()),
    (ApiKey("X-API-Key", SECRET), "X-API-Key", "hunter2"),
]


@pytest.mark.parametrize(("login", "header", "value"), LOGINS)
async def test_a_credential_goes_along_and_is_shown_to_nobody(
    platform: Platform, make_http: MakeHttp, login: Login, header: str, value: str
) -> None:
    transport = make_http(platform.url, login=login)

    answer = await one(transport)

    assert platform.headers[0][header] == value
    assert "hunter2" not in f"{answer} {transport.status()} {transport!r}"
    assert any("in the clear" in note for note in transport.status()["notes"])


STATUSES = [
    (200, TAKEN),
    (202, TAKEN),
    (204, TAKEN),
    (207, TAKEN),
    (301, LATER),
    (304, LATER),
    (307, LATER),
    (400, REFUSED),
    (401, LATER),
    (403, LATER),
    (404, LATER),
    (405, LATER),
    (407, LATER),
    (408, LATER),
    (409, REFUSED),
    (410, REFUSED),
    (413, REFUSED),
    (415, REFUSED),
    (422, REFUSED),
    (425, LATER),
    (429, LATER),
    (499, LATER),
    (500, LATER),
    (503, LATER),
    (507, LATER),
]


@pytest.mark.parametrize(("status", "expected"), STATUSES)
async def test_the_status_decides(platform: Platform, make_http: MakeHttp, status: int, expected: Verdict) -> None:
    async def respond(_: web.Request) -> web.StreamResponse:
        return web.Response(status=status)

    platform.respond = respond

    answer = await one(make_http(platform.url))

    assert (answer.verdict, answer.status) == (expected, status)
    assert answer.detail.startswith(str(status))


async def test_the_words_of_the_platform_reach_the_answer(platform: Platform, make_http: MakeHttp) -> None:
    async def respond(_: web.Request) -> web.StreamResponse:
        return web.json_response({"title": "no\nsuch type"}, status=422, headers={"Location": "/x"})

    platform.respond = respond

    answer = await one(make_http(platform.url))

    assert answer.detail == '422 Unprocessable Entity: {"title": "no\\nsuch type"}'
    assert answer.body == b'{"title": "no\\nsuch type"}'
    assert answer.headers["location"] == "/x"  # names of headers have no case


async def test_a_platform_that_repeats_a_token_of_the_path_tells_it_to_nobody(
    platform: Platform, make_http: MakeHttp
) -> None:
    async def respond(request: web.Request) -> web.StreamResponse:  # as Spring does, and so ThingsBoard
        path = f"https://things.example{request.path}"
        return web.json_response({"status": 404, "path": request.path}, status=404, headers={"Location": path})

    platform.respond = respond
    asked = replace(post(target="/api/v1/A1TOKENab2/telemetry"), secrets=frozenset({"A1TOKENab2"}))

    answer = (await make_http(platform.url).send([asked]))[0]

    assert b"A1TOKEN" not in answer.body
    assert "A1TOKEN" not in answer.detail
    assert "/api/v1/(secret)/telemetry" in answer.detail


async def test_a_redirect_is_not_followed_with_our_credential(platform: Platform, make_http: MakeHttp) -> None:
    async def respond(_: web.Request) -> web.StreamResponse:
        raise web.HTTPTemporaryRedirect("http://elsewhere.example/")

    platform.respond = respond

    answer = await one(make_http(platform.url, login=Bearer(SECRET)))

    assert answer.verdict is LATER
    assert "points to 'http://elsewhere.example/': set the URL to that" in answer.detail
    assert len(platform.asked) == 1


@pytest.mark.parametrize(
    ("headers", "expected_s"),
    [
        ({}, None),
        ({"Retry-After": "120"}, 120),
        ({"Retry-After": "0"}, 0),
        ({"Retry-After": "99999999999999"}, 86400),
        ({"Retry-After": "soon"}, None),
        ({"Retry-After": "-1"}, None),
        ({"Retry-After": "١"}, None),
        ({"Retry-After": "Tue, 24 Nov 2026 12:01:30 GMT", "Date": "Tue, 24 Nov 2026 12:01:00 GMT"}, 30),
        ({"Retry-After": "Tue, 24 Nov 2026 12:00:30 GMT", "Date": "Tue, 24 Nov 2026 12:01:00 GMT"}, 0),
    ],
)
async def test_retry_after_is_understood(
    platform: Platform, make_http: MakeHttp, headers: dict[str, str], expected_s: int | None
) -> None:
    async def respond(_: web.Request) -> web.StreamResponse:
        return web.Response(status=503, headers=headers)

    platform.respond = respond

    answer = await one(make_http(platform.url))

    assert answer.retry_after == (None if expected_s is None else timedelta(seconds=expected_s))


# ── many at once ──


async def test_answers_come_in_the_order_of_the_requests(platform: Platform, make_http: MakeHttp) -> None:
    async def respond(request: web.Request) -> web.StreamResponse:
        number = int(request.path.rsplit("/", 1)[1])
        await asyncio.sleep(0.02 if number % 3 == 0 else 0)
        return web.Response(status=200, text=str(number))

    platform.respond = respond
    transport = make_http(platform.url, concurrency=5)

    answers = await transport.send([post(target=f"/{number}") for number in range(30)])

    assert [answer.body for answer in answers] == [str(number).encode() for number in range(30)]
    assert platform.most_at_once == 5


async def test_a_platform_that_goes_away_in_the_middle_leaves_the_rest_for_later(make_http: MakeHttp) -> None:
    platform = Platform()
    runner = await served(platform)

    async def go_away(_: web.Request) -> web.StreamResponse:
        for site in list(runner.sites):
            await site.stop()
        return web.Response(headers={"Connection": "close"})

    platform.respond = go_away
    transport = make_http(platform.url, concurrency=1)

    answers = await transport.send([post() for _ in range(4)])
    await runner.cleanup()

    assert [answer.verdict for answer in answers] == [TAKEN, LATER, LATER, LATER]
    assert answers[1].detail.startswith("not sent: http://127.0.0.1")
    assert transport.status()["connected"] is False
