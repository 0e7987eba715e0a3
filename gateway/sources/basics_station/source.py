"""The source that Basics Stations connect to: the LNS protocol over WebSocket, several stations at once.

A station asks `/router-info` where its LNS is and is sent to a path of its own; there it says its `version`, is told by
`router_config` what to listen to, and from then on both sides speak as they like. It has no buffer: what it hears while it
is not connected is lost, and so is its radio's time. On the same port its CUPS is answered, where there is one.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections import Counter
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from aiohttp import WSMsgType, web

from gateway.model import Clock, Eui64, Frame, Json, TxRequest, TxResult
from gateway.sources import Hear
from gateway.sources.basics_station.access import Access, Refused
from gateway.sources.basics_station.advice import advice
from gateway.sources.basics_station.connection import Connection, Gone
from gateway.sources.basics_station.door import DISCOVERY, STATUS, UPDATE_INFO, WORDS, Door, Listening
from gateway.sources.basics_station.lns import Dropped, Lns, Manner
from gateway.sources.basics_station.messages import LARGEST_MESSAGE, BadMessageReason
from gateway.sources.basics_station.plan import tuned
from gateway.sources.basics_station.stations import Stations
from gateway.sources.late import SentLate
from gateway.sources.recent import Recent
from gateway.sources.settings import BasicsStationSettings
from gateway.sources.tap import Tap, Tapped
from gateway.sources.udp import in_words
from gateway.sources.under_way import UnderWay
from gateway.sources.web_listener import WebListener, bind_tcp
from gateway.sources.web_tls import Renewal, server_context

if TYPE_CHECKING:
    from gateway.sources.basics_station.cups_office import CupsOffice

MOST_UNDER_WAY: Final = 4096  # frames heard and not yet safe: 20 s of the busiest concentrator while the disk stalls
DRAIN_LIMIT_S: Final = 1.0  # for frames under way when the source is stopped: a gathering's window and a commit
HEARTBEAT_S: Final = 30.0  # between pings; a station that does not answer within half of that is gone
QUESTION_S: Final = 10.0  # for the one message of a /router-info
CLOSE_S: Final = 1.0  # for a station's answer to our goodbye


class BasicsStation:
    """A `Source` for Basics Stations."""

    def __init__(self, settings: BasicsStationSettings, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock
        self._tuning = tuned(settings.plan)
        self._counts: Counter[str] = Counter()
        self._dropped = Recent(clock)
        self._stations = Stations(clock)
        access = Access(gateways=settings.gateways, token=settings.token, tokens=dict(settings.tokens))
        counts, dropped, folder = self._counts, self._dropped, settings.cups_folder
        self._door = Door(access, self._stations, has_cups=folder is not None, counts=counts, dropped=dropped)
        self._cups = None if folder is None else _cups(folder, self._door, counts, dropped)
        manner = Manner(
            source=settings.name,
            plan=settings.plan,
            tuning=self._tuning,
            filters=settings.filters,
            antenna_gain_dbi=settings.antenna_gain_dbi,
            trust=settings.trust,
        )
        self._lns = Lns(manner, clock, self._tell, counts=counts, dropped=dropped)
        self._diid = random.randrange(1 << 31)  # noqa: S311 - it tells answers apart, those to an earlier start among them
        self._taps: list[Tap] = []
        self._told_late: list[SentLate] = []
        self._listener: WebListener | None = None
        self._under_way: UnderWay | None = None
        self._renewal: Renewal | None = None
        self._group: asyncio.TaskGroup | None = None
        self._listening = asyncio.Event()

    @property
    def name(self) -> str:
        """Return the source's name in the configuration."""
        return self._settings.name

    async def listening(self) -> tuple[str, int]:
        """Return the host and port that are listened on, once they are; the caller sets the limit."""
        await self._listening.wait()
        assert self._listener is not None
        return self._listener.address

    def tap(self, tap: Tap) -> None:
        """Tell ``tap`` from now on what each station brings."""
        self._taps.append(tap)

    def is_there(self, gateway: Eui64) -> bool:
        """Tell whether a station is connected and listens as it was told."""
        station = self._stations.get(gateway)
        return station is not None and station.configured

    async def run(self, hear: Hear) -> None:
        """Hear until cancelled; then part from the stations, and give what they brought a second to get safe.

        Raises ConfigError when the port cannot be had, or a certificate cannot be read.
        """
        settings = self._settings
        where = f"source {self.name!r}"
        tls = None if settings.tls is None else server_context(settings.tls)
        self._renewal = None if tls is None or settings.tls is None else Renewal(tls, settings.tls)
        bound = await bind_tcp(where, settings.host, settings.port)
        listener = WebListener(bound, self._enter, tls=tls, refused=self._door.crowded)
        async with asyncio.TaskGroup() as group:
            self._group, self._under_way = group, UnderWay(hear, group, MOST_UNDER_WAY)
            await listener.open()
            if self._renewal is not None:
                group.create_task(self._renewal.run(), name=f"certificate of {self.name}")
            self._listener = listener
            self._listening.set()
            try:
                await asyncio.Event().wait()  # no limit: a source listens until it is cancelled
            finally:
                self._listening.clear()
                self._listener = self._group = None
                # In a task of its own: in one that is cancelled, Python 3.11.2 (Debian 12) takes its timeouts for cancellation.
                async with asyncio.TaskGroup() as leaving:
                    leaving.create_task(self._leave(listener, self._under_way), name="leaving stations")

    async def transmit(self, request: TxRequest) -> TxResult:
        """Have a station send, and return what became of it in time for the next window."""
        station = self._stations.get(request.gateway)
        if station is None or not station.configured:
            result = TxResult.NOT_CONNECTED
        else:
            self._diid += 1
            result = await station.transmit(request, self._settings.plan, self._diid)
        self._counts[f"transmit_{result}"] += 1
        return result

    def tell_late(self, told: SentLate) -> None:
        """Tell ``told`` from now on of each downlink that was given up and sent after all."""
        self._told_late.append(told)

    def _sent_late(self, request: TxRequest) -> None:
        self._counts["sent_late"] += 1
        for told in self._told_late:
            told(request)

    def status(self) -> Mapping[str, Json]:
        """Return counters, each station's state, and what is wrong in words."""
        listener, now = self._listener, self._clock().monotonic
        wrong = {} if self._cups is None else self._cups.wrong
        cups = [f"{gateway} asks CUPS: {why}" for gateway, why in wrong.items()]
        renewal = [self._renewal.trouble] if self._renewal is not None and self._renewal.trouble else []
        return {
            "listening": None if listener is None else in_words(listener.address),
            "under_way": 0 if self._under_way is None else len(self._under_way),
            "counts": dict(self._counts),
            "dropped": {str(reason): count for reason, count in self._dropped.items()},
            "advice": [
                *advice(
                    self._stations, self._dropped.lately(), self._tuning.unheard_hz, uri=self._uri(listener), now=now
                ),
                *renewal,
                *cups,
            ],
            "gateways": self._stations.status(now),
        }

    def _uri(self, listener: WebListener | None) -> str | None:
        if listener is None:
            return None
        return f"{'wss' if listener.is_secure else 'ws'}://ADDRESS:{listener.address[1]}"

    # ── stations ────────────────────────────────────────────────────────────────────────────────────────────────

    async def _enter(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer a request in a task of ours: what is wrong with us ends the source, not one conversation."""
        if self._group is None or self._listener is None:
            return web.Response(status=503)
        here = Listening(*self._listener.address, self._listener.is_secure)
        return await self._group.create_task(self._served(request, here), name="station")

    async def _served(self, request: web.BaseRequest, here: Listening) -> web.StreamResponse:
        try:
            return await self._answer(request, here)
        except OSError:  # it has hung up in the middle of a word, or a file of CUPS has gone in the middle of an answer
            self._dropped[Dropped.HUNG_UP] += 1
            if request.transport is not None:
                request.transport.abort()
            return web.Response(status=400)

    async def _answer(self, request: web.BaseRequest, here: Listening) -> web.StreamResponse:
        wanted = self._door.wanted(request)
        if isinstance(wanted, Refused):
            return web.Response(status=STATUS[wanted], text=f"{WORDS[wanted]}\n")
        if wanted is None:
            return web.Response(status=404, text=f"Basics Stations are answered here, on {DISCOVERY}\n")
        if wanted == UPDATE_INFO and self._cups is not None:
            return await self._cups.answer(request)
        socket = web.WebSocketResponse(
            timeout=CLOSE_S,
            heartbeat=None if wanted == DISCOVERY else HEARTBEAT_S,
            compress=False,
            max_msg_size=LARGEST_MESSAGE,
        )
        if not socket.can_prepare(request).ok:
            return web.Response(status=400, text="a WebSocket is expected\n")
        await _open(socket, request)
        if wanted == DISCOVERY:
            await self._direct(socket, request, here)
        else:
            await self._converse(Eui64(wanted), socket, in_words(request.get_extra_info("peername") or ("?", 0)))
        await _close(socket)
        return socket

    async def _direct(self, socket: web.WebSocketResponse, request: web.BaseRequest, here: Listening) -> None:
        """Tell a station where its LNS is; it says goodbye when it knows."""
        with contextlib.suppress(TimeoutError, ConnectionError):
            async with asyncio.timeout(QUESTION_S):
                question = await socket.receive()
                if question.type is WSMsgType.TEXT:
                    await socket.send_str(self._door.directions(question.data, request, here))
                    await socket.receive()

    async def _converse(self, gateway: Eui64, socket: web.WebSocketResponse, address: str) -> None:
        async def send(text: str) -> None:
            try:
                await socket.send_str(text)
            except ConnectionError as error:
                raise Gone from error

        now = self._clock().monotonic
        station = Connection(
            gateway, address, now, send, partial(_close, socket), self._clock, seen_at=now, told_late=self._sent_late
        )
        if (before := self._stations.meet(station)) is not None and self._group is not None:
            self._counts["replaced"] += 1
            self._group.create_task(before.close(), name="leaving a station")  # nobody may be there any more
        self._counts["connections"] += 1
        self._tell_taps(Tapped(gateway=gateway, at=self._clock()))
        try:
            await self._listen(station, socket)
        finally:
            self._stations.part(station)
            station.ended()

    async def _listen(self, station: Connection, socket: web.WebSocketResponse) -> None:
        async for message in socket:
            if message.type is WSMsgType.TEXT:
                answer = self._lns.take(message.data, station)
                if answer is not None:
                    try:
                        await station.send(answer)
                    except Gone:
                        return
            else:
                is_binary = message.type is WSMsgType.BINARY  # else: larger than we take, or no WebSocket any more
                self._dropped[BadMessageReason.BINARY if is_binary else BadMessageReason.TOO_LARGE] += 1

    def _tell(self, frame: Frame) -> bool:
        self._tell_taps(Tapped(gateway=frame.best.gateway, at=frame.heard_at, frames=(frame,)))
        assert self._under_way is not None
        return self._under_way.tell(frame)

    def _tell_taps(self, tapped: Tapped) -> None:
        for tap in self._taps:
            tap.take(tapped)

    async def _leave(self, listener: WebListener, under_way: UnderWay) -> None:
        async with asyncio.TaskGroup() as group:
            for station in self._stations:
                group.create_task(station.close(), name="leaving a station")
        await listener.close()
        await under_way.drain(DRAIN_LIMIT_S)


def _cups(folder: Path, door: Door, counts: Counter[str], dropped: Counter[str]) -> CupsOffice:
    # It carries X.509: only where a folder is configured.
    from gateway.sources.basics_station.cups_folder import CupsFolder
    from gateway.sources.basics_station.cups_office import CupsOffice

    return CupsOffice(CupsFolder(folder), door, counts=counts, dropped=dropped)


async def _open(socket: web.WebSocketResponse, request: web.BaseRequest) -> None:
    """Shake hands; ConnectionError where nobody is there any more, which aiohttp asserts cannot be."""
    if request.transport is None:
        raise ConnectionResetError
    try:
        await socket.prepare(request)
    except AssertionError as error:
        raise ConnectionResetError from error


async def _close(socket: web.WebSocketResponse) -> None:
    """Say goodbye; where nobody is there any more it has been said."""
    with contextlib.suppress(TimeoutError, ConnectionError):
        async with asyncio.timeout(2 * CLOSE_S):
            await socket.close()
