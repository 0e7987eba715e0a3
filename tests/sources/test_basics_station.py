"""The source over real sockets: stations find it, are configured by it and heard, and nothing that comes in stops it."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Mapping
from contextlib import AsyncExitStack
from datetime import timedelta

import pytest
from aiohttp import ClientSession, WSServerHandshakeError

from gateway.agent import first_cause
from gateway.errors import ConfigError, StorageError
from gateway.model import Frame, Json, TimeQuality, eui64
from gateway.sources import Source, catalogue
from gateway.sources import web_listener as listener
from gateway.sources.basics_station import source as source_module
from gateway.sources.basics_station import stations
from gateway.sources.rxpk import GPS_EPOCH
from gateway.sources.tap import Tapped
from gateway.transports.secret import Secret
from simulators import jumping_time
from simulators.basics_station import BasicsStation as Station
from simulators.basics_station import Refused
from simulators.station_radio import taken_apart
from tests.sources.basics_station_rig import (
    BEGIN,
    CELLAR,
    LIMIT_S,
    ROOF,
    UPLINK,
    LoopClock,
    running,
    settings,
    signal,
    source,
)
from tests.sources.conftest import Ear


@pytest.fixture(autouse=True)
def drains_quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source_module, "DRAIN_LIMIT_S", 0.05)


def test_it_is_a_source_of_the_catalogue() -> None:
    made: Source = catalogue.make(settings(), LoopClock())

    assert made.name == "radio"


# ── finding it ──────────────────────────────────────────────────────────────────────────────────────────────────


async def asked(uri: str, question: str, headers: Mapping[str, str] | None = None) -> dict[str, Json]:
    async with (
        asyncio.timeout(LIMIT_S),
        ClientSession() as http,
        http.ws_connect(f"{uri}/router-info", headers=headers) as socket,
    ):
        await socket.send_str(question)
        answer: dict[str, Json] = json.loads((await socket.receive()).data)
        return answer


@pytest.mark.parametrize("router", ["16:c001:ff10:a235", "00-16-C0-01-FF-10-A2-35", 0x0016C001FF10A235])
async def test_a_station_is_sent_to_a_path_of_its_own_at_the_address_that_it_asked(router: Json, ear: Ear) -> None:
    async with running(source(), ear) as uri:
        answer = await asked(uri, json.dumps({"router": router}))

    assert answer == {"router": router, "muxs": "::0", "uri": f"{uri}/router-0016c001ff10a235"}


@pytest.mark.parametrize(
    ("headers", "begins"),
    [
        ({"Host": "roof.example:8080"}, "ws://roof.example:8080/"),
        ({"Host": "roof.example", "X-Forwarded-Proto": "https"}, "wss://roof.example:443/"),
        ({"Host": "[::1]:3001"}, "ws://[::1]:3001/"),
    ],
)
async def test_the_address_is_the_one_that_the_station_knows(headers: dict[str, str], begins: str, ear: Ear) -> None:
    async with running(source(), ear) as uri:
        answer = await asked(uri, '{"router":"::1"}', headers)

    assert str(answer["uri"]).startswith(begins)


@pytest.mark.parametrize("host", ['x"y', "a b", "x" * 200, "host:123456", ""])
async def test_an_address_that_cannot_be_is_replaced_by_where_it_listens(host: str, ear: Ear) -> None:
    async with running(source(), ear) as uri:
        answer = await asked(uri, '{"router":"::1"}', {"Host": host})

    assert answer["uri"] == f"{uri}/router-0000000000000001"


@pytest.mark.parametrize(
    ("question", "reason"), [("{}", "router"), ('{"router":"?"}', "router"), ("[", "json"), ("5", "shape")]
)
async def test_a_question_without_a_router_gets_an_error(question: str, reason: str, ear: Ear) -> None:
    made = source()
    async with running(made, ear) as uri:
        answer = await asked(uri, question)
        dropped = made.status()["dropped"]

    assert set(answer) == {"router", "error"}
    assert dropped == {reason: 1}


async def test_a_station_that_is_not_on_the_list_is_told_so_and_named(ear: Ear) -> None:
    made = source(gateways=frozenset({CELLAR}))
    async with running(made, ear) as uri:
        with pytest.raises(Refused, match="not on the list"):
            async with Station(ROOF, uri):
                pass
        async with ClientSession() as http:
            with pytest.raises(WSServerHandshakeError, match="403"):
                await http.ws_connect(f"{uri}/router-{ROOF}")
        async with Station(CELLAR, uri) as station:
            await station.hear(signal())
            await ear.heard(1)
        status = made.status()

    assert status["dropped"] == {"not_allowed": 2}
    assert any(f"{ROOF} asks to come in" in line for line in status["advice"])


def test_who_was_refused_is_told_of_for_an_hour_and_counted_for_good() -> None:
    async def play() -> None:
        made = source(gateways=frozenset({CELLAR}), token=Secret("1234"))
        async with running(made, Ear()) as uri, Station(CELLAR, uri, token="1234"):
            for gateway, token in ((ROOF, "1234"), (CELLAR, "5678")):
                with pytest.raises((Refused, WSServerHandshakeError)):
                    async with Station(gateway, uri, token=token):
                        pass
            at_first = made.status()["advice"]
            await asyncio.sleep(3661)
            later = made.status()

        assert len(at_first) == 2
        assert later["advice"] == []
        assert later["dropped"] == {"not_allowed": 1, "token": 1}

    jumping_time.run(play())


async def test_what_is_no_websocket_and_what_is_no_path_are_answered_in_words(ear: Ear) -> None:
    async with running(source(), ear) as uri:
        web = uri.replace("ws", "http", 1)
        async with ClientSession() as http:
            answers = [
                (answer.status, await answer.text())
                for path in ("/router-info", f"/router-{ROOF}", "/router-x", "/", "/update-info")
                for answer in [await http.get(web + path)]
            ]

    assert [status for status, _ in answers] == [400, 400, 404, 404, 404]
    assert "/router-info" in answers[3][1]


# ── heard ───────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_an_uplink_becomes_a_frame(ear: Ear) -> None:
    clock = LoopClock()
    async with running(source(clock), ear) as uri, Station(ROOF, uri, rctx=2) as station:
        xtime = await station.hear(signal(rssi_dbm=-71, snr_db=-4.5))
        (frame,) = await ear.heard(1)

    assert xtime is not None
    assert frame.phy_payload == UPLINK
    assert frame.heard_at.boot_id == "boot"
    assert (frame.best.gateway, frame.best.source, frame.best.antenna) == (ROOF, "radio", 2)
    assert (frame.best.rssi_dbm, frame.best.snr_db) == (-71, -4.5)
    assert frame.best.timestamp_us == xtime & 0xFFFF_FFFF


async def test_every_kind_of_uplink_is_heard_and_downlinks_of_others_are_not(ear: Ear) -> None:
    made = source()
    uplinks = [
        bytes.fromhex("00") + bytes(range(22)),
        bytes.fromhex("80 da1b0126 80 0100 01020304"),
        bytes.fromhex("c0") + bytes(range(22)),
        bytes.fromhex("e0 0001020304"),
    ]
    async with running(made, ear) as uri, Station(ROOF, uri) as station:
        for octets in uplinks:
            await station.hear(signal(octets))
        for octets in (bytes.fromhex("60 da1b0126 80 0100 01020304"), bytes.fromhex("20") + bytes(16)):
            await station.hear(signal(octets))
        await station.hear(signal())
        frames = await ear.heard(5)
        status = made.status()

    assert {frame.phy_payload for frame in frames} == {*uplinks, UPLINK}
    assert status["dropped"] == {"overheard": 2}
    assert status["counts"] | {"jreq": 1, "updf": 2, "rejoin": 1, "propdf": 1, "frames": 5} == status["counts"]
    assert status["gateways"][ROOF]["frames"] == 5


async def test_a_tap_is_told_that_a_station_is_there_and_what_it_hears(ear: Ear) -> None:
    made = source()
    told: list[Tapped] = []

    class Tap:
        def take(self, tapped: Tapped) -> None:
            told.append(tapped)

    made.tap(Tap())
    async with running(made, ear) as uri, Station(ROOF, uri) as station:
        await station.hear(signal())
        (frame,) = await ear.heard(1)

    sign_of_life, heard = told
    assert (sign_of_life.gateway, sign_of_life.frames) == (ROOF, ())
    assert (heard.gateway, heard.frames) == (ROOF, (frame,))


async def test_several_stations_are_heard_at_once_and_each_is_shown(ear: Ear) -> None:
    made = source()
    async with running(made, ear) as uri, Station(ROOF, uri) as roof, Station(CELLAR, uri) as cellar:
        await roof.hear(signal())
        await cellar.hear(signal())
        frames = await ear.heard(2)
        shown = made.status()["gateways"]

    assert {frame.best.gateway for frame in frames} == {ROOF, CELLAR}
    assert [*shown] == sorted([ROOF, CELLAR])
    assert shown[ROOF]["station"] == "2.0.6(linux/simulated)"
    assert shown[ROOF]["can_transmit"] is True


async def test_nothing_is_unpacked_for_a_station_a_few_octets_might_be_megabytes(ear: Ear) -> None:
    async with running(source(), ear) as uri, ClientSession() as http:
        socket = await http.ws_connect(f"{uri}/router-{ROOF}", compress=15)
        await socket.close()

    assert socket.compress == 0


async def test_a_station_that_comes_again_replaces_its_old_connection(ear: Ear) -> None:
    made = source()
    async with running(made, ear) as uri, Station(ROOF, uri) as old, Station(ROOF, uri, seed=1) as new:
        async with asyncio.timeout(LIMIT_S):
            await asyncio.shield(old._reading)
        await new.hear(signal())
        await ear.heard(1)
        status = made.status()

    assert status["counts"]["replaced"] == 1
    assert [*status["gateways"]] == [ROOF]


def test_two_stations_with_one_eui_that_end_each_other_are_told_of() -> None:
    async def play() -> None:
        made = source()
        async with running(made, Ear()) as uri, AsyncExitStack() as both:
            advice = []
            for turn in range(5):
                await asyncio.sleep(1)
                await both.enter_async_context(Station(ROOF, uri, seed=turn))
                advice.append(made.status()["advice"])
            await asyncio.sleep(stations.SHORT_S)
            after = made.status()["advice"]

        assert advice[:3] == [[], [], []]
        assert f"{ROOF} connects from 127.0.0.1:" in advice[-1][0]
        assert "two stations have one EUI" in advice[-1][0]
        assert after == []

    jumping_time.run(play())


async def test_stations_beyond_the_bound_are_refused(ear: Ear, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stations, "MOST_STATIONS", 2)
    made = source()
    async with running(made, ear) as uri, AsyncExitStack() as stack:
        for number in (1, 2):
            await stack.enter_async_context(Station(eui64(f"{number:016x}"), uri))
        with pytest.raises(Refused, match="too many"):
            await stack.enter_async_context(Station(ROOF, uri))
        dropped = made.status()["dropped"]

    assert dropped == {"too_many_gateways": 1}


async def test_connections_beyond_the_bound_are_hung_up(ear: Ear, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listener, "MOST_CONNECTIONS", 3)
    made = source()
    async with running(made, ear) as uri:
        host, port = uri.removeprefix("ws://").split(":")
        opened = [await asyncio.open_connection(host, int(port)) for _ in range(4)]
        reader, _ = opened[-1]
        async with asyncio.timeout(LIMIT_S):
            with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
                await reader.readexactly(1)
        for _, writer in opened:
            writer.close()
        dropped = made.status()["dropped"]

    assert dropped == {"too_many_connections": 1}


async def test_one_address_that_takes_all_it_can_get_leaves_room_for_others(
    ear: Ear, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listener, "MOST_CONNECTIONS", 6)
    monkeypatch.setattr(listener, "MOST_OF_ONE_ADDRESS", 3)
    made = source()
    async with running(made, ear) as uri:
        host, port = uri.removeprefix("ws://").split(":")
        neighbour = [await asyncio.open_connection(host, int(port), local_addr=("127.0.0.2", 0)) for _ in range(7)]
        async with Station(ROOF, uri) as station:
            await station.hear(signal())
            await ear.heard(1)
        for _, writer in neighbour:
            writer.close()
        dropped = made.status()["dropped"]

    assert dropped == {"too_many_connections": 4}


def test_connections_that_were_hung_up_count_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listener, "MOST_OF_ONE_ADDRESS", 2)

    async def play() -> None:
        made = source()
        async with running(made, Ear()) as uri:
            host, port = uri.removeprefix("ws://").split(":")
            silent = [await asyncio.open_connection(host, int(port)) for _ in range(2)]
            await asyncio.sleep(2 * listener.FIRST_WORD_S)
            async with Station(ROOF, uri):
                assert "too_many_connections" not in made.status()["dropped"]
            for _, writer in silent:
                writer.close()

    jumping_time.run(play())


def test_a_connection_that_says_nothing_is_hung_up() -> None:
    async def play() -> None:
        async with running(source(), Ear()) as uri:
            host, port = uri.removeprefix("ws://").split(":")
            begun = asyncio.get_running_loop().time()
            reader, writer = await asyncio.open_connection(host, int(port))
            writer.write(b"GET /router-info HTTP/1.1\r\nHost: ")
            assert await reader.read() == b""
            assert asyncio.get_running_loop().time() - begun == pytest.approx(listener.FIRST_WORD_S, abs=0.1)
            writer.close()

    jumping_time.run(play())


async def test_who_hangs_up_in_the_middle_of_a_word_ends_nothing(ear: Ear) -> None:
    made = source()
    upgrade = f"GET /router-{ROOF} HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: upgrade\r\n".encode()
    whole = upgrade + b"Sec-WebSocket-Key: bpse8nVmEl6ZlX4lSb6RMw==\r\nSec-WebSocket-Version: 13\r\n\r\n\x81\xff"
    async with running(made, ear) as uri:
        host, port = uri.removeprefix("ws://").split(":")
        for length in range(0, len(whole) + 1, 3):
            for again in range(2):
                _, writer = await asyncio.open_connection(host, int(port))
                writer.write(whole[:length] if length % 2 else whole)
                if again:
                    await asyncio.sleep(0)
                writer.transport.abort()
        async with Station(CELLAR, uri) as station:
            await station.hear(signal())
            await ear.heard(1)

    assert len(ear.frames) == 1


def test_a_station_that_no_longer_answers_is_let_go() -> None:
    async def play() -> None:
        made = source()
        async with running(made, Ear()) as uri, ClientSession() as http:
            socket = await http.ws_connect(f"{uri}/router-{ROOF}", autoping=False)
            assert made.status()["gateways"][ROOF]["connected_s"] is not None
            await asyncio.sleep(2 * source_module.HEARTBEAT_S)
            assert made.status()["gateways"][ROOF]["connected_s"] is None
            await socket.close()

    jumping_time.run(play())


# ── what a station asks and says besides ────────────────────────────────────────────────────────────────────────


async def test_gps_time_is_told_to_a_station_that_asks_for_it(ear: Ear) -> None:
    clock = LoopClock()
    async with running(source(clock), ear) as uri, Station(ROOF, uri) as station:
        await station.say({"msgtype": "timesync", "txtime": 123_456_789})
        answer = await station.next("timesync")
        now = clock().utc

    gps = (now - GPS_EPOCH + timedelta(seconds=18)).total_seconds() * 1e6
    assert answer["txtime"] == 123_456_789
    assert isinstance(answer["gpstime"], int)
    assert 0 <= gps - answer["gpstime"] < 5e6
    assert 0 <= now.timestamp() - answer["MuxTime"] < 5
    assert BEGIN.timestamp() < answer["MuxTime"]


async def test_a_box_that_does_not_know_the_time_tells_none(ear: Ear) -> None:
    made = source(LoopClock(TimeQuality.UNSYNCHRONISED))
    async with running(made, ear) as uri, Station(ROOF, uri) as station:
        await station.say({"msgtype": "timesync", "txtime": 1})
        await station.hear(signal())
        await ear.heard(1)
        status = made.status()

    assert "MuxTime" not in station.config
    assert [one["msgtype"] for one in station.told] == ["router_config"]
    assert status["dropped"] == {"timesync_unanswered": 1}
    assert "does not know the time" in status["advice"][0]


async def test_other_messages_are_counted_by_name_and_unknown_ones_together(ear: Ear) -> None:
    made = source()
    async with running(made, ear) as uri, Station(ROOF, uri) as station:
        for msgtype in ("alarm", "getxtime", "alarm", "newer", "?" * 5000):
            await station.say({"msgtype": msgtype})
        await station.hear(signal())
        await ear.heard(1)
        status = made.status()

    assert (status["counts"]["alarm"], status["counts"]["getxtime"]) == (2, 1)
    assert status["dropped"] == {"unknown_msgtype": 2}


# ── hostile ─────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_binary_data_is_thrown_away_and_said(ear: Ear) -> None:
    made = source()
    async with running(made, ear) as uri, Station(ROOF, uri) as station:
        await station.say_octets(b"\x00$ ")
        await station.hear(signal())
        await ear.heard(1)
        status = made.status()

    assert status["dropped"] == {"binary": 1}
    assert any("remote shell" in line for line in status["advice"])


@pytest.mark.parametrize("kind", ["text", "binary"])
async def test_a_message_that_is_too_large_ends_its_connection_and_no_other(kind: str, ear: Ear) -> None:
    made = source()
    async with running(made, ear) as uri, Station(ROOF, uri) as roof, Station(CELLAR, uri) as cellar:
        if kind == "text":
            await roof.say_text("[" * (1 << 20))
        else:
            await roof.say_octets(bytes(1 << 20))
        async with asyncio.timeout(LIMIT_S):
            await asyncio.shield(roof._reading)
        await cellar.hear(signal())
        await ear.heard(1)
        status = made.status()

    assert status["dropped"] == {"too_large": 1}
    assert status["gateways"][ROOF]["connected_s"] is None
    assert status["gateways"][CELLAR]["connected_s"] is not None


async def test_bad_messages_are_counted_and_the_next_one_is_heard(ear: Ear) -> None:
    made = source()
    fields = taken_apart(UPLINK)
    assert fields is not None
    upinfo = {"rctx": 0, "xtime": 4.1e16, "rssi": -57, "snr": 9}
    async with running(made, ear) as uri, Station(ROOF, uri) as station:
        for text in ("", "[" * 5000, "[]", '{"msgtype":"updf","MHdr":' + "9" * 400 + "}"):
            await station.say_text(text)
        await station.say({**fields, "DR": 5, "Freq": 868_100_000, "upinfo": upinfo})
        await station.hear(signal())
        await ear.heard(1)
        status = made.status()

    assert status["dropped"] == {"json": 2, "shape": 1, "field": 1, "xtime": 1}
    assert any("no whole number" in line for line in status["advice"])


async def test_noise_does_not_stop_it(ear: Ear) -> None:
    made, noise = source(), random.Random(3)
    whole = json.dumps({"msgtype": "updf", **(taken_apart(UPLINK) or {}), "DR": 5, "Freq": 868_100_000})
    async with running(made, ear) as uri, Station(ROOF, uri) as station:
        for _ in range(500):
            text = list(whole[: noise.randrange(1, len(whole))])
            for _ in range(3):
                text[noise.randrange(len(text))] = chr(noise.randrange(0x20, 0x3000))
            await station.say_text("".join(text))
        await station.hear(signal())
        await ear.heard(1)
        status = made.status()

    assert status["counts"]["messages"] >= 501
    assert json.dumps(status)


async def test_frames_beyond_the_bound_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source_module, "MOST_UNDER_WAY", 2)
    made = source()

    async def hear(_: Frame) -> None:
        await asyncio.Event().wait()

    async with running(made, hear) as uri, Station(ROOF, uri) as station:
        for _ in range(5):
            await station.hear(signal())
        await station.say({"msgtype": "timesync", "txtime": 1})
        await station.next("timesync")
        status = made.status()

    assert (status["under_way"], status["counts"]["frames"], status["dropped"]) == (2, 2, {"overflow": 3})


# ── beginning and end ───────────────────────────────────────────────────────────────────────────────────────────


async def test_without_a_station_it_says_what_to_type(ear: Ear) -> None:
    made = source()
    before = made.status()
    async with running(made, ear) as uri:
        (line,) = made.status()["advice"]

    assert before["listening"] is None
    assert f"ws://ADDRESS:{uri.rsplit(':', 1)[1]}" in line


def test_a_station_that_has_gone_is_still_shown_and_said() -> None:
    async def play() -> None:
        made = source()
        async with running(made, Ear()) as uri:
            async with Station(ROOF, uri):
                pass
            await asyncio.sleep(600)
            away = made.status()
            async with Station(ROOF, uri):
                back = made.status()

        assert away["gateways"][ROOF] | {"can_transmit": False, "last_seen_s": 600} == away["gateways"][ROOF]
        (line,) = away["advice"]
        assert line.startswith(f"{ROOF} is away for 10 min, and loses what it hears meanwhile")
        assert back["advice"] == []

    jumping_time.run(play())


async def test_a_port_that_is_taken_is_said_before_anything_else(ear: Ear) -> None:
    async with running(source(), ear) as uri:
        port = int(uri.rsplit(":", 1)[1])

        with pytest.raises(ConfigError, match=rf"source 'radio': TCP port {port} is taken"):
            await source(port=port).run(ear)


async def test_an_address_of_another_machine_is_said(ear: Ear) -> None:
    with pytest.raises(ConfigError, match=r"192\.0\.2\.1"):
        await source(host="192.0.2.1").run(ear)


async def test_what_hearing_raises_ends_it() -> None:
    async def hear(_: Frame) -> None:
        raise StorageError("gone")

    async def story() -> None:
        async with running(source(), hear) as uri, Station(ROOF, uri) as station:
            await station.hear(signal())
            await asyncio.Event().wait()

    with pytest.raises(ExceptionGroup) as caught:
        await story()

    assert isinstance(first_cause(caught.value), StorageError)


async def test_a_bug_in_a_conversation_ends_it(ear: Ear, monkeypatch: pytest.MonkeyPatch) -> None:
    made = source()
    monkeypatch.setattr(made._lns, "take", lambda *_: 1 / 0)

    with pytest.raises(ExceptionGroup, match="TaskGroup"):
        async with running(made, ear) as uri, Station(ROOF, uri):
            pass


async def test_frames_under_way_get_safe_when_it_stops() -> None:
    safe: list[Frame] = []

    async def hear(frame: Frame) -> None:
        await asyncio.sleep(0.01)
        safe.append(frame)

    made = source()
    async with running(made, hear) as uri, Station(ROOF, uri) as station:
        await station.hear(signal())
        await station.say({"msgtype": "timesync", "txtime": 1})
        await station.next("timesync")

    assert len(safe) == 1


async def test_stations_are_told_when_it_stops(ear: Ear) -> None:
    async with AsyncExitStack() as stack:
        async with running(source(), ear) as uri:
            station = await stack.enter_async_context(Station(ROOF, uri))
        async with asyncio.timeout(LIMIT_S):
            await asyncio.shield(station._reading)

        assert not station.connected
