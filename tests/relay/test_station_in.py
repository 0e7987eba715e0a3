"""A gateway that is a Basics Station, relayed to a server of either protocol: by values, for it has no datagrams to pass on."""

from __future__ import annotations

import asyncio
import contextlib
from base64 import b64decode
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from gateway.agent import Agent, running
from gateway.config import load
from gateway.model import DevAddr, Eui64
from gateway.relay import gwmp_upstream, station_line
from gateway.relay.gwmp_upstream import GwmpUpstream
from gateway.sources.basics_station.messages import Uplink
from gateway.sources.basics_station.phy import read_phy_payload
from gateway.sources.basics_station.source import BasicsStation as Station
from gateway.sources.rxpk import read_stat
from simulators.basics_station import BasicsStation
from simulators.concentrator import Transmission
from simulators.end_device import EndDevice
from simulators.network_server_lns import NetworkServerLns
from simulators.network_server_udp import NetworkServerUdp
from simulators.packet_forwarder import Signal
from tests.pipeline.rig import registration
from tests.relay.scene import LIMIT_S, ROOF, JumpingClock, relay_to, until
from tests.relay.test_station_out import DOWN, dnmsg, foreign
from tests.relay.test_station_out import relay_to as station_relay_to
from tests.relay.test_udp_down import txpk

OWN = Eui64("a81758fffe051d02")
CONFIGURATION = """\
[gateway]
name = "test"
data = "data"
[radio]
gather_ms = 0
[[source]]
name = "roof"
type = "basics_station"
host = "127.0.0.1"
port = 0
"""


@dataclass
class Scene:
    agent: Agent
    station: BasicsStation
    clock: JumpingClock
    on_air: asyncio.Queue[Transmission]

    def upstream(self) -> GwmpUpstream:
        upstream = self.agent.relays[0]._upstream
        assert isinstance(upstream, GwmpUpstream)
        return upstream

    async def sent(self) -> Transmission:
        async with asyncio.timeout(LIMIT_S):
            return await self.on_air.get()

    async def hear(self, phy_payload: bytes) -> int:
        """Have the station hear a frame, and return the microseconds of its clock then."""
        xtime = await self.station.hear(Signal(phy_payload=phy_payload))
        assert xtime is not None
        return xtime & ((1 << 48) - 1)


@contextlib.asynccontextmanager
async def scene(folder: Path, *relays: str) -> AsyncIterator[Scene]:
    """Run an agent with these relays, and a station that it has configured."""
    path, clock = folder / "brygga.toml", JumpingClock()
    path.write_text("\n".join([CONFIGURATION, *relays]), encoding="utf-8")
    on_air: asyncio.Queue[Transmission] = asyncio.Queue()
    async with running(load(path), clock) as agent:
        (source,) = agent.sources
        assert isinstance(source, Station)
        async with asyncio.timeout(LIMIT_S):
            host, port = await source.listening()
        async with BasicsStation(ROOF, f"ws://{host}:{port}", deliver=on_air.put_nowait) as station:
            yield Scene(agent, station, clock, on_air)


@pytest.fixture(autouse=True)
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gwmp_upstream, "LOOK_EVERY_S", 0.05)
    monkeypatch.setattr(station_line, "PING_S", 0.05)


async def pulled(server: NetworkServerUdp) -> None:
    async with asyncio.timeout(LIMIT_S):
        await server.until(lambda: ROOF in server.pulls)


async def test_a_station_is_a_packet_forwarder_to_the_server(tmp_path: Path) -> None:
    async with NetworkServerUdp() as server, scene(tmp_path, relay_to(server)) as box:
        await pulled(server)  # though nothing was heard yet
        await box.hear(foreign(1))
        async with asyncio.timeout(LIMIT_S):
            await server.until(lambda: len(server.rxpk) == 1)
        (rxpk,) = server.rxpk

    assert b64decode(rxpk["data"]) == foreign(1)
    assert (rxpk["freq"], rxpk["datr"], rxpk["modu"]) == (868.1, "SF7BW125", "LORA")
    assert (rxpk["rssi"], rxpk["lsnr"], rxpk["stat"]) == (-57, 9.2, 1)


async def test_the_server_sees_how_a_station_fares(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gwmp_upstream, "STAT_EVERY_S", 0.1)
    async with NetworkServerUdp() as server, scene(tmp_path, relay_to(server)) as box:
        await pulled(server)
        await box.hear(foreign(1))
        async with asyncio.timeout(LIMIT_S):
            await server.until(lambda: any(one.stat is not None and one.stat["rxok"] == 1 for one in server.pushed))
        stats = [one.stat for one in server.pushed if one.stat is not None]

    assert sum(one["rxnb"] for one in stats) == 1
    assert read_stat(stats[0]).time is not None


async def test_a_txpk_leaves_through_the_station_in_the_window_that_the_server_chose(tmp_path: Path) -> None:
    async with NetworkServerUdp() as server, scene(tmp_path, relay_to(server)) as box:
        await pulled(server)
        server.on_push = lambda push: [server.order(ROOF, txpk(one["tmst"] + 1_000_000)) for one in push.rxpk].clear()
        heard_at = await box.hear(foreign(1))
        sent = await box.sent()
        async with asyncio.timeout(LIMIT_S):
            await server.until(lambda: len(server.acks) == 1)

    assert (sent.phy_payload, sent.starts_us - heard_at) == (txpk_payload(), 1_000_000)
    assert server.acks[0].error is None


def txpk_payload() -> bytes:
    return bytes(b64decode(txpk(None)["data"]))


async def test_a_downlink_that_answers_nothing_that_was_heard_is_too_late(tmp_path: Path) -> None:
    async with NetworkServerUdp() as server, scene(tmp_path, relay_to(server)):
        await pulled(server)
        async with asyncio.timeout(LIMIT_S):
            ack = await server.ordered(ROOF, txpk(12_345))

    assert ack.error == "TOO_LATE"


async def test_a_downlink_of_class_c_leaves_through_the_station_at_once(tmp_path: Path) -> None:
    async with NetworkServerUdp() as server, scene(tmp_path, relay_to(server)) as box:
        await pulled(server)
        async with asyncio.timeout(LIMIT_S):
            ack = await server.ordered(ROOF, txpk(None))
        sent = await box.sent()

    assert ack.error is None
    assert sent.phy_payload == txpk_payload()


async def test_a_station_that_has_gone_is_pulled_for_no_longer(tmp_path: Path) -> None:
    async with NetworkServerUdp() as server, scene(tmp_path, relay_to(server)) as box:
        await pulled(server)
        await box.station.disconnect()
        await until(lambda: not box.agent.relays[0].is_there(ROOF))
        box.clock.ahead_s += 200
        await until(lambda: box.upstream().status()["gateways"] == {})
        before = server.counts["pulled"]
        await box.station.connect()
        async with asyncio.timeout(LIMIT_S):
            await server.until(lambda: server.counts["pulled"] > before)


async def test_an_own_device_of_a_station_is_answered_by_the_agent_and_does_not_travel(tmp_path: Path) -> None:
    device = EndDevice.abp(OWN, DevAddr("00000001"))
    async with NetworkServerUdp() as server, scene(tmp_path, relay_to(server)) as box:
        await box.agent.journal.put_devices([registration(device)])
        await box.agent.devices_changed()
        await pulled(server)
        heard_at = await box.hear(device.uplink(2, b"\x01", confirmed=True))
        await box.hear(foreign(1))
        sent = await box.sent()
        async with asyncio.timeout(LIMIT_S):
            await server.until(lambda: len(server.rxpk) == 1)

    assert sent.starts_us - heard_at == 1_000_000
    assert b64decode(server.rxpk[0]["data"]) == foreign(1)


async def test_a_station_is_a_station_to_the_server_with_its_own_xtime(tmp_path: Path) -> None:
    async with NetworkServerLns() as server, scene(tmp_path, station_relay_to(server)) as box:
        async with asyncio.timeout(LIMIT_S):
            await server.until(lambda: server.is_connected(ROOF))
        await until(lambda: box.agent.relays[0].status()["upstream"]["gateways"][ROOF]["down_s"] is None)
        server.on_uplink = lambda gateway, up: server.order(gateway, dnmsg(up))
        xtime = await box.station.hear(Signal(phy_payload=foreign(1)))
        sent = await box.sent()
        async with asyncio.timeout(LIMIT_S):
            await server.until(lambda: server.of("dntxed") != [])
        (up,) = server.of("updf")

    assert xtime is not None
    assert read_phy_payload(Uplink("updf", up)) == foreign(1)
    assert up["upinfo"]["xtime"] == xtime
    assert (sent.phy_payload, sent.starts_us) == (DOWN, (xtime & ((1 << 48) - 1)) + 1_000_000)
    assert server.of("dntxed")[0]["xtime"] == xtime + 1_000_000


async def test_where_the_station_says_nothing_of_rx1_the_relay_tries_rx2(tmp_path: Path) -> None:
    async with NetworkServerLns() as server, scene(tmp_path, station_relay_to(server)) as box:
        async with asyncio.timeout(LIMIT_S):
            await server.until(lambda: server.is_connected(ROOF))
        await until(lambda: box.agent.relays[0].status()["upstream"]["gateways"][ROOF]["down_s"] is None)
        server.on_uplink = lambda gateway, up: server.order(gateway, dnmsg(up, RX1Freq=915_000_000))
        heard_at = await box.hear(foreign(1))
        sent = await box.sent()

    assert (sent.starts_us - heard_at, sent.frequency_hz) == (2_000_000, 869_525_000)
