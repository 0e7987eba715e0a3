"""A scenario's life: everything set up, let live, settled, and put away; what is left is what the witness knows."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from argparse import Namespace
from collections.abc import AsyncIterator, Mapping
from contextlib import redirect_stderr, redirect_stdout
from functools import partial
from io import StringIO
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit
from uuid import UUID

from decoders.registry import Registry
from gateway.commands.journal_export import export
from gateway.errors import StorageError
from gateway.formats.naming import milliseconds, timestamp
from gateway.model import Json
from simulators.jumping_time import BEGIN_S
from simulators.lab.box import Box
from simulators.lab.cities import City, city, is_timed
from simulators.lab.committed_rows import CommittedRows
from simulators.lab.configuring import connect, destinations
from simulators.lab.dweller import Dweller
from simulators.lab.lab_loop import LabLoop
from simulators.lab.machine import Machine
from simulators.lab.neighbour import Hostile
from simulators.lab.plan import town
from simulators.lab.radios import Radios, is_served, relays, sources
from simulators.lab.ran import Interruption, Progress, Ran, Watch
from simulators.lab.scenario import Move, Scenario
from simulators.lab.sky import Sky
from simulators.lab.troubles import Stage, strike
from simulators.lab.wire import Line
from simulators.lab.witness import US, Witness
from simulators.simulation.loop import logs_noted

START_LIMIT_S: Final = 60.0  # for the first agent to listen
LOOK_S: Final = 5.0  # between two looks at what still waits
GOODBYE_S: Final = 1.0  # for connections that were cut at the end
LAST_EXCHANGES_S: Final = 600.0  # for confirmed uplinks that are sent again when the scenario ends


class Life:
    """One run."""

    def __init__(self, scenario: Scenario, folder: Path, registry: Registry) -> None:
        self._scenario = scenario
        self._folder = folder
        self._registry = registry
        self._now = "setting up"
        self._is_timed = any(map(is_timed, scenario.platforms))

    async def live(self, watch: Watch) -> Ran:
        """Run to the end, and return what is left."""
        loop = asyncio.get_running_loop()
        assert isinstance(loop, LabLoop)
        scenario = self._scenario
        self._town = town(scenario, self._registry)
        names = {eui: mast.name for eui, mast in self._town.masts}
        self._witness = Witness([one.name for one in scenario.platforms], names, is_served=is_served(scenario))
        self._sky = Sky(self._town, self._witness, seed=scenario.seed)
        interruption = Interruption()
        async with self._cities() as cities:
            self._box = self._make_box(loop, cities)
            self._radios = Radios(scenario, self._town, self._sky, self._box.post, self._folder, self._witness.relayed)
            watch(self._how_far, interruption)
            with self._box.in_place(), self._radios.in_place(loop.net.line), logs_noted(lambda _: None):
                async with self._radios.running():
                    whole, status = await self._happen(loop, cities, interruption)
            return Ran(
                scenario=scenario,
                witness=self._witness,
                town=self._town,
                passed_s=min(self._passed_s(), scenario.lasts_s) if whole else self._ended_s,
                is_whole=whole,
                box=dict(self._box.counts),
                agent=status,
                platforms={name: one.problems() for name, one in cities.items()},
                journal=self._exported(),
            )

    # ── setting up ──

    @contextlib.asynccontextmanager
    async def _cities(self) -> AsyncIterator[Mapping[str, City]]:
        cities = {
            one.name: city(
                one,
                self._scenario.seed,
                [settler.radio.dev_eui for settler in self._town.settlers],
                partial(self._delivered, one.name),
                partial(self._unnamed, one.name),
                self._named,
            )
            for one in self._scenario.platforms
        }
        async with contextlib.AsyncExitStack() as opened:
            for one in cities.values():
                await one.start()
                opened.push_async_callback(one.stop)
            yield cities
        await asyncio.sleep(GOODBYE_S)

    def _make_box(self, loop: LabLoop, cities: Mapping[str, City]) -> Box:
        scenario = self._scenario
        for one in scenario.platforms:
            loop.net.line(_port(cities[one.name])).delay_s = one.delay_s
        machine = self._machine = Machine(self._passed_s, scenario.begins.timestamp(), self._folder, scenario.seed)
        box = Box(
            folder=self._folder,
            loop=loop,
            machine=machine,
            sources=sources(self._town.masts) + relays(scenario),
            registrations=[one.served() if is_served(scenario) else one.registration() for one in self._town.settlers],
            registry=self._registry,
            seed=scenario.seed,
        )
        connect(self._folder, scenario, self._town, cities)
        box.configure(destinations(scenario, cities, self._witness.moved))
        rows = CommittedRows(box.disk.sqlite)
        box.committed = partial(self._look, rows)
        box.fell = lambda words: self._witness.ends.append((self._sky.now_us(), words))
        return box

    async def _move(self, move: Move, cities: Mapping[str, City]) -> None:
        """Wait for a move's time, change the word, and start the agent again."""
        await asyncio.sleep(max(0.0, move.at_s - self._passed_s()))

        def change() -> None:
            self._witness.moved[move.service] = move.to
            self._box.configure(destinations(self._scenario, cities, self._witness.moved))

        self._box.before_start.append(change)
        await self._box.stop()
        now_us = self._sky.now_us()
        self._witness.incidents.append((now_us, now_us, f"{move.service} moves to {move.to}"))

    # ── living ──

    async def _happen(
        self, loop: LabLoop, cities: Mapping[str, City], interruption: Interruption
    ) -> tuple[bool, Mapping[str, Json]]:
        scenario = self._scenario
        stage = Stage(
            box=self._box,
            machine=self._machine,
            sky=self._sky,
            masts=self._radios.masts,
            cities=cities,
            lines=self._lines(loop, cities),
            witness=self._witness,
        )
        async with asyncio.TaskGroup() as tasks:
            running = tasks.create_task(self._box.keep_running(), name="systemd")
            async with contextlib.AsyncExitStack() as masts:
                for mast in self._radios.masts.values():
                    await masts.enter_async_context(mast)
                self._now = "living"
                troubles = [
                    tasks.create_task(strike(stage, one), name=f"trouble {one.what}") for one in scenario.in_time()
                ]
                troubles += [
                    tasks.create_task(self._move(one, cities), name=f"move to {one.to}") for one in scenario.moves
                ]
                lives = [tasks.create_task(one.live(), name=f"device {one.sender}") for one in self._dwellers()]
                for one in scenario.neighbours:
                    hostile = Hostile(one, self._sky, self._witness, self._town, seed=scenario.seed)
                    lives.append(tasks.create_task(hostile.live(), name=f"neighbour {one.name}"))
                was_ended = await interruption.within(scenario.lasts_s - self._passed_s())
                self._ended_s = self._passed_s()
                self._now = "settling"
                await self._rest(lives, now=was_ended)
                for trouble in troubles:
                    trouble.cancel()
                await asyncio.wait(troubles) if troubles else None
                status = await self._settle()
                running.cancel()
                await self._box.stop()
        return not was_ended, status

    def _lines(self, loop: LabLoop, cities: Mapping[str, City]) -> Mapping[str, Line]:
        """Return the lines that go through the backhaul: to each city, and between network servers and the agent."""
        lines = {name: loop.net.line(_port(one)) for name, one in cities.items()}
        return lines | {name: loop.net.line(port) for name, port in self._radios.ports().items()}

    def _dwellers(self) -> list[Dweller]:
        ends_us = round(self._scenario.lasts_s * US)
        begins_s = self._scenario.begins.timestamp()
        return [
            Dweller(one, self._sky, self._witness, begins_s=begins_s, ends_us=ends_us) for one in self._town.settlers
        ]

    async def _rest(self, lives: list[asyncio.Task[None]], *, now: bool) -> None:
        """Let devices end what they are about; those of a run that was ended early stop where they are."""
        if not now:
            _, lives_left = await asyncio.wait(lives, timeout=LAST_EXCHANGES_S)
            lives = [*lives_left]
        for life in lives:
            life.cancel()
        if lives:
            await asyncio.wait(lives)

    async def _settle(self) -> Mapping[str, Json]:
        """Wait until nothing waits any more, as long as the scenario allows; return what the agent says then."""
        until_s = self._passed_s() + self._scenario.settles_s
        status: Mapping[str, Json] = {}
        while self._passed_s() < until_s:
            await asyncio.sleep(LOOK_S)
            status = await self._box.status() or status
            if self._box.agent is not None and not any(one.waiting for one in status["depths"].values()):
                break
        return status

    # ── seeing ──

    def _passed_s(self) -> float:
        return asyncio.get_running_loop().time() - BEGIN_S

    def _delivered(self, platform: str, uplink: UUID, again: bool) -> None:  # noqa: FBT001 - of a call-back
        self._witness.delivered(platform, uplink, self._sky.now_us(), again=again)

    def _named(self, dev_eui: str, at: str) -> str:
        return str(self._witness.by_time.get((dev_eui.lower(), at), f"{dev_eui} {at}"))

    def _unnamed(self, platform: str, text: str) -> None:
        self._witness.strange.append((platform, UUID(int=0), f"{text!r} is no id of an uplink"))

    def _look(self, rows: CommittedRows) -> None:
        try:
            for uplink in rows.new():
                self._witness.served(uplink)
                dated_us = round((uplink.heard_at.utc - self._scenario.begins).total_seconds() * US)
                self._witness.committed(uplink.id, uplink.payload, dated_us, self._sky.now_us())
                if self._is_timed:
                    at = timestamp(milliseconds(uplink.heard_at.utc))
                    self._witness.by_time[uplink.dev_eui, at] = uplink.id
        except StorageError as error:
            self._witness.strange.append(("the journal", UUID(int=0), str(error)))

    def _how_far(self) -> Progress:
        stories = self._witness.counts
        return Progress(
            passed_s=self._passed_s(),
            lasts_s=self._scenario.lasts_s,
            said=stories["said"],
            heard=stories["heard"],
            delivered=stories["delivered"],
            waiting=stories["due"] - stories["delivered"],
            now=self._now,
        )

    def _exported(self) -> bytes:
        """Return the canonical export of the journal, as `brygga journal export --raw` writes it."""
        file = self._folder / "export.ndjson"
        with contextlib.closing(sqlite3.connect(self._folder / "data" / "journal.db")) as database:
            self._box.disk.sqlite.backup(database)
        self._box.disk.close()
        options = Namespace(damaged=None, file=str(file), since=None, until=None, device=[], raw=True, json=False)
        with redirect_stdout(StringIO()), redirect_stderr(StringIO()):
            export(self._box.settings(), options)
        return file.read_bytes()


def _port(one: City) -> int:
    port = urlsplit(one.url).port
    assert port is not None, one.url
    return port
