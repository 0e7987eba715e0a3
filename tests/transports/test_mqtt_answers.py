"""MQTT: what a broker answers decides, message by message; it is a broker that does as it is told."""

from __future__ import annotations

import pytest

from gateway.model import Request, Verdict
from gateway.transports.broker import MqttVersion
from simulators.platforms.scripted_broker import ScriptedBroker

from .conftest import MakeMqtt, request_to, requests_to, verdicts

LATER, REFUSED, TAKEN, UNCLEAR = Verdict.LATER, Verdict.REFUSED, Verdict.TAKEN, Verdict.UNCLEAR


@pytest.mark.parametrize("version", list(MqttVersion))
async def test_each_publication_is_settled_by_its_own_puback(
    scripted: ScriptedBroker, make_mqtt: MakeMqtt, version: MqttVersion
) -> None:
    transport = make_mqtt(scripted.port, version=version)

    answers = await transport.send(requests_to("city/a", 250))

    assert verdicts(answers) == [TAKEN] * 250
    assert [one.payload for one in scripted.published] == [b'{"n":%d}' % number for number in range(250)]


REASONS = [
    (0x00, TAKEN),
    (0x10, TAKEN),
    (0x80, LATER),
    (0x83, LATER),
    (0x87, REFUSED),
    (0x90, REFUSED),
    (0x91, LATER),
    (0x95, REFUSED),  # no reason of a PUBACK by the specification; paho alone would hang up over it
    (0x97, LATER),
    (0x99, REFUSED),
    (0xEE, LATER),  # of no specification
]


@pytest.mark.parametrize("said", ["", "no such city"])
@pytest.mark.parametrize(("reason", "expected"), REASONS)
async def test_the_reason_of_a_puback_decides_and_its_neighbours_go_on(
    scripted: ScriptedBroker, make_mqtt: MakeMqtt, reason: int, expected: Verdict, said: str
) -> None:
    scripted.script.reason = lambda publish: reason if publish.topic == "city/odd" else 0
    scripted.script.reason_string = said
    transport = make_mqtt(scripted.port)

    answers = await transport.send([request_to("city/a"), request_to("city/odd"), request_to("city/b")])

    assert verdicts(answers) == [TAKEN, expected, TAKEN]
    assert answers[1].status == reason
    assert scripted.connections == 1


async def test_the_words_of_the_broker_reach_the_answer(scripted: ScriptedBroker, make_mqtt: MakeMqtt) -> None:
    scripted.script.reason = lambda _: 0x87
    scripted.script.reason_string = "no such city"
    transport = make_mqtt(scripted.port)

    (answer,) = await transport.send([request_to("city/a")])

    assert answer.detail.startswith("0x87 Not authorized: the broker does not let this user publish")
    assert "no such city" in answer.detail


async def test_nobody_subscribed_is_taken_with_words_and_counted(scripted: ScriptedBroker, make_mqtt: MakeMqtt) -> None:
    scripted.script.reason = lambda _: 0x10
    transport = make_mqtt(scripted.port)

    answers = await transport.send(requests_to("city/a", 3))

    assert {(answer.verdict, answer.status) for answer in answers} == {(TAKEN, 0x10)}
    assert "nobody is subscribed" in answers[0].detail
    assert transport.status()["counts"] == {"taken": 3, "no_subscribers": 3}


@pytest.mark.parametrize(
    ("receive_maximum", "window", "expected"), [(1, 100, 1), (20, 100, 20), (None, 7, 7), (300, 100, 100)]
)
async def test_never_more_is_in_flight_than_both_sides_allow(
    scripted: ScriptedBroker, make_mqtt: MakeMqtt, receive_maximum: int | None, window: int, expected: int
) -> None:
    scripted.script.receive_maximum = receive_maximum
    transport = make_mqtt(scripted.port, window=window)

    answers = await transport.send(requests_to("city/a", 400))

    assert verdicts(answers) == [TAKEN] * 400
    assert scripted.most_unanswered == expected
    assert transport.status()["window"] == expected


async def test_a_packet_larger_than_the_broker_takes_is_refused_unsent(
    scripted: ScriptedBroker, make_mqtt: MakeMqtt
) -> None:
    scripted.script.maximum_packet = 100
    transport = make_mqtt(scripted.port)
    fits = 100 - len(b"\x32\x62\x00\x06city/a\x00\x01\x13\x03\x00\x10application/json")

    answers = await transport.send(
        [request_to("city/a", b"x" * fits), request_to("city/a", b"x" * (fits + 1)), request_to("city/b")]
    )

    assert verdicts(answers) == [TAKEN, REFUSED, TAKEN]
    assert answers[1].detail == "not sent: 101 octets, and the broker takes packets of 100 (its Maximum Packet Size)"
    assert len(scripted.published) == 2


@pytest.mark.parametrize("topic", ["", "city/#", "city/+/a", "city/\0", "x" * 65536])
async def test_what_is_no_topic_is_refused_unsent(scripted: ScriptedBroker, make_mqtt: MakeMqtt, topic: str) -> None:
    transport = make_mqtt(scripted.port)

    answers = await transport.send([request_to(topic), request_to("city/a")])

    assert verdicts(answers) == [REFUSED, TAKEN]
    assert answers[0].detail.startswith("not sent: ")
    assert [one.topic for one in scripted.published] == ["city/a"]


async def test_a_batch_of_nothing_but_wrong_topics_is_answered(scripted: ScriptedBroker, make_mqtt: MakeMqtt) -> None:
    transport = make_mqtt(scripted.port)

    assert verdicts(await transport.send([request_to(""), request_to("#")])) == [REFUSED, REFUSED]


async def test_content_type_and_headers_are_mqtt_5_properties(scripted: ScriptedBroker, make_mqtt: MakeMqtt) -> None:
    transport = make_mqtt(scripted.port)

    await transport.send([Request(target="t", body=b"1", content_type="text/plain", headers={"id": "7"})])

    assert scripted.published[0].properties == b"\x03\x00\x0atext/plain\x26\x00\x02id\x00\x017"
