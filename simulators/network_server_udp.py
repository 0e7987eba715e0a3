"""A network server that packet forwarders speak to (GWMP), on a socket of its own: it acknowledges, orders, is away and comes back."""

from __future__ import annotations

import asyncio
import json
import socket
from collections import Counter
from collections.abc import Callable
from typing import Final, Self

from gateway.model import Eui64, Json
from gateway.sources.gwmp import (
    BadDatagram,
    PullData,
    PullResp,
    PushData,
    TxAck,
    acknowledgement,
    parse,
)

DATAGRAMS_A_TURN: Final = 64
LARGEST: Final = 0xFFFF
HOST: Final = "127.0.0.1"


class NetworkServerUdp:
    """`async with NetworkServerUdp() as server`: it listens on ``server.address`` until it goes `away`, then again when it is `back`."""

    def __init__(self) -> None:
        self.address: tuple[str, int] = (HOST, 0)
        self.pushed: list[PushData] = []
        self.datagrams: list[bytes] = []  # as they came
        self.acks: list[TxAck] = []
        self.pulls: dict[Eui64, tuple[str, int]] = {}  # where each gateway is
        self.counts: Counter[str] = Counter()
        self.answers = True  # False: it hears and says nothing
        self.on_push: Callable[[PushData], None] = lambda _: None
        self._token = 0
        self._socket: socket.socket | None = None
        self._news = asyncio.Event()

    async def __aenter__(self) -> Self:
        """Listen."""
        self.back()
        return self

    async def __aexit__(self, *_: object) -> None:
        """Listen no more."""
        self.away()

    def back(self) -> None:
        """Listen, where it has listened before."""
        made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        made.setblocking(False)
        made.bind(self.address)
        self.address = made.getsockname()
        self._socket = made
        asyncio.get_running_loop().add_reader(made, self._read, made)

    def away(self) -> None:
        """Close the port: ICMP says so to whoever sends there."""
        if self._socket is not None:
            asyncio.get_running_loop().remove_reader(self._socket)
            self._socket.close()
            self._socket = None

    @property
    def rxpk(self) -> list[dict[str, Json]]:
        """Return all packets that came, in their order."""
        return [one for push in self.pushed for one in push.rxpk]

    async def until(self, condition: Callable[[], bool]) -> None:
        """Return when ``condition`` holds, which is looked at with each datagram; the caller sets the limit."""
        while not condition():
            self._news.clear()
            await self._news.wait()

    def order(self, gateway: Eui64, txpk: Json) -> int:
        """Have a gateway that has pulled send ``txpk``; return the token that its TX_ACK will have."""
        return self.order_text(gateway, json.dumps(txpk, separators=(",", ":")))

    def order_text(self, gateway: Eui64, txpk: str) -> int:
        """Have a gateway send what stands in a text, JSON or not."""
        assert self._socket is not None, "a server that is away orders nothing"
        self._token = (self._token + 1) & 0xFFFF
        header = PullResp(2, self._token).to_bytes()[:4]
        self._socket.sendto(header + f'{{"txpk":{txpk}}}'.encode(), self.pulls[gateway])
        return self._token

    async def ordered(self, gateway: Eui64, txpk: Json) -> TxAck:
        """Have a gateway send ``txpk`` and return its TX_ACK; the caller sets the limit."""
        token = self.order(gateway, txpk)
        await self.until(lambda: any(ack.token == token for ack in self.acks))
        return next(ack for ack in self.acks if ack.token == token)

    def _read(self, listening: socket.socket) -> None:
        for _ in range(DATAGRAMS_A_TURN):
            try:
                datagram, address = listening.recvfrom(LARGEST)
            except (BlockingIOError, ConnectionError):
                break
            self._take(datagram, address)
        self._news.set()

    def _take(self, datagram: bytes, address: tuple[str, int]) -> None:
        answer = acknowledgement(datagram)
        if answer is not None and self.answers and self._socket is not None:
            self._socket.sendto(answer, address)
        try:
            said = parse(datagram)
        except BadDatagram:
            self.counts["unreadable"] += 1
            return
        self.datagrams.append(datagram)
        match said:
            case PushData():
                self.pushed.append(said)
                self.on_push(said)
            case PullData():
                self.counts["pulled"] += 1
                self.pulls[said.gateway] = address
            case TxAck():
                self.acks.append(said)
            case _:
                self.counts["not_for_servers"] += 1
