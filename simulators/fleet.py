"""A fleet of end devices on the air: they join, speak, ask for acknowledgements, and every uplink is accounted for.

    async with Fleet(members(200, registry=registry), ("127.0.0.1", port), pace_s=0.1) as fleet:
        await fleet.run(uplinks=50)  # of each device
    fleet.sent, fleet.heard, fleet.acknowledged  # by uplink id

Devices speak in compressed time: far more often than a duty cycle allows, at the receive windows of real ones.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import count
from random import Random
from typing import Final, Self
from uuid import UUID

from gateway.errors import BadFrame
from gateway.journal import Registration
from gateway.lorawan.phy import DataFrame, JoinAccept, parse
from gateway.lorawan.region import EU868
from gateway.model import Eui64, eui64, uplink_id
from simulators.air import Air, Arrival
from simulators.concentrator import Transmission
from simulators.members import Member
from simulators.packet_forwarder import KEEP_ALIVE_S, PacketForwarder, Signal
from simulators.sensors import Spoken

ROOF: Final = eui64("aa555a0000000001")
TRANSMISSIONS: Final = 8  # of a confirmed uplink that nobody acknowledges (LoRaWAN 1.0.3, section 18.4)
ANSWER_LIMIT_S: Final = 3.0  # RX2 opens after 2 s, and an acknowledgement at SF12 takes 0.99 s from RX1, less from RX2
JOIN_LIMIT_S: Final = 8.0  # RX2 of a join accept opens after 6 s, and 33 octets at SF12 take 1.8 s
CONNECT_LIMIT_S: Final = 10.0
REST_MARGIN_S: Final = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """A new uplink as its device made it; repetitions of it are the same uplink."""

    dev_eui: Eui64
    activation: str
    f_cnt: int
    spoken: Spoken
    confirmed: bool


class Fleet:
    """Devices and the gateways around them; `async with` opens the gateways' sockets, `run` lets the devices speak.

    ``server`` is where the packet forwarders send. A device speaks every ``pace_s`` on average; ``speed`` is how many
    seconds of radio pass in a real one, see `PacketForwarder`.
    """

    def __init__(
        self,
        members: Sequence[Member],
        server: tuple[str, int],
        *,
        gateways: Sequence[Eui64] = (ROOF,),
        air: Air | None = None,
        seed: int = 1,
        pace_s: float = 2.5,
        speed: float = 1.0,
        keep_alive_s: float = KEEP_ALIVE_S,
    ) -> None:
        self.members = members
        self.sent: dict[UUID, Sent] = {}
        self.heard: set[UUID] = set()  # by a gateway, and acknowledged to it (PUSH_ACK)
        self.acknowledged: set[UUID] = set()  # to their devices
        self.counts: Counter[str] = Counter()
        self._air = air or Air(seed=seed)
        self._random = Random(f"{seed}/fleet")
        self._pace_s = pace_s
        self._speed = speed
        self._resting = asyncio.Event()
        self._rested = asyncio.Event()
        self._answers: dict[Eui64, asyncio.Future[None]] = {}  # awaited, by DevEUI
        self._forwarders = {
            gateway: PacketForwarder(gateway, server, deliver=self._hear, speed=speed, keep_alive_s=keep_alive_s)
            for gateway in gateways
        }
        self._closing = contextlib.AsyncExitStack()

    async def __aenter__(self) -> Self:
        """Connect the gateways; TimeoutError when the server does not answer."""
        async with contextlib.AsyncExitStack() as opened, asyncio.timeout(CONNECT_LIMIT_S):
            for forwarder in self._forwarders.values():
                await opened.enter_async_context(forwarder)
                await forwarder.connected()
            self._closing = opened.pop_all()
        return self

    async def __aexit__(self, *_: object) -> None:
        """Fall silent."""
        await self._closing.aclose()

    def registrations(self) -> Sequence[Registration]:
        """Return what is to be registered with the agent before `run`."""
        return [member.registration() for member in self.members]

    async def run(self, uplinks: int | None = None) -> None:
        """Let each device join and send ``uplinks``; None: until `rest`."""
        async with asyncio.TaskGroup() as tasks:
            for member in self.members:
                tasks.create_task(self._live(member, uplinks), name=f"device {member.device.name}")
        self._rested.set()

    async def rest(self) -> None:
        """Ask the devices of a `run` to finish what they are about, and return when they have; TimeoutError."""
        self._resting.set()
        async with asyncio.timeout((JOIN_LIMIT_S + ANSWER_LIMIT_S) / self._speed + REST_MARGIN_S):
            await self._rested.wait()

    async def _live(self, member: Member, uplinks: int | None) -> None:
        await self._pause(0.0, 1.0)
        while member.radio.dev_addr is None and not self._resting.is_set() and not await self.join(member):
            await self._pause(0.0, 1.0)
        for _ in count() if uplinks is None else range(uplinks):
            if self._resting.is_set():
                return
            await self.speak(member)
            await self._pause(0.5, 1.5)

    async def _pause(self, least: float, most: float) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._pace_s * self._random.uniform(least, most)):
                await self._resting.wait()

    # ── what a device does ──────────────────────────────────────────────────────────────────────────────────────

    async def join(self, member: Member) -> bool:
        """Ask once to join; return whether an accept came in its window."""
        self.counts["join_requests"] += 1
        with self._listening(member) as accepted:
            await self._transmit(member, member.radio.join_request())
            joined = await self._within(accepted, JOIN_LIMIT_S)
        self.counts["joins"] += joined
        return joined

    async def speak(self, member: Member) -> UUID:
        """Send the next uplink, again and again if it is a confirmed one that nobody acknowledges; return its id."""
        spoken, f_cnt = next(member.says), member.radio.f_cnt_up
        every = member.confirmed_every
        confirmed = every > 0 and f_cnt % every == every - 1
        uplink = uplink_id(member.device.dev_eui, member.activation, f_cnt)
        frame = member.radio.uplink(spoken.f_port, spoken.payload, confirmed=confirmed)
        self.sent[uplink] = Sent(
            dev_eui=member.device.dev_eui,
            activation=member.activation,
            f_cnt=f_cnt,
            spoken=spoken,
            confirmed=confirmed,
        )
        for turn in range(TRANSMISSIONS if confirmed else 1):
            if turn and self._resting.is_set():
                break
            with self._listening(member) as acknowledged:
                if await self._transmit(member, frame):
                    self.heard.add(uplink)
                if confirmed and await self._within(acknowledged, ANSWER_LIMIT_S):
                    self.acknowledged.add(uplink)
                    break
        return uplink

    @contextlib.contextmanager
    def _listening(self, member: Member) -> Iterator[asyncio.Future[None]]:
        answer: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._answers[member.device.dev_eui] = answer
        try:
            yield answer
        finally:
            del self._answers[member.device.dev_eui]

    async def _within(self, answer: asyncio.Future[None], limit_s: float) -> bool:
        await asyncio.wait([answer], timeout=limit_s / self._speed)
        return answer.done()

    # ── the air ─────────────────────────────────────────────────────────────────────────────────────────────────

    async def _transmit(self, member: Member, frame: bytes) -> bool:
        """Send a frame; return whether a gateway heard it and was told that its datagram arrived."""
        self.counts["transmissions"] += 1
        channel = self._random.randrange(len(EU868.default_channels_hz))
        signal = Signal(
            phy_payload=frame,
            frequency_hz=EU868.default_channels_hz[channel],
            data_rate=member.data_rate,
            rssi_dbm=member.rssi_dbm,
            snr_db=member.snr_db,
            channel=channel,
        )
        arrivals = self._air.carry(signal, list(self._forwarders))
        async with asyncio.TaskGroup() as tasks:
            pushes = [tasks.create_task(self._push(arrival), name="push") for arrival in arrivals]
        return any(push.result() for push in pushes)

    async def _push(self, arrival: Arrival) -> bool:
        forwarder = self._forwarders[arrival.gateway]
        heard_us = arrival.signal.timestamp_us
        signal = replace(arrival.signal, timestamp_us=forwarder.counter_us if heard_us is None else heard_us)
        await asyncio.sleep(arrival.delay_s)
        return await forwarder.push(signal)

    def _hear(self, transmission: Transmission) -> None:
        """Take a downlink to every device that listens for one."""
        try:
            frame = parse(transmission.phy_payload)
        except BadFrame:
            self.counts["downlinks_unreadable"] += 1
            return
        for member in self.members:
            answer = self._answers.get(member.device.dev_eui)
            if answer is None or answer.done():
                continue
            match frame:
                case JoinAccept() if member.radio.dev_addr is None:
                    taken = member.radio.accept(transmission.phy_payload)
                case DataFrame() if member.radio.dev_addr == frame.dev_addr:
                    downlink = member.radio.hear(transmission.phy_payload)
                    taken = downlink is not None and downlink.ack
                case _:
                    taken = False
            if taken:
                answer.set_result(None)
