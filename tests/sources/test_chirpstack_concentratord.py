"""The source on a Concentratord over real ZeroMQ sockets: both shapes of its messages, and what happens to it."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
import zmq.asyncio
from chirpstack_api.gw import gw_pb2  # type: ignore[import-untyped]  # it says no py.typed

from gateway.errors import ConfigError
from gateway.model import Frame, Place, TxResult
from gateway.sources.chirpstack_gateway import concentratord, sockets
from gateway.sources.chirpstack_gateway.concentratord import QUIET_S, Concentratord
from gateway.sources.chirpstack_gateway.sockets import LARGEST_MESSAGE, trouble
from gateway.sources.settings import ConcentratordSettings
from gateway.sources.tap import Tapped
from simulators.chirpstack_gateway import SimulatedConcentratord
from simulators.packet_forwarder import Signal
from tests.sources.chirpstack_rig import GATEWAY, OTHER, PHY_PAYLOAD, RX2_HZ, answer, radio, running, until
from tests.sources.conftest import LIMIT_S, Ear, HandClock

UPLINK = Signal(phy_payload=PHY_PAYLOAD)
BOTH = pytest.mark.parametrize("two_parts", [False, True], ids=["v4.5 and later", "before v4.5"])


@dataclass
class Box:
    """The two addresses of a Concentratord, what runs there, and the source on it."""

    source: Concentratord
    make: Callable[..., SimulatedConcentratord]

    @property
    def is_known(self) -> bool:
        return self.source.status()["speaks"] is not None


@pytest.fixture
async def box(tmp_path: Path, clock: HandClock, monkeypatch: pytest.MonkeyPatch) -> Box:
    monkeypatch.setattr(concentratord, "LONGEST_PAUSE_S", 0.05)
    urls = f"ipc://{tmp_path}/event", f"ipc://{tmp_path}/command"
    settings = ConcentratordSettings(name="radio", event_url=urls[0], command_url=urls[1])

    def make(*, two_parts: bool = False, v3: bool = False) -> SimulatedConcentratord:
        return SimulatedConcentratord(radio(v3=v3), *urls, two_parts=two_parts)

    return Box(Concentratord(settings, clock, answer_limit_s=5.0), make)


@BOTH
async def test_what_it_hears_is_heard(box: Box, ear: Ear, two_parts: bool) -> None:  # noqa: FBT001 - a column
    async with box.make(two_parts=two_parts) as there, running(box.source, ear):
        await there.tell((57.7, 11.97, 12.5))
        await there.send(*[UPLINK] * 3)
        first, *_ = await ear.heard(3)
        status = box.source.status()

    assert (first.phy_payload, first.best.gateway, first.best.source) == (PHY_PAYLOAD, GATEWAY, "radio")
    assert first.best.place == Place(57.7, 11.97, 12.5)
    assert (status["counts"]["frames"], status["counts"]["stats"], status["dropped"]) == (3, 1, {})
    assert status["gateways"][GATEWAY]["stats"]["rx_packets_received"] == 0
    assert status["advice"] == []


async def test_broken_packets_are_noted_once_whether_passed_on_or_counted_in_statistics(
    box: Box, ear: Ear, clock: HandClock
) -> None:
    noted: list[tuple[str, int]] = []
    box.source.note_broken = lambda gateway, count: noted.append((gateway, count))
    stats = gw_pb2.GatewayStats(gateway_id=GATEWAY, rx_packets_received=10, rx_packets_received_ok=7)
    async with box.make(two_parts=False) as there, running(box.source, ear):
        await until(lambda: box.source.status()["gateway"])
        await there.tell()
        await until(lambda: box.source.status()["counts"].get("stats") == 1)
        clock.monotonic += 30
        await there.send(UPLINK, Signal(phy_payload=PHY_PAYLOAD, crc=-1))
        await there.publish(b"stats", stats)
        await until(lambda: box.source.status()["counts"].get("stats") == 2)

    assert [one for one in noted if one[1]] == [(GATEWAY, 1), (GATEWAY, 2)]


@pytest.mark.parametrize(
    ("two_parts", "v3"), [(False, False), (True, False), (True, True)], ids=["v4.5 and later", "v4.0 to v4.4", "v3"]
)
@pytest.mark.parametrize(("after_s", "frequency_hz"), [(1, 868_100_000), (2, RX2_HZ), (5, 868_100_000)])
async def test_a_downlink_leaves_in_its_window_by_the_radios_own_clock(
    box: Box,
    ear: Ear,
    two_parts: bool,  # noqa: FBT001 - a column
    v3: bool,  # noqa: FBT001 - the same
    after_s: int,
    frequency_hz: int,
) -> None:
    async with box.make(two_parts=two_parts, v3=v3) as there, running(box.source, ear):
        await until(lambda: box.is_known)
        await there.send(Signal(phy_payload=PHY_PAYLOAD, timestamp_us=there.radio.now_us() + 250_000))
        heard = (await ear.heard(1))[0].best
        result = await box.source.transmit(answer(heard, after_s=after_s, frequency_hz=frequency_hz))
        (sent,) = there.radio.sent

    assert result is TxResult.SENT
    assert sent.starts_us == (heard.timestamp_us or 0) + after_s * 1_000_000
    assert (sent.frequency_hz, sent.power_dbm, sent.inverted) == (frequency_hz, 14, True)


@BOTH
async def test_class_c_goes_out_at_once(box: Box, ear: Ear, two_parts: bool) -> None:  # noqa: FBT001 - a column
    async with box.make(two_parts=two_parts) as there, running(box.source, ear):
        await until(lambda: box.is_known)
        await there.send(UPLINK)
        heard = (await ear.heard(1))[0].best
        asked_us = there.radio.now_us()
        result = await box.source.transmit(answer(heard, after_s=None))
        (sent,) = there.radio.sent

    assert result is TxResult.SENT
    assert asked_us < sent.starts_us < asked_us + 1_000_000


@BOTH
async def test_what_the_radio_says_comes_back(box: Box, ear: Ear, two_parts: bool) -> None:  # noqa: FBT001 - a column
    async with box.make(two_parts=two_parts) as there, running(box.source, ear):
        await until(lambda: box.is_known)
        await there.send(UPLINK)
        heard = (await ear.heard(1))[0].best
        said = [
            await box.source.transmit(one)
            for one in (
                answer(heard),
                answer(heard),
                answer(heard, frequency_hz=915_000_000),
                answer(heard, after_s=0.0),
                answer(heard, after_s=600.0),
                answer(heard, context=b"\0\0\1\2\3"),  # the real one answers that with nothing, and says why in its log
                answer(heard, gateway=OTHER),
            )
        ]

    assert said == [
        TxResult.SENT,
        TxResult.COLLISION_PACKET,
        TxResult.TX_FREQ,
        TxResult.TOO_EARLY,  # a moment that has passed is a wrap of the counter ahead
        TxResult.TOO_EARLY,
        TxResult.INTERNAL_ERROR,
        TxResult.NOT_CONNECTED,
    ]


async def test_a_newer_one_is_never_asked_in_two_parts_which_would_end_it(box: Box, ear: Ear) -> None:
    async with box.make() as there, running(box.source, ear):
        await until(lambda: box.is_known)
        await there.send(UPLINK)
        await box.source.transmit(answer((await ear.heard(1))[0].best))

    assert [len(parts) for parts in there.commands] == [1, 1]


async def test_after_a_late_reply_the_next_question_gets_its_own(
    tmp_path: Path, box: Box, ear: Ear, clock: HandClock
) -> None:
    settings = ConcentratordSettings(
        name="radio", event_url=f"ipc://{tmp_path}/event", command_url=f"ipc://{tmp_path}/command"
    )
    impatient = Concentratord(settings, clock, answer_limit_s=0.3)
    async with box.make() as there, running(impatient, ear):
        await until(lambda: impatient.status()["speaks"])
        await there.send(UPLINK)
        heard = (await ear.heard(1))[0].best
        there.answering.clear()
        late = await impatient.transmit(answer(heard, frequency_hz=915_000_000))
        there.answering.set()
        again = await impatient.transmit(answer(heard))

    assert (late, again) == (TxResult.NO_ANSWER, TxResult.SENT)


async def test_two_downlinks_at_once_are_asked_one_after_the_other(box: Box, ear: Ear) -> None:
    async with box.make() as there, running(box.source, ear):
        await until(lambda: box.is_known)
        await there.send(UPLINK)
        heard = (await ear.heard(1))[0].best
        first, second = await asyncio.gather(
            box.source.transmit(answer(heard, frequency_hz=915_000_000)), box.source.transmit(answer(heard))
        )

    assert (first, second) == (TxResult.TX_FREQ, TxResult.SENT)


async def test_a_question_that_nobody_is_there_to_take_has_not_left(tmp_path: Path) -> None:
    context = zmq.asyncio.Context()
    commands = sockets.Commands(context, f"ipc://{tmp_path}/nobody", 0.05)

    with pytest.raises(sockets.NotTaken):
        await commands.ask(b"down")
    context.destroy(linger=0)


async def test_downlinks_do_not_wait_for_ever_behind_one_that_gets_no_answer(
    tmp_path: Path, box: Box, ear: Ear, clock: HandClock
) -> None:
    settings = ConcentratordSettings(
        name="radio", event_url=f"ipc://{tmp_path}/event", command_url=f"ipc://{tmp_path}/command"
    )
    impatient = Concentratord(settings, clock, answer_limit_s=0.3)
    async with box.make() as there, running(impatient, ear):
        await until(lambda: impatient.status()["speaks"])
        await there.send(UPLINK)
        heard = (await ear.heard(1))[0].best
        there.answering.clear()
        results = await asyncio.gather(*[impatient.transmit(answer(heard)) for _ in range(10)])

    assert results[0] is TxResult.NO_ANSWER
    assert results.count(TxResult.NOT_CONNECTED) >= 8  # the turn of one more may come as its time ends


async def test_an_event_of_any_size_is_not_taken_and_the_next_one_is(
    box: Box, ear: Ear, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sockets, "ANEW_S", 0.1)
    async with box.make() as there, running(box.source, ear):
        await until(lambda: box.is_known)
        await there.publish_parts(bytes(LARGEST_MESSAGE + 1))
        await until(lambda: box.source.status()["counts"].get("connects") == 2)
        async with asyncio.timeout(LIMIT_S):
            while not ear.frames:  # nobody tells when the new connection has subscribed
                await there.send(UPLINK)
                await asyncio.sleep(0.01)
        counts = box.source.status()["counts"]

    assert counts["events"] == counts["frames"]


async def test_one_that_comes_after_a_stranger_at_its_address_is_heard(
    clock: HandClock, ear: Ear, unused_tcp_port_factory: Callable[[], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sockets, "ANEW_S", 0.1)
    port = unused_tcp_port_factory()
    urls = f"tcp://127.0.0.1:{port}", f"tcp://127.0.0.1:{unused_tcp_port_factory()}"
    settings = ConcentratordSettings(name="radio", event_url=urls[0], command_url=urls[1])
    source = Concentratord(settings, clock)

    met = asyncio.Event()

    async def stranger(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(
            b"\xff" + bytes(8) + b"\x7f\x03\0NULL" + bytes(48) + b"\xff" * 100
        )  # ZMTP's greeting, and then none
        while await reader.read(100):
            pass
        met.set()
        writer.close()

    async with running(source, ear, is_there=False):
        async with await asyncio.start_server(stranger, "127.0.0.1", port):
            await until(met.is_set)
        async with SimulatedConcentratord(radio(), *urls) as there:
            await there.send(UPLINK)
            await ear.heard(1)
        counts = source.status()["counts"]

    assert "lost" not in counts
    assert ear.frames[0].phy_payload == PHY_PAYLOAD


@BOTH
async def test_one_that_comes_back_is_asked_again_who_it_is_and_heard_again(
    box: Box,
    ear: Ear,
    two_parts: bool,  # noqa: FBT001 - a column
) -> None:
    async with running(box.source, ear, is_there=False):
        async with box.make() as there:
            await until(lambda: box.is_known)
            await there.send(UPLINK)
            heard = (await ear.heard(1))[0].best
        await until(lambda: box.source.status()["listening"] is None)
        away, words = await box.source.transmit(answer(heard)), box.source.status()["advice"]
        async with box.make(two_parts=two_parts) as another:
            await until(lambda: box.is_known)
            await another.send(UPLINK)
            await ear.heard(2)
            back = await box.source.transmit(answer(ear.frames[1].best))
        counts = box.source.status()["counts"]

    assert (away, back) == (TxResult.NOT_CONNECTED, TxResult.SENT)
    assert [line.split(":")[0] for line in words] == [
        "no connection to Concentratord",
        "the connection was lost within the last hour; what the radio heard until it was back is lost, too",
    ]
    assert (counts["connects"], counts["lost"]) == (2, 1)


async def test_hostile_events_are_counted_and_end_nothing(box: Box, ear: Ear) -> None:
    async with box.make() as there, running(box.source, ear):
        event = gw_pb2.Event(uplink_frame=there.radio.hear(UPLINK)).SerializeToString()
        for length in range(len(event)):
            await there.publish_parts(event[:length])
        await there.publish_parts(b"up", b"\xff")
        await there.publish_parts(b"weather", b"")
        await there.publish_parts(b"up", b"", b"")
        await there.publish(b"mesh", gw_pb2.MeshEvent(gateway_id=GATEWAY))
        await there.send(UPLINK)
        await ear.heard(1)
        status = box.source.status()

    assert status["counts"]["frames"] == 1
    assert sum(status["dropped"].values()) == len(event) + 4
    assert {"protobuf", "empty", "shape", "topic", "mesh"} <= status["dropped"].keys()


@pytest.mark.parametrize(("crc", "reason"), [(0, "no_crc"), (-1, "bad_crc")])
async def test_packets_without_a_right_crc_are_dropped(box: Box, ear: Ear, crc: int, reason: str) -> None:
    async with box.make() as there, running(box.source, ear):
        await there.send(Signal(phy_payload=b"\x60\x01", crc=crc), UPLINK)
        frames = await ear.heard(1)

    assert [frame.phy_payload for frame in frames] == [PHY_PAYLOAD]
    assert box.source.status()["dropped"] == {reason: 1}


async def test_a_tap_gets_what_is_heard_also_what_is_not_taken(box: Box, ear: Ear) -> None:
    class Keeper:
        def __init__(self) -> None:
            self.came: list[Tapped] = []

        def take(self, tapped: Tapped) -> None:
            self.came.append(tapped)

    keeper = Keeper()
    box.source.tap(keeper)
    async with box.make() as there, running(box.source, ear):
        await there.send(Signal(phy_payload=b"\x60\x01", crc=0), UPLINK)
        await ear.heard(1)

    assert [one.gateway for one in keeper.came] == [GATEWAY] * 2
    assert [frame.phy_payload for one in keeper.came for frame in one.frames if frame] == [b"\x60\x01", PHY_PAYLOAD]


async def test_frames_under_way_get_safe_when_it_is_stopped(box: Box) -> None:
    begun, safe = asyncio.Event(), []

    async def slowly(frame: Frame) -> None:
        begun.set()
        await asyncio.sleep(0.05)
        safe.append(frame)

    async with box.make() as there, running(box.source, slowly):
        await there.send(UPLINK)
        async with asyncio.timeout(5):
            await begun.wait()

    assert len(safe) == 1


async def test_a_source_that_does_not_run_is_not_connected(box: Box, ear: Ear) -> None:
    async with box.make() as there, running(box.source, ear):
        await there.send(UPLINK)
        heard = (await ear.heard(1))[0].best

    assert await box.source.transmit(answer(heard)) is TxResult.NOT_CONNECTED


async def test_an_address_that_cannot_be_is_a_configuration_error(clock: HandClock, ear: Ear) -> None:
    long = f"ipc:///{'x' * 200}"
    source = Concentratord(ConcentratordSettings(name="radio", event_url=long, command_url=long), clock)

    with pytest.raises(ConfigError, match=r"source 'radio': 'ipc:///x+' cannot be connected to: File name too long"):
        async with asyncio.timeout(LIMIT_S):
            await source.run(ear)


# ── words ───────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_one_that_answers_no_commands_is_told_of(box: Box, ear: Ear, tmp_path: Path, clock: HandClock) -> None:
    settings = ConcentratordSettings(
        name="radio", event_url=f"ipc://{tmp_path}/event", command_url=f"ipc://{tmp_path}/nobody"
    )
    source = Concentratord(settings, clock, answer_limit_s=0.02)
    async with box.make() as there, running(source, ear):
        await there.send(UPLINK)
        heard = (await ear.heard(1))[0].best
        await until(lambda: source.status()["counts"].get("unanswered"))
        result, (words,) = await source.transmit(answer(heard)), source.status()["advice"]

    assert result is TxResult.NOT_CONNECTED
    assert words == (
        f"it is heard and answers no commands, so nothing can be sent: {tmp_path}/nobody is not there: does Concentratord run, and is that "
        "its `command_bind`?"
    )


async def test_one_that_says_nothing_any_more_is_told_of(box: Box, ear: Ear, clock: HandClock) -> None:
    async with box.make(), running(box.source, ear):
        await until(lambda: box.is_known)
        clock.monotonic += QUIET_S + 1
        words = box.source.status()["advice"]

    assert words == ["it is connected and has said nothing for 120 s, not even its statistics: is its radio running?"]


def test_a_socket_that_is_not_there_is_no_socket_or_may_not_be_opened_is_told_in_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    socket = Path(tmp_path / "socket")
    os.mknod(socket, 0o140600)  # of type socket
    url = f"ipc://{tmp_path}/"

    told = [
        trouble(f"{url}nothing", "event_bind"),
        trouble(f"{url}file", "event_bind"),
        trouble(f"{url}socket", "event_bind"),
    ]
    monkeypatch.setattr(os, "access", lambda *_: False)
    told.append(trouble(f"{url}socket", "event_bind"))

    assert [line.removeprefix(f"{tmp_path}/").split(":")[0] for line in told] == [
        "nothing is not there",
        "file is no socket; remove it, and start Concentratord again",
        "socket is there, and nobody answers",
        "socket may not be opened by this user",
    ]


async def test_downlinks_that_wait_for_their_turn_when_it_is_stopped_are_not_sent(box: Box, ear: Ear) -> None:
    async with asyncio.TaskGroup() as group, box.make() as there, running(box.source, ear):
        await until(lambda: box.is_known)
        await there.send(UPLINK)
        heard = (await ear.heard(1))[0].best
        there.answering.clear()
        asked = len(there.commands)
        orders = [group.create_task(box.source.transmit(answer(heard)), name="downlink") for _ in range(3)]
        await until(lambda: len(there.commands) > asked)

    assert [order.result() for order in orders] == [TxResult.NO_ANSWER, TxResult.NOT_CONNECTED, TxResult.NOT_CONNECTED]
