"""A town on virtual time: residents and roofs around the box, somebody who sends downlinks, somebody who pulls the plug."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from random import Random
from typing import Final

from gateway.agent import Agent
from gateway.errors import ConfigError, StorageError
from gateway.lorawan.phy import DataFrame, parse
from gateway.lorawan.region import EU868
from gateway.model import DevAddr, Downlink, Eui64
from simulators import jumping_time
from simulators.air_check import Verdict
from simulators.concentrator import Transmission
from simulators.end_device import OnAir
from simulators.packet_forwarder import Signal
from simulators.ports import free_udp_port
from simulators.site.box import Box, LoopClock
from simulators.site.ether import NOISE_DBM, Ether
from simulators.site.evidence import Aired, Evidence
from simulators.site.judge import judged
from simulators.site.plan import Plan, inhabitants
from simulators.site.report import Outcome
from simulators.site.resident import Carried, Resident
from simulators.site.roof import Roof

BACKHAUL_S: Final = 0.03  # the longest that a datagram is on its way from a roof to the box
AWAY_S: Final = (1.0, 20.0)  # how long the box is off
QUIET_S: Final = 120.0  # no interruption in the last so many seconds: what it did is to be seen
COMMIT_LIMIT_S: Final = 600.0  # until the next commit comes, after which the plug is pulled
CONNECT_LIMIT_S: Final = 30.0
EVERYTHING: Final = -1  # what SQLite takes for no LIMIT
COUNTER: Final = 1 << 32
FULL_POWER_DBM: Final = EU868.max_eirp_dbm
F_PORT: Final = 10


def run(plan: Plan, folder: Path) -> Outcome:
    """Live through ``plan`` on virtual time; ``folder`` gets the box's disks."""
    return judged(plan, jumping_time.run(Town(plan, folder).live()))


class Town:
    """One run; it is over when `live` returns."""

    def __init__(self, plan: Plan, folder: Path) -> None:
        self._plan = plan
        self._random = Random(f"{plan.seed}/town")
        self._ether = Ether(plan.seed)
        self._port = free_udp_port()
        self._box = Box(folder, self._port, self._silence)
        self._clock = LoopClock()
        self._over = False  # and the roofs' sockets are closed

    async def live(self) -> Evidence:
        """Run to the end, and return what is left behind."""
        loop = asyncio.get_running_loop()
        self._loop, self._began_s = loop, loop.time()
        people = [Resident(one, self._plan, self._carry, loop.time) for one in inhabitants(self._plan)]
        self.evidence = Evidence(residents=people, roofs=self._make_roofs(), began_s=self._began_s)
        with self._box.knife.in_place():
            async with contextlib.AsyncExitStack() as opened:
                for roof in self.evidence.roofs.values():
                    await opened.enter_async_context(roof)
                async with asyncio.TaskGroup() as tasks:
                    lives = [tasks.create_task(one.live(), name=f"device {one.radio.dev_eui}") for one in people]
                    lives.append(tasks.create_task(self._tell(), name="town hall"))
                    await self._box_lives()
                    for life in lives:
                        life.cancel()
                self._over = True
        self.evidence.database = self._box.database
        return self.evidence

    def _make_roofs(self) -> dict[Eui64, Roof]:
        return {
            name: Roof(
                name,
                ("127.0.0.1", self._port),
                deliver=partial(self._deliver, name),
                counter_start_us=self._random.randrange(COUNTER),
            )
            for name in self._plan.gateway_names()
        }

    def _silence(self) -> None:
        for roof in self.evidence.roofs.values():
            roof.deaf = True

    # ── the box ─────────────────────────────────────────────────────────────────────────────────────────────────

    async def _box_lives(self) -> None:
        registrations = [one.inhabitant.registration() for one in self.evidence.residents]
        for is_cut, at_s in self._interruptions():
            async with self._box.on(registrations) as agent:
                await self._begin(agent)
                await asyncio.sleep(max(0.0, at_s - self._passed_s()))
                if is_cut:
                    await self._cut()
                self._remember(agent)
                left_s = self._loop.time()
            registrations = []
            await asyncio.sleep(self._random.uniform(*AWAY_S))
            self.evidence.outages.append((left_s, self._loop.time()))
        async with self._box.on(registrations) as agent:
            await self._begin(agent)
            await asyncio.sleep(max(0.0, self._plan.ends_s - self._passed_s()))
            self._remember(agent)
            self.evidence.ended_s = self._loop.time()
            await self._look_into(agent)

    def _interruptions(self) -> list[tuple[bool, float]]:
        kinds = [False] * self._plan.stops + [True] * self._plan.kills
        return sorted(
            ((is_cut, self._random.uniform(0.0, self._plan.ends_s - QUIET_S)) for is_cut in kinds),
            key=lambda one: one[1],
        )

    async def _begin(self, agent: Agent) -> None:
        """Connect the gateways; somebody plays an old join request at once."""
        for roof in self.evidence.roofs.values():
            roof.deaf = False
        if old := [one for resident in self.evidence.residents for one in resident.requests if resident.joined_at_s]:
            roof = next(iter(self.evidence.roofs.values()))
            async with asyncio.timeout(CONNECT_LIMIT_S):
                await agent.sources[0].listening()
            roof.send(Signal(phy_payload=self._random.choice(old), timestamp_us=roof.counter_us))
            self.evidence.replayed += 1

    async def _cut(self) -> None:
        knife = self._box.knife
        knife.arm(before_commit=self._random.random() < 0.5)
        async with asyncio.timeout(COMMIT_LIMIT_S):
            await knife.fallen.wait()
        knife.bury()

    def _remember(self, agent: Agent) -> None:
        self.evidence.refused.update({str(reason): count for reason, count in agent.network.refused.items()})
        self.evidence.counts.update(agent.network.counts)
        self.evidence.counts.update(agent.network.status()["answers"])

    async def _look_into(self, agent: Agent) -> None:
        evidence, journal = self.evidence, agent.journal
        evidence.downlinks = [*await journal.downlinks(limit=EVERYTHING)]
        evidence.sessions = [*await journal.sessions()]
        for resident in evidence.residents:
            dev_eui = resident.radio.dev_eui
            evidence.nonces[dev_eui] = frozenset(await journal.dev_nonces(dev_eui))

    def _passed_s(self) -> float:
        return self._loop.time() - self._began_s

    # ── the air ─────────────────────────────────────────────────────────────────────────────────────────────────

    async def _carry(self, resident: Resident, frame: bytes, on_air: OnAir, length_s: float) -> Carried:
        lost_db = FULL_POWER_DBM - on_air.power_dbm
        snr_db = {gateway: snr - lost_db for gateway, snr in resident.inhabitant.snr_db.items()}
        packet = self._ether.begin(frame, on_air.frequency_hz, on_air.data_rate, snr_db, self._loop.time())
        await asyncio.sleep(length_s)
        roofs = self.evidence.roofs
        heard = self._ether.end(packet, roofs, self._loop.time())
        counters_us = {name: roof.unwrapped_us for name, roof in roofs.items()}
        for name, snr in heard.items():
            signal = Signal(
                phy_payload=frame,
                frequency_hz=on_air.frequency_hz,
                data_rate=on_air.data_rate,
                rssi_dbm=round(NOISE_DBM + snr),
                snr_db=snr,
                timestamp_us=counters_us[name] % COUNTER,
            )
            self._loop.call_later(self._random.uniform(0.0, BACKHAUL_S), self._push, roofs[name], signal)
        return Carried(ended_s=self._loop.time(), counters_us=counters_us, snr_db=heard)

    def _push(self, roof: Roof, signal: Signal) -> None:
        if not self._over:
            roof.send(signal)

    def _deliver(self, gateway: Eui64, transmission: Transmission) -> None:
        """Let whoever it is for take a downlink whose last symbol has been sent."""
        octets = transmission.phy_payload
        frame = parse(octets)
        nearest: Verdict | None = None
        for resident in self._meant(frame.dev_addr if isinstance(frame, DataFrame) else None):
            verdict = resident.verdict(gateway, transmission)
            if verdict is not None and verdict.heard and resident.listens and resident.take(octets):
                self._note(gateway, transmission, verdict, resident)
                return
            nearest = _nearer(nearest, verdict)
        self._note(gateway, transmission, nearest, None)

    def _meant(self, dev_addr: DevAddr | None) -> Iterator[Resident]:
        """Yield whom a frame may be for: a join accept, which has no address, for all that have none."""
        return (one for one in self.evidence.residents if one.radio.dev_addr == dev_addr)

    def _note(
        self, gateway: Eui64, transmission: Transmission, verdict: Verdict | None, resident: Resident | None
    ) -> None:
        self.evidence.aired.append(
            Aired(gateway=gateway, transmission=transmission, verdict=verdict, taken_by=resident)
        )

    # ── the town hall ───────────────────────────────────────────────────────────────────────────────────────────

    async def _tell(self) -> None:
        """Ask for downlinks, half of them to class C devices."""
        number = 0
        while True:
            await asyncio.sleep(self._random.expovariate(1 / self._plan.downlink_pause_s))
            joined = [one for one in self.evidence.residents if one.radio.dev_addr is not None]
            at_once = [one for one in joined if one.radio.make.device_class == "C"]
            among = at_once if at_once and self._random.random() < 0.5 else joined
            if self._box.agent is None or not among:
                continue
            number += 1
            await self._ask(self._box.agent, self._random.choice(among), number)

    async def _ask(self, agent: Agent, resident: Resident, number: int) -> None:
        downlink = Downlink(
            id=0,
            dev_eui=resident.radio.dev_eui,
            f_port=F_PORT,
            payload=number.to_bytes(4, "big") + bytes(self._random.randrange(20)),
            queued_at=self._clock().utc,
            confirmed=self._random.random() < 0.5,
        )
        with contextlib.suppress(StorageError, ConfigError):  # cut off: nothing was promised; full: it is told
            queued = await agent.office.enqueue(resident.inhabitant.device, downlink)
            self.evidence.asked[queued.id] = queued


def _nearer(one: Verdict | None, other: Verdict | None) -> Verdict | None:
    if one is None or other is None:
        return one or other
    return min(one, other, key=lambda verdict: (len(verdict.faults), abs(verdict.error_us)))
