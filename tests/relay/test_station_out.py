"""To a server that Basics Station speaks to: each gateway is a station of its own, and what does not arrive is kept."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from gateway.model import DevAddr, Eui64, Json
from gateway.relay import station_line
from gateway.sources.basics_station.messages import Uplink
from gateway.sources.basics_station.phy import read_phy_payload
from simulators.end_device import EndDevice
from simulators.network_server_lns import NetworkServerLns
from simulators.packet_forwarder import Signal
from tests.pipeline.rig import registration
from tests.relay.scene import LIMIT_S, RELAY, ROOF, Scene, scene, until

OWN = Eui64("a81758fffe051d02")
DOWN = bytes.fromhex("60 DA1B0126 20 0900 01020304")


def foreign(number: int) -> bytes:
    return bytes.fromhex("40 DA1B0126 00") + number.to_bytes(2, "little") + bytes.fromhex("02 C0FFEE 01020304")


def relay_to(server: NetworkServerLns, *more: str) -> str:
    return "\n".join(["[[relay]]", f'name = "{RELAY}"', f'url = "{server.url}"', *more, ""])


@pytest.fixture(autouse=True)
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a line that broke be tried again at once, and pings come often."""
    monkeypatch.setattr(station_line, "pause_s", lambda *_: 0.02)
    monkeypatch.setattr(station_line, "PING_S", 0.05)


async def connected(server: NetworkServerLns, box: Scene) -> None:
    """Return when the gateway is a station of the server, and the relay knows."""
    async with asyncio.timeout(LIMIT_S):
        await server.until(lambda: server.is_connected(ROOF))
    await until(lambda: box.status()["upstream"]["gateways"].get(ROOF, {}).get("down_s", 1) is None)


async def heard(server: NetworkServerLns, count: int) -> list[dict[str, Json]]:
    async with asyncio.timeout(LIMIT_S):
        await server.until(lambda: len(server.of("updf")) >= count)
    return server.of("updf")


def dnmsg(up: dict[str, Json], **changes: Any) -> dict[str, Any]:
    upinfo = up["upinfo"]
    return {
        "msgtype": "dnmsg", "DevEui": "00-00-00-00-11-00-00-01", "dC": 0, "diid": 9, "pdu": DOWN.hex(), "RxDelay": 1,
        "RX1DR": 5, "RX1Freq": 868_100_000, "RX2DR": 3, "RX2Freq": 869_525_000, "xtime": upinfo["xtime"], "rctx": upinfo["rctx"],
        "priority": 0, **changes,
    }  # fmt: skip


async def test_a_packet_forwarder_is_a_station_to_the_server(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("Authorization: Bearer NNSXS.x\n", encoding="utf-8")
    async with NetworkServerLns() as server, scene(tmp_path, relay_to(server, 'token_file = "token"')) as box:
        await connected(server, box)
        await box.hear(foreign(1))
        (up,) = await heard(server, 1)

    assert server.asked == ["aa55:5a00:0:1"]  # a text, as a station writes it: Gateway Bridge takes no number
    assert {one["Authorization"] for one in server.headers} == {"Bearer NNSXS.x"}
    assert server.said[0]["msgtype"] == "version"
    assert server.said[0]["protocol"] == 2
    assert read_phy_payload(Uplink("updf", up)) == foreign(1)


async def test_the_answer_leaves_in_rx1_by_the_gateways_own_counter_and_is_reported(tmp_path: Path) -> None:
    async with NetworkServerLns() as server, scene(tmp_path, relay_to(server)) as box:
        await connected(server, box)
        server.on_uplink = lambda gateway, up: server.order(gateway, dnmsg(up))
        heard_at = await box.hear(foreign(1))
        sent = await box.sent()
        async with asyncio.timeout(LIMIT_S):
            await server.until(lambda: server.of("dntxed") != [])
        (report,) = server.of("dntxed")
        (up,) = server.of("updf")

    assert (sent.phy_payload, sent.starts_us - heard_at) == (DOWN, 1_000_000)
    assert (sent.frequency_hz, str(sent.data_rate), sent.inverted) == (868_100_000, "SF7BW125", True)
    assert sent.power_dbm == 16  # what the law allows there
    assert (report["diid"], report["Freq"], report["DR"]) == (9, 868_100_000, 5)
    assert report["xtime"] == up["upinfo"]["xtime"] + 1_000_000
    assert report["DevEui"] == "00-00-00-00-11-00-00-01"


async def test_where_rx1_is_taken_the_relay_falls_back_to_rx2_as_a_station_does(tmp_path: Path) -> None:
    device = EndDevice.abp(OWN, DevAddr("00000001"))
    async with NetworkServerLns() as server, scene(tmp_path, relay_to(server)) as box:
        await box.register(registration(device))
        await connected(server, box)
        heard_at = await box.hear(device.uplink(2, b"\x01", confirmed=True))
        await until(lambda: box.agent.network.status()["answers"].get("sent_rx1") == 1)
        server.on_uplink = lambda gateway, up: server.order(gateway, dnmsg(up))
        await box.hear(foreign(1), timestamp_us=heard_at)
        sent = [await box.sent(), await box.sent()]
        refused = box.status()["refused"]

    assert [one.starts_us - heard_at for one in sent] == [1_000_000, 2_000_000]
    assert (sent[1].phy_payload, sent[1].frequency_hz, str(sent[1].data_rate)) == (DOWN, 869_525_000, "SF9BW125")
    assert refused == {"busy": 1}


async def test_a_downlink_of_class_c_leaves_at_once(tmp_path: Path) -> None:
    async with NetworkServerLns() as server, scene(tmp_path, relay_to(server)) as box:
        await connected(server, box)
        await box.hear(foreign(1))
        (up,) = await heard(server, 1)
        server.order(ROOF, dnmsg(up, dC=2, xtime=0, RX1DR=None))
        sent = await box.sent()
        async with asyncio.timeout(LIMIT_S):
            await server.until(lambda: server.of("dntxed") != [])

    assert (sent.phy_payload, sent.frequency_hz) == (DOWN, 869_525_000)


async def test_a_downlink_to_an_own_device_is_refused_in_silence(tmp_path: Path) -> None:
    async with NetworkServerLns() as server, scene(tmp_path, relay_to(server)) as box:
        await box.register(registration(EndDevice.abp(OWN, DevAddr("26011bda"))))
        await connected(server, box)
        server.order(ROOF, dnmsg({"upinfo": {"xtime": 0, "rctx": 0}}, dC=2))
        await until(lambda: box.status()["refused"] == {"own_device": 1})

    assert server.of("dntxed") == []
    assert box.on_air.empty()


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ('{"msgtype": "dnmsg"}', "unreadable_diid"),
        ("[]", "unreadable_shape"),
        ("{", "unreadable_json"),
        ('{"msgtype": "rmtsh"}', "ignored_rmtsh"),
        ('{"msgtype": "runcmd", "command": "reboot"}', "ignored_runcmd"),
        ('{"msgtype": "news"}', "unknown_msgtype"),
        (
            '{"msgtype":"dnmsg","diid":1,"dC":0,"pdu":"60","xtime":5,"RX1DR":5,"RX1Freq":868100000}',
            "unknown_xtime",
        ),
    ],
)
async def test_what_a_station_would_not_obey_is_counted(tmp_path: Path, text: str, count: str) -> None:
    async with NetworkServerLns() as server, scene(tmp_path, relay_to(server)) as box:
        await connected(server, box)
        server.send_text(ROOF, text)

        await until(lambda: box.status()["upstream"]["counts"].get(count) == 1)


async def test_own_devices_and_what_the_server_does_not_want_do_not_travel(tmp_path: Path) -> None:
    device = EndDevice.abp(OWN, DevAddr("26011111"))
    other = bytes.fromhex("40 04030201 00 0100 02 C0FFEE 01020304")
    async with NetworkServerLns(NetID=[0x13]) as server, scene(tmp_path, relay_to(server)) as box:
        await box.register(registration(device))
        await connected(server, box)
        box.forwarder.send(
            Signal(phy_payload=other), Signal(phy_payload=device.uplink(2, b"\x01")), Signal(phy_payload=foreign(2))
        )
        (up,) = await heard(server, 1)
        counts = box.status()["upstream"]["counts"]

        advice = box.status()["advice"]

    assert up["FCnt"] == 2
    assert counts["not_wanted"] == 1
    assert advice == []


async def test_a_server_that_wants_hardly_anything_is_told(tmp_path: Path) -> None:
    rates = [[10, 125, 0], [9, 125, 0], [8, 125, 0]]  # of another region than the gateway's
    async with NetworkServerLns(DRs=rates) as server, scene(tmp_path, relay_to(server)) as box:
        await connected(server, box)
        for number in range(20):
            await box.hear(foreign(number))
        await until(lambda: box.status()["upstream"]["counts"].get("not_wanted") == 20)
        (advice,) = box.status()["advice"]

    assert "does not want 20 frames of 20" in advice
    assert "region" in advice


# ── away ──


async def test_after_an_outage_the_server_hears_only_what_is_heard_from_then_on(tmp_path: Path) -> None:
    device = EndDevice.abp(OWN, DevAddr("00000001"))
    async with NetworkServerLns() as server, scene(tmp_path, relay_to(server)) as box:
        await box.register(registration(device))
        await connected(server, box)
        await box.hear(foreign(0))
        await until(lambda: box.status()["upstream"]["counts"].get("arrived") == 1)

        await server.away()
        await until(lambda: box.status()["upstream"]["gateways"][ROOF]["down_s"] is not None)
        for number in range(1, 31):
            box.clock.ahead_s += 120
            await box.hear(foreign(number))
            await box.hear(device.uplink(2, bytes([number])))
        kept = await box.kept(30)
        status = box.status()
        await server.back()
        await connected(server, box)
        await box.hear(foreign(31))
        ups = await heard(server, 2)
        rows = await box.rows(30)

    assert [up["FCnt"] for up in ups] == [0, 31]
    assert [int.from_bytes(one.phy_payload[6:8], "little") for one in kept] == [*range(1, 31)]
    assert kept[-1].heard_at.utc - kept[0].heard_at.utc > timedelta(minutes=57)
    assert len(rows) == 30
    assert status["state"] == "away"
    assert status["advice"]


async def test_what_went_out_before_the_last_answered_ping_is_not_kept_and_the_rest_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(station_line, "PONG_S", 0.5)
    async with NetworkServerLns() as server, scene(tmp_path, relay_to(server)) as box:
        await connected(server, box)
        await box.hear(foreign(1))
        await until(lambda: box.status()["upstream"]["counts"].get("arrived") == 1)
        server.answers_pings = False
        pings = server.counts["pings"]
        async with asyncio.timeout(LIMIT_S):
            await server.until(lambda: server.counts["pings"] > pings)
        await box.hear(foreign(2))
        (kept,) = await box.kept(1)
        counts = box.status()["upstream"]["counts"]

    assert kept.phy_payload == foreign(2)
    assert counts["no_pong"] == 1


async def test_a_server_that_does_not_know_the_gateway_is_said_in_its_own_words(tmp_path: Path) -> None:
    async with NetworkServerLns() as server:
        server.refusal = "gateway is not registered"
        async with scene(tmp_path, relay_to(server)) as box:
            await box.hear(foreign(1))
            (kept,) = await box.kept(1)
            box.clock.ahead_s += 60
            await until(lambda: box.status()["advice"] != [])
            (advice,) = box.status()["advice"]

    assert kept.phy_payload == foreign(1)
    assert advice.endswith("it does not know this gateway: gateway is not registered")


async def test_a_burst_that_the_line_does_not_take_is_kept_in_part_and_hearing_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with NetworkServerLns() as server, scene(tmp_path, relay_to(server)) as box:
        await connected(server, box)
        monkeypatch.setattr(station_line, "FRESH_S", -1.0)  # whatever waits is too old
        for number in range(300):
            box.forwarder.send(Signal(phy_payload=foreign(number)))
        kept = await box.kept(300)

    assert len(kept) == 300
    assert server.of("updf") == []
