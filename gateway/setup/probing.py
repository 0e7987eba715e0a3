"""All probes, side by side and each with a limit: what they find is a value, what they do not is a line of `troubles`."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from gateway.config.fragments import fragments_folder
from gateway.errors import Busy
from gateway.setup import chirpstack, forwarders, listening, serial_ports, stations
from gateway.setup.findings import (
    Arrival,
    Box,
    ChirpstackForwarder,
    Concentratord,
    Findings,
    Forwarder,
    LoraFwd,
    Modem,
    Receiver,
    ServerHere,
    Station,
)
from gateway.setup.machine import GROUP, Machine

LISTEN_S: Final = 10.0  # a forwarder says that it is there every 5 to 10 s
SERIAL_S: Final = 20.0  # for one port: four speeds, and four families with three tries each
FILES_S: Final = 10.0  # for reading files; a card that hangs is not waited for


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """How far to look."""

    configuration: Path
    listen_s: float = LISTEN_S  # 0: nothing is listened for, as where an agent has the port
    serial: bool = True
    port: int = listening.PORT


@dataclass(frozen=True, slots=True, kw_only=True)
class _Files:
    """What stands in files."""

    forwarders: tuple[Forwarder, ...] = ()
    lora_fwds: tuple[LoraFwd, ...] = ()
    stations: tuple[Station, ...] = ()
    chirpstack: tuple[ChirpstackForwarder, ...] = ()
    concentratords: tuple[Concentratord, ...] = ()
    servers: tuple[ServerHere, ...] = ()


async def probed(machine: Machine, wishes: Wishes) -> Findings:
    """Return all that is found; nothing is written, and what takes too long is told and left out."""
    troubles: list[str] = []
    async with asyncio.TaskGroup() as tasks:
        files = tasks.create_task(_in_time(machine, troubles), name="files")
        air = tasks.create_task(_arrivals(machine, wishes, troubles), name="datagrams")
        ports = tasks.create_task(_serial(machine, wishes, troubles), name="serial ports")
    read, found = files.result(), ports.result()
    return Findings(
        box=box_of(machine, wishes),
        forwarders=read.forwarders,
        lora_fwds=read.lora_fwds,
        stations=read.stations,
        chirpstack=read.chirpstack,
        concentratords=read.concentratords,
        servers=read.servers,
        arrivals=air.result(),
        modems=tuple(one for one in found if isinstance(one, Modem)),
        receivers=tuple(one for one in found if isinstance(one, Receiver)),
        troubles=tuple(troubles),
    )


async def _in_time(machine: Machine, troubles: list[str]) -> _Files:
    try:
        async with asyncio.timeout(FILES_S):
            return await asyncio.to_thread(_files, machine)
    except TimeoutError:
        troubles.append(f"the files of this machine could not be read within {FILES_S:g} s: is its card failing?")
        return _Files()


def _files(machine: Machine) -> _Files:
    processes = list(machine.processes())
    return _Files(
        forwarders=tuple(forwarders.forwarders(machine, processes)),
        lora_fwds=tuple(forwarders.lora_fwd(machine, processes)),
        stations=tuple(stations.stations(machine, processes)),
        chirpstack=tuple(chirpstack.forwarders(machine, processes)),
        concentratords=tuple(chirpstack.concentratords(machine)),
        servers=tuple(chirpstack.servers(machine)),
    )


async def _arrivals(machine: Machine, wishes: Wishes, troubles: list[str]) -> tuple[Arrival, ...]:
    if not wishes.listen_s:
        return ()
    try:
        return await listening.arrivals(wishes.listen_s, wishes.port)
    except Busy as error:
        who = listening.holder(machine, wishes.port)
        troubles.append(f"{error}{f' ({who} has it)' if who else ''}: nothing could be listened for there")
        return ()


async def _serial(machine: Machine, wishes: Wishes, troubles: list[str]) -> list[Modem | Receiver]:
    if not wishes.serial:
        return []
    found, wrong = await serial_ports.all_of(machine, SERIAL_S)
    troubles += wrong
    return found


def _fragments(machine: Machine, configuration: Path) -> Iterator[str]:
    """Yield the texts of the files that lie below a configuration."""
    folder = fragments_folder(configuration.absolute())
    for path in sorted(folder.glob("*.toml")):
        yield machine.text(path) or ""


def box_of(machine: Machine, wishes: Wishes) -> Box:
    """Return what the machine itself is; quick, and without a limit."""
    taken = listening.holder(machine, wishes.port)
    return Box(
        hostname=machine.hostname(),
        is_root=machine.is_root(),
        has_systemd=machine.at("run/systemd/system").is_dir(),  # sd_booted(3)
        has_unit=machine.serves(wishes.configuration),
        group=GROUP if machine.has_group(GROUP) else "",
        clock=machine.clock(),
        configured=machine.text(wishes.configuration) or "",
        fragments=tuple(_fragments(machine, wishes.configuration)),
        connected=frozenset(path.stem for path in wishes.configuration.absolute().parent.glob("cities/*.toml")),
        port=wishes.port,
        ports_taken={} if taken is None else {wishes.port: taken},
    )
