"""The desk: answers what commands ask about one box, whether an agent stands behind it or only the journal."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Protocol

from gateway import __version__
from gateway.config import Settings
from gateway.desk.dead_letters import DeadLetterDesk
from gateway.desk.decoding import DecodingDesk
from gateway.desk.destinations import DestinationDesk
from gateway.desk.doctor import DoctorDesk
from gateway.desk.health import HealthDesk
from gateway.desk.journal import JournalDesk
from gateway.desk.log_lines import LogLines
from gateway.desk.network import NetworkDesk
from gateway.desk.recording import RecordingDesk
from gateway.desk.relays import relay_standing, unknown_relays
from gateway.desk.sources import SourceDesk
from gateway.desk.words import eui, exactly
from gateway.errors import ConfigError
from gateway.journal import Journal, Registration
from gateway.model import Clock, Eui64, Json
from gateway.network.office import Office, StoppedOffice
from gateway.pulse import Pulse
from gateway.recorder import Recorder
from gateway.reloading import Difference
from gateway.sources.settings import Brings, bring
from gateway.survey import Survey

ALL_ROWS = -1  # what SQLite takes for no LIMIT

Answer = Callable[[Mapping[str, Json]], Awaitable[Json]]
"""What a counter does with a request."""

Note = Callable[[dict[str, Json]], None]
"""Add to a status."""


class Running(Protocol):
    """The agent, as far as the desk knows it."""

    @property
    def office(self) -> Office:
        """Return where the network is asked."""
        ...

    def status(self) -> Mapping[str, Json]:
        """Return what only a running agent knows: sources, network, loops, clock."""
        ...

    def last_heard_s(self) -> Mapping[str, float]:
        """Return the age of each device's last frame, in seconds."""
        ...

    async def devices_changed(self, only: Collection[Eui64] | None = None) -> None:
        """Take devices from the journal anew, ``only`` some or all."""
        ...

    async def reload(self) -> Difference:
        """Go on as the configuration says now."""
        ...

    async def let_go(self, destination: str) -> None:
        """Tell a former city no more."""
        ...

    def pulses(self) -> Sequence[Pulse]:
        """Return the pulses of the loops that have to move."""
        ...

    async def not_hearing(self) -> Sequence[str]:
        """Return the names of sources that do not hear at the moment."""
        ...

    def attend(self, survey: Survey) -> AbstractContextManager[None]:
        """Have a survey take all that sources bring, for as long as the block lasts."""
        ...

    @property
    def recorder(self) -> Recorder:
        """Return who listens to sources for recordings."""
        ...

    @property
    def lines(self) -> LogLines:
        """Return the last lines of the log."""
        ...


class Desk:
    """Answer requests about one box: ``{"do": "status"}`` and the rest that `answer` names."""

    def __init__(self, settings: Settings, journal: Journal, clock: Clock, running: Running | None = None) -> None:
        self._journal = journal
        self._clock = clock
        self._running = running
        self._guests: dict[str, Answer] = {}
        self._notes: list[Note] = []
        # What a change leaves out stays as it was read: of two at once the later one would bring back what the first has changed.
        self._registering = asyncio.Lock()  # no limit of its own: whoever asks has one
        self.furnish(settings)

    def furnish(self, settings: Settings) -> None:
        """Set up all counters for ``settings``; once more when an agent has been reloaded."""
        self._settings = settings
        journal, clock, running = self._journal, self._clock, self._running
        office = StoppedOffice(journal, settings.network.region) if running is None else running.office
        heard = None if running is None else running.last_heard_s
        self._office = office
        self._decoding = DecodingDesk(settings, journal, clock, office)
        let_go = None if running is None else running.let_go
        self._destinations = DestinationDesk(settings, journal, clock, office, let_go)
        self._records = JournalDesk(settings, journal, clock)
        self._network = NetworkDesk(settings, journal, clock, office, heard)
        self._sources = (
            SourceDesk(settings, journal, office)
            if running is None
            else SourceDesk(settings, journal, office, self._source_statuses, running.attend)
        )
        self._recording = RecordingDesk(settings, None if running is None else running.recorder)
        self._health = HealthDesk(journal, running)

        self._doctor = DoctorDesk(settings, clock, self._status, self._devices, self.answer)
        self._counters: Mapping[str, Answer] = {
            "dead_letters": DeadLetterDesk(journal).answer,
            "decoding": self._decoding.answer,
            "doctor": self._doctor.answer,
            "journal": self._records.answer,
            "destination": self._destinations.answer,
            "source": self._sources.answer,
            "record": self._recording.answer,
            "health": self._health.answer,
            **({} if running is None else {"log": running.lines.answer}),
        }

    async def answer(self, request: Mapping[str, Json]) -> Json:
        """Do what is asked; ConfigError says in words what is wrong with the request, StorageError what with the disk."""
        match request:
            case {"do": "status"}:
                return await self._status()
            case {"do": "device.add", "cells": dict(cells)}:
                async with self._registering:
                    return await self._add(cells)
            case {"do": "device.import", "text": str(text), "name": str(name)}:
                async with self._registering:
                    return await self._import(text, name)
            case {"do": "device.export", "with_keys": bool(with_keys)}:
                whole = with_keys and request.get("with_sessions") is True
                listed = await (self._journal.whole_devices() if whole else self._journal.devices())
                form, now = str(request.get("format", "csv")), self._clock().utc
                from gateway.desk.onboarding import depart, depart_with_keys  # 2 MB: of those who ask for it

                write = depart_with_keys if with_keys else depart
                return {"text": await asyncio.to_thread(write, listed, form, self._settings.radio.region, now)}
            case {"do": "device.list"}:
                return await self._devices()
            case {"do": "device.remove", "devices": list(devices)}:
                return await self._remove(devices)
            case {"do": "reload"}:
                return await self._reload()
            case {"do": "journal.stats"}:
                return {**await self._status(), "room": await self._records.room()}
            case {"do": what}:
                counter = str(what).partition(".")[0]
                return await (self._guests.get(counter) or self._counters.get(counter, self._network.answer))(request)
            case _:
                return await self._network.answer(request)

    @contextlib.contextmanager
    def joined(self, counters: Mapping[str, Answer], note: Note) -> Iterator[None]:
        """Have more counters, by the first word of what they are asked, and ``note`` add to each status, while the block lasts."""
        self._guests |= counters
        self._notes.append(note)
        try:
            yield
        finally:
            self._notes.remove(note)
            for name in counters:
                del self._guests[name]

    async def _reload(self) -> Json:
        """Have the agent read its configuration once more; ConfigError with every problem of it, and nothing is changed."""
        if self._running is None:
            return {"running": False}
        found = await self._running.reload()
        return {
            "running": True,
            "changed": [*found.changed],
            "restart": [*found.restart],
            "warnings": [*found.settings.warnings],
        }

    # ── status ──

    async def _status(self) -> Json:
        skipped = await self._journal.box.skipped_ahead()
        destinations = await self._destinations.all()
        live = dict(self._running.status()) if self._running else {}
        for name, more in live.pop("destinations", {}).items():
            destinations.setdefault(name, {}).update(more)
        relays = await relay_standing(self._settings, self._journal, self._clock)
        for name, more in live.pop("relays", {}).items():
            relays[name].update(more)
        status: dict[str, Json] = {
            "agent": {
                "name": self._settings.gateway.name,
                "version": __version__,
                "running": self._running is not None,
            },
            "journal": await self._records.numbers(),
            "downlinks_waiting": len(await self._journal.downlinks(open_only=True, limit=ALL_ROWS)),
            "skipped_ahead": None if skipped is None else {"at": skipped.at.isoformat(), "why": skipped.why},
            "destinations": destinations,
            "relays": relays,
            **live,
        }
        for note in self._notes:
            note(status)
        return status

    def _source_statuses(self) -> Mapping[str, Mapping[str, Json]]:
        assert self._running is not None
        return {one["name"]: one for one in self._running.status()["sources"]}

    # ── devices ──

    async def _add(self, cells: Mapping[str, str]) -> Json:
        from gateway.devices_file import read_cells

        dev_eui = exactly(str(cells.get("dev_eui", "")))
        known = await self._known(() if dev_eui is None else [dev_eui])
        registration, problems = read_cells(cells, known, keys_elsewhere=bring(self._settings.sources, Brings.UPLINKS))
        if registration is None:
            raise ConfigError([f"device add: {problem}" for problem in problems])
        device = registration.device
        added = {"dev_eui": device.dev_eui, "activation": str(device.activation), "decoder": device.decoder}
        return await self._put([registration]) | added

    async def _import(self, text: str, name: str) -> Json:
        from gateway.desk.onboarding import arrive

        arrived = await asyncio.to_thread(arrive, text, name, await self._known(), self._settings)
        answer = await self._put(arrived.registrations)
        return answer | {"kind": arrived.kind, "warnings": [*arrived.remarks, *answer["warnings"]]}

    async def _put(self, registrations: Sequence[Registration]) -> dict[str, Json]:
        result = await self._journal.put_devices(registrations)
        await self._devices_changed({one.device.dev_eui for one in registrations})
        named = Counter(one.device.decoder for one in registrations if one.device.decoder)
        return {
            "added": result.added,
            "changed": result.changed,
            "unchanged": result.unchanged,
            "warnings": [
                *await asyncio.to_thread(self._decoding.strange, named),
                *unknown_relays(self._settings, registrations),
            ],
            "without_decoder": await asyncio.to_thread(self._decoding.without_decoder, registrations),
        }

    async def _known(self, dev_euis: Collection[Eui64] | None = None) -> Mapping[Eui64, Registration]:
        """Return all registrations, or those of ``dev_euis``, from the journal: they have their keys."""
        return {one.device.dev_eui: one for one in await self._journal.devices(dev_euis)}

    async def _devices(self) -> Json:
        latest = {session.dev_eui: session for session in await self._journal.sessions()}
        heard = self._running.last_heard_s() if self._running else {}
        return [
            {
                "dev_eui": device.dev_eui,
                "name": device.name,
                "decoder": device.decoder,
                "activation": str(device.activation),
                "dev_addr": latest[device.dev_eui].dev_addr if device.dev_eui in latest else None,
                "next_f_cnt_up": latest[device.dev_eui].f_cnt_up if device.dev_eui in latest else None,
                "last_heard_s": heard.get(device.dev_eui),
                "tags": sorted(device.tags),
            }
            for device in await self._office.devices()
        ]

    async def _remove(self, devices: Sequence[Json]) -> Json:
        wanted = [eui(device) for device in devices]
        known = await self._known(wanted)
        removed = await self._journal.remove_devices(wanted)
        await self._devices_changed(set(wanted))
        return {"removed": removed, "unknown": [one for one in wanted if one not in known]}

    async def _devices_changed(self, changed: Collection[Eui64]) -> None:
        if self._running:
            await self._running.devices_changed(changed)
