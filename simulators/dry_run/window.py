"""A window on a web platform: every exchange passes through it unchanged and is shown, wrong paths too."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping
from http import HTTPStatus
from typing import Any, Final

import aiohttp
from aiohttp import web
from yarl import URL

from simulators.dry_run.seen import Seen, Show
from simulators.dry_run.upset import Upsets, never

LARGEST: Final = 64 << 20  # octets of a body; the platform's own limit is behind it, and lower
LIMIT_S: Final = 60.0
OF_THE_HOP: Final = frozenset(
    {"connection", "content-length", "content-encoding", "host", "transfer-encoding", "date", "server"}
)


class Window:
    """Listen for a platform that listens elsewhere; ``token`` where the platform itself asks for none."""

    def __init__(
        self, platform: Any, show: Show, *, token: str = "", questions: Collection[tuple[str, int]] = ()
    ) -> None:
        """``questions``: methods and statuses by which such a platform says what is to be asked next."""
        self.upset: Upsets = never
        self._platform = platform
        self._questions = questions
        self._show = show
        self._token = token
        self._runner: web.AppRunner | None = None
        self._session: aiohttp.ClientSession | None = None

    async def start(self, host: str, port: int) -> str:
        """Listen, and return the URL below which the platform's paths begin."""
        inside = URL(await self._platform.start())
        app = web.Application(client_max_size=LARGEST)
        app.router.add_route("*", "/{tail:.*}", self._pass)
        self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=LIMIT_S))
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
        await self._runner.setup()
        await web.TCPSite(self._runner, host, port).start()
        return f"http://{host}:{self._runner.addresses[0][1]}{inside.path.rstrip('/')}"

    async def stop(self) -> None:
        """Close all connections."""
        if self._runner is not None:
            await self._runner.cleanup()
        if self._session is not None:
            await self._session.close()
        await self._platform.stop()

    async def _pass(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        if (upset := self.upset()) is not None:
            await asyncio.sleep(upset.delay_s)
            return web.Response(status=upset.status)
        try:
            response = self._stopped(request) or await self._asked(request, body)
        except (TimeoutError, aiohttp.ClientError) as error:
            response = web.Response(status=502, text=str(error))
        answer = bytes(response.body) if isinstance(response.body, bytes) else b""
        self._show(
            Seen(
                asked=f"{request.method} {request.raw_path}",
                kind=request.content_type if body else "",
                body=body,
                wire_octets=request.content_length or len(body),
                is_taken=response.status < 300 and not _names_errors(response.status, answer),
                answer=f"{response.status} {HTTPStatus(response.status).phrase}",
                why=answer.decode("utf-8", "replace"),
                is_question=(request.method, response.status) in self._questions,
            )
        )
        return response

    def _stopped(self, request: web.Request) -> web.Response | None:
        shown = {request.headers.get(name, "") for name in ("Authorization", "X-Auth-Token", "X-API-Key")}
        if not self._token or shown & {self._token, f"Bearer {self._token}"}:
            return None
        return web.Response(status=401, text="the token is not the one of --token")

    async def _asked(self, request: web.Request, body: bytes) -> web.Response:
        assert self._session is not None
        root = URL(self._platform.url).origin()
        async with self._session.request(
            request.method,
            URL(str(root).rstrip("/") + request.raw_path, encoded=True),
            data=body or None,
            headers=_passed_on(request.headers),
            skip_auto_headers=("Content-Type", "User-Agent", "Accept", "Accept-Encoding"),
            allow_redirects=False,
        ) as answer:
            return web.Response(status=answer.status, body=await answer.read(), headers=_passed_on(answer.headers))


def _passed_on(headers: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in headers.items() if name.lower() not in OF_THE_HOP}


def _names_errors(status: int, body: bytes) -> bool:
    """Tell whether a success names something that was not taken: a 207, a row of a DataArray."""
    return (status == 207 and b'"errors": []' not in body.replace(b":[]", b": []")) or (
        status == 201 and b'"error' in body
    )
