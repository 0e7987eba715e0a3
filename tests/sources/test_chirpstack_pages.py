"""The pages for installers: the configurations that they show hear a gateway."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from gateway.clock import SystemClock
from gateway.config import load
from gateway.sources.chirpstack_gateway.concentratord import Concentratord
from gateway.sources.chirpstack_gateway.mqtt import ChirpstackMqtt
from gateway.sources.settings import ChirpstackMqttSettings, ConcentratordSettings, SourceSettings
from gateway.transports.endpoint import endpoint
from simulators.chirpstack_gateway import SimulatedConcentratord, SimulatedForwarder
from simulators.packet_forwarder import Signal
from simulators.platforms.mosquitto import Mosquitto
from tests.sources.chirpstack_rig import GATEWAY, PHY_PAYLOAD, radio, running
from tests.sources.conftest import Ear

PAGES = Path(__file__).parent.parent.parent / "docs" / "sources"
UPLINK = Signal(phy_payload=PHY_PAYLOAD)


def blocks(page: str) -> list[str]:
    return re.findall(r"```toml\n(.*?)```", (PAGES / page).read_text(encoding="utf-8"), re.DOTALL)


def settings(folder: Path, block: str) -> SourceSettings:
    (folder / "brygga.toml").write_text(block, encoding="utf-8")
    (source,) = load(folder / "brygga.toml").sources
    return source


async def test_a_gateway_of_the_brokers_page_is_heard(tmp_path: Path, ear: Ear) -> None:
    shown = settings(tmp_path, blocks("chirpstack-mqtt.md")[0])
    assert isinstance(shown, ChirpstackMqttSettings)
    async with Mosquitto(tmp_path / "mosquitto") as mosquitto:
        here = replace(shown.broker, endpoint=endpoint(f"mqtt://127.0.0.1:{mosquitto.port}"))
        source = ChirpstackMqtt(replace(shown, broker=here), SystemClock())
        async with running(source, ear), SimulatedForwarder(radio(), mosquitto.port) as there:
            there.send(UPLINK)
            (frame,) = await ear.heard(1)

    assert (frame.best.gateway, frame.best.source) == (GATEWAY, "roofs")


async def test_a_gateway_of_concentratords_page_is_heard(tmp_path: Path, ear: Ear) -> None:
    shown = settings(tmp_path, blocks("concentratord.md")[0])
    assert isinstance(shown, ConcentratordSettings)
    here = replace(shown, event_url=f"ipc://{tmp_path}/event", command_url=f"ipc://{tmp_path}/command")
    source = Concentratord(here, SystemClock())
    async with SimulatedConcentratord(radio(), here.event_url, here.command_url) as there, running(source, ear):
        await there.send(UPLINK)
        (frame,) = await ear.heard(1)

    assert (frame.best.gateway, frame.best.source) == (GATEWAY, "mast")
