"""Gateways that ChirpStack's software runs: an MQTT Forwarder behind a broker, a Concentratord."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Self

from gateway.agent import Agent
from simulators.chirpstack_gateway import SimulatedConcentratord, SimulatedForwarder
from simulators.chirpstack_radio import Radio
from simulators.packet_forwarder import Signal
from simulators.platforms.mosquitto import Mosquitto
from tests.pipeline.rig import LIMIT_S, until
from tests.sources.byte_line import ByteLine
from tests.sources.far_side import KNOWN_FROM_THE_START, ROOF, FarSide, counts, status

# ── ChirpStack's gateways ──


class ChirpstackMqttSide(FarSide):
    kind = "chirpstack_mqtt"
    has_stream = True

    async def __aenter__(self) -> Self:
        broker = await self.closing.enter_async_context(Mosquitto(self.folder / "mosquitto"))
        self._broker_port = broker.port
        self.line = await self.closing.enter_async_context(
            ByteLine(("127.0.0.1", broker.port), one_by_one=self.pieces, cuts_answers=True)
        )
        return self

    def section(self) -> Mapping[str, object]:
        return {"url": f"mqtt://127.0.0.1:{self.line.port}"}

    async def connect(self, agent: Agent) -> None:
        await until(lambda: status(agent)["listening"] is not None)
        radio = Radio(
            ROOF, deliver=self.sent.put_nowait, speed=self.speed, counter_start_us=KNOWN_FROM_THE_START * 10**6
        )
        self._forwarder = await self.closing.enter_async_context(SimulatedForwarder(radio, self._broker_port))
        await until(lambda: counts(agent).get("connection", 0) > 0)
        self._agent = agent

    @property
    def _connections(self) -> int:
        """How often the source was told that the gateway is online: with each subscription, for the broker keeps that."""
        return counts(self._agent).get("connection", 0)

    async def bring(self, *signals: Signal) -> None:
        began, self.heard_us = self.line.carried, self._forwarder.radio.now_us()
        self._forwarder.send(*signals)
        await until(lambda: self.line.carried > began)
        self.octets = (self.line.carried - began) // len(signals)

    async def bring_in_part(self, signal: Signal, octets: int) -> None:
        self.line.break_after(octets)
        self._seen = self._connections
        self._forwarder.send(signal)
        await self.line.is_cut()

    async def garbage(self, octets: bytes) -> None:
        self._forwarder.publish("event/up", octets)
        self._forwarder.publish("event/stats", octets)
        self._forwarder.publish("event/quux", octets)

    async def lose(self) -> None:
        self._seen = self._connections
        self.line.cut()

    async def restore(self, agent: Agent) -> None:
        await until(lambda: status(agent)["listening"] is not None and self._connections > self._seen)


class ConcentratordSide(FarSide):
    kind = "concentratord"

    async def __aenter__(self) -> Self:
        self._event_url, self._command_url = (f"ipc://{self.folder}/{name}" for name in ("event", "command"))
        self._radio = Radio(
            ROOF, deliver=self.sent.put_nowait, speed=self.speed, counter_start_us=KNOWN_FROM_THE_START * 10**6
        )
        self._concentratord = SimulatedConcentratord(self._radio, self._event_url, self._command_url)
        self.closing.push_async_exit(self._stop)
        await self._concentratord.__aenter__()
        return self

    async def _stop(self, *_: object) -> None:
        await self._concentratord.__aexit__()

    def section(self) -> Mapping[str, object]:
        return {"event_url": self._event_url, "command_url": self._command_url}

    async def connect(self, agent: Agent) -> None:
        await self._subscribed(agent)

    async def bring(self, *signals: Signal) -> None:
        self.heard_us = self._radio.now_us()
        await self._concentratord.send(*signals)

    async def garbage(self, octets: bytes) -> None:
        await self._concentratord.publish_parts(octets)
        await self._concentratord.publish_parts(b"up", octets)
        await self._concentratord.publish_parts(b"", octets, b"")

    async def lose(self) -> None:
        await self._concentratord.__aexit__()

    async def restore(self, agent: Agent) -> None:
        self._concentratord = SimulatedConcentratord(self._radio, self._event_url, self._command_url)
        await self._concentratord.__aenter__()
        await self._subscribed(agent)

    async def _subscribed(self, agent: Agent) -> None:
        """Tell statistics until they are heard: a publisher does not know who has subscribed."""
        seen = counts(agent).get("stats", 0)
        async with asyncio.timeout(LIMIT_S):
            while counts(agent).get("stats", 0) == seen or status(agent)["listening"] is None:
                await self._concentratord.tell()
                await asyncio.sleep(0.02)
