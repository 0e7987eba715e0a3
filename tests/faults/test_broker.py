"""A broker that fails in each way it can: what it says, what is kept, what arrives, counted by id."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from gateway.clock import SystemClock
from gateway.model import Request
from gateway.transports.broker import Broker
from gateway.transports.endpoint import endpoint
from gateway.transports.mqtt import Mqtt
from simulators.chaos_proxy import ChaosProxy, Mood, Way
from simulators.faults.resolver import FaultyResolver
from simulators.platforms.certificates import Authority
from simulators.platforms.mosquitto import Mosquitto, MosquittoSettings
from simulators.ports import free_tcp_port
from simulators.torture.witness import Witness
from tests.faults.talk import LIMIT_S, arrived, listening, sensor, speak
from tests.pipeline.box import Box
from tests.pipeline.rig import mqtt, registration, until

BRISK = "retry_max_s = 1\n"
NAME = "mqtt.city.test"
LAST = "test/last"


async def publish_one(port: int) -> None:
    transport = Mqtt(Broker(endpoint=endpoint(f"mqtt://127.0.0.1:{port}"), client_id="another"), SystemClock())
    try:
        await transport.send([Request(target=LAST, body=b"[]", content_type="application/json")])
    finally:
        await transport.close()


async def test_a_broker_that_stands_still_and_a_line_that_swallows_lose_nothing(box: Box, mosquitto: Mosquitto) -> None:
    device = sensor()
    async with ChaosProxy(("127.0.0.1", mosquitto.port)) as line, listening(mosquitto.port) as city:
        await box.start(registration(device), destinations=[mqtt(line.port) + BRISK])
        ids = await speak(box, device, 2)
        mosquitto.pause()
        ids += await speak(box, device, 2)
        await line.become(Mood(way=Way.BLACK_HOLE))
        mosquitto.resume()
        ids += await speak(box, device, 2)
        line.cut()
        await line.become(Mood())
        ids += await speak(box, device, 2)
        await city.wait_for(len(ids), LIMIT_S)
        await until(lambda: len(arrived(city)) == len(ids))

    assert arrived(city) == ids


async def test_a_broker_that_is_killed_gets_what_it_has_not_answered_for(box: Box, tmp_path: Path) -> None:
    device = sensor()
    settings = MosquittoSettings(persistence=True)
    async with Mosquitto(tmp_path / "broker", settings) as broker, listening(broker.port) as city:
        await broker.stop()  # in good order: from here on its file knows the city
        await until(lambda: not city.subscribed.is_set())
        await broker.start()
        await city.subscribed.wait()
        await box.start(registration(device), destinations=[mqtt(broker.port) + BRISK])
        ids = await speak(box, device, 2)
        await until(lambda: len(arrived(city)) == 2)
        await broker.kill()
        ids += await speak(box, device, 3)
        status = await box.status(lambda status: status["destinations"]["broker"]["trouble"])
        await broker.start()
        await until(lambda: len(arrived(city)) == len(ids))

    assert arrived(city) == ids
    assert "connection" in status["destinations"]["broker"]["trouble"]


async def test_a_certificate_that_has_run_out_is_named_and_the_renewed_one_is_taken(box: Box, tmp_path: Path) -> None:
    device, port = sensor(), free_tcp_port()
    (tmp_path / "tls").mkdir()
    authority = Authority(tmp_path / "tls")
    servers = {
        "first": authority.server("127.0.0.1"),
        "run out": authority.server("127.0.0.1", since=timedelta(days=-9), until=timedelta(minutes=-1)),
        "renewed": authority.server("127.0.0.1"),
    }
    city_section = mqtt(port).replace("mqtt://", "mqtts://") + BRISK + f'tls.ca_file = "{authority.certificate}"\n'

    def broker(which: str) -> Mosquitto:
        return Mosquitto(tmp_path / which, MosquittoSettings(server=servers[which]), port=port)

    async with broker("first"):
        await box.start(registration(device), destinations=[city_section])
        await speak(box, device, 1)
        await box.status(lambda status: status["destinations"]["broker"]["counts"].get("delivered") == 1)
    async with broker("run out"):
        await speak(box, device, 3)
        status = await box.status(lambda status: "expired" in (status["destinations"]["broker"]["trouble"] or ""))
    async with broker("renewed"):
        after = await box.status(lambda status: status["destinations"]["broker"]["counts"].get("delivered") == 4)

    assert status["destinations"]["broker"]["waiting"] == 3
    assert "renew it there" in status["destinations"]["broker"]["trouble"]
    assert (after["destinations"]["broker"]["waiting"], after["destinations"]["broker"]["trouble"]) == (0, None)


async def test_a_name_that_nobody_answers_for_holds_up_nothing_but_its_destination(
    box: Box, mosquitto: Mosquitto, resolver: FaultyResolver
) -> None:
    device = sensor()
    resolver.say(NAME, "again 2000")  # after 2 s: a resolver without a line to the network
    box.agent.environment = resolver.environment()
    by_name = mqtt(mosquitto.port).replace("127.0.0.1", NAME) + BRISK
    beside = mqtt(mosquitto.port, "beside") + BRISK
    async with listening(mosquitto.port) as city:
        await box.start(registration(device), destinations=[by_name, beside])
        ids = await speak(box, device, 3)
        await until(lambda: arrived(city) == ids)  # the other destination's
        in_trouble = await box.status(lambda status: status["destinations"]["broker"]["trouble"])
        resolver.say(NAME, "127.0.0.1")
        after = await box.status(lambda status: status["destinations"]["broker"]["counts"].get("delivered") == 3)

    assert NAME in in_trouble["destinations"]["broker"]["trouble"]
    assert in_trouble["destinations"]["broker"]["waiting"] == 3
    assert after["destinations"]["broker"]["trouble"] is None


async def test_with_mqtt_3_a_refusal_cannot_be_seen_and_status_says_so(box: Box, tmp_path: Path) -> None:
    device = sensor()
    settings = MosquittoSettings(access=["topic read #", "topic write elsewhere/#"])
    async with Mosquitto(tmp_path / "broker", settings) as broker, listening(broker.port) as city:
        await box.start(registration(device), destinations=[mqtt(broker.port) + 'mqtt_version = "3.1.1"\n'])
        await speak(box, device, 2)
        status = await box.status(lambda status: status["destinations"]["broker"]["counts"].get("delivered") == 2)

    notes = status["destinations"]["broker"]["transport"]["notes"]
    assert any("3.1.1 cannot say no" in note for note in notes)
    assert status["destinations"]["broker"]["held"] == {}
    assert city.received == []


async def test_what_a_broker_answers_for_and_forgets_is_lost_there_and_the_wire_proves_it(
    box: Box, tmp_path: Path
) -> None:
    device = sensor()
    async with Mosquitto(tmp_path / "broker") as broker:  # without persistence: its queue is memory
        async with listening(broker.port):
            pass  # from here on the broker keeps a session for the city
        async with Witness(broker.port, lambda: 1) as witness:
            await box.start(registration(device), destinations=[mqtt(witness.port) + BRISK])
            ids = await speak(box, device, 4)
            status = await box.status(lambda status: status["destinations"]["broker"]["counts"].get("delivered") == 4)
        await broker.kill()
        await broker.start()
        async with listening(broker.port) as city:
            await publish_one(broker.port)  # behind all that the broker could have kept
            await city.wait_for(1, LIMIT_S)

    assert [one.uplink for one in witness.taken if one.success] == ids
    assert status["destinations"]["broker"]["waiting"] == 0
    assert [one.topic for one in city.received] == [LAST]
