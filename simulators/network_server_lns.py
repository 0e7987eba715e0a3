"""A network server that Basics Station speaks to (LNS protocol): it directs, configures, hears, orders, is away and comes back."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any, Final, Self

from aiohttp import WSMsgType, web

from gateway.model import Eui64, Json
from gateway.sources.basics_station.eui import read_eui

HOST: Final = "127.0.0.1"
CLOSE_S: Final = 1.0
# As a public network server configures stations in Europe, cut to what is looked at.
CONFIG: Final[Mapping[str, Json]] = {
    "msgtype": "router_config",
    "NetID": None,
    "JoinEui": None,
    "region": "EU863",
    "hwspec": "sx1301/1",
    "freq_range": [863_000_000, 870_000_000],
    "DRs": [[12, 125, 0], [11, 125, 0], [10, 125, 0], [9, 125, 0], [8, 125, 0], [7, 125, 0], [7, 250, 0], [0, 0, 0]]
    + [[-1, 0, 0]] * 8,
    "sx1301_conf": [{}],
}


class NetworkServerLns:
    """`async with NetworkServerLns() as server`: stations find it at ``server.url`` until it goes `away`, then again when it is `back`."""

    def __init__(self, **config: Json) -> None:
        self.config = {**CONFIG, **config}
        self.said: list[dict[str, Json]] = []  # all messages of all stations, in order
        self.asked: list[Json] = []  # the `router` of each question
        self.headers: list[Mapping[str, str]] = []
        self.counts: Counter[str] = Counter()
        self.refusal: str | None = None  # what /router-info is answered with
        self.directions: str | None = None  # what it is answered with, in place of what is right
        self.answers_pings = True
        self.on_uplink: Callable[[Eui64, dict[str, Json]], None] = lambda _, __: None
        self.port_shown: int | None = None  # the one that stations are sent to, where something lies in between
        self._port = 0
        self._sockets: dict[Eui64, web.WebSocketResponse] = {}
        self._runner: web.AppRunner | None = None
        self._sending: set[asyncio.Task[None]] = set()
        self._news = asyncio.Event()

    async def __aenter__(self) -> Self:
        """Listen."""
        await self.back()
        return self

    async def __aexit__(self, *_: object) -> None:
        """Listen no more."""
        await self.away()

    @property
    def url(self) -> str:
        """Return where stations ask."""
        return f"ws://{HOST}:{self.port_shown or self._port}"

    @property
    def port(self) -> int:
        """Return where it listens."""
        return self._port

    async def back(self) -> None:
        """Listen, where it has listened before."""
        app = web.Application()
        app.router.add_get("/router-info", self._direct)
        app.router.add_get("/station/{eui}", self._converse)
        self._runner = web.AppRunner(app, access_log=None, handle_signals=False, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, HOST, self._port)
        await site.start()
        self._port = self._runner.addresses[0][1]

    async def away(self) -> None:
        """Close the port and all connections."""
        runner, self._runner = self._runner, None
        for socket in [*self._sockets.values()]:
            await socket.close()
        if runner is not None:
            await runner.cleanup()
        await asyncio.gather(*self._sending)

    async def until(self, condition: Callable[[], bool]) -> None:
        """Return when ``condition`` holds, which is looked at with each message; the caller sets the limit."""
        while not condition():
            self._news.clear()
            await self._news.wait()

    def of(self, msgtype: str) -> list[dict[str, Json]]:
        """Return the messages of one kind that came."""
        return [one for one in self.said if one.get("msgtype") == msgtype]

    def is_connected(self, gateway: Eui64) -> bool:
        """Tell whether a station is there."""
        return gateway in self._sockets

    def order(self, gateway: Eui64, message: Mapping[str, Any]) -> None:
        """Send a station a message."""
        self.send_text(gateway, json.dumps(message))

    def send_text(self, gateway: Eui64, text: str) -> None:
        """Send a station any text."""
        task = asyncio.get_running_loop().create_task(self._sockets[gateway].send_str(text), name="order of a server")
        self._sending.add(task)
        task.add_done_callback(self._sending.discard)

    async def _direct(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(timeout=CLOSE_S)
        await socket.prepare(request)
        self.headers.append(dict(request.headers))
        question = json.loads((await socket.receive()).data)
        self.asked.append(question["router"])
        eui = read_eui(question["router"])  # Gateway Bridge reads texts alone here, no numbers
        directions = {"uri": f"{self.url}/station/{eui}"} if self.refusal is None else {"error": self.refusal}
        await socket.send_str(
            self.directions or json.dumps({"router": question["router"], "muxs": "::0", **directions})
        )
        await socket.close()
        return socket

    async def _converse(self, request: web.Request) -> web.WebSocketResponse:
        gateway = Eui64(request.match_info["eui"])
        socket = web.WebSocketResponse(timeout=CLOSE_S, autoping=False)
        await socket.prepare(request)
        self.headers.append(dict(request.headers))
        self._sockets[gateway] = socket
        try:
            async for message in socket:
                match message.type:
                    case WSMsgType.TEXT:
                        await self._take(gateway, json.loads(message.data), socket)
                    case WSMsgType.PING:
                        self.counts["pings"] += 1
                        if self.answers_pings:
                            await socket.pong(message.data)
                self._news.set()
        finally:
            self._sockets.pop(gateway, None)
            self._news.set()
        return socket

    async def _take(self, gateway: Eui64, said: dict[str, Json], socket: web.WebSocketResponse) -> None:
        self.said.append(said)
        if said["msgtype"] == "version":
            await socket.send_str(json.dumps(self.config))
        elif "upinfo" in said:
            self.on_uplink(gateway, said)
