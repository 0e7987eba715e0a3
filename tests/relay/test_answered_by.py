"""Devices that a server answers: they join through it, and the agent reads them on, or says that it cannot."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from gateway.journal import Registration
from gateway.lorawan.join import answer_join
from gateway.lorawan.phy import JoinRequest, parse
from gateway.lorawan.region import EU868
from gateway.model import DevAddr, Eui64, MacVersion, RootKeys
from gateway.sources.gwmp import PushData
from simulators.end_device import EndDevice
from simulators.network_server_udp import NetworkServerUdp
from tests.pipeline.rig import registration
from tests.relay.scene import RELAY, ROOF, Scene, connected, relay_to, scene, until
from tests.relay.test_udp_down import txpk

OTAA, JOIN_EUI = Eui64("a81758fffe051d03"), Eui64("70b3d57ed0000001")
SPEED = 10.0  # a join accept after 5 s takes half a second
ADDRESSES = iter(f"2601{number:04x}" for number in range(1, 1000))


def known(device: EndDevice, **more: str) -> Registration:
    found = registration(device, **more)
    return replace(found, root_keys=RootKeys(app_key=device.app_key, nwk_key=device.nwk_key))


def joining(server: NetworkServerUdp, device: EndDevice, window_us: int = 5_000_000) -> Callable[[PushData], None]:
    """Return what makes a server the network of a device: it answers each join request."""
    register, nonces = known(device), iter(range(7, 1000))

    def answer(push: PushData) -> None:
        for one in push.rxpk:
            said = parse(b64decode(one["data"]))
            if isinstance(said, JoinRequest):
                _, accept = answer_join(
                    said,
                    register.device,
                    register.root_keys,
                    join_nonce=next(nonces),
                    net_id=0x13,
                    dev_addr=DevAddr(next(ADDRESSES)),
                    region=EU868,
                )
                server.order(ROOF, txpk(one["tmst"] + window_us, phy_payload=accept))

    return answer


async def say(box: Scene, device: EndDevice, octets: bytes) -> None:
    """Have the gateway hear a device on the channel that it sends on: MICs of 1.1 depend on it."""
    await box.hear(octets, frequency_hz=device.on_air.frequency_hz, data_rate=device.on_air.data_rate)


async def join(box: Scene, device: EndDevice) -> bool:
    await say(box, device, device.join_request())
    return device.accept((await box.sent()).phy_payload)


@pytest.mark.parametrize("version", [MacVersion.V1_0_2, MacVersion.V1_0_4, MacVersion.V1_1])
@pytest.mark.parametrize("window_us", [5_000_000, 6_000_000])
async def test_a_device_that_joins_through_the_server_is_read_on(
    tmp_path: Path, version: MacVersion, window_us: int
) -> None:
    device = EndDevice(OTAA, join_eui=JOIN_EUI, mac_version=version)
    async with NetworkServerUdp() as server, scene(tmp_path, relay_to(server), speed=SPEED) as box:
        await box.register(known(device, answered_by=RELAY))
        await connected(server)
        server.on_push = joining(server, device, window_us)
        for payload in (b"\x01", b"\x02"):  # it joins, and joins anew
            assert await join(box, device)
            await say(box, device, device.uplink(2, payload))
            await box.rows(payload[0])
        rows = await box.rows(2)
        network = box.agent.network.status()
        events = await box.agent.journal.events(OTAA)

    assert [row.uplink.payload for row in rows] == [b"\x01", b"\x02"]
    assert len({row.uplink.activation for row in rows}) == 2
    assert network["counts"]["joins_left_to_a_server"] == 2
    assert network["beside"] == {"counts": {"joins_overheard": 2}, "keys_out_of_date": {}}
    assert network["answers"] == {"sent_relayed": 2}
    assert "through the server of 'city'" in events[0].what


async def test_a_session_that_was_overheard_is_there_after_a_restart(tmp_path: Path) -> None:
    device = EndDevice(OTAA, join_eui=JOIN_EUI)
    async with NetworkServerUdp() as server, scene(tmp_path, relay_to(server), speed=SPEED) as box:
        await box.register(known(device, answered_by=RELAY))
        await connected(server)
        server.on_push = joining(server, device)
        assert await join(box, device)
        await until(lambda: len(box.agent.network._sessions) == 1)
    async with NetworkServerUdp() as server, scene(tmp_path, relay_to(server)) as box:
        await box.hear(device.uplink(2, b"\x05"))
        (row,) = await box.rows(1)
        nonce = await box.agent.journal.join_nonce(OTAA)

    assert row.uplink.payload == b"\x05"
    assert nonce == 8  # the agent, should it be this device's network one day, goes on behind the server


async def test_a_device_whose_root_keys_are_not_known_is_said_to_be_out_of_date(tmp_path: Path) -> None:
    device = EndDevice(OTAA, join_eui=JOIN_EUI)
    bare = replace(known(device, answered_by=RELAY), root_keys=RootKeys())
    async with NetworkServerUdp() as server, scene(tmp_path, relay_to(server), speed=SPEED) as box:
        await box.register(bare)
        await connected(server)
        server.on_push = joining(server, device)
        assert await join(box, device)
        await until(lambda: OTAA in box.agent.network.beside.status()["keys_out_of_date"])
        words = box.agent.network.beside.status()["keys_out_of_date"][OTAA]
        (event,) = await box.agent.journal.events(OTAA)

    assert "its root keys are not known here" in words
    assert event.what == words


async def test_a_server_that_answers_the_join_of_an_own_device_is_refused(tmp_path: Path) -> None:
    device = EndDevice(OTAA, join_eui=JOIN_EUI)
    async with NetworkServerUdp() as server, scene(tmp_path, relay_to(server, "own = true"), speed=SPEED) as box:
        await box.register(known(device))
        await connected(server)
        server.on_push = joining(server, device)
        assert await join(box, device)
        refused = box.status()["refused"]

    assert device.dev_addr is not None
    assert not device.dev_addr.startswith("2601")  # the agent's own
    assert refused == {"own_device": 1}


async def test_a_stranger_joins_through_the_server(tmp_path: Path) -> None:
    device = EndDevice(OTAA, join_eui=JOIN_EUI)
    async with NetworkServerUdp() as server, scene(tmp_path, relay_to(server), speed=SPEED) as box:
        await connected(server)
        server.on_push = joining(server, device)

        assert await join(box, device)
