"""What the tests of serial modems share: packets, what each modem says of one, and a source that is run."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from gateway.model import LoraRate
from gateway.sources.serial_modem import SerialModem
from gateway.sources.serial_modem.driver import Bad, Channel, Packet, Said
from gateway.sources.serial_modem.families import FAMILIES
from gateway.sources.serial_port.keeping import Patience
from gateway.sources.settings import SerialModemSettings
from simulators.serial_modem import MODEMS, OnAir, Plug
from tests.sources.conftest import LIMIT_S, Ear, HandClock

PHY = bytes.fromhex("40 da1b0126 80 0100 01") + bytes(range(20)) + bytes.fromhex("01020304")
OTHER = bytes.fromhex("40 db1b0126 00 0200 02") + bytes.fromhex("c0db0a0d") * 5 + bytes.fromhex("05060708")
CHANNEL = Channel(868_100_000, LoraRate(7, 125_000))
QUICK = Patience(look_every_s=0.01, settle_s=0.1, pause=lambda failures, _: 0.005 * min(failures, 10))


def said(family: str, octets: bytes, size: int) -> list[Said]:
    """Return what a driver understands when octets come in pieces of ``size``."""
    driver = FAMILIES[family]()
    return [one for start in range(0, len(octets), size) for one in driver.take(octets[start : start + size])]


def packets(some: list[Said]) -> list[Packet]:
    return [one for one in some if isinstance(one, Packet)]


def bad(some: list[Said]) -> list[str]:
    return [str(one.reason) for one in some if isinstance(one, Bad)]


def settings(plug: Plug | str, modem: str = "auto", **changes: object) -> SerialModemSettings:
    known = {
        "name": "stick",
        "port": plug if isinstance(plug, str) else plug.path,
        "modem": modem,
        "baud": None,
        "frequency_hz": CHANNEL.frequency_hz,
        "spreading_factor": 7,
        "bandwidth_hz": 125_000,
        "gateway": None,
    }
    return SerialModemSettings(**(known | changes))  # type: ignore[arg-type]  # as the class says


@asynccontextmanager
async def running(source: SerialModem, ear: Ear) -> AsyncIterator[None]:
    """Run a source, and stop it; the block begins when it has settled."""
    async with asyncio.timeout(4 * LIMIT_S), asyncio.TaskGroup() as group:
        run = group.create_task(source.run(ear), name="source")
        async with asyncio.timeout(LIMIT_S):
            await source.listening()
        yield
        run.cancel()


async def until_counted(source: SerialModem, name: str, least: int = 1) -> None:
    """Return as soon as something has been counted so often."""
    async with asyncio.timeout(LIMIT_S):
        while source.status()["counts"].get(name, 0) < least:  # noqa: ASYNC110 - a counter tells nobody when it changes
            await asyncio.sleep(0.005)


def on_air(phy_payload: bytes = PHY, *, crc_is_right: bool = True, **changes: int) -> OnAir:
    return OnAir(phy_payload=phy_payload, crc_is_right=crc_is_right, **changes)


def source_of(plug: Plug, clock: HandClock, modem: str = "auto", *, silent_s: float = 5.0) -> SerialModem:
    return SerialModem(settings(plug, modem), clock, silent_s=silent_s, patience=QUICK)


def family_of(plug: Plug) -> str:
    return next(name for name, made in MODEMS.items() if isinstance(plug.modem, made))
