"""A recording is sent again: where to, at which pace, what was acknowledged, and what is said of it."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from gateway.errors import ConfigError
from gateway.model import Json
from gateway.sources.gwmp import PullData, PullResp, PushData, TxAck, acknowledgement, parse
from gateway.sources.recording.pace import LONGEST_GAP_S
from simulators import jumping_time
from simulators.replay import players, playing, script, target
from simulators.replay.command import Outcome, Wishes, as_json, replay, replayed, shown
from simulators.replay.players import NobodyThere
from simulators.replay.playing import Played
from simulators.replay.script import Script, aimed
from tests.sources.conftest import GATEWAY, OTHER, pull_data, push_data, rxpk

LIMIT_S = 60.0


def line(at_s: float | None, datagram: bytes) -> dict[str, Json]:
    return {"hex": datagram.hex()} | ({} if at_s is None else {"at_s": at_s})


def push(tmst: int, gateway: Any = GATEWAY, **more: Json) -> bytes:
    return push_data({"rxpk": [rxpk(tmst=tmst, **more)]}, gateway=gateway)


def written(folder: Path, lines: Sequence[Json]) -> Path:
    path = folder / "monday.jsonl"
    path.write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    return path


class Server:
    """A network server's UDP port: what it gets, when, and what it answers."""

    def __init__(self, made: socket.socket, answers: Callable[[bytes], bool] = lambda _: True) -> None:
        self.address = made.getsockname()
        self.got: list[tuple[float, PushData]] = []
        self.tx_acks: list[TxAck] = []
        self.orders: list[Json] = []  # txpk, each given to the next that keeps alive
        self._socket = made
        self._answers = answers

    def read(self) -> None:
        while True:
            try:
                datagram, address = self._socket.recvfrom(0xFFFF)
            except BlockingIOError:
                return
            answer = acknowledgement(datagram)
            if answer is not None and self._answers(datagram):
                self._socket.sendto(answer, address)
            match parse(datagram):
                case PushData() as said:
                    self.got.append((asyncio.get_running_loop().time(), said))
                case PullData() if self.orders:
                    self._socket.sendto(PullResp(2, 7, self.orders.pop()).to_bytes(), address)
                case TxAck() as said:
                    self.tx_acks.append(said)

    @property
    def tokens(self) -> list[int]:
        return [said.token for _, said in self.got]

    @property
    def counters(self) -> list[int]:
        return [said.rxpk[0]["tmst"] for _, said in self.got]

    @property
    def after_s(self) -> list[float]:
        return [round(at - self.got[0][0], 3) for at, _ in self.got]


@asynccontextmanager
async def serving(answers: Callable[[bytes], bool] = lambda _: True) -> AsyncIterator[Server]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as made:
        made.setblocking(False)
        made.bind(("127.0.0.1", 0))
        server, loop = Server(made, answers), asyncio.get_running_loop()
        loop.add_reader(made, server.read)
        try:
            yield server
        finally:
            loop.remove_reader(made)


def told(
    file: Path,
    answers: Callable[[bytes], bool] = lambda _: True,
    *,
    orders: Sequence[Json] = (),
    stop_after_s: float | None = None,
    **wishes: Any,
) -> tuple[Server, Outcome]:
    """Replay a file to a server on jumping time; return what it got, and the outcome."""

    async def story() -> tuple[Server, Outcome]:
        async with serving(answers) as server, asyncio.timeout(LIMIT_S * 1000):
            server.orders += orders
            to, stop = target.target("udp://{}:{}".format(*server.address)), asyncio.Event()
            if stop_after_s is not None:
                asyncio.get_running_loop().call_later(stop_after_s, stop.set)
            outcome = await replayed(Wishes(file=file, to=to.url, **wishes), to, stop)
            return server, outcome

    return jumping_time.run(story())


# ── the datagrams ──


def test_datagrams_come_from_their_gateways_with_tokens_of_now_at_their_own_pace(tmp_path: Path) -> None:
    lines = [line(5.0, push(1)), line(5.0, push(2, OTHER)), line(7.5, push(2_500_001)), line(None, pull_data())]

    server, outcome = told(written(tmp_path, lines))

    assert server.after_s == [0.0, 0.0, 2.5]
    assert [said.gateway for _, said in server.got] == [GATEWAY, OTHER, GATEWAY]
    assert 0x1234 not in server.tokens
    assert len({(said.gateway, said.token) for _, said in server.got}) == 3
    assert (outcome.played.sent, outcome.played.acknowledged, outcome.lost) == (3, 3, 0)
    assert outcome.played.percentile_s(1.0) == 0.0
    assert outcome.overview.passed == {"keep_alives_and_answers": 1}


@pytest.mark.parametrize(("speed", "after_s"), [(10.0, [0.0, 0.25, 6.0]), (0.5, [0.0, 5.0, 120.0]), (None, [0, 0, 0])])
def test_it_goes_faster_slower_or_at_once(tmp_path: Path, speed: float | None, after_s: list[float]) -> None:
    lines = [line(100.0, push(1)), line(102.5, push(2)), line(160.0, push(3))]

    server, outcome = told(written(tmp_path, lines), speed=speed)

    assert server.after_s == after_s
    assert (outcome.played.percentile_s(0.99) is None) is (speed is None)


def test_keep_alives_go_on_while_nothing_is_due(tmp_path: Path) -> None:
    file = written(tmp_path, [line(0.0, push(1)), line(60.0, push(2))])

    _, outcome = told(file)

    assert 12 <= outcome.player.counts["pull_ack"] <= 14


def test_counters_run_on_from_the_radios_own_and_keep_their_distances_over_a_wrap(tmp_path: Path) -> None:
    nearly = 0xFFFF_FFFF
    lines = [line(0.0, push(nearly - 10)), line(1.0, push(20)), line(2.0, push(1_000_020))]

    server, _ = told(written(tmp_path, lines))

    first, second, third = server.counters
    assert (second - first, third - second) == (31, 1_000_000)
    assert first < 10_000_000


def test_an_order_is_taken_as_a_radio_takes_it_and_reported(tmp_path: Path) -> None:
    file = written(tmp_path, [line(0.0, push(1)), line(2.0, push(2_000_001))])
    order = {"imme": True, "freq": 869.525, "rfch": 0, "powe": 14, "modu": "LORA", "datr": "SF9BW125", "codr": "4/5"}
    order |= {"ipol": True, "size": 12, "data": "YAQDAgGAAQAKq7zd"}

    server, outcome = told(file, orders=[order])

    (said,) = server.tx_acks
    assert said.error is None
    assert as_json(outcome)["downlinks"] == {"tx_taken": 1}
    assert "  1 downlinks were asked for, and went into an air in which nobody listens" in shown(
        outcome, Wishes(file=file, to="udp://x")
    )


def test_only_the_counter_changes_in_what_is_sent_malformed_or_not() -> None:
    body = b'{"rxpk":[{"tmst": 4294967290,"data":"\\"tmst\\":1","freq":868.100000}],"x":1.50} tail'

    assert aimed(body, 10) == body.replace(b"4294967290", b"4")
    assert aimed(b"{no JSON", 10) == b"{no JSON"


def test_times_of_another_day_are_not_told_again() -> None:
    body = json.dumps({"rxpk": [rxpk(tmst=1, time="2020-01-01T00:00:00Z", tmms=1, ftime=2)], "stat": {"rxnb": 1}})

    after = json.loads(aimed(body.encode(), 4))

    assert after == {"rxpk": [rxpk(tmst=5)], "stat": {"rxnb": 1}}


# ── lost, stopped, again ──


def test_what_is_not_acknowledged_is_lost_and_never_sent_again(tmp_path: Path) -> None:
    lines = [line(float(n), push(n)) for n in range(10)]
    silent = iter([False, True] * 5)

    server, outcome = told(written(tmp_path, lines), lambda one: one[3] != 0 or next(silent))

    assert len(server.got) == 10
    assert (outcome.played.acknowledged, outcome.lost) == (5, 5)


def test_a_server_that_never_answers_is_said_before_anything_is_sent(tmp_path: Path) -> None:
    file = written(tmp_path, [line(0.0, push(1))])

    with pytest.raises(NobodyThere, match=r"nobody at 127\.0\.0\.1, UDP port .* answered a keep-alive within 6 s"):
        told(file, lambda _: False)


def test_a_gateway_that_alone_is_not_answered_is_said(tmp_path: Path) -> None:
    file = written(tmp_path, [line(0.0, push(1)), line(0.0, push(2, OTHER))])

    _, outcome = told(file, lambda one: one[4:12].hex() != OTHER)

    assert (outcome.silent, outcome.lost) == (1, 1)
    assert any(
        "1 of 2 gateways were not answered" in words for words in shown(outcome, Wishes(file=file, to="udp://x"))
    )


def test_it_is_repeated_until_it_is_stopped_and_counters_go_on(tmp_path: Path) -> None:
    file = written(tmp_path, [line(0.0, push(1)), line(2.0, push(2_000_001))])

    server, outcome = told(file, loop=True, stop_after_s=10.0)

    assert server.after_s == [0.0, 2.0, 3.0, 5.0, 6.0, 8.0, 9.0]
    assert [round((one - server.counters[0]) / 1e6) for one in server.counters] == [0, 2, 3, 5, 6, 8, 9]
    assert (outcome.played.stopped, outcome.played.rounds, outcome.lost) == (True, 3, 0)


def test_a_file_that_is_gone_before_its_next_round_is_said(tmp_path: Path) -> None:
    file = written(tmp_path, [line(0.0, push(1))])

    def answers(one: bytes) -> bool:
        if one[3] == 0:
            file.unlink()
        return True

    with pytest.raises(ConfigError, match="cannot be read: No such file"):
        told(file, answers, loop=True)


def test_a_gap_is_an_hour_at_the_most_and_a_clock_that_went_back_holds_nobody_up(tmp_path: Path) -> None:
    lines = [line(0.0, push(1)), line(9e9, push(2)), line(1.0, push(3))]

    server, outcome = told(written(tmp_path, lines), speed=100.0)

    assert server.after_s == [0.0, LONGEST_GAP_S / 100, LONGEST_GAP_S / 100]
    assert outcome.overview.seconds == LONGEST_GAP_S


def test_as_fast_as_it_is_taken_means_no_more_than_a_window_unanswered(tmp_path: Path) -> None:
    count = 3 * playing.WINDOW
    lines = [line(None, push(n)) for n in range(count)]

    server, outcome = told(written(tmp_path, lines), lambda one: one[3] != 0, speed=None)

    begun = [at for at, _ in server.got]
    assert len(begun) == outcome.lost == count
    assert [round(begun[n] - begun[0]) for n in (playing.WINDOW - 1, playing.WINDOW, 2 * playing.WINDOW)] == [0, 1, 2]


def test_the_percentile_is_of_how_late_datagrams_left() -> None:
    played = Played()
    played.lateness_s.extend(n / 1000 for n in reversed(range(1000)))

    assert (played.percentile_s(0.5), played.percentile_s(0.99), played.percentile_s(1.0)) == (0.5, 0.99, 0.999)


# ── the file ──


def test_a_file_in_which_nothing_can_be_sent_is_said_with_its_first_problem(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"nothing in it can be sent again: monday\.jsonl, line 1: hex begins with"):
        Script(written(tmp_path, [{"hex": "0"}]), 1700).overview()
    with pytest.raises(ConfigError, match="--port says to which port"):
        Script(written(tmp_path, [line(0.0, pull_data())]), 1700).overview()


def test_more_gateways_than_a_process_has_sockets_for_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(script, "MOST_GATEWAYS", 1)

    with pytest.raises(ConfigError, match="2 gateways are in it; 1 can be played at once"):
        Script(written(tmp_path, [line(0.0, push(1)), line(0.0, push(1, OTHER))]), 1700).overview()


# ── where to ──


@pytest.mark.parametrize(
    ("url", "complaint"),
    [
        ("udp://0.0.0.0:1700", "0.0.0.0 is where a server listens, and nobody's address; this machine's is 127.0.0.1"),
        ("udp://[::ffff:0.0.0.0]:1700", "0.0.0.0 is where a server listens"),
        ("udp://[::]:1700", ":: is where a server listens"),
        ("udp://255.255.255.255:1700", "is an address of many"),
        ("udp://224.0.0.1:1700", "is an address of many"),
        ("udp://240.0.0.1:1700", "is an address that nobody has"),
        ("udp://127.0.0.1:0", "a port from 1 to 65535 is expected"),
        ("udp://127.0.0.1:70000", "a port from 1 to 65535 is expected"),
        ("udp://127.0.0.1:1700/up", "udp://HOST:1700 is expected, or ws://HOST:3001"),
        ("tcp://127.0.0.1:1700", "udp://HOST:1700 is expected"),
        ("127.0.0.1:1700", "udp://HOST:1700 is expected"),
        ("udp://:1700", "udp://HOST:1700 is expected"),
        ("", "udp://HOST:1700 is expected"),
    ],
)
def test_what_cannot_be_meant_is_refused(url: str, complaint: str) -> None:
    with pytest.raises(ConfigError) as caught:
        target.target(url)

    assert complaint in str(caught.value)


@pytest.mark.parametrize(
    ("url", "host", "port", "warns"),
    [
        ("udp://127.0.0.1", "127.0.0.1", 1700, False),
        ("udp://127.0.0.1:1800", "127.0.0.1", 1800, False),
        ("udp://[::1]:1700", "::1", 1700, False),
        ("udp://192.168.1.9", "192.168.1.9", 1700, False),
        ("udp://10.0.0.1", "10.0.0.1", 1700, False),
        ("ws://127.0.0.1", "127.0.0.1", 3001, False),
        ("udp://8.8.8.8", "8.8.8.8", 1700, True),
        ("ws://[2a00:1450::1]:3001", "2a00:1450::1", 3001, True),
    ],
)
def test_who_is_outside_this_house_is_warned_of(url: str, host: str, port: int, *, warns: bool) -> None:
    found = target.target(url)

    assert (found.host, found.port) == (host, port)
    assert ("takes these frames for real ones" in found.warning) is warns


# ── stations ──


def test_a_server_that_takes_no_station_is_said(tmp_path: Path, unused_tcp: int) -> None:
    file = written(tmp_path, [line(0.0, push(1))])

    with pytest.raises(NobodyThere, match=f"ws://127.0.0.1:{unused_tcp} took no Basics Station {GATEWAY}"):
        replay(Wishes(file=file, to=f"ws://127.0.0.1:{unused_tcp}"), print)


@pytest.fixture
def unused_tcp() -> int:
    with socket.socket() as made:
        made.bind(("127.0.0.1", 0))
        return int(made.getsockname()[1])


class Deaf(players.Stations):
    """Stations whose frames are looked at before they are told."""

    def signals(self, datagram: bytes) -> list[bytes]:
        return [one.phy_payload for one in self._signals(script.Moment(0.0, GATEWAY, datagram))]


def test_a_station_tells_only_what_a_station_can_hear() -> None:
    stations = Deaf("ws://x")

    heard = stations.signals(push_data({"rxpk": [rxpk(), rxpk(stat=0), rxpk(stat=-1), {"x": 1}, "y"]}))

    assert len(heard) == 1
    assert stations.counts == {"without_crc": 1, "unreadable": 3}


# ── the command ──


@pytest.mark.parametrize(
    ("answers", "code", "words"), [(True, 0, "2 acknowledged, 0 lost"), (False, 1, "0 acknowledged, 2")]
)
async def test_the_command_says_how_it_went_and_ends_with_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], *, answers: bool, code: int, words: str
) -> None:
    file = written(tmp_path, [line(0.0, push(1)), line(0.01, push(2))])
    told: list[str] = []
    async with serving(lambda one: one[3] != 0 or answers) as server:
        url = "udp://{}:{}".format(*server.address)
        ended = await in_a_thread(lambda: replay_quietly(Wishes(file=file, to=url), told))

    assert ended == code
    assert any(words in one for one in told)
    assert capsys.readouterr().err == ""


async def in_a_thread(work: Callable[[], int]) -> int:
    return await asyncio.to_thread(work)


def replay_quietly(wishes: Wishes, told: list[str]) -> int:
    with pytest.MonkeyPatch.context() as patch:  # a thread that is not the first has no signals
        patch.setattr(asyncio.SelectorEventLoop, "add_signal_handler", lambda *_: None)
        patch.setattr(playing, "LINGER_S", 0.0)
        return replay(wishes, told.append)
