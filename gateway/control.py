"""The control socket: what the commands ask of a running agent, and of the locked journal when none runs.

One JSON object a line, one answer a line, over a unix socket that only its owner may open. `Desk` answers; it does
not know whether an agent stands behind it, so that a command gives the same answer either way.
"""

from __future__ import annotations

import asyncio
import contextlib
import difflib
import json
import os
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path
from typing import Protocol

from gateway import __version__
from gateway.config import Settings
from gateway.devices_file import read_csv, write_csv, write_csv_with_keys
from gateway.errors import Brygga, Busy, ConfigError
from gateway.journal import HeldKind, Journal
from gateway.model import Clock, Eui64, Json, RowId, eui64

LINE_LIMIT = 64 * 1024 * 1024  # octets; 100,000 devices as CSV are about 20 MB
ANSWER_TIME = 60.0  # seconds; an import of 10,000 devices on a slow card takes a few
DEVICE_LIST_LIMIT = 1_000_000


class Running(Protocol):
    """The agent, as far as the desk knows it."""

    def status(self) -> Mapping[str, Json]:
        """Return what only a running agent knows: sources, network, loops, clock."""
        ...

    def last_heard_s(self) -> Mapping[str, float]:
        """Return the age of each device's last frame, in seconds."""
        ...

    async def devices_changed(self) -> None:
        """Take devices from the journal anew."""
        ...


class Desk:
    """Answer requests about one box: ``{"do": "status"}`` and the rest of `Desk.DOES`."""

    def __init__(self, settings: Settings, journal: Journal, clock: Clock, running: Running | None = None) -> None:
        self._settings = settings
        self._journal = journal
        self._clock = clock
        self._running = running

    async def answer(self, request: Mapping[str, Json]) -> Json:
        """Do what is asked; ConfigError says in words what is wrong with the request."""
        match request:
            case {"do": "status"}:
                return await self._status()
            case {"do": "device.import", "text": str(text), "name": str(name)}:
                return await self._import(text, name)
            case {"do": "device.export"}:
                return {"text": write_csv(await self._journal.devices())}
            case {"do": "device.export_with_keys"}:
                return {"text": write_csv_with_keys(await self._journal.devices())}
            case {"do": "device.list"}:
                return await self._devices()
            case {"do": "device.show", "device": str(device)}:
                return await self._device(_eui(device))
            case {"do": "device.remove", "devices": list(devices)}:
                return await self._remove(devices)
            case {"do": "dead_letters.list"}:
                return await self._held(request)
            case {"do": "dead_letters.retry"}:
                return {"count": await self._journal.retry(*_which(request))}
            case {"do": "dead_letters.drop"}:
                return {"count": await self._journal.drop_held(*_which(request))}
            case _:
                raise ConfigError(f"control: {request.get('do')!r} is nothing this agent ({__version__}) can do")

    async def _status(self) -> Json:
        stats = await self._journal.stats()
        now = self._clock()
        destinations = {}
        for name in self._journal.destinations():
            depth = await self._journal.depth(name)
            destinations[name] = {
                "waiting": depth.waiting,
                "oldest_s": None if depth.oldest is None else round((now.utc - depth.oldest).total_seconds(), 1),
                "held": {str(kind): count for kind, count in depth.held.items() if count},
                "configured": any(one.name == name for one in self._settings.destinations),
            }
        live = dict(self._running.status()) if self._running else {}
        for name, more in live.pop("destinations", {}).items():
            destinations.setdefault(name, {}).update(more)
        return {
            "agent": {
                "name": self._settings.gateway.name,
                "version": __version__,
                "running": self._running is not None,
            },
            "journal": stats.as_json(),
            "destinations": destinations,
            **live,
        }

    async def _import(self, text: str, name: str) -> Json:
        registrations, problems = await asyncio.to_thread(read_csv, text, name)
        if problems:
            raise ConfigError(problems)
        result = await self._journal.put_devices(registrations)
        await self._devices_changed()
        return {"added": result.added, "changed": result.changed, "unchanged": result.unchanged}

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
            for device in (registration.device for registration in await self._journal.devices())
        ]

    async def _device(self, dev_eui: Eui64) -> Json:
        registrations = {one.device.dev_eui: one.device for one in await self._journal.devices()}
        if dev_eui not in registrations:
            near = difflib.get_close_matches(dev_eui, registrations, n=1, cutoff=0.8)
            hint = f"; did you mean {near[0]}?" if near else "; `brygga device list` shows those there are"
            raise ConfigError(f"no device {dev_eui}{hint}")
        device = registrations[dev_eui]
        return {
            "dev_eui": device.dev_eui,
            "name": device.name,
            "decoder": device.decoder or None,
            "activation": str(device.activation),
            "mac_version": str(device.mac_version),
            "join_eui": device.join_eui,
            "entity": {"type": device.entity.type or None, "id": device.entity.id or None},
            "place": None
            if device.place is None
            else {"latitude": device.place.latitude, "longitude": device.place.longitude},
            "tags": sorted(device.tags),
            "last_heard_s": self._running.last_heard_s().get(dev_eui) if self._running else None,
            "sessions": [
                {
                    "dev_addr": one.dev_addr,
                    "activation": one.activation,
                    "next_f_cnt_up": one.f_cnt_up,
                    "next_f_cnt_down": one.n_f_cnt_down,
                }
                for one in await self._journal.sessions()
                if one.dev_eui == dev_eui
            ],
        }

    async def _remove(self, devices: Sequence[Json]) -> Json:
        removed = await self._journal.remove_devices([_eui(device) for device in devices])
        await self._devices_changed()
        return {"removed": removed}

    async def _devices_changed(self) -> None:
        if self._running:
            await self._running.devices_changed()

    async def _held(self, request: Mapping[str, Json]) -> Json:
        destination, kind, _ = _which(request)
        rows = await self._journal.held(destination, kind, int(request.get("limit", 100)))
        return [
            {
                "id": row.id,
                "destination": row.destination,
                "kind": str(row.kind),
                "reason": row.reason,
                "held_at": row.held_at.isoformat(),
                "uplink": str(row.uplink.id),
                "dev_eui": row.uplink.dev_eui,
                "f_cnt": row.uplink.f_cnt,
                "f_port": row.uplink.f_port,
                "heard_at": row.uplink.heard_at.utc.isoformat(),
                "payload": row.uplink.payload.hex(),
            }
            for row in rows
        ]


def _which(request: Mapping[str, Json]) -> tuple[str | None, HeldKind | None, list[RowId] | None]:
    kind, ids = request.get("kind"), request.get("ids")
    try:
        return (
            request.get("destination"),
            None if kind is None else HeldKind(kind),
            None if ids is None else [RowId(int(one)) for one in ids],
        )
    except ValueError as error:
        raise ConfigError(f"dead letters: {error}; a kind is one of {', '.join(HeldKind)}") from error


def _eui(text: Json) -> Eui64:
    try:
        return eui64(str(text))
    except ValueError as error:
        raise ConfigError(f"{text}: {error}") from error


@contextlib.asynccontextmanager
async def serving(path: Path, desk: Desk) -> AsyncIterator[None]:
    """Serve ``desk`` on the unix socket ``path`` (mode 0600).

    Whoever calls holds the journal's lock, so a socket that lies there is left from a crash.
    """

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(ANSWER_TIME):
                line = await reader.readline()
                writer.write(await _answer_line(desk, line) + b"\n")
                await writer.drain()
        except (TimeoutError, ConnectionError, ValueError):
            pass  # whoever asked has gone, or sent no line within the limit
        finally:
            writer.close()

    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    mask = os.umask(0o177)
    try:
        server = await asyncio.start_unix_server(converse, path, limit=LINE_LIMIT)
    except OSError as error:
        raise ConfigError(
            f"control socket {path}: {error.strerror}; a unix socket's path has at most 107 octets"
        ) from error
    finally:
        os.umask(mask)
    try:
        yield
    finally:
        server.close()
        path.unlink(missing_ok=True)


async def _answer_line(desk: Desk, line: bytes) -> bytes:
    try:
        request = json.loads(line)
        if not isinstance(request, dict):
            raise ConfigError("control: a request is one JSON object")  # noqa: TRY301 - answered below like the rest
        reply = {"answer": await desk.answer(request)}
    except ConfigError as error:
        reply = {"problems": list(error.problems)}
    except (Brygga, json.JSONDecodeError) as error:
        reply = {"problems": [str(error)]}
    return json.dumps(reply).encode()


async def ask(settings: Settings, clock: Clock, request: Mapping[str, Json]) -> Json:
    """Ask the running agent, or the journal itself when no agent runs. Raises ConfigError, Busy, StorageError."""
    try:
        reader, writer = await asyncio.open_unix_connection(settings.control_socket, limit=LINE_LIMIT)
    except (FileNotFoundError, ConnectionRefusedError):
        return await _ask_journal(settings, clock, request)
    except PermissionError as error:
        raise Busy(f"{settings.control_socket} belongs to another user: try with sudo") from error
    try:
        async with asyncio.timeout(ANSWER_TIME):
            writer.write(json.dumps(request).encode() + b"\n")
            reply = json.loads(await reader.readline() or b'{"problems": ["the agent stopped before it answered"]}')
    except (TimeoutError, ConnectionError) as error:
        raise Busy(f"the agent at {settings.control_socket} does not answer") from error
    finally:
        writer.close()
    if "problems" in reply:
        raise ConfigError(reply["problems"])
    return reply["answer"]


async def _ask_journal(settings: Settings, clock: Clock, request: Mapping[str, Json]) -> Json:
    journal = await Journal.open(settings.journal_path, limit_bytes=settings.journal.limit_bytes, clock=clock)
    try:
        return await Desk(settings, journal, clock).answer(request)
    finally:
        await journal.close()
