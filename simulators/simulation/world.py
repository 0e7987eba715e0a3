"""A world: one box, its devices, its cities, and somebody who sees it all."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Mapping, Sequence
from datetime import datetime
from itertools import count
from pathlib import Path
from random import Random
from typing import Any, Final

from gateway.model import Eui64, TimeQuality, TxRequest
from simulators.end_device import Downlink
from simulators.simulation.bad_disk import SOUND, BadDisk
from simulators.simulation.box import Box, Configuration
from simulators.simulation.box_clock import BoxClock
from simulators.simulation.loop import SimulatedLoop
from simulators.simulation.plan import Plan
from simulators.simulation.platforms import CALM, Platform
from simulators.simulation.residents import Resident
from simulators.simulation.town import OnAir, Said
from simulators.simulation.trace import Trace
from simulators.simulation.witness import Witness

OTHER: Final = "@lund"  # the city that each destination may move to
SETTLE_S: Final = 10.0  # between two looks whether all is told
LONGEST_S: Final = 7_200.0  # that telling everything may take when all is well
RECORDED: Final = 500  # frames that an attacker keeps


class World:
    """All of it, made up of a plan."""

    def __init__(self, plan: Plan, trace: Trace, folder: Path) -> None:
        loop = asyncio.get_running_loop()
        self.trace = trace
        self._serials = count(1)
        self._tasks: list[asyncio.Task[Any]] = []
        self.recorded: list[OnAir] = []
        self.leaps = 0
        self.clock = BoxClock(loop.time)
        self.witness = Witness(trace, self.clock, loop.time, plan.batch)
        self.disk = BadDisk(Random(f"{plan.seed}/disk"), trace, self.witness.committed)
        self.platforms = {
            name: Platform(
                name=name,
                kind=city.kind,
                random=Random(f"{plan.seed}/{name}"),
                refuses_one_in=city.refuses_one_in,
                takes_uncertain_time=city.takes_uncertain_time,
            )
            for city in plan.cities
            for name in (city.name, city.name + OTHER)
        }
        self.residents = [
            Resident(
                number,
                self,
                trace,
                plan.habits,
                Random(f"{plan.seed}/device {number}"),
                kin,
            )
            for number, kin in enumerate(plan.devices)
        ]
        selects = _Selection({city.name: city.takes_all for city in plan.cities})
        self.witness.attach(self.disk, self.platforms, selects)
        self.box = Box(
            configuration=Configuration(
                destinations=[city.name for city in plan.cities],
                selects=selects,
                limit_bytes=plan.limit_bytes,
                keep_delivered=plan.keep_delivered,
                when_full=plan.when_full,
                batch=plan.batch,
                backlog_per_s=plan.backlog_per_s,
                give_up=plan.give_up,
                key_file=folder / "brygga.key",
                registrations=[one.registration() for one in self.residents],
            ),
            disk=self.disk,
            clock=self.clock,
            platforms=self.platforms,
            witness=self.witness,
            trace=trace,
            random=Random(f"{plan.seed}/radio"),
            to_air=self._to_air,
            leaps=lambda: self.leaps,
        )

    # ── what devices need ──

    def next_serial(self) -> int:
        """Return a number that no uplink has had."""
        return next(self._serials)

    def hear(self, frame: OnAir) -> None:
        """Take a frame to the box, and to whoever records."""
        if not frame.is_private:
            self.recorded.append(frame)
            del self.recorded[:-RECORDED]
        self.box.hear(frame)

    def said(self, said: Said) -> None:
        """Know an uplink before it is on air."""
        self.witness.said[said.id] = said

    def truth(self) -> datetime:
        """Return what time it is."""
        return self.clock.truth()

    def downlink_heard(self, dev_eui: Eui64, downlink: Downlink) -> None:
        """Have a downlink held against those that were heard before."""
        self.witness.downlink_heard(dev_eui, downlink)

    def acknowledged(self, said: Said) -> None:
        """Have an acknowledgement held against the disk."""
        self.witness.acknowledged(said)

    def joined(self, dev_eui: Eui64, activation: str) -> None:
        """Have a session held against the disk."""
        self.witness.joined(dev_eui, activation)

    def _to_air(self, request: TxRequest) -> None:
        for resident in self.residents:
            resident.catch(request)

    # ── what stories need ──

    def leap(self, seconds: float) -> None:
        """Let time pass in which nobody is asked: sleepers wake late, as after a suspended machine."""
        loop = asyncio.get_running_loop()
        assert isinstance(loop, SimulatedLoop)
        loop.jump(seconds)
        self.leaps += 1
        self.witness.disturbed()

    def do(self, work: Coroutine[Any, Any, None], name: str) -> None:
        """Begin something that the story waits for in the end."""
        self._tasks.append(asyncio.get_running_loop().create_task(work, name=name))

    def present_platforms(self) -> Sequence[Platform]:
        """Return the platforms of the destinations that are configured now."""
        return [self.platforms[name] for name in self.box.configuration.destinations]

    def move(self, name: str, present: str) -> None:
        """Configure a destination with another city; nothing runs meanwhile."""
        configuration = self.box.configuration
        if name in configuration.destinations:
            self.trace.note(f"{name} is {present} now")
            configuration.destinations[configuration.destinations.index(name)] = present
            configuration.former = [*(one for one in configuration.former if one != present), name]

    # ── from the beginning to the end ──

    async def begin(self) -> None:
        """Start the box and the devices."""
        self._running = [asyncio.create_task(self.box.keep_running(), name="systemd")]
        self._running += [asyncio.create_task(one.live(), name=f"device {one.dev_eui}") for one in self.residents]

    async def make_well(self) -> None:
        """End all trouble, and return when everything is told, or when it takes too long."""
        if self._tasks:
            await asyncio.wait(self._tasks)
        self.box.wanted.set()
        self.disk.turn(SOUND)
        await asyncio.sleep(1.0)  # for a box that was off
        self.clock.set(0.0, TimeQuality.NTP)
        for platform in self.platforms.values():
            platform.turn(CALM)
        if self.box.process is not None:
            self.box.process.fuse = None
        await asyncio.sleep(SETTLE_S)
        await _end(self._running[1:])
        waited_s = 0.0
        while waited_s < LONGEST_S and (waited_s < 2 * SETTLE_S or not self._is_all_told()):
            await asyncio.sleep(SETTLE_S)
            waited_s += SETTLE_S
        self.trace.note(f"all is told after {waited_s:g} s")

    def _is_all_told(self) -> bool:
        return self.box.rooms is not None and not any(one.open for one in self.witness.settled.ledgers.values())

    async def end(self) -> None:
        """Stop whatever is left."""
        await _end([*self._tasks, *self._running])
        if self.box.process is not None:
            await self.box.process.bury()
        self.disk.memory.close()


class _Selection:
    """Whether a destination takes what a device says: all of them, or every second one."""

    def __init__(self, takes_all: Mapping[str, bool]) -> None:
        self._takes_all = takes_all

    def __call__(self, destination: str, dev_eui: str) -> bool:
        return self._takes_all[destination.partition("@")[0]] or int(dev_eui[-1], 16) % 2 == 0


async def _end(tasks: Sequence[asyncio.Task[Any]]) -> None:
    for task in tasks:
        task.cancel()
    if tasks:
        await asyncio.wait(tasks)
