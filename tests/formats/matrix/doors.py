"""Transports without sockets: what a format asks goes straight to a stand-in's own code, and what that answers comes back.

They answer as the real transports do (`test_doors.py` holds them against those), at a tenth of the cost, and never by the clock.
"""

from __future__ import annotations

from asyncio import get_running_loop
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from types import SimpleNamespace
from typing import Any, Final, Protocol
from urllib.parse import urlsplit

from aiohttp import StreamReader, web
from aiohttp.http import HttpVersion11, RawRequestMessage
from multidict import CIMultiDict, CIMultiDictProxy
from yarl import URL

from gateway.errors import Unreachable
from gateway.model import Answer, Json, Request, Verdict
from gateway.transports.http_answer import verdict
from gateway.transports.publication import pack
from gateway.transports.reasons import puback
from simulators.platforms.scripted_broker import Publish

LIMIT: Final = 1 << 20  # octets of a body that aiohttp reads at once
UNCLEAR: Final = Answer(verdict=Verdict.UNCLEAR, status=0, detail="the connection broke before the answer")
UNSENT: Final = Answer(verdict=Verdict.LATER, status=0, detail="not sent: the connection broke")


class Killed(BaseException):
    """End the agent in the middle of a conversation, as SIGKILL does: nothing of the turn is kept."""


class WebStandIn(Protocol):
    """What all stand-ins over HTTP have."""

    url: str

    async def start(self) -> str: ...

    async def stop(self) -> None: ...


class Door:
    """What both doors can do to an agent: be away, and kill it behind a request."""

    def __init__(self) -> None:
        self.away = ""  # why nothing gets through, in words
        self.kills: Callable[[], bool] = lambda: False  # asked behind each request, whose answer then never comes
        self.sent: list[Request] = []
        self.losses = 0  # answers that did not come

    async def send(self, requests: Sequence[Request]) -> Sequence[Answer]:
        """Send as `Transport.send` does."""
        if self.away:
            raise Unreachable(self.away)
        return [await self._tell(request) for request in requests]

    async def close(self) -> None:
        """Have nothing to close."""

    def status(self) -> Mapping[str, Json]:
        return {"connected": not self.away}

    async def _tell(self, request: Request) -> Answer:
        self.sent.append(request)
        answer = await self.exchange(request)
        self.losses += answer.verdict is Verdict.UNCLEAR
        if self.kills():
            self.kills = lambda: False
            raise Killed
        return answer

    async def exchange(self, request: Request) -> Answer:
        raise NotImplementedError


class WebDoor(Door):
    """The way to a stand-in that was started; ``login`` goes along with each request."""

    def __init__(self, platform: WebStandIn, login: Mapping[str, str] | None = None) -> None:
        super().__init__()
        self._platform: Any = platform
        self.login = dict(login or {})

    async def exchange(self, request: Request) -> Answer:
        line = SimpleNamespace(aborted=False, get_extra_info=lambda _: None, is_closing=lambda: False)
        line.abort = lambda: setattr(line, "aborted", True)
        response = await self._answered(self._incoming(request, line))
        return UNCLEAR if line.aborted else _answer(response)

    def _incoming(self, request: Request, line: Any) -> web.Request:
        protocol: Any = SimpleNamespace(
            transport=line,
            ssl_context=None,
            peername=None,
            sockname=None,
            _reading_paused=False,
            pause_reading=lambda: None,
            resume_reading=lambda **_: None,
        )
        payload = StreamReader(protocol, LIMIT)
        payload.feed_data(request.body)
        payload.feed_eof()
        kind = {"Content-Type": request.content_type} if request.content_type else {}
        told = {"Host": "platform", "Content-Length": str(len(request.body))}
        headers: CIMultiDict[str] = CIMultiDict({**told, **self.login, **kind, **request.headers})
        path = urlsplit(self._platform.url).path + request.target
        message = RawRequestMessage(
            request.method,
            path,
            HttpVersion11,
            CIMultiDictProxy(headers),
            (),
            False,
            None,
            False,
            False,
            URL(path, encoded=True),
        )
        app = self._platform._runner.app
        nobody: Any = None
        return web.Request(
            message, payload, protocol, nobody, nobody, get_running_loop(), client_max_size=app._client_max_size
        )

    async def _answered(self, request: web.Request) -> web.StreamResponse:
        try:
            response: web.StreamResponse = await self._platform._runner.app._handle(request)
        except web.HTTPException as error:
            return error
        return response


def _answer(response: Any) -> Answer:
    after = response.headers.get("Retry-After")
    body = bytes(response.body or b"")
    return Answer(
        verdict=verdict(response.status),
        status=response.status,
        detail=f"{response.status} {response.reason}: {body[:200].decode('utf-8', 'replace')}",
        body=body,
        headers=response.headers,
        retry_after=None if after is None else timedelta(seconds=int(after)),
    )


class BrokerDoor(Door):
    """The way to a stand-in behind a broker (MQTT 5); a message without a PUBACK is the last of its connection."""

    def __init__(self, receive: Callable[[Publish], int | None]) -> None:
        """``receive`` returns a PUBACK's reason code; None and below 0: the line was cut instead."""
        super().__init__()
        self._receive = receive

    async def send(self, requests: Sequence[Request]) -> Sequence[Answer]:
        """Publish as far as the connection lasts."""
        if self.away:
            raise Unreachable(self.away)
        answers: list[Answer] = []
        for request in requests:
            lost = bool(answers) and (answers[-1] is UNCLEAR or answers[-1] is UNSENT)
            answers.append(UNSENT if lost else await self._tell(request))
        return answers

    async def exchange(self, request: Request) -> Answer:
        publish = Publish(
            connection=1,
            mid=len(self.sent),
            topic=request.target,
            payload=request.body,
            properties=bytes(pack(request.content_type, request.headers).octets),
            retain=False,
            duplicate=False,
        )
        reason = self._receive(publish)
        return UNCLEAR if reason is None or reason < 0 else puback(reason)
