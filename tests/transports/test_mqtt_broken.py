"""MQTT: connections that break, stall or are taken over, and octets that are no MQTT."""

from __future__ import annotations

import asyncio
import random
from collections import Counter

import pytest

from gateway.errors import Unreachable
from gateway.model import Answer, Verdict
from gateway.transports.broker import MqttVersion
from simulators.platforms.scripted_broker import Publish, ScriptedBroker

from .conftest import HandClock, MakeMqtt, request_to, requests_to, until, verdicts

LATER, REFUSED, TAKEN, UNCLEAR = Verdict.LATER, Verdict.REFUSED, Verdict.TAKEN, Verdict.UNCLEAR


@pytest.mark.parametrize("version", list(MqttVersion))
@pytest.mark.parametrize("cut_after", [1, 2, 30, 99, 100])
async def test_a_cut_leaves_the_unanswered_unclear_and_the_unsent_for_later(
    scripted: ScriptedBroker, make_mqtt: MakeMqtt, cut_after: int, version: MqttVersion
) -> None:
    scripted.script.cut_after = cut_after
    transport = make_mqtt(scripted.port, window=10, version=version)

    answers = await transport.send(requests_to("city/a", 100))

    count = Counter(verdicts(answers))
    received = len(scripted.published)
    assert received == cut_after
    assert count[TAKEN] < cut_after  # the last one got no PUBACK
    assert 1 <= count[UNCLEAR] <= 10
    assert count[LATER] == 100 - count[TAKEN] - count[UNCLEAR]
    assert verdicts(answers) == sorted(verdicts(answers), key=[TAKEN, UNCLEAR, LATER].index)


async def test_nothing_is_sent_again_behind_our_back(scripted: ScriptedBroker, make_mqtt: MakeMqtt) -> None:
    scripted.script.cut_after = 5
    transport = make_mqtt(scripted.port)
    await transport.send(requests_to("city/a", 20))
    scripted.script.cut_after = None

    answers = await transport.send(requests_to("city/b", 20))

    assert verdicts(answers) == [TAKEN] * 20
    assert [one.topic for one in scripted.published if one.connection == 2] == ["city/b"] * 20
    assert not any(one.duplicate for one in scripted.published)


async def test_a_forgotten_puback_is_unclear_and_resets_the_connection(
    scripted: ScriptedBroker, make_mqtt: MakeMqtt
) -> None:
    def forget(publish: Publish) -> int | None:
        return None if publish.payload == b'{"n":3}' else 0

    scripted.script.reason = forget
    transport = make_mqtt(scripted.port, answer_limit_s=0.2)

    answers = await transport.send(requests_to("city/a", 10))

    assert verdicts(answers) == [TAKEN] * 3 + [UNCLEAR] + [TAKEN] * 6
    assert answers[3].detail == "sent, and no PUBACK: no PUBACK within 0.2 s"
    assert transport.status()["connected"] is False
    assert verdicts(await transport.send(requests_to("city/b", 2))) == [TAKEN] * 2
    assert scripted.connections == 2


async def test_a_broker_that_forgets_all_stops_the_rest(scripted: ScriptedBroker, make_mqtt: MakeMqtt) -> None:
    scripted.script.reason = lambda _: None
    transport = make_mqtt(scripted.port, answer_limit_s=0.2, window=4)

    assert verdicts(await transport.send(requests_to("city/a", 6))) == [UNCLEAR] * 4 + [LATER] * 2


async def test_pings_are_no_answers(scripted: ScriptedBroker, make_mqtt: MakeMqtt) -> None:
    scripted.script.reason = lambda _: None
    transport = make_mqtt(scripted.port, answer_limit_s=1.5, keepalive_s=1)

    async with asyncio.timeout(4):
        answers = await transport.send([request_to("city/a")])

    assert verdicts(answers) == [UNCLEAR]


async def test_slow_answers_one_by_one_are_waited_for(scripted: ScriptedBroker, make_mqtt: MakeMqtt) -> None:
    scripted.script.pause_s = 0.1
    transport = make_mqtt(scripted.port, window=1, answer_limit_s=0.3)
    begun = asyncio.get_running_loop().time()

    answers = await transport.send(requests_to("city/a", 5))

    assert verdicts(answers) == [TAKEN] * 5
    assert asyncio.get_running_loop().time() - begun > 0.3


async def test_a_disconnect_over_a_message_is_traced_to_it_one_by_one(
    scripted: ScriptedBroker, make_mqtt: MakeMqtt
) -> None:
    """EMQX can be set to hang up (0x87) instead of refusing; with several in flight nobody knows over which."""
    scripted.script.cut_after, scripted.script.disconnect_reason = 3, 0x87
    transport = make_mqtt(scripted.port)
    many = await transport.send(requests_to("city/a", 5))
    scripted.script.cut_after = 2
    traced = await transport.send(requests_to("city/a", 5))
    scripted.script.cut_after = None

    after = await transport.send(requests_to("city/a", 3))

    assert verdicts(many) == [UNCLEAR] * 5
    assert verdicts(traced) == [TAKEN, REFUSED, LATER, LATER, LATER]
    assert traced[1].status == 0x87
    assert verdicts(after) == [TAKEN] * 3
    assert not any("one at a time" in note for note in transport.status()["notes"])


async def test_a_session_taken_over_is_said_in_words(scripted: ScriptedBroker, make_mqtt: MakeMqtt) -> None:
    scripted.script.cut_after, scripted.script.disconnect_reason = 1, 0x8E
    transport = make_mqtt(scripted.port)

    answers = await transport.send([request_to("city/a")])

    assert verdicts(answers) == [UNCLEAR]
    assert "each agent needs its own" in transport.status()["last_error"]


async def test_a_loss_while_idle_is_noticed_and_mended_by_the_next_send(
    scripted: ScriptedBroker, make_mqtt: MakeMqtt, clock: HandClock
) -> None:
    transport = make_mqtt(scripted.port)
    await transport.send([request_to("city/a")])
    clock.passed_s = 60.0
    scripted.cut()
    await until(lambda: not transport.status()["connected"])
    clock.passed_s = 90.0
    idle = transport.status()

    answers = await transport.send([request_to("city/b")])

    assert (idle["last_error"], idle["last_error_s"]) == ("the connection was closed by the other side", 30.0)
    assert verdicts(answers) == [TAKEN]
    assert transport.status()["connects"] == 2


async def test_a_dead_line_is_noticed_by_its_pings(scripted: ScriptedBroker, make_mqtt: MakeMqtt) -> None:
    scripted.script.answer_pings = False
    transport = make_mqtt(scripted.port, keepalive_s=1)
    await transport.send([request_to("city/a")])

    await until(lambda: not transport.status()["connected"])

    assert "Keep alive timeout" in transport.status()["last_error"]


async def test_a_cancelled_send_leaves_nothing_behind(scripted: ScriptedBroker, make_mqtt: MakeMqtt) -> None:
    scripted.script.reason = lambda _: None
    transport = make_mqtt(scripted.port)
    async with asyncio.TaskGroup() as group:
        task = group.create_task(transport.send(requests_to("city/a", 3)), name="send")
        await until(lambda: len(scripted.published) == 3)
        task.cancel()
    scripted.script.reason = lambda _: 0

    answers = await transport.send(requests_to("city/b", 3))

    assert verdicts(answers) == [TAKEN] * 3
    assert scripted.connections == 2


async def test_two_senders_at_once_take_turns(scripted: ScriptedBroker, make_mqtt: MakeMqtt) -> None:
    scripted.script.receive_maximum = 10
    transport = make_mqtt(scripted.port)

    first, second = await asyncio.gather(
        transport.send(requests_to("city/a", 100)), transport.send(requests_to("city/b", 100))
    )

    assert verdicts(first) == verdicts(second) == [TAKEN] * 100
    assert (scripted.connections, scripted.most_unanswered) == (1, 10)


@pytest.mark.parametrize("version", list(MqttVersion))
async def test_answers_in_single_octets_are_whole_answers(
    scripted: ScriptedBroker, make_mqtt: MakeMqtt, version: MqttVersion
) -> None:
    scripted.script.dribble = True
    scripted.script.receive_maximum = 10
    transport = make_mqtt(scripted.port, version=version)

    assert verdicts(await transport.send(requests_to("city/a", 40))) == [TAKEN] * 40


async def test_noise_after_the_greeting_ends_the_connection_and_nothing_else(
    scripted: ScriptedBroker, make_mqtt: MakeMqtt
) -> None:
    """Whatever a broker says, an answer comes, and none is TAKEN that the broker did not acknowledge."""
    seeded = random.Random(2711)
    scripted.script.reason = lambda _: None
    transport = make_mqtt(scripted.port, answer_limit_s=0.03, window=3)

    for _ in range(40):
        noise = seeded.randbytes(seeded.randrange(1, 40))
        scripted.script.greeting = b"\x20\x03\x00\x00\x00" + noise
        try:
            answers: list[Answer] = list(await transport.send(requests_to("city/a", 5)))
        except Unreachable:
            continue
        assert len(answers) == 5
        assert TAKEN not in {answer.verdict for answer in answers}
