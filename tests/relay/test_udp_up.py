"""Up: what a gateway brings reaches the server as it came, but for what the filters keep."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from gateway.model import DevAddr, Eui64, FskRate, Json
from simulators.end_device import EndDevice
from simulators.network_server_udp import NetworkServerUdp
from simulators.packet_forwarder import Signal
from tests.pipeline.rig import registration
from tests.relay.scene import LIMIT_S, ROOF, connected, relay_to, scene, until

OWN = Eui64("a81758fffe051d02")
TTN = bytes.fromhex("40 DA1B0126 00 0100 02 C0FFEE 01020304")
OTHER = bytes.fromhex("40 04030201 00 0100 02 C0FFEE 01020304")
JOIN = bytes.fromhex("00 010000D07ED5B370 021D05FEFF5817A8 0100 01020304")
PROPRIETARY = bytes.fromhex("E0 0102030405")


def own() -> EndDevice:
    return EndDevice.abp(OWN, DevAddr("26011bda"))


def heard(server: NetworkServerUdp) -> list[bytes]:
    from base64 import b64decode

    return [b64decode(one["data"]) for one in server.rxpk]


async def test_a_datagram_goes_on_octet_for_octet(tmp_path: Path) -> None:
    body = b'{"rxpk": [{"tmst":1, "freq":868.1,"modu":"LORA","datr":"SF7BW125","codr":"4/5","rssi":-57,"lsnr":9.2,"stat":1,'
    body += b'"mystery":[1,2],"size":16,"data":"QNobASYAAQACwP/uAQIDBA=="}],  "stat":{"time":"2026-03-01 12:00:00 GMT","lati":57.7}}'
    async with NetworkServerUdp() as server, scene(tmp_path, relay_to(server)) as box:
        await connected(server)
        token = box.forwarder.send_body(body)
        async with asyncio.timeout(LIMIT_S):
            await server.until(lambda: len(server.pushed) > 0)

    came = next(one for one in server.datagrams if one[3] == 0)
    assert came == b"\x02" + token.to_bytes(2, "big") + b"\x00" + bytes.fromhex(ROOF) + body


async def test_the_gateway_is_acknowledged_though_the_server_says_nothing(tmp_path: Path) -> None:
    async with NetworkServerUdp() as server, scene(tmp_path, relay_to(server)) as box:
        server.answers = False

        assert await box.forwarder.push(Signal(phy_payload=TTN))


@pytest.mark.parametrize(
    ("keys", "arrive"),
    [
        ([], [TTN, OTHER, JOIN, PROPRIETARY]),
        (['dev_addr = ["26000000/7"]'], [TTN, JOIN, PROPRIETARY]),
        (['net_id = ["000013"]'], [TTN, JOIN, PROPRIETARY]),
        (['dev_addr = ["01000000/8"]', "proprietary = false"], [OTHER, JOIN]),
        (['join_eui = ["70b3d57ed0000000..70b3d57ed000ffff"]'], [TTN, OTHER, JOIN, PROPRIETARY]),
        (['join_eui = ["70b3d57ed0000002"]'], [TTN, OTHER, PROPRIETARY]),
    ],
)
async def test_only_what_the_filters_pass_travels(tmp_path: Path, keys: list[str], arrive: list[bytes]) -> None:
    async with NetworkServerUdp() as server, scene(tmp_path, relay_to(server, *keys)) as box:
        await connected(server)
        box.forwarder.send(*(Signal(phy_payload=one) for one in (TTN, OTHER, JOIN, PROPRIETARY)), stat={"rxnb": 4})
        async with asyncio.timeout(LIMIT_S):
            await server.until(lambda: len(server.pushed) > 0)

    assert heard(server) == arrive
    assert server.pushed[0].stat == {"rxnb": 4}


async def test_fsk_is_filtered_like_any_data_frame(tmp_path: Path) -> None:
    fsk = FskRate(50_000)
    async with NetworkServerUdp() as server, scene(tmp_path, relay_to(server, 'net_id = ["000013"]')) as box:
        await connected(server)
        box.forwarder.send(Signal(phy_payload=OTHER, data_rate=fsk), Signal(phy_payload=TTN, data_rate=fsk))
        async with asyncio.timeout(LIMIT_S):
            await server.until(lambda: len(server.pushed) > 0)

    assert heard(server) == [TTN]


async def test_a_datagram_nested_beyond_all_use_loses_none_of_its_frames(tmp_path: Path) -> None:
    async with NetworkServerUdp() as server, scene(tmp_path, relay_to(server, 'dev_addr = ["26000000/7"]')) as box:
        await connected(server)
        odd = {**box.forwarder._rxpk(Signal(phy_payload=TTN)), "odd": "…"}
        body = {"rxpk": [odd, box.forwarder._rxpk(Signal(phy_payload=OTHER))]}
        for depth in range(880, 1_000):  # of which the reader follows some that the writer does not
            nested = json.dumps(body, ensure_ascii=False).replace('"…"', "[" * depth + "]" * depth)
            box.forwarder.send_body(nested.encode())
            if depth % 20 == 0:  # more at once the server's receive buffer does not hold
                await until(lambda: not box.forwarder._unanswered)
                await asyncio.sleep(0)
        await box.hear(JOIN)
        async with asyncio.timeout(LIMIT_S):
            await server.until(lambda: JOIN in heard(server))
        frames = box.agent.sources[0].status()["counts"]["frames"]

    came = len(heard(server)) + server.counts["unreadable"]  # it reads at a depth of its own
    assert came == (frames - 1) // 2 + 1


async def test_each_server_has_its_own_share(tmp_path: Path) -> None:
    async with NetworkServerUdp() as first, NetworkServerUdp() as second:
        relays = [relay_to(first, 'net_id = ["000013"]'), relay_to(second, 'dev_addr = ["01000000/8"]', name="other")]
        async with scene(tmp_path, *relays) as box:
            await connected(first)
            await connected(second)
            box.forwarder.send(Signal(phy_payload=TTN), Signal(phy_payload=OTHER))
            async with asyncio.timeout(LIMIT_S):
                await first.until(lambda: len(first.pushed) > 0)
                await second.until(lambda: len(second.pushed) > 0)

    assert (heard(first), heard(second)) == ([TTN], [OTHER])


async def test_the_agents_own_devices_do_not_travel_and_are_delivered(tmp_path: Path) -> None:
    device = own()
    async with NetworkServerUdp() as server, scene(tmp_path, relay_to(server)) as box:
        await box.register(registration(device))
        await connected(server)
        box.forwarder.send(Signal(phy_payload=device.uplink(2, b"\x01")), Signal(phy_payload=TTN))
        rows = await box.rows(1)
        async with asyncio.timeout(LIMIT_S):
            await server.until(lambda: len(server.pushed) > 0)
        counts = box.status()["counts"]

    assert heard(server) == [TTN]
    assert [row.uplink.dev_eui for row in rows] == [OWN]
    assert (counts["passed"], counts["filtered_own"]) == (1, 1)


async def test_a_stranger_with_the_address_of_an_own_device_travels(tmp_path: Path) -> None:
    stranger = EndDevice.abp(Eui64("0004a30b001a0001"), DevAddr("26011bda"))
    octets = stranger.uplink(2, b"\x01")
    async with NetworkServerUdp() as server, scene(tmp_path, relay_to(server)) as box:
        await box.register(registration(own()))
        await connected(server)
        box.forwarder.send(Signal(phy_payload=octets))
        async with asyncio.timeout(LIMIT_S):
            await server.until(lambda: len(server.pushed) > 0)

    assert heard(server) == [octets]


async def test_own_devices_travel_where_that_is_wanted(tmp_path: Path) -> None:
    device = own()
    octets = device.uplink(2, b"\x01")
    async with NetworkServerUdp() as server, scene(tmp_path, relay_to(server, "own = true")) as box:
        await box.register(registration(device))
        await connected(server)
        box.forwarder.send(Signal(phy_payload=octets))
        await box.rows(1)
        async with asyncio.timeout(LIMIT_S):
            await server.until(lambda: len(server.pushed) > 0)

    assert heard(server) == [octets]


async def test_a_packet_that_nobody_can_read_travels_where_nobody_chooses(tmp_path: Path) -> None:
    noise: Json = {"tmst": 1, "freq": 868.1, "modu": "LR-FHSS", "datr": "M0CW137", "stat": -1, "data": "AA=="}
    body = json.dumps({"rxpk": [noise]}).encode()
    async with NetworkServerUdp() as all_, NetworkServerUdp() as some:
        relays = [relay_to(all_), relay_to(some, 'net_id = ["000013"]', name="some")]
        async with scene(tmp_path, *relays) as box:
            await connected(all_)
            await connected(some)
            box.forwarder.send_body(body)
            await until(lambda: box.status("some")["counts"].get("filtered_unreadable") == 1)
            async with asyncio.timeout(LIMIT_S):
                await all_.until(lambda: len(all_.pushed) > 0)

    assert all_.rxpk == [noise]
    assert some.pushed == []
