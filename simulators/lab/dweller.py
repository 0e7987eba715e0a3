"""The life of one device: it is switched on, joins with patience, speaks by its rhythm, repeats itself where it must, and listens.

It keeps the law of its sub-bands, counted by `simulators.radio.Restraint`.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from itertools import count
from typing import Final
from uuid import UUID

from gateway.lorawan.region import EU868
from gateway.model import uplink_id
from simulators.air_check import Fault, Verdict, judge
from simulators.concentrator import Transmission, airtime_us
from simulators.end_device import Downlink, Listening
from simulators.hashed import uniform
from simulators.lab.plan import Settler
from simulators.lab.rhythm import turns
from simulators.lab.sky import Carried, Sky
from simulators.lab.witness import US, Story, Witness
from simulators.radio import Restraint, Spot
from simulators.values import Moment

CONFIRMED_TRIES: Final = 8  # transmissions of a confirmed uplink that nobody acknowledges (LoRaWAN 1.0.3, section 18.4)
LONGEST_DOWNLINK_S: Final = 2.9  # 64 octets at SF12 take 2.8 s
RETRY_S: Final = (1.0, 3.0)  # ACK_TIMEOUT, LoRaWAN 1.0.3, section 7.2
JOIN_PAUSE_S: Final = (5.0, 60.0)  # between two join requests, besides the law


class Dweller:
    """One device as it lives."""

    def __init__(self, settler: Settler, sky: Sky, witness: Witness, *, begins_s: float, ends_us: int) -> None:
        """``begins_s`` are the wall's Unix seconds at the scenario's beginning; after ``ends_us`` it begins nothing new."""
        self.settler = settler
        self.radio = settler.radio
        self.spot: Spot = settler.spot
        self.sender: str = settler.radio.dev_eui
        self.restraint = Restraint()
        self._sky = sky
        self._witness = witness
        self._begins_s = begins_s
        self._ends_us = ends_us
        self._draws = count()
        self._joins = 0
        self._spoken = 0
        self._sending = False
        self._listening: tuple[Listening, Carried] | None = None  # the last windows, and the uplink before them
        self._answer: asyncio.Future[Downlink | None] | None = None
        self._answered: Downlink | None = None  # after the last frame

    def _drawn(self, least: float = 0.0, most: float = 1.0) -> float:
        return least + (most - least) * uniform(self.settler.key, next(self._draws))

    async def live(self) -> None:
        """Live to the end of the scenario."""
        fleet = self.settler.fleet
        await asyncio.sleep(self._drawn() * fleet.joins_within_s)
        while self.radio.dev_addr is None and self._sky.now_us() < self._ends_us:
            await self._join()
        if self.radio.dev_addr is None:
            return
        self._witness.joins[fleet.name] += 1
        self._sky.sessions[self.radio.dev_addr].append(self)
        await self._speak_in_turn()

    async def _speak_in_turn(self) -> None:
        """Speak at each turn; what it missed while it was busy it says once, and of its rhythm not at all."""
        ends_s = self._begins_s + self._ends_us / US
        changes = (at_s - self._begins_s for at_s in self.settler.changes(self._begins_s, ends_s))
        owes = False
        for turn in turns(self.settler.fleet.rhythm, self.settler.key, changes):
            if turn.at_us >= self._ends_us:
                break
            if owes and turn.at_us >= self._sky.now_us():
                owes = False
                await self._speak()
            if turn.at_us >= self._sky.now_us():
                await self._until(turn.at_us)
                await self._speak()
            else:
                owes = owes or turn.is_event
        if owes and self._sky.now_us() < self._ends_us:
            await self._speak()

    async def _until(self, at_us: int) -> None:
        await asyncio.sleep(max(0.0, (at_us - self._sky.now_us()) / US))

    # ── speaking ──

    async def _join(self) -> None:
        if self.settler.fleet.data_rate is None:
            fastest = EU868.highest_adr_data_rate  # then slower and slower, and again: nobody tells which is heard
            self.radio.make = replace(self.radio.make, data_rate=fastest - self._joins % (fastest + 1))
        self._joins += 1
        self._witness.requests[self.settler.fleet.name] += 1
        self._sky.joining[self.sender] = self
        await self._exchange(self.radio.join_request(), None)
        if self.radio.dev_addr is None:
            await asyncio.sleep(self._drawn(*JOIN_PAUSE_S))
        else:
            del self._sky.joining[self.sender]

    async def _speak(self) -> None:
        """Send the next uplink, as often as the device must."""
        fleet = self.settler.fleet
        spoken = self.settler.says(Moment.of_seconds(self._begins_s + self._sky.now_us() / US, self._spoken))
        self._spoken += 1
        if not self._fits(len(spoken.payload)):
            self._witness.too_long[fleet.name] += 1
            return
        confirmed = self._drawn() < fleet.confirmed
        f_cnt = self.radio.f_cnt_up
        uplink = uplink_id(self.radio.dev_eui, self.settler.activation, f_cnt)
        frame = self.radio.uplink(spoken.f_port, spoken.payload, confirmed=confirmed)
        self._witness.said(self._story(uplink, f_cnt, spoken.payload, confirmed=confirmed))
        for turn in range(CONFIRMED_TRIES if confirmed else self.radio.setting.nb_trans):
            if turn:
                await asyncio.sleep(self._drawn(*RETRY_S))
                frame = self.radio.repeat()
            await self._exchange(frame, uplink)
            if self._answered is not None and (self._answered.ack or not confirmed):
                if confirmed:
                    self._witness.acknowledged(uplink, self._sky.now_us())
                return

    def _fits(self, octets: int) -> bool:
        room = EU868.max_payload(self.radio.setting.data_rate)
        return room is not None and octets <= room

    def _story(self, uplink: UUID, f_cnt: int, payload: bytes, *, confirmed: bool) -> Story:
        fleet = self.settler.fleet
        return Story(
            id=uplink,
            fleet=fleet.name,
            device=self.settler.device.name,
            dev_eui=self.radio.dev_eui,
            f_cnt=f_cnt,
            confirmed=confirmed,
            payload=payload,
            platforms=self.settler.platforms,
            begins_us=self._sky.now_us(),
        )

    async def _exchange(self, frame: bytes, uplink: UUID | None) -> None:
        """Send a frame as soon as the law allows, and listen in its windows; what was heard there is `_answered`."""
        on_air, listening = self.radio.on_air, self.radio.listening
        length_us = airtime_us(len(frame), on_air.data_rate)
        await self._until(self.restraint.earliest_us(on_air.frequency_hz, length_us, self._sky.now_us()))
        self._sending, self._answered = True, None
        carried = await self._sky.carry(self.sender, self.spot, frame, on_air, uplink)
        self._sending = False
        self.restraint.sent(on_air.frequency_hz, carried.begins_us, length_us)
        self._listening = listening, carried
        self._answer = asyncio.get_running_loop().create_future()
        try:
            async with asyncio.timeout(listening.rx2.delay_us / US + LONGEST_DOWNLINK_S):
                self._answered = await self._answer
        except TimeoutError:
            self._answered = None
        finally:
            self._answer = None

    # ── listening ──

    def verdict(self, counter_start_us: int, transmission: Transmission) -> Verdict | None:
        """Return how it takes what has just been sent; None where it never listened."""
        is_class_c = self.settler.fleet.device_class == "C"
        if self._listening is None or (self._answer is None and not is_class_c and not self._sending):
            return None
        if self._sending:
            return Verdict(window="rxc" if is_class_c else "rx2", error_us=0, faults=(Fault.DEAF,))
        listening, carried = self._listening
        return judge(
            transmission,
            listening,
            uplink_ended_us=carried.ends_us + counter_start_us,
            uplink_airtime_us=carried.ends_us - carried.begins_us,
        )

    def take(self, phy_payload: bytes, snr_db: float) -> bool:
        """Take what it heard; return whether it was for this device."""
        if self.radio.dev_addr is None:
            taken, downlink = self.radio.accept(phy_payload), None
        else:
            downlink = self.radio.hear(phy_payload, snr_db=snr_db)
            taken = downlink is not None
        if taken and self._answer is not None and not self._answer.done():
            self._answer.set_result(downlink)
        return taken
