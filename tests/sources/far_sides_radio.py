"""Radios and what stands for them: packet forwarders, Basics Stations, modems, recordings."""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
from collections.abc import Callable, Mapping, Sequence
from typing import Self

from gateway.agent import Agent
from simulators.basics_station import BasicsStation
from simulators.packet_forwarder import PacketForwarder, Signal
from simulators.serial_modem import OnAir, Plug, Rn2483Modem
from tests.pipeline.rig import LIMIT_S, until
from tests.sources.byte_line import ByteLine
from tests.sources.far_side import KNOWN_FROM_THE_START, ROOF, Aired, FarSide, counts, status

# ── packet forwarders ──


class SemtechUdpSide(FarSide):
    kind = "semtech_udp"
    loses_its_line = False  # UDP has none

    def section(self) -> Mapping[str, object]:
        return {"host": "127.0.0.1", "port": 0}

    async def connect(self, agent: Agent) -> None:
        async with asyncio.timeout(LIMIT_S):
            self._server = await agent.sources[0].listening()
            self._forwarder = await self.closing.enter_async_context(
                PacketForwarder(
                    ROOF,
                    self._server,  # type: ignore[arg-type]  # a host and a port
                    deliver=self.sent.put_nowait,
                    speed=self.speed,
                    counter_start_us=KNOWN_FROM_THE_START * 1_000_000,
                )
            )
            await self._forwarder.connected()

    async def bring(self, *signals: Signal) -> None:
        self.heard_us = self._forwarder.counter_us
        assert await self._forwarder.push(*signals, limit_s=LIMIT_S)

    async def garbage(self, octets: bytes) -> None:
        for end in range(len(octets)):
            self._forwarder.send_body(octets[:end])


# ── Basics Stations ──


class HurriedStation(BasicsStation):
    """A station that delivers what it has placed at once: its queue decides by its own clock all the same."""

    def _later(self, delay_s: float, call: Callable[[], None]) -> None:  # noqa: ARG002 - the station's own
        super()._later(0.0, call)


class BasicsStationSide(FarSide):
    kind = "basics_station"
    has_stream = True

    def section(self) -> Mapping[str, object]:
        return {"host": "127.0.0.1", "port": 0}

    async def connect(self, agent: Agent) -> None:
        async with asyncio.timeout(LIMIT_S):
            server = await agent.sources[0].listening()
            self.line = await self.closing.enter_async_context(
                ByteLine(server, one_by_one=self.pieces)  # type: ignore[arg-type]  # a host and a port
            )
            station = HurriedStation if self.speed > 1 else BasicsStation
            self._station = await self.closing.enter_async_context(
                station(ROOF, f"ws://127.0.0.1:{self.line.port}", deliver=self.sent.put_nowait)
            )

    async def bring(self, *signals: Signal) -> None:
        for signal in signals:
            began = self.line.carried
            xtime = await self._station.hear(signal)
            assert xtime is not None
            self.heard_us = xtime & 0xFFFF_FFFF_FFFF
            await until(lambda began=began: self.line.carried > began)  # type: ignore[misc]  # a lambda's default
            self.octets = self.line.carried - began

    async def bring_in_part(self, signal: Signal, octets: int) -> None:
        self.line.break_after(octets)
        with contextlib.suppress(ConnectionError):
            await self._station.hear(signal)
        await self.line.is_cut()

    async def garbage(self, octets: bytes) -> None:
        with contextlib.suppress(UnicodeDecodeError):
            await self._station.say_text(octets.decode())
        await self._station.say_text(json.dumps({"msgtype": "updf", "FRMPayload": octets.hex()}))
        await self._station.say_text(json.dumps({"msgtype": octets.hex()}))

    async def lose(self) -> None:
        self.line.cut()
        await self._station.disconnect()

    async def restore(self, agent: Agent) -> None:  # noqa: ARG002 - the station comes by itself
        async with asyncio.timeout(LIMIT_S):
            await self._station.connect()


# ── modems ──


class SerialModemSide(FarSide):
    kind = "serial_modem"
    transmits = False
    has_stream = True
    merges = False  # it hears one packet after another

    async def __aenter__(self) -> Self:
        self._plug = self.closing.enter_context(Plug(Rn2483Modem(), self.folder / "modem"))
        self._plug.fault.is_piecemeal = self.pieces
        return self

    def section(self) -> Mapping[str, object]:
        return {"port": self._plug.path, "modem": "rn2483", "frequency_hz": 868_100_000, "spreading_factor": 7}

    async def connect(self, agent: Agent) -> None:
        await until(lambda: status(agent)["listening"] is not None)

    async def bring(self, *signals: Signal) -> None:
        for signal in signals:
            await until(lambda: self._plug.modem.is_receiving)
            self._plug.hear(OnAir(phy_payload=signal.phy_payload))
            self.octets = len("radio_rx  \r\n") + 2 * len(signal.phy_payload)

    async def bring_in_part(self, signal: Signal, octets: int) -> None:
        await until(lambda: self._plug.modem.is_receiving)
        self._plug.fault.keeps = octets
        self._plug.hear(OnAir(phy_payload=signal.phy_payload))
        self._plug.unplug()

    async def garbage(self, octets: bytes) -> None:
        await until(lambda: self._plug.modem.is_receiving)
        self._plug.say(octets.replace(b"\n", b"?") + b"\r\n")

    async def lose(self) -> None:
        self._plug.unplug()

    async def restore(self, agent: Agent) -> None:
        began = counts(agent).get("begun", 0)
        self._plug.plug()
        await until(lambda: counts(agent).get("begun", 0) > began)


# ── recordings ──


class RecordingSide(FarSide):
    kind = "recording"
    transmits = False
    takes_garbage = False  # it is full of it each time
    loses_its_line = False

    def section(self) -> Mapping[str, object]:
        return {"file": "recorded.jsonl", "speed": "fastest"}

    def expect(self, air: Sequence[Aired]) -> None:
        frames = [
            {
                "at_s": float(number),
                "protocol": "lorawan",
                "gateway": ROOF,
                "hex": one.phy_payload.hex(),
                "frequency_hz": 868_100_000,
                "data_rate": "SF7BW125",
                "rssi_dbm": -57,
                "snr_db": 9.2,
            }
            for number, one in enumerate(air)
        ]
        noise = random.Random("recording")
        lines = [
            line
            for frame in frames
            for line in (json.dumps(frame).encode(), noise.randbytes(40).replace(b"\n", b""), b"")
        ]
        (self.folder / "recorded.jsonl").write_bytes(b"\n".join([b"{}", *lines]))

    async def connect(self, agent: Agent) -> None:
        await until(lambda: status(agent).get("finished") is True)

    async def bring(self, *signals: Signal) -> None:
        """Nothing more: all was in the recording."""
