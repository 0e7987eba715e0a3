"""The gateways that a recording is played by: packet forwarders over UDP, or Basics Stations over WebSocket."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from typing import Final, Protocol

from aiohttp import ClientError

from gateway.errors import Brygga
from gateway.model import Eui64, Json
from gateway.sources.gwmp import BadDatagram, PushData, parse
from gateway.sources.rxpk import Crc, Received, read_rxpk
from simulators.basics_station import BadRouterConfig, BasicsStation, Refused
from simulators.packet_forwarder import KEEP_ALIVE_S, PacketForwarder, Signal
from simulators.replay.script import HEADER, Moment, aimed, first_counter

ANSWER_LIMIT_S: Final = KEEP_ALIVE_S + 1.0  # two keep-alives; the same for a station to be configured


class NobodyThere(Brygga):
    """Say that what a recording is to be sent to does not answer, and what to look at."""


class Player(Protocol):
    """All gateways of a recording."""

    @property
    def acknowledges(self) -> bool:
        """Whether `bring` tells that it arrived."""
        ...

    @property
    def counts(self) -> Counter[str]:
        """Return what all gateways counted."""
        ...

    async def open(self, versions: Mapping[Eui64, int], closing: AsyncExitStack) -> Sequence[Eui64]:
        """Connect the gateways until ``closing``; return those that are not answered. Raises NobodyThere where none is."""
        ...

    def begin_round(self) -> None:
        """Begin the recording, for the first time or again."""
        ...

    async def bring(self, moment: Moment) -> bool:
        """Send what a gateway had pushed; return whether it was acknowledged."""
        ...


class Forwarders:
    """Packet forwarders; their concentrators' counters run ``speed`` times as fast as time."""

    acknowledges = True

    def __init__(self, server: tuple[str, int], speed: float | None) -> None:
        self._server = server
        self._speed = speed or 1.0
        self._forwarders: dict[Eui64, PacketForwarder] = {}
        self._shifts_us: dict[Eui64, int] = {}  # from a recorded counter to the one that runs now

    @property
    def counts(self) -> Counter[str]:
        """Return what all of them counted."""
        return sum((one.counts for one in self._forwarders.values()), Counter())

    async def open(self, versions: Mapping[Eui64, int], closing: AsyncExitStack) -> Sequence[Eui64]:
        """Connect them."""
        for gateway, version in versions.items():
            forwarder = PacketForwarder(gateway, self._server, speed=self._speed, version=version)
            self._forwarders[gateway] = await closing.enter_async_context(forwarder)
        waits = {asyncio.ensure_future(one.connected()): gateway for gateway, one in self._forwarders.items()}
        _, silent = await asyncio.wait(waits, timeout=ANSWER_LIMIT_S)
        for wait in silent:
            wait.cancel()
        if len(silent) == len(waits):
            host, port = self._server
            raise NobodyThere(
                f"nobody at {host}, UDP port {port}, answered a keep-alive within {ANSWER_LIMIT_S:g} s: does a server listen there, and "
                "may these gateways speak to it?"
            )
        return [waits[wait] for wait in silent]

    def begin_round(self) -> None:
        """Aim at the counters of now again."""
        self._shifts_us.clear()

    async def bring(self, moment: Moment) -> bool:
        """Push a datagram."""
        forwarder, body = self._forwarders[moment.gateway], moment.datagram[HEADER:]
        if moment.gateway not in self._shifts_us and (first := first_counter(body)) is not None:
            self._shifts_us[moment.gateway] = forwarder.counter_us - first
        return await forwarder.push_body(aimed(body, self._shifts_us.get(moment.gateway, 0)))


class Stations:
    """Basics Stations, which tell frames and no statistics, and are never told that they arrived."""

    acknowledges = False

    def __init__(self, url: str) -> None:
        self._url = url
        self._stations: dict[Eui64, BasicsStation] = {}
        self._own: Counter[str] = Counter()

    @property
    def counts(self) -> Counter[str]:
        """Return what all of them counted."""
        return sum((one.counts for one in self._stations.values()), self._own.copy())

    async def open(self, versions: Mapping[Eui64, int], closing: AsyncExitStack) -> Sequence[Eui64]:
        """Connect them; raises NobodyThere where one is not taken."""
        for gateway in versions:
            try:
                async with asyncio.timeout(ANSWER_LIMIT_S):
                    station = await closing.enter_async_context(BasicsStation(gateway, self._url))
            except (ClientError, ConnectionError, TimeoutError, Refused, BadRouterConfig) as error:
                why = str(error) or f"no answer within {ANSWER_LIMIT_S:g} s"
                raise NobodyThere(
                    f"{self._url} took no Basics Station {gateway}: {why}; is it an LNS, and may this gateway speak to it?"
                ) from error
            self._stations[gateway] = station
        return []

    def begin_round(self) -> None:
        """Do nothing: a station's clock goes on."""

    async def bring(self, moment: Moment) -> bool:
        """Tell the frames of a datagram."""
        station = self._stations[moment.gateway]
        for signal in self._signals(moment):
            try:
                await station.hear(signal)
            except ValueError:  # a data rate that the server's plan has not
                self._own["not_on_the_plan"] += 1
            except ConnectionError:
                self._own["disconnected"] += 1
                return False
        return True

    def _signals(self, moment: Moment) -> Sequence[Signal]:
        try:
            said = parse(moment.datagram)
        except BadDatagram:
            said = None
        if not isinstance(said, PushData):
            self._own["unreadable"] += 1
            return []
        return [signal for one in said.rxpk if (signal := self._signal(one, moment.gateway)) is not None]

    def _signal(self, rxpk: Json, gateway: Eui64) -> Signal | None:
        try:
            received = read_rxpk(rxpk, gateway=gateway)
        except BadDatagram:
            self._own["unreadable"] += 1
            return None
        if received.crc is not Crc.RIGHT:  # a station tells of no other
            self._own["without_crc"] += 1
            return None
        return _as_signal(received)


def _as_signal(received: Received) -> Signal:
    best = received.receptions[0]
    return Signal(
        phy_payload=received.phy_payload,
        frequency_hz=best.frequency_hz,
        data_rate=best.data_rate,
        rssi_dbm=best.rssi_dbm,
        snr_db=best.snr_db,
        antenna=best.antenna,
    )
