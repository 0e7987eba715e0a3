"""What stand-ins over HTTP share: a local port, faults on demand, and a count of the answers."""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from aiohttp import web

Json = Any
Take = Callable[[web.Request], Awaitable[web.Response]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What a platform does instead of answering well; ``status`` 0 with ``silent`` takes everything and hangs up."""

    status: int = 0  # 0: as if nothing were wrong
    retry_after_s: int | None = None
    delay_s: float = 0
    silent: bool = False  # close the connection without an answer
    detail: str = "as the test asked"


class Refusal(Exception):
    """A platform's error: status, its own word for it, and what it says."""

    def __init__(self, status: int, error: str, detail: str = "") -> None:
        self.status = status
        self.error = error
        self.detail = detail
        super().__init__(f"{status} {error}: {detail}")


class WebPlatform:
    """A platform on a local port: ``start``, change its mood at any time, ``stop``."""

    def __init__(self, *, largest_body: int, token: str = "") -> None:
        """``token``: whoever does not show it is not let in; "" lets everybody in."""
        self.token = token
        self.faults: deque[Fault] = deque()  # one for each of the next requests
        self.mood: Fault | None = None  # for every request while it is set
        self.answers: Counter[int] = Counter()  # by status; 0 is none
        self.url = ""
        self._largest_body = largest_body
        self._runner: web.AppRunner | None = None

    def routes(self, app: web.Application) -> None:
        """Add what the platform answers to; each through `answering`."""
        raise NotImplementedError

    def refusal(self, refusal: Refusal) -> web.Response:
        """Return a refusal in the platform's own words."""
        raise NotImplementedError

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> str:
        """Listen, and return the URL below which the platform's paths begin."""
        app = web.Application(client_max_size=self._largest_body)
        self.routes(app)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
        await self._runner.setup()
        await web.TCPSite(self._runner, host, port).start()
        address = self._runner.addresses[0]
        self.url = f"http://{address[0]}:{address[1]}"
        return self.url

    async def stop(self) -> None:
        """Close all connections and forget nothing: a platform that is started again knows what it knew."""
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    def answering(self, take: Take) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        """Return ``take`` with the faults of the moment before it and refusals in the platform's words behind it."""

        async def answer(request: web.Request) -> web.StreamResponse:
            fault = (self.faults.popleft() if self.faults else self.mood) or Fault()
            await asyncio.sleep(fault.delay_s)
            response = await self._response(request, take, fault)
            if fault.silent:
                self.answers[0] += 1
                assert request.transport is not None
                request.transport.abort()
            else:
                self.answers[response.status] += 1
            return response

        return answer

    async def _response(self, request: web.Request, take: Take, fault: Fault) -> web.Response:
        try:
            if fault.status:
                raise Refusal(fault.status, "Fault", fault.detail)  # noqa: TRY301 - answered as any other
            return await take(request)
        except web.HTTPRequestEntityTooLarge as error:
            response = self.refusal(Refusal(413, "RequestEntityTooLarge", error.text or ""))
        except Refusal as refusal:
            response = self.refusal(refusal)
        if fault.retry_after_s is not None:
            response.headers["Retry-After"] = str(fault.retry_after_s)
        return response
