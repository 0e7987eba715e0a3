"""Devices of the town: they join, rejoin, speak, listen, ask for acknowledgements, begin anew."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from random import Random
from typing import Final

from gateway.journal import Registration
from gateway.model import (
    Activation,
    Device,
    Eui64,
    Reception,
    RootKeys,
    Session,
    TxRequest,
    dev_addr,
    eui64,
    uplink_id,
)
from simulators.end_device import EndDevice, Make, Oddities
from simulators.simulation.payload import DECODER, F_PORT, payload_of
from simulators.simulation.town import COUNTER_US, ROOFS, Gps, Habits, Kin, OnAir, Said, Town
from simulators.simulation.trace import Trace

FIRST_EUI: Final = 0x70B3_D57E_D000_0001
FIRST_ADDRESS: Final = 0x26B0_0000
TRANSMISSIONS: Final = 8  # of a confirmed uplink that nobody acknowledges (LoRaWAN 1.0.3, section 18.4)
ANSWER_LIMIT_S: Final = 4.0  # RX2 opens after 2 s, and what is sent there at SF12 takes 1.5 s
JOIN_LIMIT_S: Final = 9.0
WINDOWS_US: Final = 8_000_000  # within which a downlink can be the answer to an uplink
REJOINS: Final = 0.15  # of the turns of a device that rejoins
REJOIN_TYPES: Final = (0, 1, 2)
GPS_ROUND: Final = timedelta(weeks=1024)


class Resident:
    """One device, and the task that is its life."""

    def __init__(self, number: int, town: Town, trace: Trace, habits: Habits, random: Random, kin: Kin) -> None:
        self.dev_eui = eui64(f"{FIRST_EUI + number:016x}")
        self.habits = habits
        self._town = town
        self._trace = trace
        self._random = random
        self.kin = kin
        self.restarts = 0  # of a device that forgets its counters then
        address = dev_addr(f"{FIRST_ADDRESS + number:08x}")
        make = Make(device_class=kin.device_class, oddities=Oddities(forgets_counters=kin.forgets))
        self.radio = (
            EndDevice(self.dev_eui, mac_version=kin.version, random=random, make=make)
            if kin.joins
            else EndDevice.abp(self.dev_eui, address, mac_version=kin.version, random=random, make=make)
        )
        self._heard_us: int | None = None  # the counter at the end of the last transmission, while it listens
        self._answer: asyncio.Future[None] | None = None
        self._joining = False
        self._busy = False  # with an uplink or a join, until its answer has come or its windows are over

    @property
    def activation(self) -> str:
        """Return the name of its session (`gateway.model.Session`).

        Of one that forgets its counters the network gives the number, when it notices: `HeardRows` learns it there.
        """
        if self.kin.forgets:
            return f"{self.radio.dev_addr}-restart{self.restarts}"
        number = "abp0" if self.radio.join_nonce is None else self.radio.join_nonce
        return f"{self.radio.dev_addr}-{number}"

    def registration(self) -> Registration:
        """Return what an installer enters, before the first uplink."""
        device = Device(
            dev_eui=self.dev_eui,
            decoder=DECODER,
            activation=Activation.OTAA if self.kin.joins else Activation.ABP,
            mac_version=self.radio.mac_version,
            device_class=self.kin.device_class,
            join_eui=self.radio.join_eui if self.kin.joins else None,
            counter_reset_allowed=self.kin.forgets,
        )
        if self.kin.joins:
            return Registration(
                device=device, root_keys=RootKeys(app_key=self.radio.app_key, nwk_key=self.radio.nwk_key)
            )
        assert self.radio.dev_addr is not None
        assert self.radio.keys is not None
        session = Session(
            dev_eui=self.dev_eui,
            dev_addr=self.radio.dev_addr,
            activation=f"{self.radio.dev_addr}-abp0",
            mac_version=self.radio.mac_version,
            keys=self.radio.keys,
        )
        return Registration(device=device, session=session)

    async def live(self) -> None:
        """Speak for ever; ends by cancellation."""
        while True:
            await asyncio.sleep(self._random.uniform(1.0, self.habits.slowest_s))
            self._busy = True
            await self._turn()
            self._busy = False

    async def _turn(self) -> None:
        if self.radio.dev_addr is None:
            await self._join(self.radio.join_request(), "asks to join")
        elif self.kin.rejoins and self._random.random() < REJOINS:
            kind = self._random.choice(REJOIN_TYPES)
            await self._join(self.radio.rejoin_request(kind), f"asks to rejoin ({kind})")
        else:
            await self._speak()

    def begin_anew(self) -> None:
        """Lose power: an OTAA device has to join again; a personalised one remembers its counters, or forgets them."""
        self._trace.note(f"{self.dev_eui[-4:]} begins anew")
        self.restarts += 1
        self.radio.restart()

    def hurry(self) -> None:
        """Send an unconfirmed uplink now and listen to nobody, if it is not busy and has a session."""
        if not self._busy and self.radio.dev_addr is not None:
            said, frame = self._say(confirmed=False)
            self._transmit(frame, said)

    async def _speak(self) -> None:
        """Send a new uplink, and again if it is a confirmed one that nobody acknowledges."""
        said, frame = self._say(confirmed=self._random.random() < self.habits.confirmed)
        for _ in range(TRANSMISSIONS if said.confirmed else 1):
            self._transmit(frame, said)
            if not said.confirmed:
                await asyncio.sleep(ANSWER_LIMIT_S)  # a class A device listens before it speaks again
            elif await self._answered(ANSWER_LIMIT_S):
                self._town.acknowledged(said)
                return
            if self.radio.dev_addr is None or self.activation != said.activation:
                return  # it has lost power meanwhile
            frame = self.radio.repeat()

    def _say(self, *, confirmed: bool) -> tuple[Said, bytes]:
        habits, random, f_cnt = self.habits, self._random, self.radio.f_cnt_up
        serial, garbled = self._town.next_serial(), random.random() < habits.garbled
        payload = payload_of(serial, garbled=garbled, padding=random.randrange(habits.padding + 1))
        said = Said(
            id=uplink_id(self.dev_eui, self.activation, f_cnt),
            dev_eui=self.dev_eui,
            activation=self.activation,
            f_cnt=f_cnt,
            serial=serial,
            payload=payload,
            garbled=garbled,
            confirmed=confirmed,
            forgets=self.kin.forgets,
        )
        self._town.said(said)
        return said, self.radio.uplink(F_PORT, payload, confirmed=said.confirmed)

    async def _join(self, request: bytes, words: str) -> None:
        self._joining = True
        self._transmit(request, None, words)
        if await self._answered(JOIN_LIMIT_S) and self.radio.dev_addr is not None:
            self._town.joined(self.dev_eui, self.activation)
        self._joining = False

    def _transmit(self, frame: bytes, said: Said | None, asks: str = "") -> None:
        now_us = int(asyncio.get_running_loop().time() * 1e6) % COUNTER_US
        self._heard_us = now_us
        receptions = tuple(
            self._reception(roof, now_us) for roof in ROOFS if self._random.random() >= self.habits.air_loss
        )
        words = asks if said is None else f"says {said.serial}, counter {said.f_cnt}"
        kind = ", confirmed" if said is not None and said.confirmed else ""
        self._trace.note(f"{self.dev_eui[-4:]} {words}{kind}{'' if receptions else ', lost on the air'}")
        on_air = self.radio.on_air
        self._town.hear(
            OnAir(
                phy_payload=frame,
                receptions=receptions,
                said=said,
                frequency_hz=on_air.frequency_hz,
                data_rate=on_air.data_rate,
                is_private=self.kin.forgets,
            )
        )

    def _reception(self, roof: Eui64, now_us: int) -> Reception:
        on_air = self.radio.on_air
        return Reception(
            gateway=roof,
            frequency_hz=on_air.frequency_hz,
            data_rate=on_air.data_rate,
            rssi_dbm=-80.0,
            snr_db=round(self._random.uniform(-5.0, 10.0), 1),
            timestamp_us=now_us,
            channel=0,
            source="radio",
            gateway_time=self._gps_time() if roof == ROOFS[0] else None,
            gateway_time_is_gps=roof == ROOFS[0] and self.habits.gps is not Gps.NONE,
        )

    def _gps_time(self) -> datetime | None:
        match self.habits.gps:
            case Gps.NONE:
                return None
            case Gps.RIGHT:
                return self._town.truth()
            case Gps.FORGETFUL:
                return self._town.truth() - GPS_ROUND

    async def _answered(self, limit_s: float) -> bool:
        self._answer = asyncio.get_running_loop().create_future()
        await asyncio.wait([self._answer], timeout=limit_s)
        answered, self._answer, self._heard_us = self._answer.done(), None, None
        return answered

    # ── listening ──

    def catch(self, request: TxRequest) -> None:
        """Hear a downlink when it is on air, if this device listens then."""
        if request.timestamp_us is None:
            self._catch_at_once(request.phy_payload)
            return
        if self._heard_us is None:
            return
        ahead_us, of = (request.timestamp_us - self._heard_us) % COUNTER_US, self._heard_us
        if ahead_us > WINDOWS_US or self._random.random() < self.habits.air_loss:
            return
        loop = asyncio.get_running_loop()
        passed_us = (int(loop.time() * 1e6) - of) % COUNTER_US
        if passed_us <= ahead_us:
            loop.call_later((ahead_us - passed_us) / 1e6, self._hear, request.phy_payload, of)

    def _catch_at_once(self, octets: bytes) -> None:
        """Hear what comes unasked: in class C, whenever no answer is waited for."""
        is_deaf = self.kin.device_class != "C" or self.radio.dev_addr is None or self._busy
        if not is_deaf and self._random.random() >= self.habits.air_loss:
            self._listen(octets)

    def _listen(self, octets: bytes) -> bool:
        """Take a downlink; return whether it acknowledges an uplink."""
        downlink = self.radio.hear(octets)
        if downlink is not None:
            self._town.downlink_heard(self.dev_eui, downlink)
        return downlink is not None and downlink.ack

    def _hear(self, octets: bytes, of: int) -> None:
        if self._heard_us != of:
            return  # it sends already, or has stopped listening
        if self._joining:
            is_mine = self.radio.accept(octets)
        elif self.radio.dev_addr is None:
            return
        else:
            is_mine = self._listen(octets)
        if is_mine and self._answer is not None and not self._answer.done():
            self._answer.set_result(None)
