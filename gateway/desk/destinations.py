"""The desk's counter for destinations: what lies before each, and those that come and go."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime

from gateway import __version__
from gateway.config import Settings
from gateway.desk.words import Registered, did_you_mean, find_device, full_name
from gateway.errors import ConfigError
from gateway.former import late
from gateway.journal import Journal
from gateway.model import Clock, Device, Json
from gateway.trial.carried import device_as_json, uplink_as_json

NEVER_STARTED: Mapping[str, Json] = {
    "waiting": 0,
    "oldest_s": None,
    "oldest": None,
    "lost": 0,
    "held_lost": 0,
    "given_up": 0,
    "given_up_since": None,
    "held": {},
    "configured": True,
    "moved": False,
    "connected": False,
}

LetGo = Callable[[str], Awaitable[None]]


class DestinationDesk:
    """Answer what is asked about destinations."""

    def __init__(
        self, settings: Settings, journal: Journal, clock: Clock, registered: Registered, let_go: LetGo | None = None
    ) -> None:
        """Ask ``let_go`` of a running agent to end the loop of a former city before its backlog goes."""
        self._configured = tuple(one.name for one in settings.destinations)
        self._newest_only = frozenset(one.name for one in settings.destinations if one.newest_only)
        self._connected = frozenset(one.name for one in settings.former)
        self._let_go = let_go
        self._journal = journal
        self._clock = clock
        self._registered = registered

    async def answer(self, request: Mapping[str, Json]) -> Json:
        """Do what is asked; ConfigError says in words what is wrong with the request."""
        match request:
            case {"do": "destination.list"}:
                return await self.all()
            case {"do": "destination.forget", "name": str(name)}:
                return await self.forget(name)
            case {"do": "destination.rename", "old": str(old), "new": str(new)}:
                return await self.rename(old, new, anyway=request.get("anyway") is True)
            case {"do": "destination.last", "name": str(name), "device": str(device)}:
                return await self.last(name, device)
            case {"do": "destination.lasts", "devices": list(devices)}:
                return [await self._last(await find_device(str(one), self._registered)) for one in devices]
            case {"do": "destination.device", "device": str(device)}:
                return device_as_json(await find_device(device, self._registered))
            case _:
                raise ConfigError(f"control: {request['do']!r} is nothing that this agent does (brygga {__version__})")

    async def all(self) -> dict[str, dict[str, Json]]:
        """Return every destination that the configuration or the journal names, with what lies before it."""
        known = self._journal.destinations()
        fresh = {name: dict(NEVER_STARTED) for name in self._configured}
        return fresh | {name: await self._depth(name) | await self._late(name) for name in known}

    async def _late(self, name: str) -> dict[str, Json]:
        """Return why the present city would not take what waits for a former one, if it would not."""
        present = self._journal.former().get(name)
        why = "" if present is None else await late(self._journal, name, present, self._newest_only)
        return {"late": why} if why else {}

    async def forget(self, name: str) -> Json:
        """Let go of a destination that is no longer configured, of its backlog and its held rows."""
        name = self._known(name)
        if name in self._configured:
            raise ConfigError(
                f"{name} is in the configuration: take its [[destination]] out of the file and start the agent again, then forget it"
            )
        gone = await self._depth(name)
        await self._end_loop(name)
        await self._journal.remove_destination(name)
        return gone

    async def rename(self, old: str, new: str, *, anyway: bool = False) -> Json:
        """Give all that waits for ``old`` to ``new``, as the configuration calls it now.

        ``anyway``: also where ``new`` would refuse most of it as late.
        """
        old, new = self._known(old), full_name(new, self._configured)
        if old in self._configured:
            raise ConfigError(
                f"{old} is in the configuration: give it its new name in the file first, and start the agent again"
            )
        if new not in self._configured:
            those = did_you_mean(new, self._configured) or f"; those there are: {', '.join(self._configured) or 'none'}"
            raise ConfigError(
                f"there is no destination {new} in the configuration{those} (a running agent knows the file as it was when it began)"
            )
        if not anyway and (why := await late(self._journal, old, new, self._newest_only)):
            raise ConfigError(
                f"{why}. As long as {old} is connected they go on being told there; a broker with a temporal API takes them "
                'with options.late = "temporal" in the file; --anyway gives them nevertheless'
            )
        await self._end_loop(old)
        await self._journal.rename_destination(old, new)
        return await self._depth(new)

    async def last(self, name: str, device: str) -> Json:
        """Return a device with its last uplink (None without one), and what a destination remembers for its format."""
        memory = dict(self._journal.memory(name)) if name in self._journal.destinations() else {}
        return {**await self._last(await find_device(device, self._registered)), "memory": memory}

    async def _last(self, device: Device) -> dict[str, Json]:
        rows = await self._journal.latest(device.dev_eui, 1)
        return {"device": device_as_json(device), "uplink": uplink_as_json(rows[0].uplink) if rows else None}

    async def _end_loop(self, name: str) -> None:
        if self._let_go is not None:
            await self._let_go(name)

    def _known(self, name: str) -> str:
        names = self._journal.destinations()
        known = full_name(name, names)
        if known not in names:
            those = did_you_mean(name, names) or f"; those there are: {', '.join(names) or 'none'}"
            raise ConfigError(f"there is no destination {name} in the journal{those}")
        return known

    async def _depth(self, name: str) -> dict[str, Json]:
        depth = await self._journal.depth(name)
        age = None if depth.oldest is None else (self._clock().utc - depth.oldest).total_seconds()
        return {
            "waiting": depth.waiting,
            "oldest_s": None if age is None else round(age, 1),
            "oldest": _iso(depth.oldest),
            "lost": depth.lost,
            "held_lost": depth.held_lost,
            "given_up": depth.given_up,
            "given_up_since": _iso(depth.given_up_since),
            "held": {str(kind): count for kind, count in depth.held.items() if count},
            "configured": name in self._configured,
            "moved": depth.moved,
            "connected": name in self._connected,
        }


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat(timespec="seconds")
