"""Commands of a platform against a real journal and a real queue, with a platform that answers as told."""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

import pytest

from decoders.contract import Command, Encoded, EncodeError, Encoder, EncodeReason
from gateway import commanding as commanding_module
from gateway.commanding import RETAINED, Commander, Commanding
from gateway.errors import Unreachable
from gateway.formats import Shape
from gateway.journal import Journal, Registration
from gateway.lorawan.region import EU868
from gateway.model import Answer, Device, DownlinkState, Eui64, Json, Request, TimeQuality, Verdict
from gateway.network import Network
from gateway.transports import Message, Take
from tests.network.radio import FailingJournal, Radio, StandingClock
from tests.pipeline.rig import until

ROOM, CELLAR, FOREIGN = Eui64("a81758fffe051d02"), Eui64("a81758fffe051d03"), Eui64("a81758fffe051d04")
CITY, DOWN, STATE = "city", "brygga/roof/down", "brygga/roof/down/state"
TAKEN = Answer(verdict=Verdict.TAKEN, status=0)
LATER = Answer(verdict=Verdict.LATER, status=0x97, detail="0x97 Quota exceeded")


@dataclass
class Platform:
    """A transport whose other end is looked at; ``answers`` are what the next states meet, then TAKEN."""

    answers: deque[Answer | Unreachable] = field(default_factory=deque)
    told: list[Mapping[str, Json]] = field(default_factory=list)
    listened: int = 0

    async def send(self, requests: Sequence[Request]) -> Sequence[Answer]:
        answers = []
        for request in requests:
            answer = self.answers.popleft() if self.answers else TAKEN
            if isinstance(answer, Unreachable):
                raise answer
            answers.append(answer)
            if answer.verdict is Verdict.TAKEN:
                assert request.target == STATE
                self.told.append(json.loads(request.body))
        return answers

    async def receive(self, take: Take) -> None:  # noqa: ARG002 - a seam's signature
        self.listened += 1
        if self.listened < 3:
            raise Unreachable("away")
        await asyncio.Event().wait()  # nobody says anything; the test ends it

    async def close(self) -> None: ...

    def status(self) -> Mapping[str, Json]:
        return {}

    def states(self) -> list[tuple[str, str]]:
        return [(one["reference"], one["state"]) for one in self.told]


class Interval:
    """An encoder that knows one word."""

    name = "acme/th-1"

    def encode(self, command: Command) -> Encoded:
        if [*command] != ["interval"]:
            raise EncodeError(EncodeReason.UNKNOWN_COMMAND, "there is interval")
        return Encoded(6, int(command["interval"]).to_bytes(2, "big"))


def encoder(name: str) -> Encoder | None:
    if name == "acme/gone":
        raise LookupError("there is no decoder acme/gone")
    return Interval() if name == Interval.name else None


@dataclass
class Bench:
    """A destination that commands, with all around it."""

    commanding: Commanding
    platform: Platform
    journal: Journal
    failing: FailingJournal
    network: Network

    async def say(self, table: Mapping[str, Any], topic: str = DOWN, **message: Any) -> None:
        settings = {"number": 7} | message
        async with asyncio.timeout(10):
            await self.commanding.take(Message(topic=topic, body=json.dumps(table).encode(), **settings))

    def waiting(self, dev_eui: Eui64 = ROOM) -> list[bytes]:
        return [one.payload for one in self.network.queue.of(dev_eui)]

    async def told(self, count: int) -> Sequence[Mapping[str, Json]]:
        await until(lambda: len(self.platform.told) >= count)
        await until(lambda: self.journal.command_states.waiting(CITY) == 0)
        return self.platform.told


DEVICES = [
    Device(dev_eui=ROOM, name="room 3", decoder=Interval.name, tags=frozenset({"ours"})),
    Device(dev_eui=CELLAR, name="twin", decoder="acme/mute", tags=frozenset({"ours"})),
    Device(dev_eui=FOREIGN, name="foreign", tags=frozenset({"theirs"})),
    Device(dev_eui=Eui64("a81758fffe051d05"), name="twin", decoder="acme/gone", tags=frozenset({"ours"})),
]


@asynccontextmanager
async def at_work(path: Path, platform: Platform, shape: Shape = Shape.BRYGGA) -> AsyncIterator[Bench]:
    clock = StandingClock()
    journal = await Journal.open(path / "journal.db", clock=clock, destinations=[CITY])
    failing = cast("Any", FailingJournal(journal))
    network = Network(journal=failing, sources={"radio": Radio()}, region=EU868, net_id=0, clock=clock)
    commander = Commander(
        name=CITY,
        transport=platform,
        topic=DOWN,
        state_topic=STATE,
        shape=shape,
        selects=lambda device: "ours" in device.tags,
        longest_delay=0.01,
    )
    commanding = Commanding(
        commander, journal=failing, network=network, encoder=encoder, clock=clock, trust=TimeQuality.NTP
    )
    try:
        await journal.put_devices([Registration(device=device) for device in DEVICES])
        await network.load()
        async with asyncio.TaskGroup() as tasks:
            task = tasks.create_task(commanding.run(), name="commanding")
            await until(lambda: platform.listened >= 1)
            yield Bench(commanding, platform, journal, failing, network)
            task.cancel()
    finally:
        await journal.close()


@pytest.fixture(autouse=True)
def quick_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commanding_module, "STORAGE_RETRY_S", 0.01)


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    async with at_work(tmp_path, Platform()) as made:
        yield made


OPEN = {"dev_eui": ROOM, "f_port": 10, "payload": "01ff", "reference": "order 7"}


async def test_a_command_is_queued_on_disk_and_its_state_is_told(bench: Bench) -> None:
    await bench.say({**OPEN, "confirmed": True, "priority": 4, "expires_in_s": 60})
    (downlink,) = await bench.journal.downlinks()
    (state,) = await bench.told(1)

    assert (downlink.f_port, downlink.payload, downlink.confirmed, downlink.priority) == (10, b"\x01\xff", True, 4)
    assert downlink.expires_at is not None
    assert (downlink.expires_at - downlink.queued_at).total_seconds() == 60
    assert (state["reference"], state["dev_eui"], state["id"], state["state"]) == (
        "order 7",
        ROOM,
        downlink.id,
        "queued",
    )


async def test_a_command_in_words_goes_through_the_encoder_of_the_device(bench: Bench) -> None:
    await bench.say({"device": "room 3", "command": {"interval": 600}})
    await bench.say({"device": "room 3", "command": {"interval": 600}, "f_port": 9}, number=8)

    first, second = bench.network.queue.of(ROOM)
    assert (first.f_port, first.payload, second.f_port) == (6, b"\x02\x58", 9)


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"dev_eui": FOREIGN}, f"there is no device {FOREIGN} among those of the destination city"),
        ({"dev_eui": "0000000000000001"}, "there is no device 0000000000000001 among those of the destination city"),
        ({"dev_eui": None, "device": "foreign"}, "there is no device foreign among those"),
        ({"dev_eui": None, "device": "twin"}, "2 devices are called twin: name one by its DevEUI"),
        ({"payload": "00" * 300}, "payload: 300 octets; EU868 carries 1 to"),
        ({"expires_at": "2020-01-01T00:00:00Z"}, "has passed already"),
        ({"f_port": 0, "confirmed": 1}, "f_port: 0 should be greater than or equal to 1; confirmed: 1 should be"),
        ({"payload": None, "command": {"led": 1}}, "acme/th-1: unknown_command: there is interval"),
        ({"payload": None, "command": {}, "dev_eui": CELLAR}, "acme/mute has no encoder for commands in words"),
        ({"payload": None, "command": {}, "dev_eui": "a81758fffe051d05"}, "acme/gone: there is no decoder acme/gone"),
    ],
)
async def test_what_cannot_be_is_refused_with_a_word(bench: Bench, more: Mapping[str, Any], why: str) -> None:
    await bench.say({**OPEN, **more})
    (state,) = await bench.told(1)

    assert (state["reference"], state["state"], state["id"]) == ("order 7", "refused", None)
    assert why in state["detail"]
    assert await bench.journal.downlinks() == []
    assert bench.commanding.status()["counts"] == {"received": 1, "refused": 1, "told": 1}


async def test_a_retained_command_is_refused(bench: Bench) -> None:
    await bench.say(OPEN, is_retained=True)
    (state,) = await bench.told(1)

    assert (state["reference"], state["state"], state["detail"]) == ("order 7", "refused", RETAINED)
    assert bench.waiting() == []


# ── twice ──


async def test_a_reference_that_came_before_sends_nothing_and_is_told_how_it_stands(bench: Bench) -> None:
    await bench.say(OPEN)
    await bench.say({**OPEN, "payload": "02"}, number=8)
    await bench.told(2)

    assert bench.waiting() == [b"\x01\xff"]
    assert bench.platform.states() == [("order 7", "queued")] * 2
    assert bench.commanding.counts["duplicates"] == 1


async def test_the_same_command_without_a_reference_is_sent_twice_unless_the_broker_repeats_it(bench: Bench) -> None:
    unnamed = {key: value for key, value in OPEN.items() if key != "reference"}

    await bench.say(unnamed, number=1)
    await bench.say(unnamed, number=2)
    await bench.say(unnamed, number=2, is_repeated=True)
    await bench.say(unnamed, number=3, is_repeated=True)

    assert len(bench.waiting()) == 3


async def test_a_reference_is_known_after_it_came_to_its_end_and_after_a_restart(tmp_path: Path) -> None:
    async with at_work(tmp_path, Platform()) as before:
        await before.say(OPEN)
        await before.network.dispatch.drop([one.id for one in before.network.queue.of(ROOM)])
        await before.told(2)
    async with at_work(tmp_path, Platform()) as after:
        await after.say(OPEN)
        (state,) = await after.told(1)

        assert after.waiting() == []
    assert state["state"] == "dropped"


# ── a disk that takes nothing ──


async def test_a_command_waits_for_the_disk_and_is_queued_once(bench: Bench) -> None:
    bench.failing.failures = 3

    await bench.say(OPEN)
    await bench.told(1)

    assert bench.waiting() == [b"\x01\xff"]
    assert bench.platform.states() == [("order 7", "queued")]


async def test_of_several_downlinks_none_is_queued_twice_when_the_disk_fails_in_between(tmp_path: Path) -> None:
    async with at_work(tmp_path, Platform(), Shape.THE_THINGS_STACK) as bench:
        commit, calls = bench.failing.commit, iter([0, 1])

        async def fails_second(changes: Any) -> Any:
            bench.failing.failures = next(calls, 0)
            return await commit(changes)

        cast("Any", bench.failing).commit = fails_second
        downlink = {"f_port": 1, "frm_payload": "Af8="}
        await bench.say({"downlinks": [downlink, downlink]}, "v3/a@b/devices/room 3/down/push")

        assert bench.waiting() == [b"\x01\xff"] * 2


# ── The Things Stack's queue ──


async def test_replace_drops_what_this_platform_asked_for_and_no_others(tmp_path: Path) -> None:
    async with at_work(tmp_path, Platform(), Shape.THE_THINGS_STACK) as bench:
        topic = "v3/city@ttn/devices/room 3/down/"
        ours = {"f_port": 1, "frm_payload": "AQ==", "correlation_ids": ["first"]}
        await bench.say({"downlinks": [ours, ours]}, topic + "push", number=1)
        (first, *_) = bench.network.queue.of(ROOM)
        operators = await bench.network.dispatch.enqueue(replace(first, payload=b"operator", origin="", origin_key=""))
        replacement = {"f_port": 1, "frm_payload": "Ag==", "correlation_ids": ["second"]}

        await bench.say({"downlinks": [replacement]}, topic + "replace", number=2)
        await bench.say({"downlinks": [replacement]}, topic + "replace", number=2, is_repeated=True)
        replaced = bench.waiting()
        await bench.say({"downlinks": []}, topic + "replace", number=3)
        await bench.told(6)

        assert replaced == [b"operator", b"\x02"]
        assert [one.id for one in bench.network.queue.of(ROOM)] == [operators.id]
        assert bench.platform.states() == [
            ("first", "queued"), ("first", "queued"), ("first", "dropped"), ("first", "dropped"),
            ("second", "queued"), ("second", "dropped"),
        ]  # fmt: skip


# ── telling ──


async def test_states_that_were_not_taken_are_told_again_in_their_order(tmp_path: Path) -> None:
    platform = Platform(answers=deque([Unreachable("away"), LATER, LATER]))
    async with at_work(tmp_path, platform) as bench:
        await bench.say(OPEN)
        await bench.say({**OPEN, "reference": "order 8"})
        await bench.told(2)

    assert platform.states()[-2:] == [("order 7", "queued"), ("order 8", "queued")]


async def test_a_broker_that_does_not_take_states_is_shown_and_commands_wait_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(commanding_module, "MOST_UNTOLD", 2)
    platform = Platform(answers=deque([LATER] * 100_000))
    async with at_work(tmp_path, platform) as bench:
        for number in range(2):
            await bench.say({**OPEN, "reference": str(number)})
        await until(lambda: bench.commanding.status()["trouble"] is not None)
        shown = bench.commanding.status()
        async with asyncio.TaskGroup() as tasks:
            third = tasks.create_task(bench.say({**OPEN, "reference": "2"}), name="third")
            await asyncio.sleep(0.05)
            waited = not third.done()
            platform.answers.clear()
        await bench.told(3)

    assert (shown["trouble"], shown["states_waiting"], waited) == ("0x97 Quota exceeded", 2, True)
    assert platform.states() == [("0", "queued"), ("1", "queued"), ("2", "queued")]


async def test_a_platform_that_is_away_is_asked_again(bench: Bench) -> None:
    await until(lambda: bench.platform.listened == 3)


# ── devices that leave ──


async def test_a_device_that_is_removed_takes_its_downlinks_with_it(bench: Bench) -> None:
    await bench.say(OPEN)

    await bench.journal.remove_devices([ROOM])
    await bench.network.load()
    await bench.told(2)

    assert bench.platform.states() == [("order 7", "queued"), ("order 7", "dropped")]
    assert [one.state for one in await bench.journal.downlinks()] == [DownlinkState.DROPPED]
    assert len(bench.network.queue) == 0


async def test_a_change_of_devices_does_not_bring_back_what_has_left_the_queue(bench: Bench) -> None:
    await bench.say(OPEN)
    snapshot = await bench.journal.downlinks(open_only=True)
    (downlink,) = bench.network.queue.of(ROOM)
    bench.network.queue.sending(downlink, 0, downlink.queued_at)  # while the journal was being read

    bench.network.queue.load(snapshot, downlink.id)

    assert bench.waiting() == []
