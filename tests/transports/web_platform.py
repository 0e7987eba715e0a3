"""A platform on the web that does as a test says, and the transport that speaks to it."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable

from aiohttp import web

from gateway.model import Answer, Request
from gateway.transports.http import Http
from gateway.transports.secret import Secret

MakeHttp = Callable[..., Http]
SECRET = Secret("hunter2")
Respond = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Platform:
    """A web server that keeps what it was asked, and answers as the test says."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str, bytes]] = []
        self.headers: list[dict[str, str]] = []
        self.respond: Respond = self._ok
        self.at_once = self.most_at_once = 0
        self.url = ""

    async def _ok(self, _: web.Request) -> web.StreamResponse:
        return web.Response(status=201)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.at_once += 1
        self.most_at_once = max(self.at_once, self.most_at_once)
        try:
            self.asked.append((request.method, request.raw_path, await request.read()))
            self.headers.append(dict(request.headers))
            return await self.respond(request)
        finally:
            self.at_once -= 1


async def served(platform: Platform, tls: ssl.SSLContext | None = None) -> web.AppRunner:
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", platform.handle)
    runner = web.AppRunner(app, access_log=None, handle_signals=False, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls)
    await site.start()
    scheme = "https" if tls else "http"
    platform.url = f"{scheme}://127.0.0.1:{runner.addresses[0][1]}"
    return runner


Speak = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def post(body: bytes = b"{}", target: str = "/v1/data") -> Request:
    return Request(target=target, body=body, content_type="application/json")


async def one(transport: Http, request: Request | None = None) -> Answer:
    (answer,) = await transport.send([request or post()])
    return answer
