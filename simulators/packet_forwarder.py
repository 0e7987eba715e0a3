"""A gateway's packet forwarder over real UDP, with a simulated concentrator: what it hears is pushed, what it is told it sends.

Like the real one it speaks from two sockets (PUSH_DATA from one, PULL_DATA and TX_ACK from the other), never sends a
datagram twice, and answers PULL_RESP at once, long before it transmits.
"""

from __future__ import annotations

import asyncio
import json
import socket
from base64 import b64encode
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Final, Self

from gateway.model import DataRate, Eui64, FskRate, Json, LoraRate
from gateway.sources.gwmp import BadDatagram, PullAck, PullData, PullResp, PushAck, TxAck, parse
from simulators.concentrator import SX1302, Concentrator, ConcentratorModel, Transmission, UnreadableRequest

KEEP_ALIVE_S: Final = 5.0  # the program's default; Semtech's example configuration sets `keepalive_interval` to 10
ACK_LIMIT_S: Final = 1.0  # a PUSH_ACK that is later counts as missing; the real one stops waiting after 0.1 s
DATAGRAMS_A_TURN: Final = 64  # read before other tasks get their turn

SF7: Final = LoraRate(7, 125_000)
GPS_EPOCH: Final = datetime(1980, 1, 6, tzinfo=UTC)

Deliver = Callable[[Transmission], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Signal:
    """A packet as the concentrator hears it; ``timestamp_us`` is its counter's now where nothing else is said."""

    phy_payload: bytes
    frequency_hz: int = 868_100_000
    data_rate: DataRate = SF7
    rssi_dbm: float = -57.0
    snr_db: float | None = 9.2
    channel: int = 0
    antenna: int = 0
    timestamp_us: int | None = None
    crc: int = 1
    gateway_time: datetime | None = None
    has_gps: bool = False  # the time is a receiver's: `tmms` stands beside it
    fine_time_ns: int | None = None


class PacketForwarder:
    """One simulated gateway: `async with PacketForwarder(eui, ("127.0.0.1", 1700)) as forwarder`.

    ``deliver`` gets each downlink when its last symbol has been sent. ``speed`` is how many seconds of the concentrator pass in one
    real second: a join accept after 5 s takes half a second at 10 (and the server's answers have a tenth of their time).
    """

    def __init__(
        self,
        gateway: Eui64,
        server: tuple[str, int],
        *,
        deliver: Deliver = lambda _: None,
        model: ConcentratorModel = SX1302,
        keep_alive_s: float = KEEP_ALIVE_S,
        speed: float = 1.0,
        counter_start_us: int = 0,
        version: int = 2,
    ) -> None:
        self.gateway = gateway
        self.counts: Counter[str] = Counter()
        self._server = server
        self._deliver = deliver
        self._concentrator = Concentrator(model)
        self._keep_alive_s = keep_alive_s
        self._speed = speed
        self._counter_start_us = counter_start_us
        self._version = version
        self._token = 0
        self._unanswered: dict[int, float] = {}  # PUSH_DATA by token: when sent, the oldest first
        self._awaited: dict[int, asyncio.Future[bool]] = {}
        self._pulled = asyncio.Event()
        self._timers: set[asyncio.TimerHandle] = set()
        self._sockets: tuple[socket.socket, ...] = ()

    async def __aenter__(self) -> Self:
        """Open the sockets and begin to send keep-alives."""
        self._loop = asyncio.get_running_loop()
        self._started = self._loop.time()
        host, port = self._server
        family, _, _, _, address = (await self._loop.getaddrinfo(host, port, type=socket.SOCK_DGRAM))[0]
        self._up, self._down = self._sockets = tuple(socket.socket(family, socket.SOCK_DGRAM) for _ in "ud")
        for each in self._sockets:
            each.setblocking(False)
            each.connect(address)
            self._loop.add_reader(each, self._read, each)
        self._keep_alive()
        return self

    async def __aexit__(self, *_: object) -> None:
        """Fall silent: no timer and no socket stays."""
        for timer in self._timers:
            timer.cancel()
        for each in self._sockets:
            self._loop.remove_reader(each)
            each.close()
        self._sockets = ()
        for future in self._awaited.values():
            future.cancel()

    # ── up ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def send(self, *signals: Signal, stat: Json = None) -> int:
        """Push what was heard in one datagram, without waiting; return its token."""
        body: dict[str, Json] = {"rxpk": [self._rxpk(signal) for signal in signals]} if signals else {}
        if stat is not None:
            body["stat"] = stat
        return self.send_body(json.dumps(body, separators=(",", ":")).encode())

    def send_body(self, body: bytes) -> int:
        """Push a datagram with any octets where the JSON belongs."""
        now = self._loop.time()
        self._give_up(now)
        token = self._next_token()
        self._unanswered[token] = now
        header = bytes((self._version, token >> 8, token & 0xFF, 0)) + bytes.fromhex(self.gateway)
        self._transmit(self._up, header + body)
        self.counts["pushed"] += 1
        return token

    async def push(self, *signals: Signal, stat: Json = None, limit_s: float = ACK_LIMIT_S) -> bool:
        """Push what was heard in one datagram; return whether it was acknowledged in time."""
        return await self._answer(self.send(*signals, stat=stat), limit_s)

    async def push_body(self, body: bytes, limit_s: float = ACK_LIMIT_S) -> bool:
        """Push a datagram with any octets where the JSON belongs; return whether it was acknowledged in time."""
        return await self._answer(self.send_body(body), limit_s)

    async def _answer(self, token: int, limit_s: float) -> bool:
        acknowledged: asyncio.Future[bool] = self._loop.create_future()
        self._awaited[token] = acknowledged
        try:
            async with asyncio.timeout(limit_s):
                return await acknowledged
        except TimeoutError:
            return False
        finally:
            del self._awaited[token]

    async def connected(self) -> None:
        """Return when the server has answered a keep-alive; the caller sets the limit."""
        await self._pulled.wait()

    @property
    def missing(self) -> int:
        """Return how many PUSH_ACK did not come in time."""
        self._give_up(self._loop.time())
        return self.counts["missing"]

    @property
    def counter_us(self) -> int:
        """Return the concentrator's counter, 32 bits."""
        return self._now_us() & 0xFFFF_FFFF

    def _rxpk(self, signal: Signal) -> dict[str, Json]:
        rxpk: dict[str, Json] = {
            "tmst": self.counter_us if signal.timestamp_us is None else signal.timestamp_us,
            "chan": signal.channel,
            "rfch": 0,
            "freq": signal.frequency_hz / 1e6,
            "stat": signal.crc,
            **_modulation(signal.data_rate),
            "rssi": round(signal.rssi_dbm),  # whole, as the real ones write it: Gateway Bridge reads nothing else
            "size": len(signal.phy_payload),
            "data": b64encode(signal.phy_payload).decode(),
        }
        extras = {
            "lsnr": signal.snr_db,
            "ant": signal.antenna or None,
            "time": None if signal.gateway_time is None else signal.gateway_time.isoformat().replace("+00:00", "Z"),
            "tmms": _gps_ms(signal.gateway_time) if signal.has_gps and signal.gateway_time is not None else None,
            "ftime": signal.fine_time_ns,
        }
        return rxpk | {name: value for name, value in extras.items() if value is not None}

    def _give_up(self, now: float) -> None:
        while self._unanswered:
            token, sent_at = next(iter(self._unanswered.items()))
            if now - sent_at < ACK_LIMIT_S:
                break
            del self._unanswered[token]
            self.counts["missing"] += 1

    def _next_token(self) -> int:
        self._token = (self._token + 1) & 0xFFFF
        if self._unanswered.pop(self._token, None) is not None:  # 65535 datagrams later nobody answers it
            self.counts["missing"] += 1
        return self._token

    # ── down ────────────────────────────────────────────────────────────────────────────────────────────────────

    def _keep_alive(self) -> None:
        self.counts["pulled"] += 1
        self._transmit(self._down, PullData(self._version, self._next_token(), self.gateway).to_bytes())
        self._later(self._keep_alive_s, self._keep_alive)

    def _read(self, readable: socket.socket) -> None:
        for _ in range(DATAGRAMS_A_TURN):
            try:
                datagram = readable.recv(0xFFFF)
            except BlockingIOError:
                return
            except OSError:  # ICMP says that no server listens
                self.counts["refused"] += 1
                return
            self._understand(datagram)

    def _understand(self, datagram: bytes) -> None:
        try:
            said = parse(datagram)
        except BadDatagram:
            self.counts["unreadable"] += 1
            return
        match said:
            case PushAck(token=token):
                self._acknowledged(token)
            case PullAck():
                self.counts["pull_ack"] += 1
                self._pulled.set()
            case PullResp():
                self._ordered(said)
            case _:
                self.counts["unreadable"] += 1

    def _acknowledged(self, token: int) -> None:
        if self._unanswered.pop(token, None) is None:
            self.counts["late_ack"] += 1
            return
        self.counts["acknowledged"] += 1
        awaited = self._awaited.get(token)
        if awaited is not None and not awaited.done():
            awaited.set_result(True)

    def _ordered(self, order: PullResp) -> None:
        now_us = self._now_us()
        try:
            decision = self._concentrator.offer(order.txpk, now_us)
        except UnreadableRequest:
            self.counts["tx_unreadable"] += 1
            return
        self.counts[f"tx_{(decision.error or 'taken').lower()}"] += 1
        if self._version > 1:  # version 1 has no TX_ACK
            self._transmit(self._down, self._tx_ack(order.token, decision.error, decision.warning))
        if decision.transmission is not None:
            ends_in_s = (decision.transmission.ends_us - now_us) / 1e6 / self._speed
            self._later(ends_in_s, partial(self._deliver, decision.transmission))

    def _tx_ack(self, token: int, error: str | None, warning: str | None) -> bytes:
        answer = TxAck(version=self._version, token=token, gateway=self.gateway, error=error, warning=warning)
        return answer.to_bytes()

    # ── both ────────────────────────────────────────────────────────────────────────────────────────────────────

    def _now_us(self) -> int:
        """Return the counter as if it did not wrap."""
        return self._counter_start_us + int((self._loop.time() - self._started) * self._speed * 1e6)

    def _transmit(self, through: socket.socket, datagram: bytes) -> None:
        try:
            through.send(datagram)
        except OSError:  # the buffer is full, or ICMP says that no server listens: UDP loses it
            self.counts["not_sent"] += 1

    def _later(self, delay_s: float, call: Callable[[], None]) -> None:
        def run() -> None:
            self._timers.discard(timer)
            call()

        timer = self._loop.call_later(delay_s, run)
        self._timers.add(timer)


def _gps_ms(at: datetime) -> int:
    """Return a time in GPS's count: milliseconds since 1980, 18 leap seconds ahead of UTC since 2017."""
    return (at - GPS_EPOCH) // timedelta(milliseconds=1) + 18_000


def _modulation(data_rate: DataRate) -> dict[str, Json]:
    match data_rate:
        case LoraRate():
            return {"modu": "LORA", "datr": str(data_rate), "codr": "4/5"}
        case FskRate():
            return {"modu": "FSK", "datr": data_rate.bit_rate}
