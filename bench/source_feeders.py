"""What speaks to a source that is measured, in a process of its own: `python -m bench.source_feeders KIND COUNT WHERE`.

It says "ready" when it has met the source, and sends what it may: each octet on standard input lets so many frames more go out.
So nothing is lost on the way, and every protocol is fed alike.
"""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from aiohttp import ClientSession, TCPConnector

from bench.fleet import GATEWAY
from gateway.model import eui64
from simulators.basics_station import BasicsStation
from simulators.chirpstack_gateway import SimulatedConcentratord, SimulatedForwarder
from simulators.chirpstack_radio import Radio
from simulators.end_device import EndDevice
from simulators.network_server import ChirpStack, NetworkServer, Payload, TheThingsStack
from simulators.packet_forwarder import PacketForwarder, Signal
from simulators.serial_modem import OnAir, Plug, WioE5Modem

A_STEP: Final = 50  # frames that an octet on standard input lets go out
AT_FIRST: Final = 8  # steps that need no leave
FRAMES: Final = 512  # different ones; sources do not look into them
TOKEN: Final = "a-token-of-more-than-16-characters"
FULL_S: Final = 0.0002
MOST_PUSHES: Final = 16  # side by side

Send = Callable[[int, int], Awaitable[None]]
"""Send the frames from one number to another."""


def frames() -> list[bytes]:
    """Return PHYPayloads of 20 octets of application, as a device sends them."""
    device = EndDevice.abp(eui64("70b3d57ed0be0001"), "26010001")  # type: ignore[arg-type]  # a DevAddr
    return [device.uplink(2, bytes(20)) for _ in range(FRAMES)]


def payloads() -> list[Payload]:
    """Return what a network server tells of them."""
    return [Payload(dev_eui="70b3d57ed0be0001", f_cnt=number, data=bytes(20)) for number in range(FRAMES)]


def _port(where: str) -> tuple[str, int]:
    host, _, port = where.rpartition(":")
    return host, int(port)


@asynccontextmanager
async def semtech_udp(where: str) -> AsyncIterator[Send]:
    """A packet forwarder."""
    said = [Signal(phy_payload=frame) for frame in frames()]
    async with PacketForwarder(GATEWAY, _port(where)) as forwarder:
        await forwarder.connected()

        async def send(first: int, last: int) -> None:
            for number in range(first, last):
                forwarder.send(said[number % FRAMES])

        yield send


@asynccontextmanager
async def basics_station(where: str) -> AsyncIterator[Send]:
    """A Basics Station."""
    said = [Signal(phy_payload=frame) for frame in frames()]
    async with BasicsStation(GATEWAY, f"ws://{where}") as station:

        async def send(first: int, last: int) -> None:
            for number in range(first, last):
                await station.hear(said[number % FRAMES])

        yield send


class PatientPlug(Plug):
    """A plug that waits while the line is full: a pseudo-terminal holds 4 kB."""

    def _write(self, octets: bytes) -> None:
        while octets:
            try:
                octets = octets[os.write(self._ends[0], octets) :]
            except BlockingIOError:
                time.sleep(FULL_S)


@asynccontextmanager
async def serial_modem(where: str) -> AsyncIterator[Send]:
    """A modem that stays in receive mode, on a pseudo-terminal."""
    said = [OnAir(phy_payload=frame) for frame in frames()]
    with PatientPlug(WioE5Modem(), Path(where)) as plug:
        while not plug.modem.is_receiving:  # noqa: ASYNC110 - the host tells the modem, and nobody else
            await asyncio.sleep(0.01)

        async def send(first: int, last: int) -> None:
            for number in range(first, last):
                plug.hear(said[number % FRAMES])

        yield send


@asynccontextmanager
async def chirpstack_mqtt(where: str) -> AsyncIterator[Send]:
    """An MQTT Forwarder, protobuf."""
    said = [Signal(phy_payload=frame) for frame in frames()]
    async with SimulatedForwarder(Radio(GATEWAY), _port(where)[1]) as forwarder:

        async def send(first: int, last: int) -> None:
            for number in range(first, last):
                forwarder.send(said[number % FRAMES])

        yield send


@asynccontextmanager
async def concentratord(where: str) -> AsyncIterator[Send]:
    """A Concentratord."""
    said = [Signal(phy_payload=frame) for frame in frames()]
    async with SimulatedConcentratord(Radio(GATEWAY), f"{where}_event", f"{where}_command") as radio:
        while not radio.commands:  # noqa: ASYNC110 - it was asked who it is: the source is there
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.5)  # a publisher does not know who has subscribed, and loses what nobody has

        async def send(first: int, last: int) -> None:
            for number in range(first, last):
                await radio.send(said[number % FRAMES])

        yield send


@asynccontextmanager
async def _server(where: str, words: ChirpStack | TheThingsStack) -> AsyncIterator[Send]:
    said = payloads()
    server = NetworkServer(_port(where)[1], words)
    async with server.running():

        async def send(first: int, last: int) -> None:
            await server.tell([said[number % FRAMES] for number in range(first, last)])

        yield send


@asynccontextmanager
async def webhook(where: str) -> AsyncIterator[Send]:
    """ChirpStack's HTTP integration, over connections that stay."""
    said = [ChirpStack().up(one).body for one in payloads()]
    head = {"Authorization": f"Bearer {TOKEN}"}
    async with ClientSession(connector=TCPConnector(limit=MOST_PUSHES)) as http:

        async def push(body: bytes) -> None:
            async with http.post(f"http://{where}/uplinks?event=up", data=body, headers=head) as answer:
                assert answer.status == 200, await answer.text()

        async def send(first: int, last: int) -> None:
            async with asyncio.TaskGroup() as pushes:
                for number in range(first, last):
                    pushes.create_task(push(said[number % FRAMES]))

        yield send


FEEDERS: Final[Mapping[str, Callable[[str], object]]] = {
    "semtech_udp": semtech_udp,
    "basics_station": basics_station,
    "serial_modem": serial_modem,
    "chirpstack_mqtt": chirpstack_mqtt,
    "concentratord": concentratord,
    "chirpstack": lambda where: _server(where, ChirpStack()),
    "the_things_stack": lambda where: _server(where, TheThingsStack()),
    "webhook": webhook,
}


async def feed(kind: str, count: int, where: str) -> None:
    """Send ``count`` frames to the source at ``where``, as fast as standard input lets them go."""
    loop, leave = asyncio.get_running_loop(), asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(leave), sys.stdin)
    async with FEEDERS[kind](where) as send:  # type: ignore[attr-defined]  # each is a context that gives a Send
        print("ready", flush=True)
        await leave.readexactly(1)
        for step, first in enumerate(range(0, count, A_STEP)):
            if step >= AT_FIRST:
                await leave.readexactly(1)
            await send(first, min(first + A_STEP, count))
        await leave.read()  # no limit: until the measuring side has had enough


if __name__ == "__main__":
    asyncio.run(feed(sys.argv[1], int(sys.argv[2]), sys.argv[3]))
