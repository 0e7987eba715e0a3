"""The box: the agent's loops as `gateway.agent` wires them, run again whenever they end, as systemd does."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import count
from pathlib import Path
from random import Random
from typing import Final

from gateway.clock import learn_boots
from gateway.codecs import Codecs
from gateway.delivery import Destination, Telling
from gateway.errors import BadFrameReason, StorageError
from gateway.former import Former
from gateway.journal import Journal, Registration, WhenFull
from gateway.lorawan.region import EU868
from gateway.model import Device, Downlink, Frame, TimeQuality, TxRequest
from gateway.network import Network
from gateway.sources.gather import Gather
from simulators.simulation.bad_disk import BadDisk
from simulators.simulation.box_clock import BoxClock
from simulators.simulation.formats import Events, Latest
from simulators.simulation.payload import SerialDecoder
from simulators.simulation.platforms import Kind, Platform, Way
from simulators.simulation.process import Fuse, Process
from simulators.simulation.radio import Radio
from simulators.simulation.town import OnAir
from simulators.simulation.trace import Trace
from simulators.simulation.witness import Witness

PATH: Final = Path("journal.db")  # a name: nothing is made there
STOP_LIMIT_S: Final = 90.0  # systemd kills what takes longer
RESTART_S: Final = 5.0
RESTARTS_REFUSED: Final = {
    BadFrameReason.REPLAYED_COUNTER
}  # of a device that begins again too soon (lorawan/restarts.py)
GATHERED_S: Final = 1.0  # copies of one frame are heard as one
TRUST: Final = TimeQuality.NTP


@dataclass(slots=True, kw_only=True)
class Configuration:
    """What an installer has written; a story may change it between two starts."""

    destinations: list[str]
    selects: Callable[[str, str], bool]  # a destination's name and a device's EUI
    limit_bytes: int
    keep_delivered: timedelta
    when_full: WhenFull
    batch: int
    backlog_per_s: float
    give_up: timedelta | None
    key_file: Path
    registrations: Sequence[Registration]
    decoder_revision: int = 1
    former: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rooms:
    """The rooms of one running agent."""

    journal: Journal
    network: Network
    radio: Radio


class Box:
    """The gateway computer: its disk, its clock, and the process that runs on it, if one does."""

    def __init__(
        self,
        *,
        configuration: Configuration,
        disk: BadDisk,
        clock: BoxClock,
        platforms: Mapping[str, Platform],
        witness: Witness,
        trace: Trace,
        random: Random,
        to_air: Callable[[TxRequest], None],
        leaps: Callable[[], int],
    ) -> None:
        """``leaps`` tells how often time has leapt."""
        self.configuration = configuration
        self.disk = disk
        self.clock = clock
        self.platforms = platforms
        self.witness = witness
        self.trace = trace
        self.random = random
        self.to_air = to_air
        self.leaps = leaps
        self.process: Process | None = None
        self.rooms: Rooms | None = None
        self.off_s = RESTART_S  # from an end to the next start
        self.wanted = asyncio.Event()  # somebody is there who switches it on again at once
        self.before_start: list[Callable[[], None]] = []  # what is done while nothing runs
        self._given: set[bytes] = set()  # frames that a process has been given
        self.counts = {"starts": 0, "deaths": 0, "stops": 0}

    # ── systemd ──

    async def keep_running(self) -> None:
        """Start the agent, and again when it ends; ends by cancellation."""
        for number in count(1):
            self.counts["starts"] += 1
            self.witness.disturbed()
            self.trace.note(f"start {number}, {self.clock.boot_id}, {self.clock.quality.name.lower()}")
            process = self.process = Process(f"process {number}", self._died)
            process.begin(self._main(process))
            await process.ended.wait()  # no limit: it runs until something ends it
            await self._bury(process)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self.off_s):
                    await self.wanted.wait()
            for change in self.before_start:
                change()
            self.before_start, self.off_s = [], RESTART_S

    async def _bury(self, process: Process) -> None:
        main = process.main
        assert main is not None
        if not process.is_over and main.done() and not main.cancelled() and (error := main.exception()) is not None:
            self._judge_end(error)
        self.process = self.rooms = None
        await process.bury()
        self.disk.memory.cut_power()
        self.witness.process_ended()

    def _judge_end(self, error: BaseException) -> None:
        causes = _causes(error)
        self.trace.note(f"the agent ends: {'; '.join(f'{type(one).__name__}: {one}' for one in causes)}")
        if not all(isinstance(one, StorageError) for one in causes):
            self.trace.break_law("bug", f"the agent ends with {causes[0]!r}")

    def _died(self, reason: str) -> None:
        self.counts["deaths"] += 1
        self.trace.note(f"the process dies: {reason}")
        self.rooms = None
        self.disk.cut_power()

    def kill(self, reason: str) -> None:
        """Kill what runs."""
        if self.process is not None:
            self.process.die(reason)

    def light(self, fuse: Fuse) -> None:
        """Have what runs die at a point that it will pass."""
        if self.process is not None:
            self.process.fuse = fuse

    async def stop(self) -> None:
        """Ask what runs to end, as systemd does; it must within 90 seconds."""
        process = self.process
        if process is None or process.main is None:
            return
        self.counts["stops"] += 1
        self.trace.note("asked to stop")
        process.main.cancel()
        leaps, late = -1, {process.main}
        while late and leaps != self.leaps():  # a leap of time takes the limit from whoever had to be quick
            leaps = self.leaps()
            _, late = await asyncio.wait([process.main], timeout=STOP_LIMIT_S)
        if late:
            self.trace.break_law("2", f"it does not stop within {STOP_LIMIT_S:g} s")

    # ── the agent ──

    async def _main(self, process: Process) -> None:
        configured = self.configuration
        journal = await Journal.open(
            PATH,
            clock=self.clock,
            limit_bytes=configured.limit_bytes,
            keep_delivered=configured.keep_delivered,
            when_full=configured.when_full,
            destinations=configured.destinations,
            former=configured.former,
            key_file=configured.key_file,
            opening=self.disk.opening(process),
        )
        try:
            await journal.put_devices(configured.registrations)
            await self._run(process, journal)
        finally:
            await journal.close()

    async def _run(self, process: Process, journal: Journal) -> None:
        radio = Radio(process, self.clock, self.random, self.trace, self.witness.counters, self.to_air, self)
        network = Network(
            journal=journal,
            sources={radio.name: radio},
            region=EU868,
            net_id=0x13,
            clock=self.clock,
            trust=TRUST,
            random_bits=self.random.getrandbits,
        )
        decoder = SerialDecoder(self.configuration.decoder_revision)
        codecs = Codecs(lambda _: decoder, clock=asyncio.get_running_loop().time)
        ended = journal.former()

        def tell(name: str) -> Telling:
            return self._telling(name, process, journal, codecs, network)

        tellings = [tell(name) for name in self.configuration.destinations]
        former = Former([tell(name) for name in self.configuration.former if name in ended])
        await network.load()
        await journal.retry_decoder_changed(await codecs.renew([decoder.name]))
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(network.run(), name="network")
            tasks.create_task(learn_boots(self.clock, TRUST, journal.learn_boot), name="clock")
            for telling in tellings:
                tasks.create_task(telling.run(), name=f"telling {telling.destination.name}")
            tasks.create_task(former.run(), name="former cities")
            self.rooms = Rooms(journal=journal, network=network, radio=radio)
            async with asyncio.TaskGroup() as listening:
                listening.create_task(radio.run(Gather(network.hear)), name="source")

    def _telling(self, name: str, process: Process, journal: Journal, codecs: Codecs, network: Network) -> Telling:
        platform = self.platforms[name]
        selects = self.configuration.selects

        def is_for_it(device: Device) -> bool:
            return selects(name, device.dev_eui)

        destination = Destination(
            name=name,
            format=Latest() if platform.kind is Kind.STRICT else Events(),
            transport=Way(platform, process, self.trace, self.witness),
            selects=is_for_it,
            batch=self.configuration.batch,
            strict=platform.kind is Kind.STRICT,
            backlog_per_s=self.configuration.backlog_per_s,
            give_up=self.configuration.give_up,
            uncertain_time=platform.takes_uncertain_time,
        )
        return Telling(destination, journal=journal, codecs=codecs, find=network.device, clock=self.clock, trust=TRUST)

    # ── hearing ──

    def hear(self, on_air: OnAir) -> None:
        """Give a frame to the agent; lost where none runs."""
        is_new = not on_air.is_replay and on_air.phy_payload not in self._given
        if self.rooms is not None and self.rooms.radio.take(on_air, is_new=is_new):
            self._given.add(on_air.phy_payload)

    def heard(self, on_air: OnAir, frame: Frame) -> None:
        """Hold what the agent says is safe, and was honest and new, against the disk (laws 2 and 4).

        A device that begins again at the very counter that was last heard is taken for a repetition where the agent has been
        started since: nothing is promised to it.
        """
        what = "a join request" if on_air.said is None else f"{on_air.said.serial}"
        for one in () if self.rooms is None else self.rooms.network.refusals:
            if one.frame.phy_payload == frame.phy_payload and one.frame.heard_at == frame.heard_at:
                if not (on_air.said is not None and on_air.said.forgets and one.reason in RESTARTS_REFUSED):
                    self.trace.break_law("4", f"{what} is honest and new, and is refused: {one.detail}")
                return
        if on_air.said is not None and not on_air.said.forgets and not self.witness.rows.is_on_disk(on_air.said):
            self.trace.break_law("2", f"{what} counts as heard, and is not on disk")

    def heard_again(self, frame: Frame) -> None:
        """Hold it against law 4 where a request to join was taken whose nonce the disk has known before."""
        refused = [] if self.rooms is None else self.rooms.network.refusals
        now_s = frame.heard_at.monotonic
        if self.rooms is not None and not any(
            one.frame.phy_payload == frame.phy_payload and abs(one.frame.heard_at.monotonic - now_s) < GATHERED_S
            for one in refused
        ):
            self.trace.break_law("4", "a request to join that was used before is taken again")

    def command(self, downlink: Downlink) -> None:
        """Queue a downlink, if an agent runs."""
        if self.process is None or self.rooms is None:
            return
        self.process.spawn(_enqueue(self.rooms.network, downlink), "command")


async def _enqueue(network: Network, downlink: Downlink) -> None:
    try:
        await network.dispatch.enqueue(downlink)
    except StorageError:
        return  # nobody was promised anything


def _causes(error: BaseException) -> list[BaseException]:
    if isinstance(error, BaseExceptionGroup):
        return [cause for one in error.exceptions for cause in _causes(one)]
    return [error]
