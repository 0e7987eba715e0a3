"""One gateway's line to a server that Basics Station speaks to: as its own station would ask, connect, tell and send.

A WebSocket acknowledges nothing. So pings are counted: what went out before a ping that was answered has arrived, and what went out
after the last such ping is kept when the line breaks. A frame that waits in here for longer than some seconds is no longer sent.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
from collections import Counter, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from urllib.parse import urlsplit

import aiohttp
from aiohttp import WSMsgType

from gateway import __version__
from gateway.model import Clock, Eui64, Frame, Json, Reception, TxRequest, TxResult
from gateway.relay.settings import StationServer
from gateway.relay.station_times import StationTimes
from gateway.relay.station_words import (
    Dnmsg,
    RouterConfig,
    Slot,
    dntxed,
    read_dnmsg,
    read_router_config,
    uplink,
    version,
)
from gateway.relay.upstream import Gateways, Keep
from gateway.sources.basics_station.messages import LARGEST_MESSAGE, BadMessage, BadMessageReason, text_of
from gateway.sources.basics_station.phy import Moment
from gateway.transports.jitter import pause_s

CONNECT_LIMIT_S: Final = 10.0  # for name, TCP and TLS together
QUESTION_S: Final = 10.0  # for the answer of a /router-info, and for the router_config after it
PING_S: Final = 10.0  # between two pings
PONG_S: Final = 10.0  # for the answer; then the line counts as dead
CLOSE_S: Final = 1.0
LONGEST_PAUSE_S: Final = 60.0  # between two tries
MOST_WAITING: Final = 256  # messages on their way out; the busiest concentrator's of a second and a half
FRESH_S: Final = 5.0  # beyond, a frame is no news: its windows have closed
MOST_ORDERS: Final = 32  # of one gateway at a time
REMEMBERED: Final = 256  # receptions that may still be answered
DISCOVERY: Final = "/router-info"
_TIMESTAMPS: Final = 1 << 32
_MICROSECOND: Final = timedelta(microseconds=1)


class NoServer(Exception):
    """Say why a server is none for this gateway."""


@dataclass(frozen=True, slots=True)
class _Outgoing:
    text: str
    frame: Frame | None  # to be kept where it does not arrive


class StationLine:
    """A station's conversation, again and again."""

    def __init__(
        self, gateway: Eui64, server: StationServer, gateways: Gateways, keep: Keep, clock: Clock, counts: Counter[str]
    ) -> None:
        self.gateway = gateway
        self._server = server
        self._gateways = gateways
        self._keep = keep
        self._clock = clock
        self._counts = counts
        self._times = StationTimes()
        self._heard: deque[tuple[int, Reception]] = deque(maxlen=REMEMBERED)  # with their xtimes
        self._out: asyncio.Queue[_Outgoing] = asyncio.Queue(MOST_WAITING)
        self._unproved: deque[tuple[int, Frame]] = deque()  # what went out, and the number of the next ping then
        self._ping = 0  # the number of the next ping
        self._pong = asyncio.Event()
        self._config: RouterConfig | None = None
        self._orders = 0
        self.seen_at = clock().monotonic
        self.down_since: float | None = clock().monotonic  # None while the server knows this gateway
        self.trouble = ""

    async def run(self) -> None:
        """Hold the line until cancelled; try again with full jitter, for ever."""
        failures = 0
        while True:
            try:
                await self._once()
            except NoServer as error:
                self.trouble = str(error)
            except (aiohttp.ClientError, OSError, ValueError) as error:  # a TimeoutError is an OSError
                self.trouble = str(error) or type(error).__name__
            finally:
                was_up = self.down_since is None
                self._lose()
            failures = 1 if was_up else failures + 1
            await asyncio.sleep(pause_s(failures, LONGEST_PAUSE_S))

    # ── the line ──

    async def _once(self) -> None:
        ssl = self._server.context()
        headers = self._server.headers()
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=None, connect=CONNECT_LIMIT_S)) as http:
            uri = await self._directions(http, headers, ssl)
            if self._server.url.startswith("wss:") and not uri.startswith("wss:"):
                raise NoServer(f"it sends its stations on to {uri!r}, where nothing is encrypted")
            socket = await self._opened(http, uri, headers, ssl)
            try:
                await self._converse(socket)
            finally:
                with contextlib.suppress(TimeoutError, ConnectionError):
                    async with asyncio.timeout(2 * CLOSE_S):
                        await socket.close()

    async def _opened(self, http: aiohttp.ClientSession, uri: str, headers: Mapping[str, str], ssl: Json) -> Json:
        async with asyncio.timeout(CONNECT_LIMIT_S):
            return await http.ws_connect(
                uri,
                headers=headers,
                ssl=ssl,
                autoping=False,
                max_msg_size=LARGEST_MESSAGE,
                timeout=aiohttp.ClientWSTimeout(ws_close=CLOSE_S),
            )

    async def _directions(self, http: aiohttp.ClientSession, headers: Mapping[str, str], ssl: Json) -> str:
        """Ask which address is this station's own."""
        socket = await self._opened(http, self._server.url + DISCOVERY, headers, ssl)
        try:
            async with asyncio.timeout(QUESTION_S):
                await socket.send_str(text_of({"router": int(self.gateway, 16)}))
                answer = await socket.receive()
        finally:
            with contextlib.suppress(TimeoutError, ConnectionError):
                async with asyncio.timeout(2 * CLOSE_S):
                    await socket.close()
        said = json.loads(answer.data) if answer.type is WSMsgType.TEXT else None
        if not isinstance(said, dict) or not isinstance(uri := said.get("uri"), str):
            why = said.get("error") if isinstance(said, dict) else None
            raise NoServer(
                f"it does not know this gateway: {str(why)[:200]}"
                if why
                else "it answers /router-info with nothing that a station knows"
            )
        return uri if urlsplit(uri).scheme else f"{self._server.url}{uri}"

    async def _converse(self, socket: Json) -> None:
        await socket.send_str(text_of(version(__version__)))
        async with asyncio.TaskGroup() as tasks:
            helpers = [
                tasks.create_task(self._send(socket), name=f"station line out {self.gateway}"),
                tasks.create_task(self._prove(socket), name=f"station line pings {self.gateway}"),
            ]
            async for message in _messages(socket):
                match message.type:
                    case WSMsgType.TEXT:
                        self._understand(message.data, tasks)
                    case WSMsgType.PING:
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
        self._config = None
        if self.down_since is None:
            self.down_since = self._clock().monotonic
        if lost:
            self._counts["kept"] += len(lost)
            self._keep(lost)

    async def _send(self, socket: Json) -> None:
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

    async def _prove(self, socket: Json) -> None:
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
                with contextlib.suppress(TimeoutError, ConnectionError):
                    async with asyncio.timeout(2 * CLOSE_S):
                        await socket.close()
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
        """Tell the server of a frame, or keep it where that cannot be."""
        kept = frame if keep else None
        if self._config is None:
            self._put_by(kept)
            return
        message = uplink(frame, self._config, *self._moment(frame))
        if message is None:
            self._counts["not_wanted"] += 1
            return
        try:
            self._out.put_nowait(_Outgoing(text_of(message), kept))
        except asyncio.QueueFull:
            self._counts["overflow"] += 1
            self._put_by(kept)

    def _put_by(self, frame: Frame | None) -> None:
        if frame is not None:
            self._counts["kept"] += 1
            self._keep([frame])

    def _moment(self, frame: Frame) -> tuple[int, int]:
        """Return a reception's xtime and rctx: a station's own, or what stands for them; 0 where the radio tells no time."""
        best = frame.best
        own = Moment.of(best.context)
        if best.timestamp_us is None:
            return 0, best.antenna
        if own is None or own.xtime % _TIMESTAMPS != best.timestamp_us:
            own = Moment(self._times.xtime(best.timestamp_us, frame.heard_at.monotonic), best.antenna)
        self._heard.append((own.xtime, best))
        return own.xtime, own.rctx

    # ── down ──

    def _understand(self, text: str, tasks: asyncio.TaskGroup) -> None:
        try:
            said = json.loads(text)
        except (ValueError, RecursionError):
            self._counts[f"unreadable_{BadMessageReason.JSON}"] += 1
            return
        if not isinstance(said, dict):
            self._counts[f"unreadable_{BadMessageReason.SHAPE}"] += 1
            return
        try:
            self._take(said, tasks)
        except BadMessage as error:
            self._counts[f"unreadable_{error.reason}"] += 1

    def _take(self, said: dict[str, Json], tasks: asyncio.TaskGroup) -> None:
        match said.get("msgtype"):
            case "router_config":
                self._config = read_router_config(said)
                self._counts["router_config"] += 1
                self.down_since, self.trouble = None, ""
            case "dnmsg":
                self._counts["dnmsg"] += 1
                order = read_dnmsg(said)
                if self._orders >= MOST_ORDERS:
                    self._counts["too_many_orders"] += 1
                    return
                self._orders += 1
                tasks.create_task(self._obey(order), name="a server's downlink")
            case "runcmd" | "rmtsh" | "dnsched" | "timesync" | "getxtime" as other:
                self._counts[f"ignored_{other}"] += 1  # no remote commands, no class B; no receiver's pulse to name
            case _:
                self._counts["unknown_msgtype"] += 1

    async def _obey(self, order: Dnmsg) -> None:
        try:
            requests = self._requests(order)
            if not requests:
                self._counts["unknown_xtime" if order.xtime else "unknown_data_rate"] += 1
                return
            done, request = await self._gateways.send([one for one, _ in requests])
            slot = next(slot for one, slot in requests if one is request)
        finally:
            self._orders -= 1
        if done.result is TxResult.SENT:
            self._report(order, slot)

    def _requests(self, order: Dnmsg) -> list[tuple[TxRequest, Slot]]:
        """Return the windows of a downlink; none where it answers what nobody heard, or has a data rate that nobody knows."""
        found = next((one for xtime, one in reversed(self._heard) if xtime == order.xtime), None)
        last = self._heard[-1][1] if self._heard else None
        built = [self._request(order, slot, last if slot.delay is None else found) for slot in order.slots]
        return [(one, slot) for one, slot in zip(built, order.slots, strict=True) if one is not None]

    def _request(self, order: Dnmsg, slot: Slot, answers: Reception | None) -> TxRequest | None:
        rate = None if self._config is None else self._config.rate(slot.number)
        if rate is None or (slot.delay is not None and answers is None):
            return None
        timestamp_us = None
        if slot.delay is not None and answers is not None and answers.timestamp_us is not None:
            timestamp_us = (answers.timestamp_us + slot.delay // _MICROSECOND) % _TIMESTAMPS
        return self._gateways.powered(
            TxRequest(
                source="" if answers is None else answers.source,
                gateway=self.gateway,
                phy_payload=order.phy_payload,
                frequency_hz=slot.frequency_hz,
                data_rate=rate,
                power_dbm=0.0,  # as the law has it, see `powered`
                timestamp_us=timestamp_us,
                delay=slot.delay,
                context=b"" if answers is None else answers.context,
            )
        )

    def _report(self, order: Dnmsg, slot: Slot) -> None:
        delay_us = 0 if slot.delay is None else slot.delay // _MICROSECOND
        xtime = 0 if order.xtime is None else order.xtime + delay_us
        said = dntxed(order, slot.number, slot.frequency_hz, xtime, self._clock().utc.timestamp())
        with contextlib.suppress(asyncio.QueueFull):
            self._out.put_nowait(_Outgoing(text_of(said), None))
