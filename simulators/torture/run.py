"""One torture run: devices speak, agent and broker are killed meanwhile, all settles, and the evidence is gathered."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from random import Random
from typing import Final

from simulators.packet_forwarder import Signal
from simulators.torture.evidence import Evidence
from simulators.torture.gathered import from_fleet, from_journal, from_message, joined
from simulators.torture.plan import Blow, Plan, agent_blows, broker_blows
from simulators.torture.scene import CITY, MakeSubscriber, Scene, subscriber, until

REPLAYS: Final = 30  # old frames after each start of the agent
UNCONFIRMED_UP: Final = 0x40  # MHDR, LoRaWAN 1.0.3, section 4.2
DRAIN_LIMIT_S: Final = 180.0  # for the backlog, after the last uplink
STATUS_PAUSE_S: Final = 0.5

Strike = Callable[[Blow], Awaitable[None]]


@dataclass(slots=True)
class Torture:
    """A run in an empty ``folder``; ``evidence`` may be asked for again after `run`, and reads the journal anew.

    ``make_city`` gives the subscriber for a broker's port.
    """

    plan: Plan
    folder: Path
    make_city: MakeSubscriber = subscriber
    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(("agent kills", "broker kills", "replays"), 0))
    _killed_runs: set[int] = field(default_factory=set)
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

    async def run(self) -> None:
        """Let the devices speak and the blows fall; return when all has settled and everything has ended."""
        began = time.monotonic()
        async with Scene(self.plan, self.folder, self.make_city) as self._scene:
            each = -(-self.plan.uplinks // self.plan.devices)
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._torment(agent_blows(self.plan), self._strike_agent), name="agent's torment")
                tasks.create_task(self._torment(broker_blows(self.plan), self._strike_broker), name="broker's torment")
                tasks.create_task(self.scene.fleet.run(each), name="fleet")
            await self._settle()
        self._took_s = time.monotonic() - began

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
            held=found.held,
            waiting=self._waiting,
            taken=tuple(scene.witness.taken),
            delivered=tuple(map(from_message, scene.city.received)),
            killed_broker_runs=frozenset(self._killed_runs),
            crashes=tuple(scene.agent.crashes),
        )

    def numbers(self, evidence: Evidence) -> Mapping[str, float]:
        """Return the run in numbers."""
        fleet = self.scene.fleet
        committed = {one.uplink for one in evidence.committed}
        heard = {str(uplink) for uplink in fleet.heard}
        return {
            "seconds": round(self._took_s, 1),
            "devices": len(fleet.members),
            "joined over the air": len(evidence.activated),
            "uplinks sent": len(evidence.sent),
            "of these confirmed": sum(one.confirmed for one in fleet.sent.values()),
            "transmissions": fleet.counts["transmissions"],
            "heard by a gateway while the agent lived": len(heard),
            "heard, and killed before the commit": len(heard - committed),
            "committed": len(committed),
            "acknowledged to their devices": len(evidence.acknowledged),
            **self.counts,
            "published": self.scene.witness.published,
            "acknowledged by the broker": len({one.uplink for one in evidence.taken if one.success}),
            "arrived": len({one.uplink for one in evidence.delivered}),
            "arrived again under the same id": len(evidence.delivered)
            - len({one.uplink for one in evidence.delivered}),
        }

    # ── blows ──

    async def _torment(self, blows: Sequence[Blow], strike: Strike) -> None:
        for blow in blows:
            await until(
                partial(self._have_sent, blow.after)
            )  # no limit: the fleet beside it sends more than that, or ends both
            await asyncio.sleep(blow.delay_s)
            await strike(blow)

    def _have_sent(self, uplinks: int) -> bool:
        return self.sent >= uplinks

    async def _strike_agent(self, blow: Blow) -> None:
        self._remember_frames()
        await self.scene.agent.kill()
        self.counts["agent kills"] += 1
        await asyncio.sleep(blow.down_s)
        await self.scene.start_agent()
        await self._replay()

    async def _strike_broker(self, blow: Blow) -> None:
        await self.scene.broker.kill()
        self._killed_runs.add(self.scene.broker_run)
        self.counts["broker kills"] += 1
        await asyncio.sleep(blow.down_s)
        await self.scene.start_broker()

    def _remember_frames(self) -> None:
        """Record what each device sent last, as somebody with a receiver could.

        Unconfirmed ones alone: the network must answer the repetition of a confirmed one, and a LoRaWAN 1.0 device
        may take that for the answer to its next; it is not told which uplink an ACK means.
        """
        frames = [member.radio.repeat() for member in self.scene.fleet.members if member.radio.dev_addr is not None]
        self._old_frames += [frame for frame in frames if frame[:1] == bytes((UNCONFIRMED_UP,))]

    async def _replay(self) -> None:
        random = Random(f"{self.plan.seed}/replays/{self.counts['agent kills']}")
        async with self.scene.stranger() as stranger:
            for frame in random.sample(self._old_frames, min(REPLAYS, len(self._old_frames))):
                self.counts["replays"] += await stranger.push(Signal(phy_payload=frame))

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
