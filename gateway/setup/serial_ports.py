"""What is at the serial ports: LoRa modems, which answer when asked, and GNSS receivers, which speak by themselves.

Only ports with a name under /dev/serial/by-id are opened, that is USB: at a pin header there may be anything, such as the
receiver that a packet forwarder reads.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Final

from gateway.clock import SystemClock
from gateway.setup.findings import Modem, Receiver
from gateway.setup.machine import Machine
from gateway.sources.gnss import BAUDS
from gateway.sources.nmea import LONGEST_SENTENCE, BadSentence, read
from gateway.sources.serial_modem.families import FAMILIES
from gateway.sources.serial_modem.session import Session
from gateway.sources.serial_port import Port, PortLost, open_port
from gateway.sources.serial_port.lines import Lines

LISTEN_S: Final = 1.3  # at one speed: a receiver speaks every second
PLACE_S: Final = 2.5  # for its place, once it speaks


async def identified(port: str) -> Modem | Receiver | None:
    """Return what is at ``port``; None where nothing speaks that is known. Raises PortLost where it cannot be opened."""
    opened = await open_port(port, BAUDS[0])
    try:
        for baud in BAUDS:
            await opened.set_baud(baud)
            if (receiver := await _receiver(opened, port, baud)) is not None:
                return receiver
        return await _modem(opened, port)
    finally:
        await opened.close()


async def _receiver(opened: Port, port: str, baud: int) -> Receiver | None:
    """Return the receiver that speaks NMEA 0183 at this speed, with its place where it has one."""
    lines, found = Lines(LONGEST_SENTENCE), None
    loop = asyncio.get_running_loop()
    deadline = loop.time() + LISTEN_S
    while True:
        try:
            async with asyncio.timeout_at(deadline):
                ended = list(lines.take(await opened.read()))
        except TimeoutError:
            return found
        for line in ended:
            try:
                said = read(line or b"")
            except BadSentence:
                continue
            if found is None:
                found, deadline = Receiver(port=port, baud=baud, place=None), loop.time() + PLACE_S
            if said.is_fix and said.place is not None and said.place.altitude_m is not None:
                return replace(found, place=said.place)


async def _modem(opened: Port, port: str) -> Modem | None:
    for family, driver in FAMILIES.items():
        await opened.set_baud(driver.baud)
        session = Session(opened, driver(), SystemClock(), counts=Counter(), dropped=Counter())
        if (firmware := await session.identify()) is not None:
            return Modem(port=port, family=family, firmware=firmware)
    return None


async def all_of(machine: Machine, limit_s: float) -> tuple[list[Modem | Receiver], list[str]]:
    """Return what is at the ports, by the names that they keep, and why some could not be asked; a port takes ``limit_s`` at most."""
    found: list[Modem | Receiver] = []
    troubles: list[str] = []

    async def look(path: Path) -> None:
        name = machine.shown(path)
        try:
            async with asyncio.timeout(limit_s):
                one = await identified(str(path))
        except PortLost as error:
            troubles.append(str(error))
        except TimeoutError:
            troubles.append(f"{name}: does not end to speak; looked no further")
        else:
            found.extend([] if one is None else [replace(one, port=name)])

    async with asyncio.TaskGroup() as tasks:
        for path in machine.found("dev/serial/by-id/*"):
            tasks.create_task(look(path), name=f"serial port {path.name}")
    return sorted(found, key=lambda one: one.port), troubles
