"""The website put together: the agent's rooms, the counters that only it asks for, and the port."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from decoders.contract import Decoded, DecodeError
from decoders.registry import Registry
from gateway.codecs import Codecs
from gateway.config import Settings
from gateway.desk import Desk
from gateway.desk.answers import AnswersDesk
from gateway.desk.decoders import DecoderDesk
from gateway.desk.desk import Answer
from gateway.desk.history import HistoryDesk
from gateway.desk.lately import Lately, Said
from gateway.desk.overview import OverviewDesk, told_by
from gateway.desk.words import exactly, named
from gateway.errors import StorageError
from gateway.model import Clock, Device, Json
from gateway.network.stories import frame
from gateway.web.files import Pages
from gateway.web.frames import Frames
from gateway.web.guard import Guard
from gateway.web.live import Live
from gateway.web.login_limits import LoginLimits
from gateway.web.settings import Web
from gateway.web.site import Site
from gateway.web.website import Website, alarm

if TYPE_CHECKING:
    from gateway.agent import Agent

STATUS_S: Final = 2.0  # between two of kind status


class Opening:
    """The parts of a website, for one running agent."""

    def __init__(
        self, web: Web, settings: Settings, desk: Desk, agent: Agent, registry: Registry, clock: Clock
    ) -> None:
        def now() -> float:
            return clock().monotonic

        self._desk = desk
        self._agent = agent
        self._registry = registry
        self._clock = clock
        self._settings = settings
        self.live = Live()
        self._loop = asyncio.get_running_loop()
        self.lately = Lately(agent.codecs, agent.network.device, self._tell_uplink)
        self.frames = Frames(self.live, agent.attend, agent.network, agent.journal.sessions)
        guard = Guard(web, now)
        self._site = Site(settings.gateway.name, desk.answer, guard, self.live, LoginLimits(now), Pages())
        self.website = Website(web, self._site, guard, clock)

    @contextlib.contextmanager
    def at_work(self) -> Iterator[None]:
        """Have the desk answer what the website asks, and hear what it shows, for as long as the block lasts."""
        with (
            self._agent.lines.followed(self._tell_line),
            self._agent.journal.attend(self.lately.take),
            self._desk.joined(self._counters(), self._note),
        ):
            yield

    async def run(self) -> None:
        """Serve until cancelled."""
        known = [device.dev_eui for device in self._agent.network.devices()]
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self.lately.run(self._settings.journal_path, known), name="what devices said lately")
            tasks.create_task(self.frames.run(), name="frames for who follows")
            tasks.create_task(self._tell_status(), name="status for who follows")
            tasks.create_task(self.website.run(), name="web")

    def _counters(self) -> Mapping[str, Answer]:
        agent, clock, settings = self._agent, self._clock, self._settings
        overview = OverviewDesk(
            agent.network.devices, lambda: agent.network.last_heard, told_by(agent.network.session), self.lately, clock
        )
        history = HistoryDesk(
            settings.journal_path, self._find, self._new_codecs, agent.journal.boots, clock, settings.clock.trust
        )
        return {
            "overview": overview.answer,
            "history": history.answer,
            "decoder": DecoderDesk(self._registry, lambda: agent.settings.decoders.folders, clock).answer,
            "answers": AnswersDesk(self._status, self._answers).answer,
            "label": self._label,
        }

    async def _label(self, request: Mapping[str, Json]) -> Json:
        from gateway.desk.labels import LabelDesk  # 1 MB: of those who add a device

        return await LabelDesk(self._agent.network.device, self._desk.answer).answer(request)

    # ── what the counters ask ──

    def _new_codecs(self) -> Codecs:
        return Codecs(self._registry.get)

    def _find(self, text: str) -> Device:
        network, dev_eui = self._agent.network, exactly(text)
        known = None if dev_eui is None else network.device(dev_eui)
        return known or named(text, network.devices())

    async def _status(self) -> Mapping[str, Json]:
        status: Mapping[str, Json] = await self._desk.answer({"do": "status"})
        return status

    def _answers(self) -> Mapping[str, Sequence[Mapping[str, Json]]]:
        tellings = [*self._agent.tellings, *self._agent.former.tellings()]
        return {one.destination.name: one.last_answers.as_json() for one in tellings}

    def _note(self, status: dict[str, Json]) -> None:
        """Add to a status how the website stands."""
        status["web"] = {**self.website.status(), "readers": len(self.live)}
        if (wrong := alarm(self.website)) is not None:
            status["journal"]["alarms"] = [*status["journal"]["alarms"], wrong]

    # ── what is told to who follows ──

    async def _tell_status(self) -> None:
        while True:
            while not self.live.wants("status"):
                await self.live.changed.wait()  # no limit: it may be that nobody ever follows
            changed = self.live.changed
            with contextlib.suppress(StorageError):  # the next one may be had
                self.live.tell("status", await self._status())
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(STATUS_S):
                    await changed.wait()  # who comes now gets one at once

    def _tell_line(self, line: Mapping[str, Json]) -> None:
        """Tell a line of the log; called in any thread."""
        if self.live.wants("log"):
            self._loop.call_soon_threadsafe(self.live.tell, "log", line)

    def _tell_uplink(self, said: Said) -> None:
        if self.live.wants("uplink"):
            self.live.tell("uplink", told(said))


def told(said: Said) -> dict[str, Json]:
    """Return an uplink as an event has it."""
    uplink, device = said.uplink, said.device
    return {
        "at": uplink.heard_at.utc.isoformat(timespec="milliseconds"),
        "dev_eui": uplink.dev_eui,
        "name": "" if device is None else device.name,
        "decoder": None if device is None else device.decoder or None,
        **frame(uplink),
        "readings": [
            {
                "quantity": one.quantity,
                "value": one.value,
                "unit": one.unit,
                "channel": one.channel,
                "plausibility": str(one.plausibility),
            }
            for one in said.observations
        ],
        "fields": dict(said.outcome.fields) if isinstance(said.outcome, Decoded) else {},
        "error": str(said.outcome) if isinstance(said.outcome, DecodeError) else None,
    }


@contextlib.asynccontextmanager
async def opened(
    web: Web, settings: Settings, desk: Desk, agent: Agent, registry: Registry, clock: Clock
) -> AsyncIterator[Website]:
    """Have the website for as long as the block lasts."""
    opening = Opening(web, settings, desk, agent, registry, clock)
    with opening.at_work():
        async with asyncio.TaskGroup() as tasks:
            task = tasks.create_task(opening.run(), name="website")
            try:
                yield opening.website
            finally:
                task.cancel()
