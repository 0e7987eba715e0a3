"""Gateways that ChirpStack's software runs: an MQTT Forwarder at a broker within the process, a Concentratord whose two sockets are.

Their messages are those of `chirpstack-api`; of ZeroMQ itself, whose threads no virtual clock moves, nothing is here.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any, Self
from unittest.mock import patch

from chirpstack_api.gw import gw_pb2  # type: ignore[import-untyped]  # it says no py.typed

from gateway.model import Eui64
from gateway.sources.chirpstack_gateway import concentratord
from gateway.sources.chirpstack_gateway.sockets import NoReply
from simulators.chirpstack_gateway import SimulatedConcentratord
from simulators.chirpstack_radio import Deliver, Message, Radio
from simulators.concentrator import Decision
from simulators.lab.broker import Broker
from simulators.lab.gateways import Decided, Given
from simulators.packet_forwarder import Signal
from simulators.simulation.loop import LIFE

PREFIX = "eu868"


class LabRadio(Radio):
    """A concentrator on the sky's time, whose decisions are told."""

    def __init__(
        self, gateway: Eui64, *, counter_start_us: int, sky_us: Callable[[], int], deliver: Deliver, decided: Decided
    ) -> None:
        super().__init__(gateway, deliver=deliver, counter_start_us=counter_start_us)
        self.counter_start_us = counter_start_us
        self._sky_us = sky_us
        self._decided = decided

    def now_us(self) -> int:
        """Return the counter as if it did not wrap."""
        return self.counter_start_us + self._sky_us()

    def order(self, frame: Message) -> Message | None:
        """Take an order, and tell what becomes of it."""
        ack = super().order(frame)
        if self.sent:
            self._decided(Decision(self.sent.pop()))
        else:
            statuses = [] if ack is None else [gw_pb2.TxAckStatus.Name(item.status) for item in ack.items]
            self._decided(Decision(error=" ".join(statuses) or "no answer"))
        return ack


class _Mast:
    def __init__(self, radio: LabRadio) -> None:
        self.radio = radio
        self.is_on = True

    @property
    def counter_start_us(self) -> int:
        """Return what its counter said at the beginning."""
        return self.radio.counter_start_us

    async def __aenter__(self) -> Self:
        """Begin."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """Fall silent."""
        self.is_on = False
        self.radio.close()


# ── at a broker ──


class ForwarderMast(_Mast):
    """A gateway with an MQTT Forwarder."""

    def __init__(self, radio: LabRadio, broker: Broker) -> None:
        super().__init__(radio)
        self._broker = broker
        self._root = f"{PREFIX}/gateway/{radio.gateway}"

    def turn(self, *, on: bool) -> None:
        """Give it power, or take it: then the broker tells its last will."""
        self.is_on = on
        self.tell_state()

    def tell_state(self) -> None:
        """Say whether it is there."""
        state = gw_pb2.ConnState(gateway_id=self.radio.gateway, state="ONLINE" if self.is_on else "OFFLINE")
        self._broker.tell(f"{self._root}/state/conn", state.SerializeToString())

    def push_one(self, signal: Signal, ended_us: int, given: Given) -> None:  # noqa: ARG002 - the signal's own time says when
        """Publish what was heard."""
        self._broker.tell(f"{self._root}/event/up", self.radio.hear(signal).SerializeToString(), given)

    def obey(self, topic: str, body: bytes) -> None:
        """Take a command, if it is for this gateway."""
        if self.is_on and topic == f"{self._root}/command/down":
            ack = self.radio.order(gw_pb2.DownlinkFrame.FromString(body))
            if ack is not None:
                self._broker.tell(f"{self._root}/event/ack", ack.SerializeToString())


# ── a Concentratord ──


class ConcentratordMast(_Mast):
    """A gateway with a Concentratord, to which one agent is connected."""

    def __init__(self, radio: LabRadio) -> None:
        super().__init__(radio)
        self.url = f"ipc:///lab/{radio.gateway}"
        self._program = SimulatedConcentratord(radio, self.url, self.url)
        self._listeners: list[_Events] = []

    def turn(self, *, on: bool) -> None:
        """Give it power, or take it."""
        self.is_on = on
        for one in self._listeners:
            one.changed.set()

    def push_one(self, signal: Signal, ended_us: int, given: Given) -> None:  # noqa: ARG002 - the signal's own time says when
        """Publish what was heard to whoever is connected: PUB keeps nothing for who is away."""
        octets = gw_pb2.Event(uplink_frame=self.radio.hear(signal)).SerializeToString()
        self._listeners = [one for one in self._listeners if one.is_there]
        for one in self._listeners:
            one.put(octets)
            given()

    def listen(self, events: _Events) -> None:
        """Have somebody told."""
        self._listeners.append(events)

    def asked(self, command: bytes) -> bytes:
        """Return the reply to a command."""
        return self._program.reply(command)


class _Events:
    """What stands for the socket that a Concentratord tells; of the process that made it."""

    def __init__(self, mast: ConcentratordMast) -> None:
        self.changed = asyncio.Event()
        self._mast = mast
        self._owner: Any = LIFE.get()
        self._queue: asyncio.Queue[list[bytes]] = asyncio.Queue()
        mast.listen(self)

    @property
    def is_there(self) -> bool:
        """Tell whether its process lives."""
        return self._owner is None or not self._owner.is_over

    def put(self, octets: bytes) -> None:
        """Bring a message."""
        self._queue.put_nowait([octets])

    async def next(self) -> list[bytes]:
        """Return the parts of the next message. Has no limit: nights may be quiet."""
        return await self._queue.get()

    async def watch(self, told: Callable[[bool], None]) -> None:
        """Call ``told`` at each change with whether a Concentratord is connected, until cancelled."""
        while True:
            told(self._mast.is_on)
            self.changed.clear()
            await self.changed.wait()  # no limit: it is connected until it is not


class _Commands:
    """What stands for the socket that a Concentratord answers."""

    def __init__(self, mast: ConcentratordMast, limit_s: float) -> None:
        self._mast = mast
        self._limit_s = limit_s

    async def ask(self, *parts: bytes) -> bytes:
        """Ask and return the reply; raises NoReply."""
        if not self._mast.is_on:
            await asyncio.sleep(self._limit_s)
            raise NoReply
        await asyncio.sleep(0)
        return self._mast.asked(parts[0])

    def end(self) -> None:
        """Close."""


@contextmanager
def sockets_of(masts: Mapping[str, ConcentratordMast]) -> Iterator[None]:
    """Have the agent's sources meet these gateways, by their URL, where they would open sockets."""
    with ExitStack() as patches:
        patches.enter_context(patch.object(concentratord, "Events", lambda _, url, __: _Events(masts[url])))
        patches.enter_context(
            patch.object(concentratord, "Commands", lambda _, url, limit_s: _Commands(masts[url], limit_s))
        )
        yield
