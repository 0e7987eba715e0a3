"""One gateway's line to a server that Basics Station speaks to: as its own station would ask and connect, again and again.

A WebSocket acknowledges nothing. So pings are counted: what went out before a ping that was answered has arrived, and what went out
after the last such ping is kept when the line breaks. A frame that waits in here for longer than some seconds is no longer sent.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import ssl
import struct
from collections import Counter, deque
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from socket import SO_LINGER, SOL_SOCKET
from typing import Final
from urllib.parse import urlsplit

import aiohttp
from aiohttp import ClientWebSocketResponse, WSMessage, WSMsgType
from yarl import URL

from gateway.model import Clock, Eui64, Frame
from gateway.relay.station_talk import Spawn, StationTalk
from gateway.relay.station_troubles import in_words
from gateway.relay.station_words import version
from gateway.relay.upstream import Gateways, Keep
from gateway.sources.basics_station.eui import id6
from gateway.sources.basics_station.messages import LARGEST_MESSAGE, text_of
from gateway.transports.jitter import pause_s
from gateway.version import VERSION

CONNECT_LIMIT_S: Final = 10.0  # for name, TCP and TLS together
QUESTION_S: Final = 10.0  # for the answer of a /router-info
PING_S: Final = 10.0  # between two pings
PONG_S: Final = 10.0  # for the answer; then the line counts as dead
CLOSE_S: Final = 1.0
LONGEST_PAUSE_S: Final = 60.0  # between two tries
MOST_WAITING: Final = 256  # messages on their way out; the busiest concentrator's of a second and a half
FRESH_S: Final = 5.0  # beyond, a frame is no news: its windows have closed
DISCOVERY: Final = "/router-info"
RESET: Final = struct.pack("ii", 1, 0)  # struct linger: on, for no time at all
SHOWN: Final = 200  # characters of what a server says is wrong


class NoServer(Exception):
    """Say why a server is none for this gateway."""


@dataclass(frozen=True, slots=True)
class Access:
    """Where a server is asked, and how one proves who asks."""

    url: str
    headers: Mapping[str, str]
    tls: ssl.SSLContext | bool
    proxy: URL | None = None


@dataclass(frozen=True, slots=True)
class _Outgoing:
    text: str
    frame: Frame | None  # to be kept where it does not arrive


class StationLine:
    """A station's connection, again and again."""

    def __init__(
        self,
        gateway: Eui64,
        access: Access,
        gateways: Gateways,
        keep: Keep,
        clock: Clock,
        counts: Counter[str],
        spawn: Spawn,
    ) -> None:
        self.gateway = gateway
        self._access = access
        self._keep = keep
        self._clock = clock
        self._counts = counts
        self._talk = StationTalk(gateway, gateways, clock, counts, post=self._post, spawn=spawn)
        self._out: asyncio.Queue[_Outgoing] = asyncio.Queue(MOST_WAITING)
        self._unproved: deque[tuple[int, Frame]] = deque()  # what went out, and the number of the next ping then
        self._ping = 0  # the number of the next ping
        self._pong = asyncio.Event()
        self._down_since = clock().monotonic
        self.seen_at = clock().monotonic
        self.trouble = ""

    @property
    def down_since(self) -> float | None:
        """Since when the server does not take what this gateway hears; None while it does."""
        return self._down_since if self._talk.config is None else None

    async def run(self) -> None:
        """Hold the line until cancelled; try again with full jitter, for ever."""
        failures = 0
        while True:
            try:
                await self._once()
            except NoServer as error:
                self.trouble = str(error)
            except (aiohttp.ClientError, OSError, ValueError) as error:  # a TimeoutError is an OSError
                self.trouble = in_words(error)
            finally:
                was_up = self.down_since is None
                self._lose()
            failures = 1 if was_up else failures + 1
            await asyncio.sleep(pause_s(failures, LONGEST_PAUSE_S))

    # ── the line ──

    async def _once(self) -> None:
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=None, connect=CONNECT_LIMIT_S)) as http:
            uri = await self._directions(http)
            if self._access.url.startswith("wss:") and not uri.startswith("wss:"):
                raise NoServer(f"it sends its stations on to {uri!r}, where nothing is encrypted")
            socket = await self._opened(http, uri)
            try:
                await self._converse(socket)
            finally:
                await _close(socket)

    async def _opened(self, http: aiohttp.ClientSession, uri: str) -> ClientWebSocketResponse:
        async with asyncio.timeout(CONNECT_LIMIT_S):
            return await http.ws_connect(
                uri,
                headers=self._access.headers,
                ssl=self._access.tls,
                proxy=self._access.proxy,
                autoping=False,
                max_msg_size=LARGEST_MESSAGE,
                timeout=aiohttp.ClientWSTimeout(ws_close=CLOSE_S),
            )

    async def _directions(self, http: aiohttp.ClientSession) -> str:
        """Ask which address is this station's own."""
        socket = await self._opened(http, self._access.url + DISCOVERY)
        try:
            async with asyncio.timeout(QUESTION_S):
                await socket.send_str(text_of({"router": id6(self.gateway)}))
                answer = await socket.receive()
        finally:
            await _close(socket)
        said = _read(answer)
        if not isinstance(said, dict) or not isinstance(uri := said.get("uri"), str):
            why = said.get("error") if isinstance(said, dict) else None
            raise NoServer(
                f"it does not know this gateway: {str(why)[:SHOWN]}"
                if why
                else "it answers /router-info with nothing that a station knows"
            )
        return uri if urlsplit(uri).scheme else f"{self._access.url}{uri}"

    async def _converse(self, socket: ClientWebSocketResponse) -> None:
        await socket.send_str(text_of(version(VERSION)))
        async with asyncio.TaskGroup() as tasks:
            helpers = [
                tasks.create_task(self._send(socket), name=f"station line out {self.gateway}"),
                tasks.create_task(self._prove(socket), name=f"station line pings {self.gateway}"),
            ]
            async for message in _messages(socket):
                match message.type:
                    case WSMsgType.TEXT:
                        self._talk.take(message.data)
                    case WSMsgType.PING:
                        with contextlib.suppress(ConnectionError, aiohttp.ClientError):
                            await socket.pong(message.data)
                    case WSMsgType.PONG:
                        self._proved(message.data)
                    case _:
                        self._counts["binary"] += 1  # a remote shell's, which nobody has here
            for helper in helpers:
                helper.cancel()
        raise NoServer("the server has closed the connection")

    def _lose(self) -> None:
        """Keep what may not have arrived."""
        lost = [frame for _, frame in self._unproved]
        while not self._out.empty():
            if (frame := self._out.get_nowait().frame) is not None:
                lost.append(frame)
        self._unproved.clear()
        if self._talk.config is not None:
            self._talk.config, self._down_since = None, self._clock().monotonic
        if lost:
            self._counts["kept"] += len(lost)
            self._keep(lost)

    async def _send(self, socket: ClientWebSocketResponse) -> None:
        while True:
            one = await self._out.get()  # no limit: a quiet night is no fault
            frame = one.frame
            if frame is not None and self._clock().monotonic - frame.heard_at.monotonic > FRESH_S:
                self._counts["too_old"] += 1
                self._keep([frame])
                continue
            if frame is not None:
                self._unproved.append((self._ping, frame))
            try:
                await socket.send_str(one.text)
            except (ConnectionError, aiohttp.ClientError):
                return  # the reading side sees it, too

    async def _prove(self, socket: ClientWebSocketResponse) -> None:
        """Ping, and close a line on which nobody answers."""
        while True:
            self._pong.clear()
            number, self._ping = self._ping, self._ping + 1
            try:
                async with asyncio.timeout(PONG_S):
                    await socket.ping(str(number).encode())
                    await self._pong.wait()
            except (TimeoutError, ConnectionError, aiohttp.ClientError):
                self._counts["no_pong"] += 1
                _throw_away(socket)
                await _close(socket)
                return
            await asyncio.sleep(PING_S)

    def _proved(self, pong: bytes) -> None:
        number = int(pong) if pong.isdigit() and len(pong) < 10 else -1
        while self._unproved and self._unproved[0][0] <= number:
            self._unproved.popleft()
            self._counts["arrived"] += 1
        if number == self._ping - 1:
            self._pong.set()

    # ── up ──

    def tell(self, frame: Frame, *, keep: bool) -> None:
        """Tell the server of a frame, or with ``keep`` keep it where that cannot be."""
        if self._talk.config is None:
            self._put_by(frame if keep else None)
        else:
            self._talk.tell(frame, keep=keep)

    def _post(self, text: str, frame: Frame | None) -> None:
        try:
            self._out.put_nowait(_Outgoing(text, frame))
        except asyncio.QueueFull:
            self._counts["overflow"] += 1
            self._put_by(frame)

    def _put_by(self, frame: Frame | None) -> None:
        if frame is not None:
            self._counts["kept"] += 1
            self._keep([frame])


def _read(answer: WSMessage) -> object:
    """Return what an answer says; None where it is no JSON."""
    try:
        return json.loads(answer.data) if answer.type is WSMsgType.TEXT else None
    except (ValueError, RecursionError):  # a few thousand opening brackets are enough
        return None


async def _messages(socket: ClientWebSocketResponse) -> AsyncIterator[WSMessage]:
    """Yield what comes until the line is closed, pings among it."""
    while True:
        message = await socket.receive()  # no limit: pings find out whether anybody is there
        if message.type in {WSMsgType.CLOSE, WSMsgType.CLOSING, WSMsgType.CLOSED, WSMsgType.ERROR}:
            return
        yield message


def _throw_away(socket: ClientWebSocketResponse) -> None:
    """Have the kernel forget what it has not sent when the line closes: it would arrive when the network is back, as if it were fresh."""
    raw = socket.get_extra_info("socket")
    if raw is not None:
        raw.setsockopt(SOL_SOCKET, SO_LINGER, RESET)


async def _close(socket: ClientWebSocketResponse) -> None:
    """Say goodbye; where nobody is there any more it has been said."""
    with contextlib.suppress(TimeoutError, ConnectionError):
        async with asyncio.timeout(2 * CLOSE_S):
            await socket.close()
