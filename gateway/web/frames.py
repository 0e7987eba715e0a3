"""What sources bring, as events: while somebody follows, and at no other time."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Final, Protocol

from gateway.errors import BadFrame
from gateway.lorawan.phy import DataFrame, JoinRequest, RejoinRequest, parse
from gateway.model import DevAddr, Device, Eui64, Frame, Heard, Json, Reception, ServerUplink, Session
from gateway.survey import Kind, Known, Survey
from gateway.web.live import Live

PENDING: Final = 500  # frames that wait to be told: three seconds of the busiest concentrator
KNOWN_S: Final = 10.0  # after which it is looked again whose addresses are whose
LOOK_S: Final = 1.0  # at the latest, whether somebody follows still

Attend = Callable[[Survey], AbstractContextManager[None]]
Sessions = Callable[[], Awaitable[Sequence[Session]]]


class Network(Protocol):
    """The network, as far as frames are told by it."""

    def devices(self) -> Sequence[Device]:
        """Return all registered devices."""
        ...

    def device(self, dev_eui: Eui64) -> Device | None:
        """Return a registered device."""
        ...


class FrameTape(Survey):
    """A survey that counts nothing, and keeps what comes until it is told."""

    def __init__(self) -> None:
        super().__init__("", Known())
        self.heard: deque[Heard] = deque(maxlen=PENDING)
        self.news = asyncio.Event()

    def take(self, heard: Heard) -> None:
        """Keep what a source has brought."""
        if isinstance(heard, Frame | ServerUplink):
            self.heard.append(heard)
            self.news.set()


class Frames:
    """Tell frames to who follows them."""

    def __init__(self, live: Live, attend: Attend, network: Network, sessions: Sessions) -> None:
        self._live = live
        self._attend = attend
        self._network = network
        self._sessions = sessions
        self._owners: Mapping[DevAddr, Eui64] = {}
        self._judge = Survey("", Known())

    async def run(self) -> None:
        """Tell for ever."""
        while True:
            while not self._live.wants("frame"):
                await self._live.changed.wait()  # no limit: it may be that nobody ever follows
            tape = FrameTape()
            with self._attend(tape):
                await self._follow(tape)

    async def _follow(self, tape: FrameTape) -> None:
        loop = asyncio.get_running_loop()
        known_until = 0.0
        while self._live.wants("frame"):
            if loop.time() >= known_until:
                await self._learn()
                known_until = loop.time() + KNOWN_S
            while tape.heard:
                self._live.tell("frame", self._told(tape.heard.popleft()))
            tape.news.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LOOK_S):
                    await tape.news.wait()

    async def _learn(self) -> None:
        self._owners = {session.dev_addr: session.dev_eui for session in await self._sessions()}
        devices = frozenset(device.dev_eui for device in self._network.devices())
        self._judge = Survey("", Known(frozenset(self._owners), devices))

    def _told(self, heard: Heard) -> dict[str, Json]:
        if isinstance(heard, ServerUplink):
            device = self._network.device(heard.dev_eui)
            best = heard.receptions[0] if heard.receptions else None
            told = {"dev_eui": heard.dev_eui, "f_cnt": heard.f_cnt, "f_port": heard.f_port}
            kind = Kind.STRANGER if device is None else Kind.OWN
            return {
                "at": heard.heard_at.utc.isoformat(timespec="milliseconds"),
                "source": heard.source,
                "kind": str(kind),
                **_radio(best),
                "size": len(heard.payload),
                **_whose(device),
                **told,
            }
        assert isinstance(heard, Frame)
        return {
            "at": heard.heard_at.utc.isoformat(timespec="milliseconds"),
            "source": heard.best.source,
            "kind": str(self._judge.kind(heard.phy_payload)),
            **_radio(heard.best),
            "size": len(heard.phy_payload),
            **self._sender(heard.phy_payload),
        }

    def _sender(self, phy_payload: bytes) -> dict[str, Json]:
        """Return by whom a frame says that it is; nothing is proved here."""
        try:
            frame = parse(phy_payload)
        except BadFrame:
            return {}
        match frame:
            case DataFrame():
                dev_eui = self._owners.get(frame.dev_addr)
                device = None if dev_eui is None else self._network.device(dev_eui)
                told = {"dev_addr": frame.dev_addr, "f_cnt": frame.f_cnt16, "f_port": frame.f_port}
                return {**told, "confirmed": frame.confirmed, **_whose(device)}
            case JoinRequest() | RejoinRequest():
                return {"dev_eui": frame.dev_eui} | _whose(self._network.device(frame.dev_eui))
            case _:
                return {}


def _whose(device: Device | None) -> dict[str, Json]:
    return {} if device is None else {"dev_eui": device.dev_eui, "name": device.name}


def _radio(best: Reception | None) -> dict[str, Json]:
    """Return how a frame was heard; of one that a network server told perhaps nothing."""
    if best is None:
        return {}
    return {
        "gateway": best.gateway,
        "rssi_dbm": best.rssi_dbm,
        "snr_db": best.snr_db,
        "data_rate": str(best.data_rate),
        "frequency_hz": best.frequency_hz,
        "channel": best.channel,
    }
