"""MQTT: opening a connection, what stands in its way, and ending it in good order."""

from __future__ import annotations

import asyncio
import socket

import pytest

from gateway.errors import Unreachable
from gateway.model import Verdict
from gateway.transports.broker import MqttVersion
from simulators.platforms.scripted_broker import ScriptedBroker
from simulators.ports import free_tcp_port

from .conftest import MakeMqtt, request_to, until, verdicts

LATER, REFUSED, TAKEN, UNCLEAR = Verdict.LATER, Verdict.REFUSED, Verdict.TAKEN, Verdict.UNCLEAR


async def test_nothing_to_send_opens_nothing(make_mqtt: MakeMqtt) -> None:
    assert await make_mqtt(free_tcp_port()).send([]) == []


async def test_a_port_nobody_listens_on_is_unreachable(make_mqtt: MakeMqtt) -> None:
    transport = make_mqtt(free_tcp_port(), host="localhost")

    with pytest.raises(Unreachable, match="connection refused: nothing listens on that port"):
        await transport.send([request_to("city/a")])

    assert "connection refused" in transport.status()["last_error"]
    assert transport.status()["connected"] is False


async def test_an_unknown_name_is_unreachable(make_mqtt: MakeMqtt, monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)

    with pytest.raises(Unreachable, match=r"broker\.invalid: the name is not known .* a name server"):
        await make_mqtt(1883, host="broker.invalid").send([request_to("city/a")])


async def test_a_port_that_says_nothing_is_unreachable(scripted: ScriptedBroker, make_mqtt: MakeMqtt) -> None:
    scripted.script.silent_connack = True

    with pytest.raises(Unreachable, match="no CONNACK came: is that port a broker's"):
        await make_mqtt(scripted.port, connect_limit_s=0.2).send([request_to("city/a")])
    await until(lambda: scripted.open == 0)


async def test_a_cancelled_greeting_leaves_nothing_open(scripted: ScriptedBroker, make_mqtt: MakeMqtt) -> None:
    scripted.script.silent_connack = True
    transport = make_mqtt(scripted.port)

    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.2):
            await transport.send([request_to("city/a")])
    await until(lambda: scripted.open == 0)

    scripted.script.silent_connack = False
    assert verdicts(await transport.send([request_to("city/a")])) == [TAKEN]


CONNACKS = [
    (MqttVersion.V5, 0x84, 'say version = "3.1.1"'),
    (MqttVersion.V5, 0x01, 'say version = "3.1.1"'),  # as a broker of 3.1.1 refuses MQTT 5
    (MqttVersion.V5, 0x85, "choose another"),
    (MqttVersion.V5, 0x86, "check username and password"),
    (MqttVersion.V5, 0x87, "this user may not connect"),
    (MqttVersion.V5, 0x88, "0x88 Server unavailable"),
    (MqttVersion.V5, 0x9D, "ask its owner for the new URL"),
    (MqttVersion.V5, 0xEE, "is none of MQTT 5"),
    (MqttVersion.V3_1_1, 1, "is none of MQTT 3.1.1"),
    (MqttVersion.V3_1_1, 2, "choose another"),
    (MqttVersion.V3_1_1, 3, "0x88 Server unavailable"),
    (MqttVersion.V3_1_1, 4, "check username and password"),
    (MqttVersion.V3_1_1, 5, "this user may not connect"),
]


@pytest.mark.parametrize(("version", "code", "words"), CONNACKS)
async def test_a_refused_connection_says_what_to_do(
    scripted: ScriptedBroker, make_mqtt: MakeMqtt, version: MqttVersion, code: int, words: str
) -> None:
    scripted.script.connack = code

    with pytest.raises(Unreachable) as caught:
        await make_mqtt(scripted.port, version=version).send([request_to("city/a")])

    assert words in str(caught.value)
    assert str(caught.value).startswith(f"mqtt://127.0.0.1:{scripted.port}: ")
    assert scripted.connections == 1


async def test_a_broker_without_acknowledgements_is_not_used(scripted: ScriptedBroker, make_mqtt: MakeMqtt) -> None:
    scripted.script.maximum_qos = 0

    with pytest.raises(Unreachable, match="QoS 0 only"):
        await make_mqtt(scripted.port).send([request_to("city/a")])

    assert scripted.published == []


GREETINGS = [
    b"HTTP/1.1 400 Bad Request\r\n\r\n",
    b"SSH-2.0-OpenSSH_9.2\r\n",
    b"\x20\x01\x00",
    b"\x20\x7f\x00",
    b"\x00\x00",
]


@pytest.mark.parametrize("greeting", GREETINGS)
@pytest.mark.parametrize("version", list(MqttVersion))
async def test_a_port_that_is_no_broker_is_unreachable(
    scripted: ScriptedBroker, make_mqtt: MakeMqtt, greeting: bytes, version: MqttVersion
) -> None:
    scripted.script.greeting = greeting

    with pytest.raises(Unreachable, match=r"is that port a broker's\?"):
        await make_mqtt(scripted.port, version=version, connect_limit_s=0.3).send([request_to("city/a")])


async def test_online_and_offline_are_said_with_a_last_will(scripted: ScriptedBroker, make_mqtt: MakeMqtt) -> None:
    transport = make_mqtt(scripted.port, status_topic="gateway/1")
    await transport.send([request_to("city/a")])

    await transport.close()

    said = [(one.topic, one.payload, one.retain) for one in scripted.published]
    assert said == [
        ("gateway/1", b"online", True),
        ("city/a", b"{}", False),
        ("gateway/1", b"offline", True),
    ]
    assert scripted.will_flags == [0b0010_1110]  # will retained, QoS 1, will, clean start
    await until(lambda: scripted.disconnects == 1)


async def test_a_refused_status_topic_is_noted_and_stops_nothing(scripted: ScriptedBroker, make_mqtt: MakeMqtt) -> None:
    scripted.script.reason = lambda publish: 0x87 if publish.topic == "gateway/1" else 0
    transport = make_mqtt(scripted.port, status_topic="gateway/1")

    answers = await transport.send([request_to("city/a")])

    assert verdicts(answers) == [TAKEN]
    assert any("status_topic: 0x87" in note for note in transport.status()["notes"])


async def test_close_does_not_wait_for_a_broker_that_is_silent(
    scripted: ScriptedBroker, make_mqtt: MakeMqtt, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.transports.mqtt.CLOSE_LIMIT_S", 0.1)
    transport = make_mqtt(scripted.port, status_topic="gateway/1", answer_limit_s=60.0)
    await transport.send([request_to("city/a")])
    scripted.script.reason = lambda _: None

    async with asyncio.timeout(1):
        await transport.close()

    assert transport.status()["connected"] is False


async def test_status_says_what_3_1_1_cannot(scripted: ScriptedBroker, make_mqtt: MakeMqtt) -> None:
    transport = make_mqtt(scripted.port, version=MqttVersion.V3_1_1)

    status = transport.status()

    assert status["protocol"] == "MQTT 3.1.1"
    assert any("cannot say no" in note for note in status["notes"])
