"""The life of one device: it joins with patience, speaks at its interval, repeats itself where it must, and listens.

It keeps a duty cycle of one per cent in all: after each frame it is silent for ninety-nine times as long.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final, Protocol
from uuid import UUID

from gateway.lorawan.region import EU868
from gateway.model import Eui64, uplink_id
from simulators.air_check import Fault, Verdict, judge
from simulators.concentrator import Transmission, airtime_us
from simulators.end_device import Downlink, Listening, OnAir
from simulators.site.plan import Inhabitant, Plan, is_turn

DUTY: Final = 0.01
CONFIRMED_TRIES: Final = 8  # transmissions of a confirmed uplink that nobody acknowledges (LoRaWAN 1.0.3, section 18.4)
LONGEST_DOWNLINK_S: Final = 2.9  # 64 octets at SF12 take 2.8 s
RETRY_S: Final = (1.0, 3.0)  # ACK_TIMEOUT, LoRaWAN 1.0.3, section 7.2
JOIN_PAUSE_S: Final = (5.0, 60.0)  # between two join requests, besides the duty cycle
REACTION_S: Final = 1.0  # from a confirmed downlink to a class C device's acknowledgement
F_PORT: Final = 2
PAYLOAD_OCTETS: Final = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """A new uplink as its device made it; repetitions of it are the same uplink."""

    id: UUID
    dev_eui: Eui64
    on_air: OnAir
    best_snr_db: float | None  # None: no gateway heard its first transmission


@dataclass(frozen=True, slots=True, kw_only=True)
class Carried:
    """What became of a transmission: the concentrators' counters at its end, and which gateways heard it how."""

    ended_s: float
    counters_us: Mapping[Eui64, int]
    snr_db: Mapping[Eui64, float]


class Carrier(Protocol):
    """Carry a frame through the air; return when it has been sent."""

    async def __call__(self, resident: Resident, frame: bytes, on_air: OnAir, length_s: float) -> Carried:
        """Return what became of it."""
        ...


class Resident:
    """One device as it lives at the site."""

    def __init__(self, inhabitant: Inhabitant, plan: Plan, carry: Carrier, now: Callable[[], float]) -> None:
        self.inhabitant = inhabitant
        self.radio = inhabitant.radio
        self.joined_at_s: float | None = None
        self.joins = 0
        self.requests: list[bytes] = []  # join requests that some gateway heard
        self.nonce: int | None = None  # the DevNonce that it joined with
        self.sent: dict[UUID, Sent] = {}
        self.heard: dict[UUID, list[float]] = {}  # uplinks that some gateway heard, and when
        self.acknowledged: set[UUID] = set()
        self.told: list[Downlink] = []  # what it heard
        self._plan = plan
        self._carry = carry
        self._now = now
        self._random = inhabitant.random
        self._silent_until_s = 0.0
        self._sending = False
        self._listening: tuple[Listening, Carried, int] | None = None  # the last windows, and how long the uplink was
        self._answer: asyncio.Future[Downlink | None] | None = None
        self._answered: Downlink | None = None  # after the last frame
        self._owes_sign = asyncio.Event()

    @property
    def listens(self) -> bool:
        """Tell whether its receiver may be open."""
        return self._answer is not None or (self._listening is not None and self._is_class_c)

    @property
    def _is_class_c(self) -> bool:
        return self.radio.make.device_class == "C"

    async def live(self) -> None:
        """Live until cancelled."""
        await asyncio.sleep(self._random.uniform(0.0, self._plan.storm_s))
        while self.radio.dev_addr is None:
            await self._join()
        self.joined_at_s = self._now()
        await asyncio.sleep(self._random.uniform(0.0, self._plan.interval_s))
        while True:
            await self._speak()
            await self._pause()

    async def _pause(self) -> None:
        try:
            async with asyncio.timeout(self._plan.interval_s * self._random.uniform(0.5, 1.5)):
                await self._owes_sign.wait()
        except TimeoutError:
            return
        await asyncio.sleep(REACTION_S)
        await self._silence()
        await self._exchange(self._make(confirmed=False, payload=None))

    # ── speaking ────────────────────────────────────────────────────────────────────────────────────────────────

    async def _join(self) -> None:
        self.radio.make = replace(self.radio.make, data_rate=self._next_join_rate())
        self.joins += 1
        await self._silence()
        request = self.radio.join_request()
        carried = await self._exchange(request)
        if carried.snr_db:
            self.requests.append(request)
        if self.radio.dev_addr is None:
            await asyncio.sleep(self._random.uniform(*JOIN_PAUSE_S))

    def _next_join_rate(self) -> int:
        """Return the data rates from the fastest to the slowest, again and again: nobody tells which is heard."""
        fastest = EU868.highest_adr_data_rate
        return fastest - self.joins % (fastest + 1)

    async def _speak(self) -> None:
        """Send the next uplink, as often as the device must."""
        confirmed = is_turn(self.radio.f_cnt_up, self._plan.confirmed_every)
        await self._silence()
        f_cnt = self.radio.f_cnt_up
        uplink = uplink_id(self.radio.dev_eui, self.inhabitant.activation, f_cnt)
        frame = self._make(confirmed=confirmed, payload=f_cnt.to_bytes(PAYLOAD_OCTETS, "big"))
        for turn in range(CONFIRMED_TRIES if confirmed else self.radio.setting.nb_trans):
            if turn:
                await asyncio.sleep(self._random.uniform(*RETRY_S))
                await self._silence()
                frame = self.radio.repeat()
            on_air = self.radio.on_air
            carried = await self._exchange(frame)
            self._note(uplink, on_air, carried)
            answer = self._answered
            if answer is not None and (answer.ack or not confirmed):
                self.acknowledged |= {uplink} if confirmed else set()
                return

    def _make(self, *, confirmed: bool, payload: bytes | None) -> bytes:
        self._owes_sign.clear()
        if payload is None:
            return self.radio.uplink(None, b"")
        return self.radio.uplink(F_PORT, payload, confirmed=confirmed)

    def _note(self, uplink: UUID, on_air: OnAir, carried: Carried) -> None:
        if carried.snr_db:
            self.heard.setdefault(uplink, []).append(carried.ended_s)
        known = Sent(
            id=uplink,
            dev_eui=self.radio.dev_eui,
            on_air=on_air,
            best_snr_db=max(carried.snr_db.values(), default=None),
        )
        self.sent.setdefault(uplink, known)

    async def _silence(self) -> None:
        await asyncio.sleep(max(0.0, self._silent_until_s - self._now()))

    async def _exchange(self, frame: bytes) -> Carried:
        """Send a frame and listen in its windows; what was heard there is `_answered`."""
        on_air, listening = self.radio.on_air, self.radio.listening
        length_us = airtime_us(len(frame), on_air.data_rate)
        self._sending, self._answered = True, None
        carried = await self._carry(self, frame, on_air, length_us / 1e6)
        self._sending = False
        self._listening = (listening, carried, length_us)
        self._silent_until_s = self._now() + length_us / 1e6 * (1 / DUTY - 1)
        self._answer = asyncio.get_running_loop().create_future()
        try:
            async with asyncio.timeout(listening.rx2.delay_us / 1e6 + LONGEST_DOWNLINK_S):
                self._answered = await self._answer
        except TimeoutError:
            self._answered = None
        finally:
            self._answer = None
        return carried

    # ── listening ───────────────────────────────────────────────────────────────────────────────────────────────

    def verdict(self, gateway: Eui64, transmission: Transmission) -> Verdict | None:
        """Return how its receiver takes a transmission that has just ended; None where it never listened."""
        if self._listening is None:
            return None
        if self._sending:
            return Verdict(window="rxc" if self._is_class_c else "rx2", error_us=0, faults=(Fault.DEAF,))
        listening, carried, length_us = self._listening
        ended_us = carried.counters_us[gateway]
        return judge(transmission, listening, uplink_ended_us=ended_us, uplink_airtime_us=length_us)

    def take(self, phy_payload: bytes) -> bool:
        """Take what the receiver heard; return whether it was for this device."""
        if self.radio.dev_addr is None:
            taken, downlink = self.radio.accept(phy_payload), None
            self.nonce = self.radio.dev_nonce if taken else None
        else:
            downlink = self.radio.hear(phy_payload)
            taken = downlink is not None
        if downlink is not None:
            self.told.append(downlink)
            if downlink.confirmed and self._is_class_c:
                self._owes_sign.set()
        if taken and self._answer is not None and not self._answer.done():
            self._answer.set_result(downlink)
        return taken
