"""The source that network servers push to: an HTTP endpoint with a token.

200  what was pushed is on disk, or was known
400  it is not what this server sends, and never will be: with a word
401  no token, or another one
404, 405, 408, 413, 415   another path, not POST, not whole in time, too long, compressed
503  the disk takes nothing at the moment, or too much is under way: push it again later
"""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

from aiohttp import web

from gateway.model import Clock, FromServer, Json, TxRequest, TxResult
from gateway.sources import HearAll
from gateway.sources.network_server import actility, chirpstack, netmore, the_things_stack
from gateway.sources.network_server.bad_event import BadEvent, in_words
from gateway.sources.network_server.decode import ServerKind
from gateway.sources.network_server.reading import COUNTED_AS, Circumstances
from gateway.sources.recent import Recent
from gateway.sources.settings import WebhookSettings
from gateway.sources.web_listener import WebListener, bind_tcp
from gateway.sources.web_tls import Renewal, server_context

LARGEST_BODY: Final = 1 << 18  # octets; what a server's codec makes of a payload has tens of thousands at most
BODY_LIMIT_S: Final = 15.0  # for a body to come
ANSWER_LIMIT_S: Final = 4.0  # for the disk: ChirpStack waits for 5 s, The Things Stack for 10
MOST_UNDER_WAY: Final = 40  # pushes; the journal knows as many of one device when they come again
RETRY_AFTER_S: Final = 30
MOST_WORDS: Final = 3  # of a list's events that are wrong, each with its reason
QUIET_S: Final = 3600.0

Read = Callable[[web.BaseRequest, bytes, Circumstances], Iterator[FromServer | BadEvent]]


def _one(told: FromServer | None) -> Iterator[FromServer]:
    if told is not None:
        yield told


READERS: Final[Mapping[ServerKind, Read]] = {
    ServerKind.CHIRPSTACK: lambda request, body, about: _one(
        chirpstack.read(request.query.get("event", ""), body, about)
    ),
    ServerKind.THE_THINGS_STACK: lambda _, body, about: _one(the_things_stack.read(body, about)),
    ServerKind.NETMORE: lambda _, body, about: netmore.read(body, about),
    ServerKind.ACTILITY: lambda _, body, about: actility.read(body, about),
}


class Refused(Exception):
    """Say why a push is not taken: a status, and a word for whoever looks into the server's log."""

    def __init__(self, status: int, words: str) -> None:
        self.status = status
        super().__init__(words)


class Webhook:
    """A `Source` for a network server that pushes its events."""

    def __init__(self, settings: WebhookSettings, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock
        self._read = READERS[settings.server]
        self._hear: HearAll | None = None
        self._listener: WebListener | None = None
        self._group: asyncio.TaskGroup | None = None
        self._listening = asyncio.Event()
        self._began = clock().monotonic
        self._under_way = 0
        self._counts = Recent(clock)
        self._dropped = Recent(clock)
        self._renewal: Renewal | None = None

    @property
    def name(self) -> str:
        """Return the source's name in the configuration."""
        return self._settings.name

    async def listening(self) -> tuple[str, int]:
        """Return the host and port that are listened on, once they are; the caller sets the limit."""
        await self._listening.wait()
        assert self._listener is not None
        return self._listener.address

    async def run(self, hear: HearAll) -> None:
        """Hear until cancelled. Raises ConfigError when the port cannot be had, or a certificate cannot be read."""
        settings = self._settings
        tls = None if settings.tls is None else server_context(settings.tls)
        self._renewal = None if tls is None or settings.tls is None else Renewal(tls, settings.tls)
        bound = await bind_tcp(f"source {self.name!r}", settings.host, settings.port)
        listener = WebListener(bound, self._answer, tls=tls, refused=self._crowded)
        async with asyncio.TaskGroup() as group:
            await listener.open()
            if self._renewal is not None:
                group.create_task(self._renewal.run(), name=f"certificate of {self.name}")
            self._hear, self._listener, self._group = hear, listener, group
            self._listening.set()
            try:
                await asyncio.Event().wait()  # no limit: a source listens until it is cancelled
            finally:
                self._listening.clear()
                self._listener = None
                # In a task of its own: in one that is cancelled, Python 3.11.2 (Debian 12) takes its timeouts for cancellation.
                async with asyncio.TaskGroup() as leaving:
                    leaving.create_task(listener.close(), name=f"leaving {self.name}")

    async def transmit(self, request: TxRequest) -> TxResult:  # noqa: ARG002 - there is no radio
        """Say that there is no radio, and no way back."""
        return TxResult.NOT_CONNECTED

    def status(self) -> Mapping[str, Json]:
        """Return where it listens, counters, and what is wrong in words."""
        return {
            "listening": None if self._listener is None else f"{self._url()}",
            "under_way": self._under_way,
            "counts": dict(self._counts),
            "dropped": dict(self._dropped),
            "advice": [*self._advice()],
        }

    # ── a push ──

    async def _answer(self, request: web.BaseRequest) -> web.StreamResponse:
        try:
            self._check(request)
            await self._take(request)
        except Refused as refused:
            self._counts[f"answered_{refused.status}"] += 1
            headers = {"Retry-After": str(RETRY_AFTER_S)} if refused.status == 503 else {}
            return web.Response(status=refused.status, text=f"{refused}\n", headers=headers)
        self._counts["answered_200"] += 1
        return web.Response(status=200)

    def _check(self, request: web.BaseRequest) -> None:
        if request.path.rstrip("/") != self._settings.path.rstrip("/"):
            raise Refused(404, f"nothing is taken here; the path is {self._settings.path}")
        if not self._knows(request):
            raise Refused(
                401,
                "the token is missing, or another one: `Authorization: Bearer TOKEN`, or ?token=TOKEN behind the path",
            )
        if request.method != "POST":
            raise Refused(405, "POST is expected")
        if coding := request.headers.get("Content-Encoding"):
            raise Refused(415, f"a body in plain JSON is expected, and none with Content-Encoding: {coding[:20]}")
        if (request.content_length or 0) > LARGEST_BODY:
            raise Refused(413, f"a body has at most {LARGEST_BODY} octets")
        if self._under_way >= MOST_UNDER_WAY:
            raise Refused(503, "too much is under way at the moment")

    def _knows(self, request: web.BaseRequest) -> bool:
        """Compare the token with each place that it may stand in, and in the same time whatever stands there."""
        token = self._settings.token.reveal().encode()
        authorization = request.headers.get("Authorization", "")
        given = (authorization, authorization.removeprefix("Bearer "), request.query.get("token", ""))
        found = False
        for one in given:
            found |= hmac.compare_digest(one.encode("utf-8", "surrogateescape"), token)
        return found

    async def _take(self, request: web.BaseRequest) -> None:
        told, wrong = self._understood(request, await self._body(request))
        if told:
            await self._keep(told)  # also beside one that is wrong: what is answered with 400 is not pushed again
        if wrong:
            raise Refused(400, "; ".join(map(str, wrong[:MOST_WORDS]))) from wrong[0]

    def _understood(self, request: web.BaseRequest, body: bytes) -> tuple[Sequence[FromServer], Sequence[BadEvent]]:
        about = Circumstances(self.name, self._clock(), self._settings.decode)
        try:
            read = [*self._read(request, body, about)]
        except BadEvent as bad:
            read = [bad]
        wrong = [one for one in read if isinstance(one, BadEvent)]
        for one in wrong:
            self._dropped[one.reason] += 1
        return [one for one in read if not isinstance(one, BadEvent)], wrong

    async def _keep(self, told: Sequence[FromServer]) -> None:
        assert self._group is not None
        # A task of its own, for it goes on where the answer cannot wait: what is on its way to the disk gets there, and is known
        # when it is pushed again.
        taking = self._group.create_task(self._safe(told), name="take a push")
        done, _ = await asyncio.wait((taking,), timeout=ANSWER_LIMIT_S)
        if not done:
            raise Refused(503, "the disk takes nothing at the moment; push it again")
        taking.result()  # a bug ends the source; it is not answered as if all were safe

    async def _safe(self, told: Sequence[FromServer]) -> None:
        assert self._hear is not None
        self._under_way += 1
        try:
            for one in told:  # in their order
                await self._hear(one)
                self._counts[COUNTED_AS[type(one)]] += 1
        finally:
            self._under_way -= 1

    async def _body(self, request: web.BaseRequest) -> bytes:
        body = bytearray()
        try:
            async with asyncio.timeout(BODY_LIMIT_S):
                async for chunk in request.content.iter_any():
                    body += chunk
                    if len(body) > LARGEST_BODY:
                        raise Refused(413, f"a body has at most {LARGEST_BODY} octets")
        except TimeoutError as error:
            raise Refused(408, f"no whole body came within {BODY_LIMIT_S:g} s") from error
        except web.RequestPayloadError as error:
            raise Refused(400, "the body is not what its head says: it breaks off, or its chunks are none") from error
        return bytes(body)

    # ── words ──

    def _crowded(self) -> None:
        self._dropped["too_many_connections"] += 1

    def _url(self) -> str:
        assert self._listener is not None
        host, port = self._listener.address
        return f"http{'s' if self._listener.is_secure else ''}://{host}:{port}{self._settings.path}"

    def _advice(self) -> Iterator[str]:
        if self._listener is None:
            return
        quiet_s = self._clock().monotonic - self._began
        if not self._counts and quiet_s > QUIET_S:
            yield f"nobody has pushed anything for {quiet_s:.0f} s: does the server know {self._url()}, and does it reach this box?"
        lately = self._counts.lately()
        if wrong := lately.get("answered_401"):
            yield f"{wrong} pushes had no token, or another one than `token` says"
        if wrong := lately.get("answered_404"):
            yield f"{wrong} pushes were to another path than {self._settings.path}"
        yield from in_words(self._dropped.lately())
        if self._renewal is not None and self._renewal.trouble:
            yield self._renewal.trouble
