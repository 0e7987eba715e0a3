"""The source over real sockets on the loopback interface: what goes up, what goes down, and what must not stop it."""

from __future__ import annotations

import asyncio
import json
import random
import socket

import pytest

from gateway.errors import ConfigError, StorageError
from gateway.model import Frame, Place, eui64
from gateway.sources import Source, forwarders, gwmp, semtech_udp
from gateway.sources.forwarders import Forwarders
from gateway.sources.rxpk import Crc
from gateway.sources.semtech_udp import SemtechUdp
from gateway.sources.tally import MOST_PER_S
from gateway.sources.udp import Address, Listener
from tests.sources.conftest import (
    GATEWAY,
    LIMIT_S,
    OTHER,
    Ear,
    HandClock,
    pull_data,
    push_data,
    running,
    rxpk,
    udp,
    understood,
)


@pytest.fixture(autouse=True)
def drains_quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(semtech_udp, "DRAIN_LIMIT_S", 0.05)


def test_it_is_a_source(source: Source) -> None:
    assert source.name == "radio"


# ── up ──────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_packet_becomes_a_frame(source: SemtechUdp, ear: Ear, clock: HandClock) -> None:
    async with running(source, ear) as server:
        with udp(server) as forwarder:
            forwarder.send(push_data({"rxpk": [rxpk()]}))
            (frame,) = await ear.heard(1)

    assert frame.phy_payload == bytes.fromhex("40 da1b0126 80 0100 01") + bytes(20) + bytes.fromhex("01020304")
    assert frame.heard_at == clock()
    assert (frame.best.gateway, frame.best.source, frame.best.timestamp_us) == (GATEWAY, "radio", 5604085)


async def test_a_push_is_acknowledged_while_nothing_is_safe_yet(source: SemtechUdp) -> None:
    telling = asyncio.Event()

    async def hear(_: Frame) -> None:
        telling.set()
        await asyncio.Event().wait()

    async with running(source, hear) as server:
        with udp(server) as forwarder:
            answer = await forwarder.ask(push_data({"rxpk": [rxpk()]}, token=0xBEEF))
            await telling.wait()

    assert answer == bytes.fromhex("02beef01")


async def test_the_acknowledgement_leaves_before_the_json_is_read(
    source: SemtechUdp, ear: Ear, monkeypatch: pytest.MonkeyPatch
) -> None:
    order: list[str] = []
    send = Listener.send

    def noted_send(listener: Listener, datagram: bytes, address: Address) -> bool:
        order.append("acknowledged")
        return send(listener, datagram, address)

    def noted_parse(datagram: bytes) -> gwmp.Datagram:
        order.append("read")
        return gwmp.parse(datagram)

    monkeypatch.setattr(Listener, "send", noted_send)
    monkeypatch.setattr(semtech_udp, "parse", noted_parse)

    async with running(source, ear) as server:
        with udp(server) as forwarder:
            await forwarder.ask(push_data({"rxpk": [rxpk()]}))

    assert order == ["acknowledged", "read"]


async def test_one_bad_packet_does_not_lose_its_neighbours(source: SemtechUdp, ear: Ear) -> None:
    packets = [rxpk(), rxpk(freq="868"), "?", rxpk(stat=-1), rxpk(stat=0), rxpk(modu="LRFHSS"), rxpk(chan=7)]

    async with running(source, ear) as server:
        with udp(server) as forwarder:
            forwarder.send(push_data({"rxpk": packets}))
            frames = await ear.heard(2)
        status = source.status()

    assert [frame.best.channel for frame in frames] == [0, 7]
    assert status["dropped"] == {"frequency": 1, "rxpk": 1, "bad_crc": 1, "no_crc": 1, "modulation": 1}
    assert (status["gateways"][GATEWAY]["rxpk"], status["gateways"][GATEWAY]["frames"]) == (7, 2)


async def test_broken_packets_are_noted_once_whether_passed_on_or_counted_in_statistics(
    source: SemtechUdp, ear: Ear
) -> None:
    noted: list[tuple[str, int]] = []
    source.note_broken = lambda gateway, count: noted.append((gateway, count))

    async with running(source, ear) as server:
        with udp(server) as forwarder:
            forwarder.send(push_data({"rxpk": [rxpk(stat=-1), rxpk(stat=0), rxpk()]}))
            await ear.heard(1)
            forwarder.send(push_data({"rxpk": [rxpk()], "stat": {"rxnb": 10, "rxok": 3}}))
            await ear.heard(2)
            forwarder.send(push_data({"rxpk": [rxpk()], "stat": {"rxnb": 4}}))
            await ear.heard(3)

    assert [one for one in noted if one[1]] == [(GATEWAY, 1), (GATEWAY, 5)]


async def test_a_gateway_that_invents_broken_packets_is_believed_what_it_can_have_heard_since(
    clock: HandClock, ear: Ear
) -> None:
    source, noted = SemtechUdp("radio", host="127.0.0.1", port=0, clock=clock), list[int]()
    source.note_broken = lambda _, count: noted.append(count)

    async with running(source, ear) as server:
        with udp(server) as forwarder:
            for after_s in (0.0, 2.0, 0.0):
                clock.monotonic += after_s
                forwarder.send(push_data({"stat": {"rxnb": 1e12, "rxok": 0}}))
                await understood(server)

    assert noted == [30 * MOST_PER_S, 2 * MOST_PER_S, 0]


async def test_a_forwarder_on_this_machine_may_say_what_time_it_is(source: SemtechUdp, ear: Ear) -> None:
    async with running(source, ear) as server:
        with udp(server) as forwarder:
            forwarder.send(push_data({"rxpk": [rxpk(time="2023-11-14T22:13:20Z", tmms=1_384_035_218_000)]}))
            (frame,) = await ear.heard(1)

    assert frame.best.gateway_time_is_gps


async def test_packets_without_crc_are_heard_where_that_is_asked_for(ear: Ear, clock: HandClock) -> None:
    source = SemtechUdp("radio", host="127.0.0.1", port=0, clock=clock, crc=frozenset({Crc.RIGHT, Crc.NONE}))

    async with running(source, ear) as server:
        with udp(server) as forwarder:
            forwarder.send(push_data({"rxpk": [rxpk(stat=0)]}))
            frames = await ear.heard(1)

    assert len(frames) == 1


@pytest.mark.parametrize(
    ("datagram", "reason"),
    [
        (b"", "truncated"),
        (push_data(b"{"), "json"),
        (push_data(b"[" * 50_000), "json"),
        (push_data({"rxpk": 5}), "shape"),
        (push_data({"stat": 5}), "shape"),
        (b"\x09" + pull_data()[1:], "version"),
        (b"\x02\x00\x00\x09", "type"),
        (b"\x02\x00\x00\x04", "not_for_servers"),
        (b"\x02\x00\x00\x03{}", "not_for_servers"),
        (b"\x02\x77\x77\x05" + bytes.fromhex(GATEWAY), "late_tx_ack"),
    ],
)
async def test_a_bad_datagram_is_counted_and_the_next_one_heard(
    source: SemtechUdp, ear: Ear, datagram: bytes, reason: str
) -> None:
    async with running(source, ear) as server:
        with udp(server) as forwarder:
            forwarder.send(datagram)
            forwarder.send(push_data({"rxpk": [rxpk()]}))
            await ear.heard(1)
        dropped = source.status()["dropped"]

    assert dropped == {reason: 1}


async def test_noise_does_not_stop_it(source: SemtechUdp, ear: Ear) -> None:
    noise = random.Random(2)
    whole = push_data({"rxpk": [rxpk(), rxpk()]})

    async with running(source, ear) as server:
        with udp(server) as forwarder:
            for _ in range(40):
                for _ in range(50):
                    damaged = bytearray(whole[: noise.randrange(len(whole))])
                    for _ in range(3 if damaged else 0):
                        damaged[noise.randrange(len(damaged))] = noise.randrange(256)
                    forwarder.send(bytes(damaged))
                await asyncio.sleep(0)
            await understood(server)
            ear.frames.clear()
            forwarder.send(push_data({"rxpk": [rxpk()]}))
            await ear.heard(1)
        status = source.status()

    assert status["counts"]["datagrams"] == 2002
    assert json.dumps(status)


async def test_version_1_is_heard_answered_and_counted(source: SemtechUdp, ear: Ear) -> None:
    async with running(source, ear) as server:
        with udp(server) as forwarder:
            answers = [
                await forwarder.ask(push_data({"rxpk": [rxpk()]}, version=1)),
                await forwarder.ask(pull_data(version=1)),
            ]
            await ear.heard(1)
        status = source.status()

    assert [answer.hex() for answer in answers] == ["01123401", "01000104"]
    assert status["counts"]["push_data_version_1"] == 1


async def test_only_gateways_on_the_list_are_answered_and_heard(ear: Ear, clock: HandClock) -> None:
    source = SemtechUdp("radio", host="127.0.0.1", port=0, clock=clock, gateways=frozenset({OTHER}))

    async with running(source, ear) as server:
        with udp(server) as forwarder:
            forwarder.send(push_data({"rxpk": [rxpk()]}, gateway=GATEWAY, token=1))
            forwarder.send(pull_data(gateway=GATEWAY))
            answer = await forwarder.ask(push_data({"rxpk": [rxpk()]}, gateway=OTHER, token=2))
            (frame,) = await ear.heard(1)
        status = source.status()

    assert answer == bytes.fromhex("02000201")
    assert frame.best.gateway == OTHER
    assert status["dropped"] == {"not_allowed": 2}
    assert list(status["gateways"]) == [OTHER]


async def test_statistics_are_kept_for_each_gateway_and_place_its_receptions(
    source: SemtechUdp, ear: Ear, clock: HandClock
) -> None:
    stat = {"time": "2026-11-23 12:45:07 GMT", "rxnb": 2, "ackr": 100.0, "temp": 23.5, "lati": 59.3, "long": 18.1}

    async with running(source, ear) as server:
        with udp(server) as roof, udp(server) as harbour:
            roof.send(push_data({"stat": stat}))
            roof.send(push_data({"rxpk": [rxpk()]}))
            harbour.send(push_data({"rxpk": [rxpk()]}, gateway=OTHER))
            frames = await ear.heard(2)
            clock.monotonic += 7
            gateways = source.status()["gateways"]
            assert gateways[GATEWAY]["address"] == roof.address

    assert {frame.best.gateway: frame.best.place for frame in frames} == {GATEWAY: Place(59.3, 18.1), OTHER: None}
    assert gateways[GATEWAY]["last_seen_s"] == 7
    assert gateways[GATEWAY]["stat"] == stat | {"age_s": 7, "time": "2026-11-23T12:45:07+00:00"}
    assert gateways[OTHER]["stat"] is None


async def test_frames_beyond_the_bound_are_counted(clock: HandClock) -> None:
    source = SemtechUdp("radio", host="127.0.0.1", port=0, clock=clock, most_under_way=2)

    async def hear(_: Frame) -> None:
        await asyncio.Event().wait()

    async with running(source, hear) as server:
        with udp(server) as forwarder:
            await forwarder.ask(push_data({"rxpk": [rxpk()] * 5}))
            await understood(server)
        status = source.status()

    assert (status["under_way"], status["counts"]["frames"], status["dropped"]) == (2, 2, {"overflow": 3})


async def test_datagrams_that_the_kernel_dropped_are_shown(ear: Ear, clock: HandClock) -> None:
    source = SemtechUdp("radio", host="127.0.0.1", port=0, clock=clock, receive_buffer_bytes=4096)

    async with running(source, ear) as server:
        with udp(server) as forwarder:
            for _ in range(100):  # the loop has no turn meanwhile
                forwarder.send(push_data({"rxpk": [rxpk()] * 5}))
            buffer = source.status()["receive_buffer"]

    assert buffer["dropped_by_kernel"] > 50


async def test_the_receive_buffer_that_was_granted_is_shown(source: SemtechUdp, ear: Ear) -> None:
    async with running(source, ear):
        buffer = source.status()["receive_buffer"]

    assert buffer["asked_bytes"] == 4 << 20
    assert (buffer["advice"] is None) == (buffer["granted_bytes"] >= buffer["asked_bytes"])
    assert buffer["granted_bytes"] >= 100_000


# ── beginning and end ───────────────────────────────────────────────────────────────────────────────────────────


async def test_a_port_in_use_is_said_in_words(ear: Ear, clock: HandClock) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", 0))
        port = other.getsockname()[1]

        with pytest.raises(ConfigError) as wrong:
            await SemtechUdp("radio", host="127.0.0.1", port=port, clock=clock).run(ear)

    assert str(wrong.value).startswith(f"source 'radio': UDP port {port} on 127.0.0.1 is in use by another program")


@pytest.mark.parametrize(
    ("host", "port", "words"),
    [
        ("127.0.0.1", 70000, "port 70000 is none of 0 to 65535"),
        ("192.0.2.1", 0, "192.0.2.1 is no address of this machine"),
        ("no address", 0, "'no address' is neither an address of this machine nor a known name"),
    ],
)
async def test_an_address_that_cannot_be_is_said_in_words(
    ear: Ear, clock: HandClock, host: str, port: int, words: str
) -> None:
    with pytest.raises(ConfigError, match=words):
        await SemtechUdp("radio", host=host, port=port, clock=clock).run(ear)


async def test_frames_under_way_get_safe_before_it_ends(source: SemtechUdp) -> None:
    telling, stopping = asyncio.Event(), asyncio.Event()
    safe: list[Frame] = []

    async def hear(frame: Frame) -> None:
        telling.set()
        await stopping.wait()
        safe.append(frame)

    async with running(source, hear) as server:
        with udp(server) as forwarder:
            forwarder.send(push_data({"rxpk": [rxpk()]}))
            await telling.wait()
        asyncio.get_running_loop().call_later(0.01, stopping.set)

    assert len(safe) == 1


async def test_a_frame_that_never_gets_safe_does_not_hold_up_the_end(source: SemtechUdp) -> None:
    telling = asyncio.Event()

    async def hear(_: Frame) -> None:
        telling.set()
        await asyncio.Event().wait()

    async with running(source, hear) as server:
        with udp(server) as forwarder:
            forwarder.send(push_data({"rxpk": [rxpk()]}))
            await telling.wait()

    assert source.status()["listening"] is None
    assert source.status()["under_way"] == 0


async def test_it_can_listen_again_on_the_same_port(source: SemtechUdp, ear: Ear, clock: HandClock) -> None:
    async with running(source, ear) as (_, port):
        pass
    again = SemtechUdp("radio", host="127.0.0.1", port=port, clock=clock)

    async with running(again, ear) as server:
        with udp(server) as forwarder:
            forwarder.send(push_data({"rxpk": [rxpk()]}))
            frames = await ear.heard(1)

    assert len(frames) == 1


async def test_what_hearing_raises_ends_it(source: SemtechUdp) -> None:
    async def hear(_: Frame) -> None:
        raise StorageError("disk full")

    async with asyncio.timeout(LIMIT_S):
        run = asyncio.get_running_loop().create_task(source.run(hear), name="source")
        with udp(await source.listening()) as forwarder:
            forwarder.send(push_data({"rxpk": [rxpk()]}))
            await asyncio.wait([run])

    assert isinstance(run.exception(), ExceptionGroup)
    assert source.status()["listening"] is None


# ── the table of gateways ───────────────────────────────────────────────────────────────────────────────────────


def test_invented_gateways_do_not_push_out_those_that_speak(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forwarders, "MOST_GATEWAYS", 3)
    table = Forwarders()
    invented = [eui64(f"{number:016x}") for number in range(100)]

    met = [table.meet(gateway, ("127.0.0.1", 1), 0.0) for gateway in (GATEWAY, OTHER, *invented)]
    later = [table.meet(gateway, ("127.0.0.1", 1), 100.0) for gateway in (GATEWAY, OTHER)]
    after_silence = table.meet(invented[50], ("127.0.0.1", 1), 121.0)

    assert [forwarder is not None for forwarder in met] == [True] * 3 + [False] * 99
    assert later == met[:2]
    assert after_silence is not None
    assert table.get(invented[0]) is None
    assert table.get(GATEWAY) is met[0]


def test_an_old_gateway_is_not_connected_before_it_pulled() -> None:
    young_boot = Forwarders().meet(GATEWAY, ("127.0.0.1", 1), 5.0)

    assert young_boot is not None
    assert young_boot.downlink_address(5.0) is None
