"""Network servers in front of the box: they open frames themselves, and tell what is in them."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping
from typing import ClassVar, Self

from aiohttp import ClientError, ClientSession, TCPConnector

from gateway.agent import Agent
from simulators.network_server import ChirpStack, NetworkServer, Payload, TheThingsStack, Words
from simulators.packet_forwarder import Signal
from simulators.platforms.mosquitto import Mosquitto
from tests.pipeline.rig import LIMIT_S, until
from tests.sources.byte_line import ByteLine
from tests.sources.far_side import FarSide, status

TOKEN = "a-token-of-more-than-16-characters"


class ServerSide(FarSide):
    """What they have in common."""

    transmits = False  # a server takes payloads and chooses the window
    is_server = True
    has_stream = True
    line: ByteLine

    def payloads(self, *signals: Signal) -> list[Payload]:
        aired = [self.air[signal.phy_payload] for signal in signals]
        return [Payload(dev_eui=one.dev_eui, f_cnt=one.f_cnt, data=one.payload, f_port=one.f_port) for one in aired]


class BrokerSide(ServerSide):
    loses_nothing = True
    words: ClassVar[type[ChirpStack | TheThingsStack]]

    async def __aenter__(self) -> Self:
        broker = await self.closing.enter_async_context(Mosquitto(self.folder / "mosquitto"))
        self.line = await self.closing.enter_async_context(
            ByteLine(("127.0.0.1", broker.port), one_by_one=self.pieces, cuts_answers=True)
        )
        said: Words = self.words()
        self._server = NetworkServer(broker.port, said)
        return self

    async def connect(self, agent: Agent) -> None:
        await until(lambda: status(agent)["listening"] is not None)
        await self.closing.enter_async_context(self._server.running())

    async def bring(self, *signals: Signal) -> None:
        began = self.line.carried
        await self._server.tell(self.payloads(*signals))
        await until(lambda: self.line.carried > began)
        self.octets = (self.line.carried - began) // len(signals)

    async def bring_in_part(self, signal: Signal, octets: int) -> None:
        self.line.break_after(octets)
        await self._server.tell(self.payloads(signal))
        await self.line.is_cut()

    async def garbage(self, octets: bytes) -> None:
        (one,) = self.payloads(Signal(phy_payload=next(iter(self.air))))
        await self._server.tell_octets(self._server.words.up(one).target, octets)

    async def lose(self) -> None:
        self.line.cut()

    async def restore(self, agent: Agent) -> None:
        """Nothing to wait for."""


class ChirpstackSide(BrokerSide):
    kind = "chirpstack"
    words = ChirpStack

    def section(self) -> Mapping[str, object]:
        return {"url": f"mqtt://127.0.0.1:{self.line.port}"}


class TheThingsStackSide(BrokerSide):
    kind = "the_things_stack"
    words = TheThingsStack

    def section(self) -> Mapping[str, object]:
        return {"url": f"mqtt://127.0.0.1:{self.line.port}", "application": "city@ttn"}


class WebhookSide(ServerSide):
    """ChirpStack's HTTP integration; what is not answered with 200 is pushed again."""

    kind = "webhook"

    def section(self) -> Mapping[str, object]:
        return {"server": "chirpstack", "host": "127.0.0.1", "port": 0, "token": TOKEN}

    async def connect(self, agent: Agent) -> None:
        async with asyncio.timeout(LIMIT_S):
            server = await agent.sources[0].listening()
            self.line = await self.closing.enter_async_context(
                ByteLine(server, one_by_one=self.pieces)  # type: ignore[arg-type]  # a host and a port
            )
            # Each push has a connection of its own: one that is kept open is waited for when the agent stops.
            self._http = await self.closing.enter_async_context(ClientSession(connector=TCPConnector(force_close=True)))

    async def bring(self, *signals: Signal) -> None:
        async with asyncio.TaskGroup() as pushes:
            for one in self.payloads(*signals):
                pushes.create_task(self._pushed(one), name="push")

    async def bring_in_part(self, signal: Signal, octets: int) -> None:
        self.line.break_after(octets)
        (one,) = self.payloads(signal)
        with contextlib.suppress(ClientError):
            await self._push(ChirpStack().up(one).body)
        await self.line.is_cut()

    async def garbage(self, octets: bytes) -> None:
        assert await self._push(octets) == 400

    async def lose(self) -> None:
        self.line.cut()

    async def restore(self, agent: Agent) -> None:
        """Nothing to wait for."""

    async def _pushed(self, one: Payload) -> None:
        began = self.line.carried
        while await self._push(ChirpStack().up(one).body) != 200:
            pass
        self.octets = self.line.carried - began

    async def _push(self, body: bytes) -> int:
        url, head = f"http://127.0.0.1:{self.line.port}/uplinks?event=up", {"Authorization": f"Bearer {TOKEN}"}
        async with self._http.post(url, data=body, headers=head) as answer:
            return answer.status
