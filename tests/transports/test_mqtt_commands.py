"""What a platform says to us, over the real mosquitto: taken one at a time, acknowledged when it is safe, sent again if not."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest

from gateway.errors import Unreachable
from gateway.model import Verdict
from gateway.transports import Message
from gateway.transports.broker import MqttVersion, is_for
from gateway.transports.mqtt import Mqtt
from simulators.platforms.scripted_broker import ScriptedBroker

from .conftest import MakeMqtt, Mosquittos, request_to, requests_to, until, verdicts

BOTH = pytest.mark.parametrize("version", list(MqttVersion))
DOWN = "brygga/roof/down"


@dataclass
class Desk:
    """Takes messages, as fast as it is let."""

    came: list[Message] = field(default_factory=list)
    safe: list[Message] = field(default_factory=list)
    gate: asyncio.Event = field(default_factory=asyncio.Event)

    async def take(self, message: Message) -> None:
        self.came.append(message)
        async with asyncio.timeout(10):
            await self.gate.wait()
        self.safe.append(message)


@contextlib.asynccontextmanager
async def receiving(transport: Mqtt, desk: Desk) -> AsyncIterator[asyncio.Task[None]]:
    """Receive for as long as the block lasts; the subscription is there when it begins."""
    before = transport.status()["connects"]
    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(lost_or_cancelled(transport, desk), name="receiving")
        await until(lambda: transport.status()["connects"] > before or task.done())
        yield task
        task.cancel()


async def lost_or_cancelled(transport: Mqtt, desk: Desk) -> None:
    with contextlib.suppress(Unreachable):
        await transport.receive(desk.take)


@pytest.fixture
def desk() -> Desk:
    desk = Desk()
    desk.gate.set()
    return desk


@BOTH
async def test_what_the_platform_says_is_taken_in_its_order(
    mosquittos: Mosquittos, make_mqtt: MakeMqtt, desk: Desk, version: MqttVersion
) -> None:
    mosquitto = await mosquittos.start()
    gateway = make_mqtt(mosquitto.port, version=version, listen_topic="brygga/+/down")
    platform = make_mqtt(mosquitto.port, client_id="platform")

    async with receiving(gateway, desk):
        await platform.send(requests_to(DOWN, 100))
        await until(lambda: len(desk.safe) == 100)

    assert [one.body for one in desk.safe] == [b'{"n":%d}' % number for number in range(100)]
    assert {(one.topic, one.is_retained, one.is_repeated) for one in desk.safe} == {(DOWN, False, False)}
    assert gateway.status()["counts"]["received"] == 100


@BOTH
async def test_what_was_not_safe_when_the_line_went_is_sent_again_under_its_number(
    mosquittos: Mosquittos, make_mqtt: MakeMqtt, desk: Desk, version: MqttVersion
) -> None:
    mosquitto = await mosquittos.start()
    gateway = make_mqtt(mosquitto.port, version=version, listen_topic=DOWN)
    platform = make_mqtt(mosquitto.port, client_id="platform")

    async with receiving(gateway, desk):
        await platform.send([request_to(DOWN, b"safe")])
        await until(lambda: len(desk.safe) == 1)
        await until(lambda: gateway.status()["counts"]["received"] == 1)
        desk.gate.clear()
        await platform.send([request_to(DOWN, b"1"), request_to(DOWN, b"2")])
        await until(lambda: len(desk.came) == 2)
        assert gateway._link is not None
        gateway._link.cut("as a dead line would")
    desk.gate.set()
    async with receiving(gateway, desk):
        await until(lambda: len(desk.safe) == 3)

    assert [one.body for one in desk.came] == [b"safe", b"1", b"1", b"2"]
    assert [one.is_repeated for one in desk.came[1:]] == [False, True, True]
    assert desk.came[1].number == desk.came[2].number != 0


@BOTH
async def test_what_is_said_while_this_gateway_is_away_comes_later(
    mosquittos: Mosquittos, make_mqtt: MakeMqtt, desk: Desk, version: MqttVersion
) -> None:
    mosquitto = await mosquittos.start()
    platform = make_mqtt(mosquitto.port, client_id="platform")
    before = make_mqtt(mosquitto.port, version=version, listen_topic=DOWN)
    async with receiving(before, desk):
        pass
    await before.close()

    await platform.send([request_to(DOWN, b"while away")])
    after = make_mqtt(mosquitto.port, version=version, listen_topic=DOWN)
    async with receiving(after, desk):
        await until(lambda: len(desk.safe) == 1)

    assert [one.body for one in desk.safe] == [b"while away"]


@pytest.mark.parametrize("order", ["published before", "published while subscribed"])
async def test_a_retained_message_is_known_as_one_and_comes_once(
    mosquittos: Mosquittos, make_mqtt: MakeMqtt, desk: Desk, order: str
) -> None:
    mosquitto = await mosquittos.start()
    gateway = make_mqtt(mosquitto.port, listen_topic=DOWN)
    platform = make_mqtt(mosquitto.port, client_id="platform")
    await platform.send([request_to("elsewhere")])
    assert platform._link is not None
    if order == "published before":
        await platform._link.publish([request_to(DOWN, b"old")], 1, retain=True)

    async with receiving(gateway, desk):
        if order == "published while subscribed":
            await platform._link.publish([request_to(DOWN, b"old")], 1, retain=True)
        await until(lambda: len(desk.safe) == 1)
    await gateway.close()
    async with receiving(gateway, desk):
        await platform.send([request_to(DOWN, b"new")])
        await until(lambda: len(desk.safe) == 2)

    assert [(one.body, one.is_retained) for one in desk.safe] == [(b"old", True), (b"new", False)]


async def test_what_we_say_ourselves_does_not_come_back(
    mosquittos: Mosquittos, make_mqtt: MakeMqtt, desk: Desk
) -> None:
    mosquitto = await mosquittos.start()
    gateway = make_mqtt(mosquitto.port, listen_topic="brygga/#")
    platform = make_mqtt(mosquitto.port, client_id="platform")

    async with receiving(gateway, desk):
        await gateway.send([request_to("brygga/roof/state")])
        await platform.send([request_to(DOWN, b"theirs")])
        await until(lambda: len(desk.safe) == 1)

    assert [one.body for one in desk.safe] == [b"theirs"]


async def test_a_topic_of_an_older_configuration_says_nothing_any_more(
    mosquittos: Mosquittos, make_mqtt: MakeMqtt, desk: Desk
) -> None:
    mosquitto = await mosquittos.start()
    platform = make_mqtt(mosquitto.port, client_id="platform")
    before = make_mqtt(mosquitto.port, listen_topic="old/down")
    async with receiving(before, desk):
        pass
    await before.close()

    after = make_mqtt(mosquitto.port, listen_topic=DOWN)
    async with receiving(after, desk):
        await platform.send([request_to("old/down"), request_to(DOWN, b"new")])
        await until(lambda: len(desk.safe) == 1)

    assert [one.body for one in desk.came] == [b"new"]


async def test_uplinks_and_commands_share_the_connection(
    mosquittos: Mosquittos, make_mqtt: MakeMqtt, desk: Desk
) -> None:
    mosquitto = await mosquittos.start()
    gateway = make_mqtt(mosquitto.port, listen_topic=DOWN)
    platform = make_mqtt(mosquitto.port, client_id="platform")

    async with receiving(gateway, desk), asyncio.TaskGroup() as tasks:
        sending = tasks.create_task(gateway.send(requests_to("city/a", 300)), name="uplinks")
        await platform.send(requests_to(DOWN, 300))
        await until(lambda: len(desk.safe) == 300)

    assert verdicts(sending.result()) == [Verdict.TAKEN] * 300
    assert gateway.status()["connects"] == 1


@BOTH
async def test_a_lost_connection_ends_receiving_in_words(
    mosquittos: Mosquittos, make_mqtt: MakeMqtt, desk: Desk, version: MqttVersion
) -> None:
    mosquitto = await mosquittos.start()
    gateway = make_mqtt(mosquitto.port, version=version, listen_topic=DOWN)

    async with receiving(gateway, desk) as task:
        await mosquitto.stop()
        await until(task.done)
    with pytest.raises(Unreachable, match="connection refused"):
        await gateway.receive(desk.take)


async def test_a_broker_that_allows_no_subscription_still_gets_uplinks(
    scripted: ScriptedBroker, make_mqtt: MakeMqtt, desk: Desk
) -> None:
    scripted.script.suback = 0x87
    gateway = make_mqtt(scripted.port, listen_topic=DOWN)

    async with receiving(gateway, desk):
        answers = await gateway.send([request_to("city/a")])

    assert verdicts(answers) == [Verdict.TAKEN]
    assert any("does not let this user subscribe" in note for note in gateway.status()["notes"])


async def test_a_broker_that_does_not_answer_a_subscription_is_named(
    scripted: ScriptedBroker, make_mqtt: MakeMqtt, desk: Desk
) -> None:
    scripted.script.suback = None
    gateway = make_mqtt(scripted.port, listen_topic=DOWN, connect_limit_s=0.2)

    with pytest.raises(Unreachable, match="does not answer a subscription"):
        await gateway.receive(desk.take)

    await until(lambda: scripted.open == 0)


@pytest.mark.parametrize(
    ("topic_filter", "topic", "expected"),
    [
        ("a/b", "a/b", True),
        ("a/b", "a/b/c", False),
        ("a/+", "a/b", True),
        ("a/+", "a/b/c", False),
        ("a/#", "a/b/c", True),
        ("#", "a", True),
        ("a/+/c", "a/b/d", False),
    ],
)
def test_a_filter_is_for_topics(topic_filter: str, topic: str, expected: bool) -> None:  # noqa: FBT001 - a table's column
    assert is_for(topic_filter, topic) is expected
