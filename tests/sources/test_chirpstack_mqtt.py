"""The source behind a broker, over the real mosquitto: MQTT Forwarders that hear, answer, fall silent and go away."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from chirpstack_api.gw import gw_pb2  # type: ignore[import-untyped]  # it says no py.typed

from gateway.model import Eui64, Frame, Json, Place, TxResult
from gateway.sources.chirpstack_gateway import stations
from gateway.sources.chirpstack_gateway.mqtt import QUIET_S, ChirpstackMqtt
from gateway.sources.chirpstack_gateway.topics import Kind, Topics
from gateway.sources.settings import ChirpstackMqttSettings
from gateway.sources.tap import Tapped
from gateway.transports import subscription
from gateway.transports.broker import Broker, MqttVersion
from gateway.transports.endpoint import endpoint
from simulators.chirpstack_gateway import SimulatedForwarder
from simulators.packet_forwarder import Signal
from simulators.platforms.mosquitto import Mosquitto
from tests.sources.chirpstack_rig import GATEWAY, OTHER, PHY_PAYLOAD, RX2_HZ, answer, radio, running, until
from tests.sources.conftest import Ear, HandClock
from tests.sources.test_chirpstack_reading import V3

UPLINK = Signal(phy_payload=PHY_PAYLOAD)
FORMS = pytest.mark.parametrize("form", ["protobuf", "json"])
Make = Callable[..., ChirpstackMqtt]


@pytest.fixture
async def mosquitto(tmp_path: Path) -> AsyncIterator[Mosquitto]:
    async with Mosquitto(tmp_path / "mosquitto") as broker:
        yield broker


@pytest.fixture
def make(mosquitto: Mosquitto, clock: HandClock, monkeypatch: pytest.MonkeyPatch) -> Make:
    monkeypatch.setattr(subscription, "LONGEST_PAUSE_S", 0.05)

    def made(
        *, prefix: str = "eu868", gateways: frozenset[Eui64] = frozenset(), answer_limit_s: float = 5.0, **broker: Any
    ) -> ChirpstackMqtt:
        where = endpoint(f"mqtt://127.0.0.1:{mosquitto.port}")
        settings = ChirpstackMqttSettings(
            name="radio",
            broker=Broker(endpoint=where, client_id="brygga", keeps_session=False, **broker),
            prefix=prefix,
            gateways=gateways,
        )
        return ChirpstackMqtt(settings, clock, answer_limit_s=answer_limit_s)

    return made


def forwarder(mosquitto: Mosquitto, gateway: Eui64 = GATEWAY, **more: Any) -> SimulatedForwarder:
    return SimulatedForwarder(radio(gateway), mosquitto.port, **more)


@FORMS
@pytest.mark.parametrize("prefix", ["eu868", "", "city/eu868"])
async def test_what_a_gateway_hears_is_heard(
    mosquitto: Mosquitto, make: Make, ear: Ear, form: str, prefix: str
) -> None:
    source = make(prefix=prefix)
    async with running(source, ear), forwarder(mosquitto, prefix=prefix, is_json=form == "json") as there:
        there.tell((57.7, 11.97, 12.5))
        there.send(*[UPLINK] * 3)
        first, *_ = await ear.heard(3)
        status = source.status()

    assert (first.phy_payload, first.best.gateway, first.best.source) == (PHY_PAYLOAD, GATEWAY, "radio")
    assert first.best.place == Place(57.7, 11.97, 12.5)
    assert (status["counts"]["frames"], status["counts"]["stats"], status["dropped"]) == (3, 1, {})
    assert (status["gateways"][GATEWAY]["online"], status["advice"]) == (True, [])
    assert status["gateways"][GATEWAY]["speaks"] == ("JSON, v4" if form == "json" else "protobuf, v4")


async def test_broken_packets_are_noted_once_whether_passed_on_or_counted_in_statistics(
    mosquitto: Mosquitto, make: Make, ear: Ear
) -> None:
    source, noted = make(), list[tuple[str, int]]()
    source.note_broken = lambda gateway, count: noted.append((gateway, count))
    stats = gw_pb2.GatewayStats(gateway_id=GATEWAY, rx_packets_received=10, rx_packets_received_ok=7)
    async with running(source, ear), forwarder(mosquitto) as there:
        there.send(UPLINK, Signal(phy_payload=PHY_PAYLOAD, crc=-1))
        there.publish("event/stats", stats.SerializeToString())
        there.tell()
        await until(lambda: source.status()["counts"].get("stats") == 2)

    assert [one for one in noted if one[1]] == [(GATEWAY, 1), (GATEWAY, 2)]


@FORMS
@pytest.mark.parametrize(("after_s", "frequency_hz"), [(1, 868_100_000), (2, RX2_HZ), (5, 868_100_000)])
async def test_a_downlink_leaves_in_its_window_by_the_radios_own_clock(
    mosquitto: Mosquitto, make: Make, ear: Ear, form: str, after_s: int, frequency_hz: int
) -> None:
    source = make()
    async with running(source, ear), forwarder(mosquitto, is_json=form == "json") as there:
        there.send(Signal(phy_payload=PHY_PAYLOAD, timestamp_us=there.radio.now_us() + 250_000))
        heard = (await ear.heard(1))[0].best
        result = await source.transmit(answer(heard, after_s=after_s, frequency_hz=frequency_hz))
        (sent,) = there.radio.sent

    assert result is TxResult.SENT
    assert sent.starts_us == (heard.timestamp_us or 0) + after_s * 1_000_000
    assert (sent.frequency_hz, sent.power_dbm, sent.inverted) == (frequency_hz, 14, True)


@FORMS
async def test_class_c_goes_out_at_once(mosquitto: Mosquitto, make: Make, ear: Ear, form: str) -> None:
    source = make()
    async with running(source, ear), forwarder(mosquitto, is_json=form == "json") as there:
        there.send(UPLINK)
        heard = (await ear.heard(1))[0].best
        asked_us = there.radio.now_us()
        result = await source.transmit(answer(heard, after_s=None))
        (sent,) = there.radio.sent

    assert result is TxResult.SENT
    assert asked_us < sent.starts_us < asked_us + 1_000_000


async def test_an_order_is_kept_no_longer_than_its_slot(mosquitto: Mosquitto, make: Make, ear: Ear) -> None:
    source = make()
    async with running(source, ear), forwarder(mosquitto) as there:
        there.send(UPLINK)
        heard = (await ear.heard(1))[0].best
        await source.transmit(answer(heard, after_s=6))
        (expires_s,) = there.expiries_s

    assert expires_s in {5, 6}  # the broker takes off what has passed, in whole seconds


@FORMS
async def test_what_the_radio_says_comes_back(mosquitto: Mosquitto, make: Make, ear: Ear, form: str) -> None:
    source = make()
    async with running(source, ear), forwarder(mosquitto, is_json=form == "json") as there:
        there.send(UPLINK)
        heard = (await ear.heard(1))[0].best
        said = [
            await source.transmit(one)
            for one in (
                answer(heard),
                answer(heard),
                answer(heard, frequency_hz=915_000_000),
                answer(heard, after_s=600.0),
                answer(heard, gateway=OTHER),
            )
        ]
        counts = source.status()["counts"]

    assert said == [
        TxResult.SENT,
        TxResult.COLLISION_PACKET,
        TxResult.TX_FREQ,
        TxResult.TOO_EARLY,
        TxResult.NOT_CONNECTED,
    ]
    assert (counts["transmit_sent"], counts["transmit_tx_freq"]) == (1, 1)


async def test_downlinks_at_once_get_their_own_answers(mosquitto: Mosquitto, make: Make, ear: Ear) -> None:
    source = make()
    async with running(source, ear), forwarder(mosquitto) as there, forwarder(mosquitto, OTHER) as another:
        there.send(UPLINK)
        another.send(UPLINK)
        heard = {frame.best.gateway: frame.best for frame in await ear.heard(2)}
        said = await asyncio.gather(
            source.transmit(answer(heard[GATEWAY])),
            source.transmit(answer(heard[GATEWAY], frequency_hz=915_000_000)),
            source.transmit(answer(heard[OTHER])),
        )

    assert [*said] == [TxResult.SENT, TxResult.TX_FREQ, TxResult.SENT]
    assert (len(there.radio.sent), len(another.radio.sent)) == (1, 1)


async def test_a_gateway_that_says_nothing_is_no_answer_and_a_late_one_is_counted(
    mosquitto: Mosquitto, make: Make, ear: Ear
) -> None:
    source = make(answer_limit_s=0.2)
    async with running(source, ear), forwarder(mosquitto, answers=False) as there:
        there.send(UPLINK)
        result = await source.transmit(answer((await ear.heard(1))[0].best))
        number = gw_pb2.DownlinkFrame.FromString(there.orders[0]).downlink_id
        ack = gw_pb2.DownlinkTxAck(gateway_id=GATEWAY, downlink_id=number, items=[{"status": "OK"}])
        there.publish("event/ack", ack.SerializeToString())
        await until(lambda: source.status()["dropped"])

    assert result is TxResult.NO_ANSWER
    assert source.status()["dropped"] == {"late_ack": 1}


async def test_another_servers_acknowledgement_is_none_of_ours(mosquitto: Mosquitto, make: Make, ear: Ear) -> None:
    source = make(answer_limit_s=0.5)
    async with running(source, ear), forwarder(mosquitto, answers=False) as there:
        there.send(UPLINK)
        heard = (await ear.heard(1))[0].best
        async with asyncio.TaskGroup() as group:
            waiting = group.create_task(source.transmit(answer(heard)), name="transmit")
            await until(lambda: there.orders)
            number = gw_pb2.DownlinkFrame.FromString(there.orders[0]).downlink_id & 0xFFFF
            ack = gw_pb2.DownlinkTxAck(gateway_id=GATEWAY, downlink_id=number, items=[{"status": "OK"}])
            there.publish("event/ack", ack.SerializeToString())

    assert waiting.result() is TxResult.NO_ANSWER


async def test_a_gateway_whose_will_says_that_it_is_gone_is_not_asked(
    mosquitto: Mosquitto, make: Make, ear: Ear
) -> None:
    source = make()
    async with running(source, ear):
        async with forwarder(mosquitto) as there:
            there.send(UPLINK)
            heard = (await ear.heard(1))[0].best
        await until(lambda: source.status()["gateways"][GATEWAY]["online"] is False)
        result, status = await source.transmit(answer(heard)), source.status()

    assert result is TxResult.NOT_CONNECTED
    assert not any(name.startswith("publish") for name in status["counts"])
    assert status["gateways"][GATEWAY]["can_transmit"] is False
    assert status["advice"] == [
        f"gateway {GATEWAY} says that it is offline: has it power and network, and does its forwarder run?"
    ]


async def test_a_gateway_that_speaks_again_is_there_again_whatever_its_last_will_said(
    mosquitto: Mosquitto, make: Make, ear: Ear
) -> None:
    source = make()
    async with running(source, ear), forwarder(mosquitto) as there:
        there.publish("state/conn", gw_pb2.ConnState(gateway_id=GATEWAY).SerializeToString())
        there.send(UPLINK)
        result = await source.transmit(answer((await ear.heard(1))[0].best))

    assert result is TxResult.SENT


async def test_a_state_that_the_broker_kept_is_known_at_once(mosquitto: Mosquitto, make: Make, ear: Ear) -> None:
    source = make()
    async with forwarder(mosquitto), running(source, ear):
        await until(lambda: source.status()["gateways"])

        assert source.status()["gateways"][GATEWAY]["online"] is True


async def test_where_nobody_takes_the_order_another_gateway_may_be_asked_at_once(
    mosquitto: Mosquitto, make: Make, ear: Ear
) -> None:
    source = make()
    async with running(source, ear), forwarder(mosquitto, OTHER) as there:
        frame = radio().hear(UPLINK)
        there._client.publish(f"eu868/gateway/{GATEWAY}/event/up", frame.SerializeToString())
        there._client.flush()
        result = await source.transmit(answer((await ear.heard(1))[0].best))

    assert result is TxResult.NOT_CONNECTED


async def test_a_gateway_of_v3_is_understood_and_answered_in_its_own_words(
    mosquitto: Mosquitto, make: Make, ear: Ear
) -> None:
    source = make()
    async with running(source, ear), forwarder(mosquitto, answers=False) as there:
        there.publish("event/up", json.dumps(V3).encode())
        heard = (await ear.heard(1))[0].best
        async with asyncio.TaskGroup() as group:
            waiting = group.create_task(source.transmit(answer(heard)), name="transmit")
            await until(lambda: there.orders)
            order = json.loads(there.orders[0])
            ack = {"gatewayID": "ABbAAfFToUw=", "token": order["token"], "items": [{"status": "OK"}]}
            there.publish("event/ack", json.dumps(ack).encode())
        speaks = source.status()["gateways"][GATEWAY]["speaks"]

    assert waiting.result() is TxResult.SENT
    assert order["items"][0]["tx_info"]["lora_modulation_info"]["bandwidth"] == 125
    assert speaks == "JSON, v3"


async def test_only_gateways_that_are_named_are_listened_to(mosquitto: Mosquitto, make: Make, ear: Ear) -> None:
    source = make(gateways=frozenset({GATEWAY}))
    async with running(source, ear), forwarder(mosquitto) as there, forwarder(mosquitto, OTHER) as another:
        another.send(UPLINK)
        there.send(Signal(phy_payload=b"\x40last"))
        frames = await ear.heard(1)

    assert [(frame.best.gateway, frame.phy_payload) for frame in frames] == [(GATEWAY, b"\x40last")]


async def test_what_is_wrong_is_told_of_for_an_hour_and_counted_for_good(
    mosquitto: Mosquitto, make: Make, ear: Ear, clock: HandClock
) -> None:
    source = make()
    async with running(source, ear), forwarder(mosquitto) as there:
        there.publish("event/up", b"\xff" * 20)
        await until(lambda: source.status()["dropped"])
        at_first = source.status()["advice"]
        clock.monotonic += 3660
        there.send(UPLINK)
        await ear.heard(1)
        later = source.status()

    assert [words.split(" messages ")[0] for words in at_first] == ["in the last hour 1"]
    assert (later["advice"], later["dropped"]) == ([], {"protobuf": 1})


def bodies() -> dict[str, bytes]:
    frame = radio().hear(UPLINK)
    other = radio(OTHER).hear(UPLINK)
    without_crc = radio().hear(Signal(phy_payload=PHY_PAYLOAD, crc=0))
    return {
        "empty": b"",
        "protobuf": b"\xff" * 20,
        "json": b'{"phyPayload":',
        "gateway": bytes(other.SerializeToString()),
        "data": b'{"rxInfo":{"gatewayId":"0016c001f153a14c","crcStatus":"CRC_OK"},"txInfo":{"frequency":868100000,'
        b'"modulation":{"lora":{"bandwidth":125000,"spreadingFactor":7}}}}',
        "no_crc": bytes(without_crc.SerializeToString()),
        "frequency": bytes(frame.SerializeToString()).replace(b"\x08\xa0\xcf\xf8\x9d\x03", b"\x08\x80\x80\x80\x80\x00"),
    }


@pytest.mark.parametrize("reason", ["empty", "protobuf", "json", "gateway", "data", "no_crc", "frequency"])
async def test_what_is_wrong_is_counted_and_ends_nothing(
    mosquitto: Mosquitto, make: Make, ear: Ear, reason: str
) -> None:
    source = make()
    async with running(source, ear), forwarder(mosquitto) as there:
        there.publish("event/up", bodies()[reason])
        there.send(UPLINK)
        frames = await ear.heard(1)

    assert [frame.phy_payload for frame in frames] == [PHY_PAYLOAD]
    assert source.status()["dropped"] == {reason: 1}


async def test_an_event_that_the_broker_kept_is_no_frame_of_now(mosquitto: Mosquitto, make: Make, ear: Ear) -> None:
    source = make()
    async with forwarder(mosquitto) as there:
        there.publish("event/up", there.radio.hear(UPLINK).SerializeToString(), retain=True)
        async with running(source, ear):
            await until(lambda: source.status()["dropped"])

    assert (source.status()["dropped"], ear.frames) == ({"retained": 1}, [])


async def test_a_broker_that_comes_later_or_comes_back_is_found_again(
    mosquitto: Mosquitto, make: Make, ear: Ear
) -> None:
    source = make()
    await mosquitto.stop()
    async with running(source, ear, is_there=False):
        before = source.status()["advice"]
        for count in (1, 2):
            await mosquitto.start()
            await until(lambda: source.status()["listening"])
            async with forwarder(mosquitto) as there:
                there.send(UPLINK)
                await ear.heard(count)
            await mosquitto.kill()
            await until(lambda: source.status()["listening"] is None)
        heard, words = ear.frames[0].best, source.status()["advice"]
        away = await source.transmit(answer(heard))

    assert before == ["no connection to the broker: not tried yet"]
    assert words[0].startswith(f"no connection to the broker: mqtt://127.0.0.1:{mosquitto.port}: ")
    assert away is TxResult.NOT_CONNECTED


async def test_a_prefix_under_which_nothing_comes_is_told_of(make: Make, ear: Ear, clock: HandClock) -> None:
    source = make(prefix="as923")
    async with running(source, ear):
        clock.monotonic += QUIET_S + 1
        words = source.status()["advice"]

    (line,) = words
    assert line == (
        "nothing has come under as923/gateway/… for 120 s, and gateways tell their statistics every 30 s: is `prefix` the `topic_prefix` "
        "of the gateways' forwarder, and do they reach this broker?"
    )


async def test_a_gateway_whose_frames_cannot_be_answered_is_told_of(mosquitto: Mosquitto, make: Make, ear: Ear) -> None:
    source = make()
    async with running(source, ear), forwarder(mosquitto) as there:
        frame = there.radio.hear(UPLINK)
        frame.rx_info.context = b""
        there.publish("event/up", frame.SerializeToString())
        await ear.heard(1)
        (words,) = source.status()["advice"]

    assert words.startswith(f"gateway {GATEWAY}: its frames come without the context that an answer needs")


async def test_mqtt_3_1_1_does_too(mosquitto: Mosquitto, make: Make, ear: Ear) -> None:
    source = make(version=MqttVersion.V3_1_1)
    async with running(source, ear), forwarder(mosquitto) as there:
        there.send(UPLINK)
        result = await source.transmit(answer((await ear.heard(1))[0].best))

    assert result is TxResult.SENT


async def test_a_tap_gets_what_is_heard_also_what_is_not_taken(mosquitto: Mosquitto, make: Make, ear: Ear) -> None:
    class Keeper:
        def __init__(self) -> None:
            self.came: list[Tapped] = []

        def take(self, tapped: Tapped) -> None:
            self.came.append(tapped)

    source, keeper = make(), Keeper()
    source.tap(keeper)
    async with running(source, ear), forwarder(mosquitto) as there:
        there.send(Signal(phy_payload=b"\x60\x01", crc=0), UPLINK)
        await ear.heard(1)

    assert [frame.phy_payload for one in keeper.came for frame in one.frames if frame] == [b"\x60\x01", PHY_PAYLOAD]


async def test_frames_under_way_get_safe_when_it_is_stopped(mosquitto: Mosquitto, make: Make) -> None:
    begun, safe = asyncio.Event(), []

    async def slowly(frame: Frame) -> None:
        begun.set()
        await asyncio.sleep(0.05)
        safe.append(frame)

    async with forwarder(mosquitto) as there, running(make(), slowly):
        there.send(UPLINK)
        async with asyncio.timeout(5):
            await begun.wait()

    assert len(safe) == 1


@pytest.mark.parametrize(
    ("topic", "expected"),
    [
        ("eu868/gateway/0016c001f153a14c/event/up", (GATEWAY, Kind.UP)),
        ("eu868/gateway/0016C001F153A14C/state/conn", (GATEWAY, Kind.CONNECTION)),
        ("eu868/gateway/roof/event/up", None),
        ("eu868/gateway/0016c001f153a14c/event/mesh", None),
        ("eu868/gateway/0016c001f153a14c", None),
        ("us915/gateway/0016c001f153a14c/event/up", None),
        ("", None),
    ],
)
def test_topics_are_read(topic: str, expected: Json) -> None:
    assert Topics("eu868").read(topic) == expected


def test_a_gateway_beyond_the_bound_waits_until_another_has_fallen_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stations, "MOST_GATEWAYS", 1)
    known = stations.Stations()
    known.meet(GATEWAY, 0.0)

    refused, taken = known.meet(OTHER, stations.SILENT_S), known.meet(OTHER, stations.SILENT_S + 1)

    assert refused is None
    assert taken is not None
    assert [one.gateway for one in known] == [OTHER]
