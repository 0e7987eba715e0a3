"""A platform nobody has met, over HTTP: takes JSON or text on any path, checks what it can check, keeps all of it.

Its manners are those that RFC 9110 gives each status: 401 without the token, 415 for a media type it does not read, 400 for JSON that is
none, 413 over its limit, 422 for what its ``judge`` does not like. (MQTT's counterpart is `simulators.platforms.mqtt`.)
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from aiohttp import web

LARGEST_BODY: Final = 1 << 20  # octets
Json = Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What it does instead of answering well; ``silent`` takes everything and hangs up."""

    status: int = 0  # 0: as if nothing were wrong
    retry_after_s: int | None = None
    delay_s: float = 0
    silent: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """A message as it came."""

    method: str
    path: str  # as it was written, with its query
    content_type: str
    uplink: str  # of the header
    body: bytes

    @property
    def json(self) -> Json:
        """Return what a JSON body says."""
        return json.loads(self.body)


@dataclass(slots=True)
class Kept:
    """What it took."""

    messages: list[Received] = field(default_factory=list)
    uplinks: Counter[str] = field(default_factory=Counter)  # by id, where the header names one

    @property
    def repeated(self) -> int:
        """How many messages came again as they were."""
        same = Counter((one.method, one.path, one.body) for one in self.messages)
        return sum(times - 1 for times in same.values())


class EventReceiver:
    """A web service on a local port: ``start``, change its mood at any time, ``stop``."""

    def __init__(
        self,
        *,
        token: str = "",
        media_types: frozenset[str] = frozenset({"application/json", "text/plain"}),
        judge: Callable[[Received], str] = lambda _: "",
        largest_body: int = LARGEST_BODY,
    ) -> None:
        """``judge`` says what is wrong with a message, "" for nothing."""
        self._token = token
        self._media_types = media_types
        self.judge = judge
        self.breaks: Callable[[Received], bool] = lambda _: False  # what it stumbles over (500), whenever it comes
        self._largest = largest_body
        self.faults: deque[Fault] = deque()  # one for each of the next requests
        self.mood: Fault | None = None  # for every request while it is set
        self.kept = Kept()
        self.answers: Counter[int] = Counter()  # by status; 0 is none
        self.url = ""
        self._runner: web.AppRunner | None = None

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> str:
        """Listen, and return the URL."""
        app = web.Application(client_max_size=self._largest)
        app.router.add_route("*", "/{path:.*}", self._answer)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, host, port)
        await site.start()
        address = self._runner.addresses[0]
        self.url = f"http://{address[0]}:{address[1]}"
        return self.url

    async def stop(self) -> None:
        """Close all connections and forget nothing."""
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        fault = self.faults.popleft() if self.faults else self.mood
        if fault is not None and fault.delay_s:
            await asyncio.sleep(fault.delay_s)
        status, why = await self._take(request, fault)
        if fault is not None and fault.silent:
            self.answers[0] += 1
            assert request.transport is not None
            request.transport.abort()
        else:
            self.answers[status] += 1
        retry = {} if fault is None or fault.retry_after_s is None else {"Retry-After": str(fault.retry_after_s)}
        return web.Response(status=status, text=why, headers=retry)

    async def _take(self, request: web.Request, fault: Fault | None) -> tuple[int, str]:
        """Keep a message; return the status and why it is not 204."""
        if fault is not None and fault.status:
            return fault.status, "as the test asked"
        if self._token and request.headers.get("Authorization") != f"Bearer {self._token}":
            return 401, "the token is not known"
        if request.method not in {"POST", "PUT", "PATCH"}:
            return 405, "POST, PUT and PATCH are taken"
        if request.content_type not in self._media_types:
            return 415, f"{request.content_type} is not read here"
        try:
            received = Received(
                method=request.method,
                path=request.raw_path,
                content_type=request.content_type,
                uplink=request.headers.get("uplink", ""),
                body=await request.read(),
            )
            if request.content_type == "application/json":
                json.loads(received.body)
        except web.HTTPRequestEntityTooLarge:
            return 413, f"{self._largest} octets are the most"
        except ValueError as error:
            return 400, f"no JSON: {error}"
        if self.breaks(received):
            return 500, "Internal Server Error"
        if why := self.judge(received):
            return 422, why
        self.kept.messages.append(received)
        self.kept.uplinks[received.uplink] += 1
        return 204, ""
