"""A server that is wrong, or wishes ill: it neither ends the agent nor takes the air from the agent's own devices."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from gateway.model import Json
from simulators.network_server_lns import NetworkServerLns
from simulators.network_server_udp import NetworkServerUdp
from tests.relay.scene import LIMIT_S, ROOF, Scene, connected, relay_to, scene, until
from tests.relay.test_station_out import dnmsg
from tests.relay.test_station_out import relay_to as relay_to_lns
from tests.relay.test_udp_down import DOWN, UP, ordered, txpk

HALF_AN_HOUR_US = 1_800_000_000
YEAR_2100_GPS_MS = 3_786_000_000_000
DEEP = 1_100  # beyond what a JSON reader follows
DEPTHS = (1, 500, 900, DEEP)  # what a reader follows, a writer further down its calls does not


def by_gps(gps_ms: int) -> dict[str, Json]:
    order = txpk(0, tmms=gps_ms)
    del order["tmst"], order["imme"]
    return order


async def later(box: Scene, seconds: float) -> None:
    box.clock.ahead_s += seconds
    await until(lambda: box.agent.sources[0].status()["gateways"][ROOF]["can_transmit"])


@pytest.mark.parametrize("far", ["counter", "gps"])
async def test_an_order_for_a_moment_that_no_forwarder_takes_leaves_the_account_as_it_is(
    tmp_path: Path, far: str
) -> None:
    async with NetworkServerUdp() as server, scene(tmp_path, relay_to(server)) as box:
        await connected(server)
        first = await ordered(server, txpk(None))
        await later(box, 3_000.0)  # long enough for an account to forget, were the order booked
        heard_at = await box.hear(UP)
        order = txpk(heard_at + HALF_AN_HOUR_US) if far == "counter" else by_gps(YEAR_2100_GPS_MS)

        errors = [await ordered(server, order), await ordered(server, txpk(None))]
        refused = box.status()["refused"]

    assert (first, errors) == (None, ["TOO_EARLY", None])
    assert refused == {"too_early": 1}


async def test_an_order_for_a_moment_long_past_is_too_late(tmp_path: Path) -> None:
    async with NetworkServerUdp() as server, scene(tmp_path, relay_to(server)):
        await connected(server)

        assert await ordered(server, by_gps(1_000)) == "TOO_LATE"


async def test_a_refusal_that_comes_after_an_order_far_ahead_ends_nothing(tmp_path: Path) -> None:
    async with NetworkServerUdp() as server, scene(tmp_path, relay_to(server)) as box:
        await connected(server)
        await ordered(server, txpk(None))
        await later(box, 1_000.0)
        heard_at = await box.hear(UP)
        server.order(ROOF, txpk(heard_at + 1_000))  # which the forwarder refuses
        server.order(ROOF, by_gps(YEAR_2100_GPS_MS))
        async with asyncio.timeout(LIMIT_S):
            await server.until(lambda: len(server.acks) == 3)

        assert await ordered(server, txpk(None)) is None

    assert all(ack.error is not None for ack in server.acks[1:3])


async def test_an_order_nested_beyond_all_use_ends_nothing(tmp_path: Path) -> None:
    async with NetworkServerUdp() as server, scene(tmp_path, relay_to(server)) as box:
        await connected(server)
        for depth in DEPTHS:
            server.order_text(ROOF, nested(txpk(None, odd="…"), depth))
        await until(lambda: sum(box.status()["refused"].values()) + unreadable(box) == len(DEPTHS))

        assert await ordered(server, txpk(None)) is None


def nested(message: Json, depth: int) -> str:
    return json.dumps(message, ensure_ascii=False).replace('"…"', "[" * depth + "]" * depth)


def unreadable(box: Scene) -> int:
    return int(box.status()["upstream"]["counts"].get("unreadable_json", 0))


async def test_directions_nested_beyond_all_use_end_nothing(tmp_path: Path) -> None:
    async with NetworkServerLns() as server:
        server.directions = "[" * DEEP
        async with scene(tmp_path, relay_to_lns(server)) as box:
            await box.hear(UP)
            await until(lambda: box.status()["upstream"]["advice"] != [])
            (advice,) = box.status()["upstream"]["advice"]

    assert advice.endswith("it answers /router-info with nothing that a station knows")


async def test_a_dnmsg_nested_beyond_all_use_ends_nothing(tmp_path: Path) -> None:
    up = {"upinfo": {"xtime": 0, "rctx": 0}}
    async with NetworkServerLns() as server, scene(tmp_path, relay_to_lns(server)) as box:
        async with asyncio.timeout(LIMIT_S):
            await server.until(lambda: server.is_connected(ROOF))
        for depth in DEPTHS:
            server.send_text(ROOF, nested({**dnmsg(up, dC=2), "DevEui": "…"}, depth))
        counts = box.relay()._upstream.counts  # type: ignore[attr-defined]  # of either kind of line
        await until(lambda: counts["unreadable_field"] + counts["unreadable_json"] == len(DEPTHS))
        server.order(ROOF, dnmsg(up, dC=2))

        assert (await box.sent()).phy_payload == DOWN


@pytest.mark.parametrize(
    ("more", "factor"),
    [({"prea": 10_000}, 200), ({"codr": "4/8"}, 1.2), ({"prea": 65_535, "modu": "FSK", "datr": 50_000}, 200)],
)
async def test_a_frame_that_is_longer_on_air_than_lorawans_is_booked_as_long_as_it_is(
    tmp_path: Path, more: dict[str, Json], factor: float
) -> None:
    async with NetworkServerUdp() as server, scene(tmp_path, relay_to(server)) as box:
        await connected(server)
        await ordered(server, txpk(None))
        await later(box, 700.0)
        usual = spent_s(box.agent.network.status()["duty_cycle"])
        await ordered(server, txpk(None, **more))
        await later(box, 700.0)
        odd = spent_s(box.agent.network.status()["duty_cycle"]) - usual

    assert odd > factor * usual


def spent_s(duty_cycle: Json) -> float:
    return float(sum(one["spent_s"] for one in duty_cycle))
