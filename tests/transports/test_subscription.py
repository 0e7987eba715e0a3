"""A broker that is listened to for ever, over the real mosquitto: many at once, acknowledged in order, nothing lost."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from paho.mqtt.publish import multiple

from gateway.model import Verdict
from gateway.transports import Message, subscription
from gateway.transports.broker import Broker, MqttVersion
from gateway.transports.endpoint import endpoint
from gateway.transports.secret import Secret
from gateway.transports.subscription import Subscription
from simulators.platforms.scripted_broker import ScriptedBroker

from .conftest import MakeMqtt, Mosquittos, listening, request_to, requests_to, until

BOTH = pytest.mark.parametrize("version", list(MqttVersion))
TOPICS = ("application/+/device/+/event/+", "eu868/gateway/+/event/+")
UP = "application/a/device/0101010101010101/event/up"


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subscription, "LONGEST_PAUSE_S", 0.05)


@dataclass
class Taker:
    """Takes messages; a gate holds those that are named until it is opened."""

    came: list[Message] = field(default_factory=list)
    safe: list[bytes] = field(default_factory=list)
    held: set[bytes] = field(default_factory=set)
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    most_at_once: int = 0
    at_once: int = 0

    async def take(self, message: Message) -> None:
        self.came.append(message)
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        if message.body in self.held:
            async with asyncio.timeout(10):
                await self.gate.wait()
        self.at_once -= 1
        self.safe.append(message.body)


def subscription_to(port: int, *, most: int = 50, topics: tuple[str, ...] = TOPICS, **broker: Any) -> Subscription:
    settings: dict[str, Any] = {"client_id": "gateway-1", "connect_limit_s": 5.0, "answer_limit_s": 5.0} | broker
    return Subscription(Broker(endpoint=endpoint(f"mqtt://127.0.0.1:{port}"), **settings), topics, most_under_way=most)


@contextlib.asynccontextmanager
async def running(listener: Subscription, taker: Taker, *, is_up: bool = True) -> AsyncIterator[None]:
    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(listener.run(taker.take), name="subscription")
        if is_up:
            async with asyncio.timeout(5):
                await listener.connected()
        yield
        task.cancel()


@BOTH
async def test_all_topics_come_over_one_connection_in_their_order(
    mosquittos: Mosquittos, make_mqtt: MakeMqtt, version: MqttVersion
) -> None:
    mosquitto, taker = await mosquittos.start(), Taker()
    server = make_mqtt(mosquitto.port, client_id="server")

    async with running(subscription_to(mosquitto.port, version=version), taker):
        await server.send([*requests_to(UP, 100), request_to("eu868/gateway/aa/event/up"), request_to("elsewhere")])
        await until(lambda: len(taker.safe) == 101)

    assert taker.safe == [b'{"n":%d}' % number for number in range(100)] + [b"{}"]


async def test_no_more_are_taken_at_once_than_there_is_room_for(mosquittos: Mosquittos, make_mqtt: MakeMqtt) -> None:
    mosquitto, bodies = await mosquittos.start(), {b'{"n":%d}' % number for number in range(20)}
    taker = Taker(held=bodies)

    async with running(subscription_to(mosquitto.port, most=5), taker):
        await make_mqtt(mosquitto.port, client_id="server").send(requests_to(UP, 20))
        await until(lambda: taker.at_once == 5)
        taker.gate.set()
        await until(lambda: len(taker.safe) == 20)

    assert taker.most_at_once == 5


@BOTH
async def test_a_message_is_acknowledged_only_behind_those_before_it(
    mosquittos: Mosquittos, make_mqtt: MakeMqtt, version: MqttVersion
) -> None:
    mosquitto, slow = await mosquittos.start(), Taker(held={b"1"})
    server = make_mqtt(mosquitto.port, client_id="server")
    first = subscription_to(mosquitto.port, version=version)
    async with running(first, slow):
        await server.send([request_to(UP, body) for body in (b"0", b"1", b"2")])
        await until(lambda: slow.safe == [b"0", b"2"])

    after = Taker()
    async with running(subscription_to(mosquitto.port, version=version), after):
        await until(lambda: len(after.safe) == 2)

    assert [(one.body, one.is_repeated) for one in after.came] == [(b"1", True), (b"2", True)]


@BOTH
async def test_what_is_published_while_this_box_is_away_comes_when_it_is_back(
    mosquittos: Mosquittos, make_mqtt: MakeMqtt, version: MqttVersion
) -> None:
    mosquitto, taker = await mosquittos.start(), Taker()
    async with running(subscription_to(mosquitto.port, version=version), Taker()):
        pass

    await make_mqtt(mosquitto.port, client_id="server").send([request_to(UP, b"while away")])
    async with running(subscription_to(mosquitto.port, version=version), taker):
        await until(lambda: taker.safe == [b"while away"])


async def test_a_broker_that_was_restarted_is_found_again_and_its_lost_session_is_said(
    mosquittos: Mosquittos, make_mqtt: MakeMqtt
) -> None:
    mosquitto, taker = await mosquittos.start(), Taker()
    listener = subscription_to(mosquitto.port)

    async with running(listener, taker):
        await mosquitto.kill()
        await until(lambda: not listener.status()["connected"] and bool(listener.status()["last_error"]))
        await mosquitto.start()
        await until(lambda: listener.status()["connected"])
        await make_mqtt(mosquitto.port, client_id="server").send([request_to(UP, b"after")])
        await until(lambda: taker.safe == [b"after"])
        status = listener.status()

    assert status["counts"]["connects"] == 2
    assert subscription.FORGOTTEN in status["notes"]


async def test_a_wrong_password_is_said_in_words_and_tried_again(mosquittos: Mosquittos) -> None:
    mosquitto = await mosquittos.start(passwords={"app@ttn": "right"})
    listener = subscription_to(mosquitto.port, username="app@ttn", password=Secret("wrong"))

    async with running(listener, Taker(), is_up=False):
        await until(lambda: listener.status()["last_error"] is not None)
        status = listener.status()

    assert "check username" in status["last_error"]
    assert not status["connected"]


async def test_what_we_publish_is_answered_and_leaves_in_one_go(mosquittos: Mosquittos) -> None:
    mosquitto = await mosquittos.start()
    listener = subscription_to(mosquitto.port)

    async with listening(mosquitto.port) as server, running(listener, Taker()):
        answers = await asyncio.gather(*(listener.publish("a/command/down", b"%d" % one) for one in range(20)))
        await until(lambda: len(server.received) == 20)

    assert {answer.verdict for answer in answers} == {Verdict.TAKEN}


async def test_without_a_connection_nothing_is_sent(mosquittos: Mosquittos) -> None:
    listener = subscription_to(1)

    answer = await listener.publish("a/command/down", b"1")

    assert answer.is_unsent


async def test_whoever_gives_up_on_a_publication_leaves_the_connection_alone(
    mosquittos: Mosquittos, make_mqtt: MakeMqtt
) -> None:
    mosquitto, taker = await mosquittos.start(), Taker()
    listener = subscription_to(mosquitto.port)

    async with running(listener, taker):
        asked = asyncio.create_task(listener.publish("a/command/down", b"1"), name="asked")
        await asyncio.sleep(0)
        asked.cancel()
        await make_mqtt(mosquitto.port, client_id="server").send([request_to(UP, b"still here")])
        await until(lambda: taker.safe == [b"still here"])

        assert listener.status()["counts"]["connects"] == 1


async def test_thousands_that_a_broker_has_kept_are_taken_before_it_answers_the_subscription(
    mosquittos: Mosquittos, make_mqtt: MakeMqtt
) -> None:
    mosquitto, count = await mosquittos.start(), 3000
    first, held, taker = subscription_to(mosquitto.port), Taker(held={b'{"n":0}'}), Taker()
    async with running(
        first, held
    ):  # mosquitto 2.0.11 sends all that it has when one comes back who owes it acknowledgements
        await make_mqtt(mosquitto.port, client_id="server").send(requests_to(UP, count))
        await until(lambda: len(held.came) == 50)
        assert first._link is not None
        first._link.cut("as a process that is killed would")

    async with running(subscription_to(mosquitto.port), taker):
        await until(lambda: len(taker.safe) >= count)

    assert sorted(taker.safe) == sorted(b'{"n":%d}' % number for number in range(count))


async def test_what_is_safe_behind_one_that_is_not_takes_up_its_room(
    mosquittos: Mosquittos, make_mqtt: MakeMqtt
) -> None:
    mosquitto, taker = await mosquittos.start(), Taker(held={b'{"n":0}'})

    async with running(subscription_to(mosquitto.port, most=5), taker):
        await make_mqtt(mosquitto.port, client_id="server").send(requests_to(UP, 20))
        await until(lambda: len(taker.safe) == 4)
        taken = len(taker.came)
        taker.gate.set()
        await until(lambda: len(taker.safe) == 20)

    assert taken == 5, "a crash then would bring back no more than five that are safe"


async def test_what_comes_at_qos_0_faster_than_it_is_taken_waits_and_is_not_lost(mosquittos: Mosquittos) -> None:
    mosquitto, count = await mosquittos.start(), 4000
    taker = Taker(held={b"0"})

    async with running(subscription_to(mosquitto.port, most=5), taker):
        await asyncio.to_thread(
            multiple,
            [{"topic": UP, "payload": b"%d" % n, "qos": 0} for n in range(count)],
            hostname="127.0.0.1",
            port=mosquitto.port,
        )
        await until(lambda: len(taker.came) == 5)
        taker.gate.set()
        await until(lambda: len(taker.safe) == count)

    assert sorted(map(int, taker.safe)) == [*range(count)]


async def test_a_broker_that_does_not_answer_a_subscription_is_named(scripted: ScriptedBroker) -> None:
    scripted.script.suback = None
    listener = subscription_to(scripted.port, connect_limit_s=0.2)

    async with running(listener, Taker(), is_up=False):
        await until(lambda: "does not answer a subscription" in str(listener.status()["last_error"]))

    assert listener.status()["counts"]["connects"] >= 1


async def test_a_right_that_is_lacking_is_said_and_the_connection_stays(scripted: ScriptedBroker) -> None:
    scripted.script.suback = 0x87
    listener = subscription_to(scripted.port)

    async with running(listener, Taker()):
        status = listener.status()

    assert status["connected"]
    assert "does not let this user subscribe" in status["notes"][0]


async def test_what_was_sent_when_the_connection_broke_may_have_arrived(scripted: ScriptedBroker) -> None:
    scripted.script.reason = lambda _: None
    listener = subscription_to(scripted.port)

    async with running(listener, Taker()):
        asked = asyncio.create_task(listener.publish("a/command/down", b"1"), name="asked")
        await until(lambda: len(scripted.published) == 1)
        scripted.cut()
        answer = await asked

    assert answer.verdict is Verdict.UNCLEAR, "one that is told as not sent is sent twice"
    assert not answer.is_unsent


async def test_what_was_not_sent_when_the_connection_broke_is_said_to_be_unsent(scripted: ScriptedBroker) -> None:
    scripted.script.reason = lambda _: None
    listener = subscription_to(scripted.port)

    async with running(listener, Taker()):
        first = asyncio.create_task(listener.publish("a/command/down", b"1"), name="first")
        await until(lambda: len(scripted.published) == 1)
        second = asyncio.create_task(listener.publish("a/command/down", b"2"), name="second")
        await asyncio.sleep(0)
        scripted.cut()
        answers = [await first, await second]

    assert [one.is_unsent for one in answers] == [False, True]
    assert [one.payload for one in scripted.published] == [b"1"]


async def test_a_message_that_no_box_has_room_for_is_not_read_and_said(scripted: ScriptedBroker) -> None:
    listener, taker = subscription_to(scripted.port, version=MqttVersion.V3_1_1), Taker()

    async with running(listener, taker):
        await until(lambda: 1 in scripted.subscribed)
        scripted.tell(1, UP, bytes(subscription.LARGEST_PACKET), 1)
        await until(lambda: "octets" in str(listener.status()["last_error"]))

    assert taker.came == []
    assert f"at most {subscription.LARGEST_PACKET}" in str(listener.status()["last_error"])
