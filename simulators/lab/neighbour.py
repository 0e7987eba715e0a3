"""A hostile neighbour: a radio that plays back what it has heard, floods, sends what is malformed, and lies about keys.

It hears everything that anybody sends, which is more than a real one does, and keeps no duty cycle.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from itertools import count
from random import Random
from typing import Final

from gateway.lorawan.region import EU868
from gateway.model import Activation, eui64
from simulators.end_device import EndDevice, OnAir
from simulators.lab.plan import Settler, Town, spot
from simulators.lab.scenario import Mischief, Neighbour
from simulators.lab.sky import Sky
from simulators.lab.witness import US, Witness

POWER_DBM: Final = 16
F_PORT: Final = 2
LONGEST: Final = 64  # octets of what is malformed
STRANGER: Final = 0xBAD0_0000_0000_0000


class Hostile:
    """One neighbour."""

    def __init__(self, neighbour: Neighbour, sky: Sky, witness: Witness, town: Town, *, seed: int) -> None:
        self._neighbour = neighbour
        self._sky = sky
        self._witness = witness
        self._settlers = town.settlers
        self._random = Random(f"{seed}/{neighbour.name}")
        self._spot = spot(neighbour.area, town.centre)
        self._makes: Mapping[Mischief, Callable[[], bytes]] = {
            Mischief.REPLAY: self._replay,
            Mischief.FLOOD: self._flood,
            Mischief.MALFORMED: self._malformed,
            Mischief.WRONG_KEYS: self._wrong_keys,
        }

    async def live(self) -> None:
        """Do mischief, one after another, for as long as it is meant."""
        one = self._neighbour
        await self._until(one.begins_s)
        for number in count():
            if self._sky.now_us() >= one.ends_s * US:
                return
            what = one.does[number % len(one.does)]
            if frame := self._makes[what]():
                self._witness.mischief[what] += 1
                await self._sky.carry(one.name, self._spot, frame, self._on_air())
            await self._until(one.begins_s + (number + 1) * one.every_s)

    async def _until(self, at_s: float) -> None:
        await asyncio.sleep(max(0.0, at_s - self._sky.now_us() / US))

    def _on_air(self) -> OnAir:
        channel = self._random.randrange(len(EU868.default_channels_hz))
        number = self._random.randrange(EU868.highest_adr_data_rate + 1)
        data_rate = EU868.data_rate(number)
        assert data_rate is not None
        return OnAir(
            channel=channel,
            frequency_hz=EU868.default_channels_hz[channel],
            data_rate_number=number,
            data_rate=data_rate,
            power_dbm=POWER_DBM,
        )

    # ── what it sends ──

    def _replay(self) -> bytes:
        kept = self._sky.overheard
        return self._random.choice(kept) if kept else b""

    def _flood(self) -> bytes:
        """Ask to join as a device that nobody knows."""
        stranger = EndDevice(eui64(f"{STRANGER + self._random.getrandbits(40):016x}"), random=self._random)
        return stranger.join_request()

    def _malformed(self) -> bytes:
        """Send noise, or a real frame that is cut short or has a bit turned."""
        kept, kind = self._sky.overheard, self._random.randrange(3)
        if kind == 0 or not kept:
            return self._random.randbytes(self._random.randrange(1, LONGEST))
        frame = self._random.choice(kept)
        if kind == 1:
            return frame[: self._random.randrange(1, len(frame))]
        bit = self._random.randrange(8 * len(frame))
        return (int.from_bytes(frame, "big") ^ 1 << bit).to_bytes(len(frame), "big")

    def _wrong_keys(self) -> bytes:
        """Speak in the name of a device that is known, with keys that are not its own."""
        settler = self._random.choice(self._settlers)
        if settler.radio.dev_addr is None or self._random.random() < 0.5:
            return self._false_join(settler)
        other = EndDevice.abp(settler.radio.dev_eui, settler.radio.dev_addr, random=self._random)
        other.f_cnt_up = settler.radio.f_cnt_up + self._random.randrange(5)
        return other.uplink(F_PORT, self._random.randbytes(8))

    def _false_join(self, settler: Settler) -> bytes:
        if settler.device.activation is Activation.ABP:
            return b""
        return EndDevice(settler.radio.dev_eui, join_eui=settler.radio.join_eui, random=self._random).join_request()
