"""One torture run: devices speak, troubles come meanwhile, all settles, and the evidence is gathered."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Final

from simulators.packet_forwarder import Signal
from simulators.torture.evidence import Evidence
from simulators.torture.gathered import from_fleet, from_journal, from_message, joined
from simulators.torture.plan import Blow, Plan, blows
from simulators.torture.scene import CITY, MakeSubscriber, Scene, subscriber, until
from simulators.torture.striking import deed
from simulators.torture.troubles import Lane

REPLAYS: Final = 30  # old frames after each start of the agent
UNCONFIRMED_UP: Final = 0x40  # MHDR, LoRaWAN 1.0.3, section 4.2
DRAIN_LIMIT_S: Final = 180.0  # for the backlog, after the last uplink
STATUS_PAUSE_S: Final = 0.5


@dataclass(frozen=True, slots=True)
class Incident:
    """A trouble that came: its name, when, and how long it lasted; seconds from the beginning."""

    name: str
    at_s: float
    lasted_s: float


@dataclass(slots=True)
class Torture:
    """A run in an empty ``folder``; ``evidence`` may be asked for again after `run`, and reads the journal anew.

    ``make_city`` gives the subscriber for a broker's port.
    """

    plan: Plan
    folder: Path
    make_city: MakeSubscriber = subscriber
    incidents: list[Incident] = field(default_factory=list)
    replays: int = 0
    under_way: set[str] = field(default_factory=set)  # names of troubles
    _over: asyncio.Event = field(default_factory=asyncio.Event)
    _began: float = 0.0
    _old_frames: list[bytes] = field(default_factory=list)
    _scene: Scene | None = None
    _waiting: int = 0
    _took_s: float = 0.0

    @property
    def scene(self) -> Scene:
        """The stage, from the beginning of `run` on; its parts still tell what they saw when it is over."""
        assert self._scene is not None
        return self._scene

    @property
    def sent(self) -> int:
        """Return how many uplinks have been sent by now."""
        return 0 if self._scene is None else len(self._scene.fleet.sent)

    @property
    def seconds(self) -> float:
        """Return how long devices have spoken by now."""
        return time.monotonic() - self._began if self._began else 0.0

    def counts(self) -> Mapping[str, int]:
        """Return how often each trouble has come."""
        return Counter(incident.name for incident in self.incidents)

    @property
    def is_over(self) -> bool:
        """Tell whether no more trouble comes."""
        return self._over.is_set()

    def stop(self) -> None:
        """Let no new trouble come, deliver what was heard, and end."""
        self._over.set()

    async def run(self) -> None:
        """Let the devices speak and the troubles come; return when all has settled and everything has ended."""
        async with Scene(self.plan, self.folder, self.make_city) as self._scene:
            self._began = time.monotonic()
            async with asyncio.TaskGroup() as tasks:
                for lane in Lane:
                    tasks.create_task(self._trouble(lane), name=f"{lane}'s troubles")
                tasks.create_task(self.scene.fleet.run(), name="fleet")
                await self._is_over_within(self.plan.seconds)
                self._over.set()
                await self.scene.fleet.rest()
            await self._settle()
            self._took_s = self.seconds

    async def evidence(self) -> Evidence:
        """Return what all witnesses say."""
        scene = self.scene
        found = await from_journal(scene.journal)
        return Evidence(
            sent=from_fleet(scene.fleet),
            acknowledged=frozenset(map(str, scene.fleet.acknowledged)),
            activated=joined(scene.fleet),
            committed=found.committed,
            sessions=found.sessions,
            gone_rows=found.gone_rows,
            may_have_let_go=scene.may_have_let_go,
            held=found.held,
            waiting=self._waiting,
            taken=tuple(scene.witness.taken),
            delivered=tuple(map(from_message, scene.city.received)),
            killed_broker_runs=frozenset(scene.killed_broker_runs),
            crashes=tuple(scene.agent.crashes),
        )

    def numbers(self, evidence: Evidence) -> Mapping[str, float]:
        """Return the run in numbers."""
        fleet = self.scene.fleet
        committed = {one.uplink for one in evidence.committed}
        arrived = {one.uplink for one in evidence.delivered}
        heard = {str(uplink) for uplink in fleet.heard}
        return {
            "seconds": round(self._took_s, 1),
            "devices": len(fleet.members),
            "joined over the air": len(evidence.activated),
            "uplinks sent": len(evidence.sent),
            "of these confirmed": sum(one.confirmed for one in fleet.sent.values()),
            "transmissions": fleet.counts["transmissions"],
            "acknowledged to a gateway (PUSH_ACK), which is before the commit": len(heard),
            "of these lost with the memory of a killed agent": len(heard - committed - arrived),
            "committed, those whose PUSH_ACK was late or lost among them": len(committed),
            "delivered, and let go of since": evidence.gone_rows,
            "acknowledged to their devices": len(evidence.acknowledged),
            "agent started again for its disk was bad": self.scene.restarts,
            "replays": self.replays,
            "published": self.scene.witness.published,
            "acknowledged by the broker": len({one.uplink for one in evidence.taken if one.success}),
            "arrived": len(arrived),
            "arrived again under the same id": len(evidence.delivered) - len(arrived),
        }

    # ── troubles ──

    async def _trouble(self, lane: Lane) -> None:
        began = self.seconds
        counts_from_beginnings = lane is Lane.AGENT and self.plan.kills_per_minute is not None
        for blow in blows(self.plan, lane):
            spent_s = self.seconds - began if counts_from_beginnings else 0.0
            if await self._is_over_within(max(0.0, blow.pause_s - spent_s)):
                return
            began = self.seconds
            await self._strike(blow)

    async def _strike(self, blow: Blow) -> None:
        name = blow.trouble.name
        began = self.seconds
        is_the_agents = blow.trouble.lane is Lane.AGENT
        if is_the_agents:
            self._remember_frames()
        self.under_way.add(name)
        async with deed(name)(self.scene):
            await self._is_over_within(blow.lasts_s)
        self.under_way.discard(name)
        self.incidents.append(Incident(name, round(began, 2), round(self.seconds - began, 2)))
        if is_the_agents:
            await self._replay()

    async def _is_over_within(self, limit_s: float) -> bool:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(limit_s):
                await self._over.wait()
        return self._over.is_set()

    def _remember_frames(self) -> None:
        """Record what each device sent last, as somebody with a receiver could.

        Unconfirmed ones alone: the network must answer the repetition of a confirmed one, and a LoRaWAN 1.0 device
        may take that for the answer to its next; it is not told which uplink an ACK means.
        """
        radios = [member.radio for member in self.scene.fleet.members]
        frames = [radio.repeat() for radio in radios if radio.dev_addr is not None and radio.f_cnt_up]
        self._old_frames += [frame for frame in frames if frame[:1] == bytes((UNCONFIRMED_UP,))]

    async def _replay(self) -> None:
        random = Random(f"{self.plan.seed}/replays/{len(self.incidents)}")
        async with self.scene.stranger() as stranger:
            for frame in random.sample(self._old_frames, min(REPLAYS, len(self._old_frames))):
                self.replays += await stranger.push(Signal(phy_payload=frame))

    # ── the end ──

    async def _settle(self) -> None:
        """Let the agent commit what it has heard and deliver what it has committed, and end it."""
        agent = self.scene.agent
        await agent.stop()
        await self.scene.start_agent()
        with contextlib.suppress(TimeoutError):  # the judge says what it means that rows still wait
            async with asyncio.timeout(DRAIN_LIMIT_S):
                while await self._waiting_now():  # noqa: ASYNC110 - a command asks another process
                    await asyncio.sleep(STATUS_PAUSE_S)
        await agent.stop()
        await self._arrive()

    async def _waiting_now(self) -> int:
        status = await self.scene.agent.status()
        self._waiting = int(status["destinations"][CITY]["waiting"])
        return self._waiting

    async def _arrive(self) -> None:
        """Wait for what the broker has taken; what it has lost never comes."""
        taken = {one.uplink for one in self.scene.witness.taken if one.success}
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self.plan.arrival_limit_s):
                await until(lambda: taken <= {from_message(one).uplink for one in self.scene.city.received})
