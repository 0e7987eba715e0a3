"""A server that is away: what it has not got is kept with its time, and never sent as if it were fresh."""

from __future__ import annotations

import asyncio
from base64 import b64decode
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from gateway.errors import StorageError
from gateway.model import DevAddr, Eui64, Frame
from gateway.relay import gwmp_line, gwmp_upstream
from gateway.relay.gwmp_line import ACK_LIMIT_S
from gateway.relay.gwmp_upstream import GwmpUpstream
from gateway.relay.relay import Relay
from gateway.relay.resolving import Found
from simulators.end_device import EndDevice
from simulators.network_server_udp import NetworkServerUdp
from simulators.packet_forwarder import Signal
from tests.pipeline.rig import registration
from tests.relay.scene import LIMIT_S, RELAY, ROOF, Scene, connected, relay_to, scene, until
from tests.relay.test_commands import HEARD

OWN = Eui64("a81758fffe051d02")
HOUR_S = 3600.0


def foreign(number: int) -> bytes:
    """Return a frame of another network's device."""
    return bytes.fromhex("40 DA1B0126 00") + number.to_bytes(2, "little") + bytes.fromhex("02 C0FFEE 01020304")


def counters(payloads: list[bytes]) -> list[int]:
    return [int.from_bytes(one[6:8], "little") for one in payloads]


def came(server: NetworkServerUdp) -> list[int]:
    return counters([b64decode(one["data"]) for one in server.rxpk])


async def answered(box: Scene, server: NetworkServerUdp, count: int) -> None:
    """Return when the server has got so many frames, and the relay knows."""
    async with asyncio.timeout(LIMIT_S):
        await server.until(lambda: len(server.rxpk) >= count)
    await until(lambda: box.status()["upstream"]["counts"].get("acknowledged", 0) >= count)


async def test_after_an_hours_outage_the_server_gets_only_what_is_heard_from_then_on(tmp_path: Path) -> None:
    device = EndDevice.abp(OWN, DevAddr("00000001"))
    async with NetworkServerUdp() as server, scene(tmp_path, relay_to(server)) as box:
        await box.register(registration(device))
        await connected(server)
        await box.hear(foreign(0))
        await answered(box, server, 1)

        server.away()
        heard_at = []
        for number in range(1, 61):  # a minute each
            box.clock.ahead_s += HOUR_S / 60
            heard_at.append(box.clock().utc)
            await box.hear(foreign(number))
            await box.hear(device.uplink(2, bytes([number])))
        box.clock.ahead_s += ACK_LIMIT_S
        kept = await box.kept(60)
        status = box.status()
        server.back()
        await box.hear(foreign(61))
        await answered(box, server, 2)
        rows = await box.rows(60)

    assert came(server) == [0, 61]
    assert counters([one.phy_payload for one in kept]) == [*range(1, 61)]
    assert all(abs(one.heard_at.utc - at) < timedelta(seconds=5) for one, at in zip(kept, heard_at, strict=True))
    assert {one.best.gateway for one in kept} == {ROOF}
    assert [row.uplink.payload for row in rows] == [bytes([number]) for number in range(1, 61)]
    assert status["state"] == "away"
    assert status["away_s"] > HOUR_S - 120
    assert status["counts"]["kept_raw"] == 60


async def test_a_datagram_that_is_not_acknowledged_is_kept_though_the_server_was_not_known_to_be_away(
    tmp_path: Path,
) -> None:
    async with NetworkServerUdp() as server, scene(tmp_path, relay_to(server)) as box:
        await connected(server)
        server.answers = False
        await box.hear(foreign(7))
        box.clock.ahead_s += ACK_LIMIT_S
        (kept,) = await box.kept(1)
        status = box.status()

    assert kept.phy_payload == foreign(7)
    assert status["state"] == "up"


async def test_an_acknowledged_datagram_is_not_kept(tmp_path: Path) -> None:
    async with NetworkServerUdp() as server, scene(tmp_path, relay_to(server)) as box:
        await connected(server)
        await box.hear(foreign(7))
        await answered(box, server, 1)
        box.clock.ahead_s += ACK_LIMIT_S
        upstream = box.relay()._upstream
        assert isinstance(upstream, GwmpUpstream)
        upstream.look()

        assert "kept_raw" not in box.status()["counts"]


async def test_what_the_filters_hold_back_and_the_agents_own_are_not_kept(tmp_path: Path) -> None:
    device = EndDevice.abp(OWN, DevAddr("00000001"))
    keys = ['dev_addr = ["26000000/7"]', "own = true"]
    other = bytes.fromhex("40 04030201 00 0100 02 C0FFEE 01020304")
    async with NetworkServerUdp() as server, scene(tmp_path, relay_to(server, *keys)) as box:
        await box.register(registration(device))
        await connected(server)
        server.answers = False
        box.forwarder.send(
            Signal(phy_payload=other), Signal(phy_payload=device.uplink(2, b"\x01")), Signal(phy_payload=foreign(1))
        )
        await box.rows(1)
        box.clock.ahead_s += ACK_LIMIT_S
        kept = await box.kept(1)

    assert [one.phy_payload for one in kept] == [foreign(1)]


async def test_a_device_that_the_server_answers_is_kept_raw_and_delivered(tmp_path: Path) -> None:
    device = EndDevice.abp(OWN, DevAddr("26000001"))
    async with NetworkServerUdp() as server, scene(tmp_path, relay_to(server)) as box:
        await box.register(registration(device, answered_by=RELAY))
        await connected(server)
        server.answers = False
        octets = device.uplink(2, b"\x01")
        await box.hear(octets)
        (row,) = await box.rows(1)
        box.clock.ahead_s += ACK_LIMIT_S
        (kept,) = await box.kept(1)

    assert (kept.phy_payload, row.uplink.payload) == (octets, b"\x01")


async def test_what_waits_for_acknowledgements_is_bounded_by_frames_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gwmp_line, "MOST_FRAMES", 10)
    async with NetworkServerUdp() as server, scene(tmp_path, relay_to(server)) as box:
        await connected(server)
        server.answers = False
        for number in range(0, 16, 4):
            box.forwarder.send(*(Signal(phy_payload=foreign(number + each)) for each in range(4)))
        kept = await box.kept(8)

    assert counters([one.phy_payload for one in kept]) == [
        *range(8, 16)
    ]  # at once: the first eight wait for their time
    assert len(server.rxpk) == 8


async def test_a_name_that_nobody_knows_keeps_all_and_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def unknown(host: str, port: int) -> Found:
        raise OSError(f"{host}:{port}: Name or service not known")

    monkeypatch.setattr(gwmp_upstream, "resolved", unknown)
    relay = f'[[relay]]\nname = "{RELAY}"\nurl = "udp://lns.invalid"\n'
    async with scene(tmp_path, relay) as box:
        await until(lambda: box.status()["advice"] != [])
        await box.hear(foreign(3))
        (kept,) = await box.kept(1)
        status = box.status()

    assert kept.phy_payload == foreign(3)
    assert status["state"] == "away"
    assert "cannot be looked up" in status["advice"][0]


async def test_a_server_that_never_answered_is_told_with_what_to_look_at(tmp_path: Path) -> None:
    async with NetworkServerUdp() as server, scene(tmp_path, relay_to(server)) as box:
        server.answers = False
        await connected(server)
        box.clock.ahead_s += 31
        await until(lambda: box.status()["state"] == "away")
        (advice,) = box.status()["advice"]

    assert "does not answer" in advice
    assert "firewall" in advice


async def test_what_waits_in_memory_is_on_disk_when_the_agent_has_stopped(tmp_path: Path) -> None:
    async with NetworkServerUdp() as server, scene(tmp_path, relay_to(server)) as box:
        await connected(server)
        server.answers = False
        await box.hear(foreign(9))
        journal, closed = box.agent.journal, list[Frame]()
        close = journal.close

        async def reading() -> None:
            closed.extend(await journal.relayed.frames(RELAY))
            await close()

        journal.close = reading  # type: ignore[method-assign]

    assert [one.phy_payload for one in closed] == [foreign(9)]


async def test_frames_that_are_being_written_when_the_agent_stops_are_kept_once(tmp_path: Path) -> None:
    async with NetworkServerUdp() as server, scene(tmp_path, relay_to(server)) as box:
        raw, journal = box.relay()._raw, box.agent.journal
        keep, begun, may_go_on = journal.relayed.keep, asyncio.Event(), asyncio.Event()

        async def slow(*arguments: Any) -> int:
            begun.set()
            await may_go_on.wait()
            return await keep(*arguments)

        journal.relayed.keep = slow  # type: ignore[method-assign,assignment]
        raw.keep([Frame(foreign(4), (HEARD,), box.clock())])
        writing = asyncio.create_task(raw.write())
        await begun.wait()
        writing.cancel()
        asyncio.get_running_loop().call_soon(may_go_on.set)
        with pytest.raises(asyncio.CancelledError):
            await writing
        journal.relayed.keep = keep  # type: ignore[method-assign]
        await raw.write()

        assert [one.phy_payload for one in await journal.relayed.frames(RELAY)] == [foreign(4)]


async def test_before_it_has_answered_a_server_is_not_said_to(tmp_path: Path) -> None:
    relay = f'[[relay]]\nname = "{RELAY}"\nurl = "udp://127.0.0.1:9"\n'
    async with NetworkServerUdp() as server, scene(tmp_path, relay_to(server), relay.replace(RELAY, "mute")) as box:
        unasked = Relay.status(box.relay("mute"))["state"]
        await connected(server)
        await until(lambda: box.status()["state"] == "up")
        await until(lambda: box.status("mute")["state"] == "waiting")

    assert unasked in {"unasked", "waiting"}  # by when the first keep-alive came


async def test_a_disk_that_takes_nothing_keeps_the_frames_in_memory(tmp_path: Path) -> None:
    async with NetworkServerUdp() as server, scene(tmp_path, relay_to(server)) as box:
        raw, journal = box.relay()._raw, box.agent.journal
        keep = journal.relayed.keep

        async def full(*_: object) -> int:
            raise StorageError("disk full")

        journal.relayed.keep = full  # type: ignore[method-assign,assignment]
        await connected(server)
        server.answers = False
        await box.hear(foreign(4))
        box.clock.ahead_s += ACK_LIMIT_S
        await until(lambda: box.status()["counts"].get("kept_raw") == 1)
        await raw.write()
        journal.relayed.keep = keep  # type: ignore[method-assign]
        (kept,) = await box.kept(1)

    assert kept.phy_payload == foreign(4)
