"""A whole agent behind a Basics Station: it joins devices, acknowledges and commands them, on the station's own clock."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from datetime import timedelta
from pathlib import Path
from typing import Any

from gateway.agent import running
from gateway.config import load
from gateway.journal import Registration
from gateway.model import Downlink, Eui64, Instant, TimeQuality
from gateway.sources.basics_station.source import BasicsStation
from simulators import jumping_time
from simulators.basics_station import BasicsStation as Station
from simulators.concentrator import Transmission
from simulators.end_device import EndDevice, Make
from simulators.packet_forwarder import Signal
from tests.pipeline.rig import NOON, registration

ROOF, DEV_EUI = Eui64("0016c001ff10a235"), Eui64("a81758fffe051d02")
LIMIT_S = 60.0
CONFIGURATION = """\
[gateway]
name = "test"
data = "data"

[[source]]
name = "roof"
type = "basics_station"
host = "127.0.0.1"
port = 0
"""


def clock() -> Instant:
    monotonic = asyncio.get_running_loop().time()
    return Instant(NOON + timedelta(seconds=monotonic), monotonic, "boot", TimeQuality.NTP)


class Scene:
    """An agent with one station, and one device within its reach."""

    def __init__(self, agent: Any, station: Station, device: EndDevice, air: asyncio.Queue[Transmission]) -> None:
        self.agent = agent
        self.station = station
        self.device = device
        self._air = air

    async def up(self, phy_payload: bytes) -> int:
        """Let the station hear the device, where and how that speaks; return when the frame ended by the station's clock."""
        on_air = self.device.on_air
        signal = Signal(
            phy_payload=phy_payload, frequency_hz=on_air.frequency_hz, data_rate=on_air.data_rate, snr_db=8.0
        )
        xtime = await self.station.hear(signal)
        assert xtime is not None
        return xtime & 0xFFFF_FFFF_FFFF

    async def down(self) -> Transmission:
        async with asyncio.timeout(LIMIT_S):
            return await self._air.get()

    async def command(self, payload: bytes) -> None:
        device = self.agent.network.device(DEV_EUI)
        downlink = Downlink(id=0, dev_eui=DEV_EUI, f_port=7, payload=payload, queued_at=clock().utc)
        await self.agent.office.enqueue(device, downlink)

    async def joined(self) -> int:
        """Join, and return how many microseconds after the request the accept began."""
        asked_us = await self.up(self.device.join_request())
        accept = await self.down()
        assert self.device.accept(accept.phy_payload)
        return accept.starts_us - asked_us


def played(
    folder: Path, story: Callable[[Scene], Coroutine[Any, Any, None]], make: Make | None = None, **known: Any
) -> None:
    (folder / "brygga.toml").write_text(CONFIGURATION, encoding="utf-8")

    async def play() -> None:
        device = EndDevice(DEV_EUI) if make is None else EndDevice(DEV_EUI, make=make)
        air: asyncio.Queue[Transmission] = asyncio.Queue()
        entered: Registration = registration(device, **known)
        async with running(load(folder / "brygga.toml"), clock) as agent:
            await agent.journal.put_devices([entered])
            await agent.devices_changed()
            (source,) = agent.sources
            assert isinstance(source, BasicsStation)
            host, port = await source.listening()
            async with Station(ROOF, f"ws://{host}:{port}", deliver=air.put_nowait) as station:
                await story(Scene(agent, station, device, air))

    jumping_time.run(play())


def test_a_device_joins_five_seconds_after_it_has_asked(tmp_path: Path) -> None:
    async def story(scene: Scene) -> None:
        assert await scene.joined() == 5_000_000

    played(tmp_path, story)


def test_a_confirmed_uplink_is_acknowledged_a_second_after_it(tmp_path: Path) -> None:
    async def story(scene: Scene) -> None:
        await scene.joined()
        await asyncio.sleep(60)
        ended_us = await scene.up(scene.device.uplink(5, b"\x02\x29", confirmed=True))
        answer = await scene.down()
        heard = scene.device.hear(answer.phy_payload)

        assert heard is not None
        assert heard.ack
        assert answer.starts_us - ended_us == 1_000_000

    played(tmp_path, story)


def test_a_command_waits_for_the_next_uplink_of_a_class_a_device(tmp_path: Path) -> None:
    async def story(scene: Scene) -> None:
        await scene.joined()
        await scene.command(b"open")
        await asyncio.sleep(60)
        ended_us = await scene.up(scene.device.uplink(5, b"\x02\x29"))
        answer = await scene.down()
        heard = scene.device.hear(answer.phy_payload)

        assert heard is not None
        assert heard.payload == b"open"
        assert answer.starts_us - ended_us == 1_000_000

    played(tmp_path, story)


def test_a_class_c_device_is_told_at_once(tmp_path: Path) -> None:
    async def story(scene: Scene) -> None:
        await scene.joined()
        await asyncio.sleep(60)
        await scene.up(scene.device.uplink(5, b"\x02\x29"))
        await asyncio.sleep(60)
        scene.device.hear((await scene.down()).phy_payload)  # MAC commands: the network asks how it fares
        asked_us = scene.station.now_us
        await scene.command(b"open")
        answer = await scene.down()
        heard = scene.device.hear(answer.phy_payload)

        assert heard is not None
        assert heard.payload == b"open"
        assert answer.frequency_hz == 869_525_000
        assert 0 < answer.starts_us - asked_us < 2_000_000

    played(tmp_path, story, Make(device_class="C"), device_class="C")
