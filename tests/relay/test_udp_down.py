"""Down: what a server wants sent leaves in its moment, is booked where the agent's own is, and one alone answers a device."""

from __future__ import annotations

import asyncio
from base64 import b64encode
from pathlib import Path

import pytest

from gateway.lorawan.region import EU868
from gateway.model import DevAddr, Eui64, Json
from simulators.end_device import EndDevice
from simulators.network_server_udp import NetworkServerUdp
from simulators.packet_forwarder import Signal
from tests.pipeline.rig import registration
from tests.relay.scene import LIMIT_S, RELAY, ROOF, Scene, connected, relay_to, scene, until

UP = bytes.fromhex("40 DA1B0126 00 0100 02 C0FFEE 01020304")
DOWN = bytes.fromhex("60 DA1B0126 20 0900 01020304")
OWN = Eui64("a81758fffe051d02")


def txpk(tmst: int | None, phy_payload: bytes = DOWN, **more: Json) -> dict[str, Json]:
    moment: dict[str, Json] = {"imme": True} if tmst is None else {"imme": False, "tmst": tmst & 0xFFFF_FFFF}
    return {
        **moment,
        "freq": 868.1,
        "rfch": 0,
        "powe": 14,
        "modu": "LORA",
        "datr": "SF7BW125",
        "codr": "4/5",
        "ipol": True,
        "ncrc": True,
        "size": len(phy_payload),
        "data": b64encode(phy_payload).decode(),
        **more,
    }


async def ordered(server: NetworkServerUdp, order: Json) -> str | None:
    """Have the server order, and return the error that its TX_ACK says."""
    async with asyncio.timeout(LIMIT_S):
        return (await server.ordered(ROOF, order)).error


async def test_an_answer_leaves_in_the_window_that_the_server_chose(tmp_path: Path) -> None:
    async with NetworkServerUdp() as server, scene(tmp_path, relay_to(server)) as box:
        await connected(server)
        server.on_push = lambda push: [server.order(ROOF, txpk(one["tmst"] + 1_000_000)) for one in push.rxpk].clear()
        heard_at = await box.hear(UP)
        sent = await box.sent()
        async with asyncio.timeout(LIMIT_S):
            await server.until(lambda: len(server.acks) > 0)

    assert (sent.phy_payload, sent.starts_us - heard_at) == (DOWN, 1_000_000)
    assert (server.acks[0].token, server.acks[0].error) == (1, None)


async def test_a_txpk_reaches_the_forwarder_as_it_stands(tmp_path: Path) -> None:
    async with NetworkServerUdp() as server, scene(tmp_path, relay_to(server)) as box:
        await connected(server)
        orders: list[Json] = []
        box.forwarder._concentrator.offer = _spied(box, orders)  # type: ignore[method-assign]
        order = txpk(None, prea=8, codr="4/6", mystery="x")

        error = await ordered(server, order)

    assert (error, orders) == (None, [order])


def _spied(box: Scene, orders: list[Json]):  # type: ignore[no-untyped-def]  # a concentrator's own method
    offer = box.forwarder._concentrator.offer

    def spied(order: Json, now_us: int):  # type: ignore[no-untyped-def]
        orders.append(order)
        return offer(order, now_us)

    return spied


@pytest.mark.parametrize(
    ("order", "error", "warning"),
    [
        (txpk(None), None, None),
        (txpk(None, powe=24), None, "TX_POWER"),
        (txpk(None, freq=915.0), "TX_FREQ", None),
    ],
)
async def test_the_forwarders_word_comes_back_to_the_server(
    tmp_path: Path, order: Json, error: str | None, warning: str | None
) -> None:
    async with NetworkServerUdp() as server, scene(tmp_path, relay_to(server)) as box:
        await connected(server)
        async with asyncio.timeout(LIMIT_S):
            ack = await server.ordered(ROOF, order)
        counts = box.status()["counts"]

    assert (ack.error, ack.warning) == (error, warning)
    assert counts.get("sent", 0) == (0 if error else 1)


async def test_a_downlink_that_comes_too_late_is_told_as_the_forwarder_tells_it(tmp_path: Path) -> None:
    async with NetworkServerUdp() as server, scene(tmp_path, relay_to(server)) as box:
        await connected(server)
        heard_at = await box.hear(UP)

        error = await ordered(server, txpk(heard_at + 10))

    assert error in {"TOO_LATE", "TOO_EARLY"}  # a moment in the past wraps, and is far ahead
    assert sum(box.status()["refused"].values()) == 1


async def test_what_nobody_can_read_gets_no_answer_and_is_counted(tmp_path: Path) -> None:
    async with NetworkServerUdp() as server, scene(tmp_path, relay_to(server)) as box:
        await connected(server)
        server.order(ROOF, {"imme": True, "data": "AQID"})
        await until(lambda: box.status()["refused"] == {"unreadable": 1})

        assert await ordered(server, txpk(None)) is None

    assert len(server.acks) == 1


# ── one answerer ──


async def test_a_servers_downlink_to_an_own_device_is_refused(tmp_path: Path) -> None:
    device = EndDevice.abp(OWN, DevAddr("26011bda"))
    async with NetworkServerUdp() as server, scene(tmp_path, relay_to(server)) as box:
        await box.register(registration(device))
        await connected(server)

        error = await ordered(server, txpk(None))
        status = box.status()

    assert error == "COLLISION_PACKET"
    assert status["refused"] == {"own_device": 1}
    assert "answered_by" in status["advice"][0]
    assert box.on_air.empty()


async def test_a_stranger_with_the_address_of_an_own_device_is_answered(tmp_path: Path) -> None:
    stranger = EndDevice.abp(Eui64("0004a30b001a0001"), DevAddr("26011bda"))
    async with NetworkServerUdp() as server, scene(tmp_path, relay_to(server)) as box:
        await box.register(registration(EndDevice.abp(OWN, DevAddr("26011bda"))))
        await connected(server)
        heard_at = await box.hear(stranger.uplink(2, b"\x01"))

        error = await ordered(server, txpk(heard_at + 1_000_000))

    assert error is None


async def test_a_downlink_that_is_overheard_makes_no_stranger_of_an_own_device(tmp_path: Path) -> None:
    async with NetworkServerUdp() as server, scene(tmp_path, relay_to(server)) as box:
        await box.register(registration(EndDevice.abp(OWN, DevAddr("26011bda"))))
        await connected(server)
        heard_at = await box.hear(DOWN)  # of the same server, through another gateway

        assert await ordered(server, txpk(heard_at + 1_000_000)) == "COLLISION_PACKET"


async def test_the_agent_answers_its_own_devices_beside_the_server(tmp_path: Path) -> None:
    device = EndDevice.abp(OWN, DevAddr("26011bda"))
    async with NetworkServerUdp() as server, scene(tmp_path, relay_to(server)) as box:
        await box.register(registration(device))
        heard_at = await box.hear(device.uplink(2, b"\x01", confirmed=True))
        sent = await box.sent()

    answer = device.hear(sent.phy_payload)
    assert answer is not None
    assert answer.ack
    assert sent.starts_us - heard_at == 1_000_000


async def test_a_device_that_the_server_answers_is_read_and_sent_nothing(tmp_path: Path) -> None:
    device = EndDevice.abp(OWN, DevAddr("26011bda"))
    async with NetworkServerUdp() as server, scene(tmp_path, relay_to(server)) as box:
        await box.register(registration(device, answered_by=RELAY))
        await connected(server)
        octets = device.uplink(2, b"\x07", confirmed=True)
        await box.hear(octets)
        await box.hear(octets)  # it repeats itself, for nobody has answered
        (row,) = await box.rows(1)
        error = await ordered(server, txpk(None))
        await box.sent()
        counts = box.agent.network.status()["answers"]

    assert row.uplink.payload == b"\x07"
    assert error is None
    assert counts == {"sent_relayed": 1}
    assert len(server.rxpk) == 2


async def test_another_relays_server_must_not_answer_it(tmp_path: Path) -> None:
    device = EndDevice.abp(OWN, DevAddr("26011bda"))
    async with (
        NetworkServerUdp() as first,
        NetworkServerUdp() as second,
        scene(tmp_path, relay_to(first), relay_to(second, name="other")) as box,
    ):
        await box.register(registration(device, answered_by="other"))
        await connected(first)
        await connected(second)

        errors = [await ordered(first, txpk(None)), await ordered(second, txpk(None))]

    assert errors == ["COLLISION_PACKET", None]


# ── one transmitter ──


async def test_a_slot_that_the_agents_own_downlink_has_is_refused(tmp_path: Path) -> None:
    device = EndDevice.abp(OWN, DevAddr("00000001"))
    async with NetworkServerUdp() as server, scene(tmp_path, relay_to(server)) as box:
        await box.register(registration(device))
        await connected(server)
        heard_at = await box.hear(device.uplink(2, b"\x01", confirmed=True))
        await until(lambda: box.agent.network.status()["answers"].get("sent_rx1") == 1)

        error = await ordered(server, txpk(heard_at + 1_000_000))
        refused = box.status()["refused"]

    assert (error, refused) == ("COLLISION_PACKET", {"busy": 1})


async def test_what_a_server_sends_is_booked_and_the_share_of_the_hour_is_one(tmp_path: Path) -> None:
    slow = {"datr": "SF12BW125", "freq": 868.1}
    async with NetworkServerUdp() as server, scene(tmp_path, relay_to(server)) as box:
        await connected(server)
        errors = []
        for _ in range(40):  # each lasts some 1.2 s, of which 36 s an hour are allowed there
            box.forwarder._concentrator._queue.clear()
            errors.append(await ordered(server, txpk(None, phy_payload=DOWN + bytes(11), **slow)))
            box.clock.ahead_s += 3.0
            await until(lambda: box.agent.sources[0].status()["gateways"][ROOF]["can_transmit"])
        (spent,) = box.agent.network.status()["duty_cycle"]
        status = box.status()

    first_refused = errors.index("COLLISION_PACKET")
    assert errors == [None] * first_refused + ["COLLISION_PACKET"] * (40 - first_refused)
    assert status["refused"] == {"duty_cycle": 40 - first_refused}
    assert spent["allowed_s"] - 1.5 < spent["spent_s"] <= spent["allowed_s"] == 36.0
    assert spent["sub_band"] == EU868.sub_band(868_100_000).label  # type: ignore[union-attr]  # it is there


async def test_a_servers_downlink_is_in_the_way_of_the_agents_own(tmp_path: Path) -> None:
    device = EndDevice.abp(OWN, DevAddr("00000001"))
    async with NetworkServerUdp() as server, scene(tmp_path, relay_to(server)) as box:
        await box.register(registration(device))
        await connected(server)
        heard_at = await box.hear(UP)
        assert await ordered(server, txpk(heard_at + 1_000_000)) is None
        await box.hear(device.uplink(2, b"\x01", confirmed=True), timestamp_us=heard_at)
        await until(lambda: box.agent.network.status()["answers"].get("sent_rx2") == 1)
        answers = box.agent.network.status()["answers"]

    assert answers["rx1_busy"] == 1


async def test_a_server_that_orders_without_end_holds_up_nothing(tmp_path: Path) -> None:
    async with NetworkServerUdp() as server, scene(tmp_path, relay_to(server)) as box:
        await connected(server)
        for _ in range(100):
            server.order(ROOF, txpk(None, phy_payload=DOWN))

        assert await box.forwarder.push(Signal(phy_payload=UP))
        async with asyncio.timeout(LIMIT_S):
            await server.until(lambda: len(server.acks) == 100)
