"""The stand-ins for a city behind a broker."""

from __future__ import annotations

import asyncio

import cbor2
import pytest

from gateway.errors import Unreachable
from gateway.model import Request, Verdict
from gateway.transports.broker import MqttVersion
from simulators.platforms.mqtt import EmbeddedBroker, Received, well_formed

from .conftest import MakeMqtt, Mosquittos, listening, request_to, requests_to


@pytest.mark.parametrize(
    ("content_type", "payload", "well"),
    [
        ("application/json", b"{}", True),
        ("application/senml+json; charset=utf-8", b"[]", True),
        ("application/senml+json", b"[", False),
        ("application/senml+json", b"\xff", False),
        ("application/senml+cbor", cbor2.dumps([{0: 1}]), True),
        ("application/senml+cbor", b"\x81", False),
        ("text/plain", b"\xff", True),
        ("", b"{", True),
    ],
)
def test_a_payload_must_be_what_its_content_type_says(content_type: str, payload: bytes, well: bool) -> None:  # noqa: FBT001 - of a table
    complaint = well_formed(Received(topic="t", payload=payload, content_type=content_type))

    assert (complaint == "") is well


async def test_a_city_complains_of_what_is_not_well_formed(mosquittos: Mosquittos, make_mqtt: MakeMqtt) -> None:
    mosquitto = await mosquittos.start()

    async with listening(mosquitto.port) as city:
        await make_mqtt(mosquitto.port).send([request_to("city/a", b"{"), request_to("city/a"), request_to("city/a")])
        await city.wait_for(3, 5)

    assert [problem.split(":")[0] for problem in city.problems] == ["city/a"]
    assert city.repeated() == 1


async def test_a_city_that_was_away_gets_what_a_broker_with_persistence_kept(
    mosquittos: Mosquittos, make_mqtt: MakeMqtt
) -> None:
    mosquitto = await mosquittos.start(persistence=True)
    transport = make_mqtt(mosquitto.port)
    async with listening(mosquitto.port):
        pass
    await transport.send(requests_to("city/a", 50))
    await mosquitto.restart()

    async with listening(mosquitto.port) as city:
        received = await city.wait_for(50, 5)

    assert len(received) == 50


async def test_the_embedded_broker_serves_3_1_1_and_comes_back_on_its_port(make_mqtt: MakeMqtt) -> None:
    broker = EmbeddedBroker()
    await broker.start()
    transport = make_mqtt(broker.port, version=MqttVersion.V3_1_1)
    async with listening(broker.port, mqtt5=False) as city:
        first = await transport.send(requests_to("city/a", 20))
        await city.wait_for(20, 5)
        await broker.stop()
        with pytest.raises(Unreachable):
            await transport.send([request_to("city/a")])
        await broker.start()
        async with asyncio.timeout(5):
            await city.subscribed.wait()
        second = await transport.send(requests_to("city/a", 20, first=20))
        received = await city.wait_for(40, 5)

    assert {answer.verdict for answer in [*first, *second]} == {Verdict.TAKEN}
    assert [one.payload for one in received] == [b'{"n":%d}' % number for number in range(40)]
    await transport.close()
    await broker.stop()


async def test_the_embedded_broker_turns_mqtt_5_away_in_words(make_mqtt: MakeMqtt) -> None:
    broker = EmbeddedBroker()
    await broker.start()

    with pytest.raises(Unreachable, match=r'say version = "3\.1\.1"'):
        await make_mqtt(broker.port).send([Request(target="t", body=b"", content_type="")])

    await broker.stop()
