"""A Basics Station over a real WebSocket: asks where its LNS is, is configured by it, tells what it hears, sends what it is told.

    async with BasicsStation(eui, "ws://127.0.0.1:3001") as station: ...

Its clock is the event loop's: on a jumping loop it is driven by whoever drives that. Like the real one it has no buffer, starts
its radio anew (with another session in its xtimes) on each connection, and says nothing of a frame that it cannot send.
"""

from __future__ import annotations

import asyncio
import json
import random
import ssl
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from typing import Final, Self

from aiohttp import ClientSession, ClientWebSocketResponse, ClientWSTimeout, WSMsgType

from gateway.model import DataRate, Eui64, FskRate, Json, LoraRate
from simulators.concentrator import Transmission
from simulators.packet_forwarder import Signal
from simulators.station_radio import CHECK_US, REGIONS, Placed, StationRadio, taken_apart

ANSWER_LIMIT_S: Final = 60.0  # the real one's TC_TIMEOUT
CLOSE_S: Final = 1.0
FEATURES: Final = "rmtsh"
PRODUCTION: Final = "rmtsh prod"  # heeds no `nodc`
REACH_HZ: Final = 400_000
WHOLE: Final = frozenset({"hwspec", "DRs", "freq_range", "region", "sx1301_conf"})

Deliver = Callable[[Transmission], None]


class Refused(Exception):
    """Say that there is no LNS for this station: what the question was answered with."""


class BadRouterConfig(Exception):
    """Say what in a `router_config` keeps a station from starting its radio."""


class BasicsStation:
    """One simulated station. ``deliver`` gets each downlink when its last symbol has been sent; ``seed`` makes its xtime sessions."""

    def __init__(
        self,
        gateway: Eui64,
        tc_uri: str,
        *,
        deliver: Deliver = lambda _: None,
        token: str | None = None,
        tls: ssl.SSLContext | None = None,
        production: bool = False,
        seed: int = 0,
        rctx: int = 0,
    ) -> None:
        self.gateway = gateway
        self.counts: Counter[str] = Counter()
        self.config: Mapping[str, Json] = {}
        self.uri = ""
        self.told: list[Mapping[str, Json]] = []  # all messages that came, in order
        self.reports_late_s = 0.0  # how long its word of what it sends is on the way
        self.reports = True  # False: what it sends is on air, and nobody is told
        self.skew_us = 0  # what its crystal has gained
        self._tc_uri = tc_uri
        self._deliver = deliver
        self._headers = {} if token is None else {"Authorization": token}
        self._tls = tls
        self._production = production
        self._random = random.Random(seed)
        self._rctx = rctx
        self._timers: set[asyncio.TimerHandle] = set()
        self._news = asyncio.Event()

    async def __aenter__(self) -> Self:
        """Find the LNS, connect, and start the radio as it says."""
        self._http = ClientSession()
        try:
            await self.connect()
        except BaseException:
            await self._http.close()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        """Fall silent."""
        await self.disconnect()
        await self._http.close()

    async def connect(self) -> None:
        """Ask for the LNS and connect; raises Refused, BadRouterConfig, or what the connection says."""
        self.uri = await self.ask()
        self._socket = await self._http.ws_connect(
            self.uri, headers=self._headers, ssl=self._tls or True, timeout=_LIMITS
        )
        await self.say(
            {
                "msgtype": "version",
                "station": "2.0.6(linux/simulated)",
                "firmware": None,
                "package": None,
                "model": "linux",
                "protocol": 2,
                "features": PRODUCTION if self._production else FEATURES,
            }
        )
        self._session = (self._random.randrange(1, 256) << 48) | (self._rctx & 0x7F) << 56
        self._begun = asyncio.get_running_loop().time()
        self._configured: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._reading = asyncio.get_running_loop().create_task(self._read(self._socket), name=f"station {self.gateway}")
        async with asyncio.timeout(ANSWER_LIMIT_S):
            await self._configured

    async def disconnect(self) -> None:
        """Close the connection and stop the radio: what it has not begun to send is not sent."""
        for timer in self._timers:
            timer.cancel()
        self._timers.clear()
        await self._socket.close()
        await self._reading

    async def ask(self) -> str:
        """Ask `/router-info`, and return the URI of this station's LNS; Refused says why there is none."""
        async with self._http.ws_connect(
            f"{self._tc_uri}/router-info", headers=self._headers, ssl=self._tls or True, timeout=_LIMITS
        ) as socket:
            await socket.send_str(json.dumps({"router": id6(self.gateway)}))
            answer = json.loads((await socket.receive(ANSWER_LIMIT_S)).data)
        if "uri" not in answer:
            raise Refused(answer.get("error"))
        return str(answer["uri"])

    @property
    def connected(self) -> bool:
        """Tell whether the LNS is there."""
        return not self._socket.closed

    @property
    def now_us(self) -> int:
        """The microseconds of this radio's session."""
        return 1_000_000 + self.skew_us + round((asyncio.get_running_loop().time() - self._begun) * 1e6)

    async def say(self, message: Mapping[str, Json]) -> None:
        """Send a message."""
        await self._socket.send_str(json.dumps(message))

    async def say_text(self, text: str) -> None:
        """Send any text."""
        await self._socket.send_str(text)

    async def say_octets(self, octets: bytes) -> None:
        """Send a binary message, as the remote shell does."""
        await self._socket.send_bytes(octets)

    async def hear(self, signal: Signal) -> int | None:
        """Tell what was heard just now, and return its xtime; None where a station takes it for no LoRaWAN frame."""
        fields = taken_apart(signal.phy_payload)
        if fields is None:
            self.counts["no_frame"] += 1
            return None
        xtime = self._session | self.now_us
        upinfo = {
            "rctx": self._rctx,
            "xtime": xtime,
            "gpstime": 0,
            "fts": -1 if signal.fine_time_ns is None else signal.fine_time_ns,
            "rssi": round(signal.rssi_dbm),
            "snr": 0 if signal.snr_db is None else signal.snr_db,
            "rxtime": 0.0,
        }
        number = self._radio_rates.index(signal.data_rate)
        await self.say({**fields, "RefTime": 0.0, "DR": number, "Freq": signal.frequency_hz, "upinfo": upinfo})
        self.counts["heard"] += 1
        return xtime

    async def next(self, msgtype: str, *, limit_s: float = ANSWER_LIMIT_S) -> Mapping[str, Json]:
        """Return the next message of a kind, a new one each time."""
        async with asyncio.timeout(limit_s):
            while True:
                for place, message in enumerate(self.told):
                    if message["msgtype"] == msgtype:
                        return self.told.pop(place)
                self._news.clear()
                await self._news.wait()

    # ── down ────────────────────────────────────────────────────────────────────────────────────────────────────

    async def _read(self, socket: ClientWebSocketResponse) -> None:
        async for message in socket:
            if message.type is not WSMsgType.TEXT:
                self.counts["binary"] += 1
                continue
            said = json.loads(message.data)
            self.told.append(said)
            self._news.set()
            if said["msgtype"] == "router_config":
                self._configure(said)
            elif said["msgtype"] == "dnmsg":
                await self._ordered(said)
        if not self._configured.done():
            self._configured.set_exception(ConnectionError("the LNS has hung up"))

    def _configure(self, config: Mapping[str, Json]) -> None:
        try:
            check_router_config(config)
        except BadRouterConfig as error:
            self._configured.set_exception(error)
            return
        self.config = config
        self._radio_rates = [_data_rate(*triple) for triple in config["DRs"]]
        lowest_hz, highest_hz = config["freq_range"]
        keeps = self._production or not config.get("nodc")
        self._radio = StationRadio(self._radio_rates, (lowest_hz, highest_hz), keeps_duty_cycle=keeps)
        if not self._configured.done():
            self._configured.set_result(None)

    async def _ordered(self, message: Mapping[str, Json]) -> None:
        xtime, now_us = message.get("xtime", 0), self.now_us
        if self.config["region"] not in REGIONS:
            self.counts["unknown_region"] += 1
            return
        if xtime and xtime & ~0xFFFF_FFFF_FFFF != self._session:
            self.counts["obsolete_xtime"] += 1
            return
        placed = self._radio.offer(message, answers_us=xtime & 0xFFFF_FFFF_FFFF if xtime else None, now_us=now_us)
        if placed is None:
            self.counts["not_placed"] += 1
            return
        self.counts["placed"] += 1
        begins_s = (placed.transmission.starts_us - now_us) / 1e6
        if placed.order.reports:
            self._later(begins_s + CHECK_US / 1e6 + self.reports_late_s, partial(self._begun_to_send, placed))
        self._later(begins_s + placed.transmission.airtime_us / 1e6, partial(self._deliver, placed.transmission))

    def _begun_to_send(self, placed: Placed) -> None:
        if not self.reports:
            return
        said = {
            "msgtype": "dntxed",
            "seqno": placed.order.diid,
            "diid": placed.order.diid,
            "DR": placed.order.number,
            "Freq": placed.transmission.frequency_hz,
            "DevEui": placed.order.dev_eui,
            "rctx": self._rctx,
            "xtime": self._session | placed.transmission.starts_us,
            "txtime": 0.0,
            "gpstime": 0,
        }
        sending = asyncio.get_running_loop().create_task(self._report(said), name="dntxed")
        self._reading.add_done_callback(lambda _: sending.cancel())

    async def _report(self, said: Mapping[str, Json]) -> None:
        with suppress(ConnectionError):
            await self.say(said)

    def _later(self, delay_s: float, call: Callable[[], None]) -> None:
        def run() -> None:
            self._timers.discard(timer)
            call()

        timer = asyncio.get_running_loop().call_later(delay_s, run)
        self._timers.add(timer)


_LIMITS: Final = ClientWSTimeout(ws_close=CLOSE_S)


def id6(gateway: Eui64) -> str:
    """Return an EUI as a station writes its own: four groups, the first run of zeros squeezed."""
    groups = [int(gateway[place : place + 4], 16) for place in range(0, 16, 4)]
    if groups[0] == 0:
        rest = groups
        while len(rest) > 1 and rest[0] == 0:
            rest = rest[1:]
        return "::" + ":".join(f"{group:x}" for group in rest)
    return ":".join(f"{group:x}" for group in groups)


def check_router_config(config: Mapping[str, Json]) -> None:
    """Look at what a station looks at; BadRouterConfig says what keeps it from starting."""
    if missing := WHOLE - config.keys():
        raise BadRouterConfig(f"without {', '.join(sorted(missing))}")
    if config["hwspec"] != "sx1301/1":
        raise BadRouterConfig(f"hwspec {config['hwspec']!r}")
    if len(config["DRs"]) != 16 or any(len(triple) != 3 for triple in config["DRs"]):
        raise BadRouterConfig(f"{len(config['DRs'])} data rates")
    (board,) = config["sx1301_conf"]
    for name, channel in board.items():
        if name.startswith("chan_") and channel["enable"]:
            _check_channel(name, channel, board)


def _check_channel(name: str, channel: Mapping[str, Json], board: Mapping[str, Json]) -> None:
    radio = board[f"radio_{channel['radio']}"]
    if not radio["enable"] or abs(channel["if"]) > REACH_HZ:
        raise BadRouterConfig(f"{name}: {channel} on {radio}")
    if name == "chan_Lora_std" and (channel["bandwidth"] not in {250_000, 500_000} or channel["spread_factor"] < 7):
        raise BadRouterConfig(f"{name}: {channel}")


def _data_rate(factor: int, bandwidth_khz: int, _: int) -> DataRate | None:
    if factor < 0:
        return None
    return FskRate(50_000) if factor == 0 else LoraRate(factor, 1000 * bandwidth_khz)
