"""The sky between devices and gateways: frames go up through `simulators.radio`, downlinks come down into receive windows."""

from __future__ import annotations

import asyncio
from collections import defaultdict, deque
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from itertools import count
from typing import Final, Protocol
from uuid import UUID

from gateway.errors import BadFrame
from gateway.lorawan.phy import DataFrame, parse
from gateway.model import DevAddr, Eui64
from simulators.air_check import Verdict
from simulators.concentrator import Decision, Transmission, airtime_us
from simulators.end_device import OnAir
from simulators.hashed import key, uniform
from simulators.jumping_time import BEGIN_S
from simulators.lab.gateways import Gateway
from simulators.lab.plan import Town
from simulators.lab.witness import US, Witness
from simulators.packet_forwarder import Signal
from simulators.radio import Arrival, Ether, Outcome, Spot
from simulators.radio import Transmission as Sent

OFF: Final = "gateway_off"
KEPT: Final = 1000  # frames that somebody beside the road remembers


@dataclass(frozen=True, slots=True)
class Carried:
    """What became of a transmission."""

    begins_us: int
    ends_us: int
    heard: bool


class Receiver(Protocol):
    """A device's receiver."""

    @property
    def spot(self) -> Spot:
        """Where it is."""
        ...

    @property
    def sender(self) -> str:
        """By which name the radio knows it."""
        ...

    def verdict(self, counter_start_us: int, transmission: Transmission) -> Verdict | None:
        """Return how it takes what has just been sent; None where it never listened."""
        ...

    def take(self, phy_payload: bytes, snr_db: float) -> bool:
        """Take what it heard; return whether it was for this device."""
        ...


class Sky:
    """All that is on the air."""

    def __init__(self, town: Town, witness: Witness, *, seed: int) -> None:
        self.masts: dict[Eui64, Gateway] = {}
        self.noise_db = 0.0
        self.joining: dict[str, Receiver] = {}  # whoever waits for a join accept
        self.sessions: dict[DevAddr, list[Receiver]] = defaultdict(list)
        self.overheard: deque[bytes] = deque(maxlen=KEPT)  # frames that a neighbour may have kept
        self._town = town
        self._witness = witness
        self._ether = Ether(town.links, seed=seed, rules=town.rules)
        self._loop = asyncio.get_running_loop()
        self._numbers = count(1)
        self._flying: dict[int, UUID | None] = {}
        self._heard: dict[int, bool] = {}
        self._latest_us = 0
        self._names = dict(town.masts)
        self._delays = {eui: key(seed, "delay", eui) for eui, _ in town.masts}

    def now_us(self) -> int:
        """Return the microseconds since the beginning."""
        return round((self._loop.time() - BEGIN_S) * US)

    # ── up ──

    async def carry(self, sender: str, spot: Spot, frame: bytes, on_air: OnAir, uplink: UUID | None = None) -> Carried:
        """Carry a frame through the air; return when its last symbol has been sent."""
        number, length_us = next(self._numbers), airtime_us(len(frame), on_air.data_rate)
        begins_us = self._latest_us = max(self.now_us(), self._latest_us)
        sent = Sent(
            number=number,
            sender=sender,
            spot=spot,
            begins_us=begins_us,
            airtime_us=length_us,
            frequency_hz=on_air.frequency_hz,
            data_rate=on_air.data_rate,
            power_dbm=on_air.power_dbm - self.noise_db,
            phy_payload=frame,
        )
        if uplink is not None or sender in self.joining:
            self.overheard.append(frame)
        self._flying[number] = uplink
        self._land(self._ether.begin(sent))
        self._witness.airtime.note(sender, begins_us, length_us, on_air.frequency_hz)
        ends_us = begins_us + length_us
        await asyncio.sleep(max(0.0, (ends_us - self.now_us()) / US))
        self._latest_us = max(self._latest_us, self.now_us(), ends_us)
        self._land(self._ether.until(self._latest_us))
        return Carried(begins_us, ends_us, self._heard.pop(number))

    def _land(self, outcomes: Iterable[Outcome]) -> None:
        for outcome in outcomes:
            number = outcome.transmission.number
            uplink = self._flying.pop(number)
            arrivals = [one for one in outcome.arrivals if self.masts[one.gateway].is_on]
            losses = {eui: str(loss) for eui, loss in outcome.losses.items()}
            losses |= {one.gateway: OFF for one in outcome.arrivals if one not in arrivals}
            cause = "" if arrivals else OFF if outcome.arrivals else str(outcome.loss)
            self._heard[number] = bool(arrivals)
            gateways = [one.gateway for one in arrivals]
            self._witness.aired(uplink, outcome.transmission.ends_us, gateways, losses, cause)
            for arrival in arrivals:
                self._bring(outcome.transmission, arrival, uplink)

    def _bring(self, sent: Sent, arrival: Arrival, uplink: UUID | None) -> None:
        """Let a gateway push what it heard, after the way to the agent."""
        mast = self._names[arrival.gateway]
        delay_s = mast.delay_s * uniform(self._delays[arrival.gateway], sent.number)
        signal = Signal(
            phy_payload=sent.phy_payload,
            frequency_hz=sent.frequency_hz,
            data_rate=sent.data_rate,
            rssi_dbm=arrival.rssi_dbm + round(self.noise_db),
            snr_db=arrival.snr_db,
            timestamp_us=arrival.timestamp_us,
        )
        self._loop.call_later(delay_s, self._push, arrival.gateway, signal, sent.ends_us, uplink)

    def _push(self, gateway: Eui64, signal: Signal, ended_us: int, uplink: UUID | None) -> None:
        if self.masts[gateway].is_on:
            self.masts[gateway].push_one(signal, ended_us, partial(self._given, uplink))

    def _given(self, uplink: UUID | None) -> None:
        if uplink is not None:
            self._witness.given(uplink, self.now_us())

    # ── down ──

    def decided(self, gateway: Eui64, decision: Decision) -> None:
        """Note what a gateway's queue made of a downlink; while it sends it hears nothing."""
        heard = self._witness.masts[self._names[gateway].name]
        sent = decision.transmission
        if sent is None:
            heard.refused[decision.error or "unknown"] += 1
            return
        heard.downlinks += 1
        heard.airtime_us += sent.airtime_us
        self._witness.airtime.note(self._names[gateway].name, sent.starts_us, sent.airtime_us, sent.frequency_hz)
        start_us = self.masts[gateway].counter_start_us
        self._ether.sends(gateway, sent.starts_us - start_us, sent.ends_us - start_us)

    def deliver(self, gateway: Eui64, transmission: Transmission) -> None:
        """Let whoever it is for take a downlink whose last symbol has been sent."""
        if not self.masts[gateway].is_on:
            return
        start_us = self.masts[gateway].counter_start_us
        for receiver in self._meant(transmission.phy_payload):
            verdict = receiver.verdict(start_us, transmission)
            if verdict is not None and verdict.heard and self._reaches(gateway, receiver, transmission):
                return
        self._witness.masts[self._names[gateway].name].deaf += 1

    def _reaches(self, gateway: Eui64, receiver: Receiver, sent: Transmission) -> bool:
        told = self._ether.downlink(
            gateway,
            receiver.sender,
            receiver.spot,
            number=sent.starts_us,
            power_dbm=sent.power_dbm - self.noise_db,
            data_rate=sent.data_rate,
        )
        return told is not None and receiver.take(sent.phy_payload, told[1])

    def _meant(self, phy_payload: bytes) -> list[Receiver]:
        try:
            frame = parse(phy_payload)
        except BadFrame:
            return []
        if isinstance(frame, DataFrame):
            return [*self.sessions.get(frame.dev_addr, ())]
        return [*self.joining.values()]
