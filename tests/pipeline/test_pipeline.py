"""A frame's whole way: UDP datagram in, PUBACK of a real mosquitto and the answer of a strict NGSI-LD broker out."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from gateway.errors import StorageError
from gateway.journal import Changes
from gateway.model import DevAddr, Entity, Eui64, RowId, TxRequest, TxResult, uplink_id
from simulators.concentrator import SX1302, Concentrator
from simulators.end_device import EndDevice
from simulators.platforms.mosquitto import Mosquitto
from simulators.platforms.mqtt import Subscriber
from simulators.platforms.ngsi_ld import NgsiLdReceiver
from tests.pipeline.rig import LIMIT_S, NOON, TOWER, Rig, Roof, mqtt, ngsi_ld, registration, rig, until

DEV_EUI, DEV_ADDR = Eui64("a81758fffe051d02"), DevAddr("00011234")
CHANNEL_HZ, RX2_HZ = 868_300_000, 869_525_000
SLOW_DISK_S = 0.3  # an agent that did not wait would have answered meanwhile, and RX1 can still be reached after it
JOIN_SPEED = 3.0  # a join accept's five seconds pass in less than two

# decoder, FPort, payload, what SenML says: name, unit, value. Payloads and their meaning are others'; the source is named.
PUBLISHED = [
    pytest.param(
        "elsys/ers-co2",  # TheThingsNetwork/lorawan-devices, vendor/elsys/ers-co2-codec.yaml
        1,
        "0100e2 0229 040027 0506 060308",
        {"air_temperature": ("Cel", 22.6), "relative_humidity": ("%RH", 41), "illuminance": ("lx", 39), "co2": ("/", 776e-6)},
        id="elsys/ers-co2",
    ),
    pytest.param(
        "milesight/em300-th",  # TheThingsNetwork/lorawan-devices, vendor/milesight-iot/em300-th-codec.yaml
        1,
        "017532 0367c800 04683c",
        {"air_temperature": ("Cel", 20.0), "relative_humidity": ("%RH", 30.0), "battery_level": ("%EL", 50)},
        id="milesight/em300-th",
    ),
    pytest.param(
        "decentlab/dl-pr26",  # TheThingsNetwork/lorawan-devices, vendor/decentlab/dl-pr26-0-1-codec.yaml
        1,
        "02 0167 0003 3e80 6017 0c7f",
        {"pipe_pressure": ("Pa", -1171.875), "water_temperature": ("Cel", 25.671875), "battery_voltage": ("V", 3.199)},
        id="decentlab/dl-pr26",
    ),
]  # fmt: skip


@pytest.fixture
async def broker(tmp_path: Path) -> AsyncIterator[Mosquitto]:
    async with Mosquitto(tmp_path / "mosquitto") as mosquitto:
        yield mosquitto


@pytest.fixture
async def city(broker: Mosquitto) -> AsyncIterator[Subscriber]:
    subscriber = Subscriber("127.0.0.1", broker.port)
    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(subscriber.run(), name="city")
        async with asyncio.timeout(LIMIT_S):
            await subscriber.subscribed.wait()
        yield subscriber
        task.cancel()


@pytest.fixture
async def platform() -> AsyncIterator[NgsiLdReceiver]:
    receiver = NgsiLdReceiver()
    await receiver.start()
    yield receiver
    await receiver.stop()


@pytest.fixture
def device() -> EndDevice:
    return EndDevice.abp(DEV_EUI, DEV_ADDR)


def delivered(box: Rig, name: str) -> int:
    counts: dict[str, int] = box.agent.status()["destinations"][name]["counts"]
    return counts.get("delivered", 0)


# ── to the city ──


@pytest.mark.parametrize(("decoder", "f_port", "payload", "said"), PUBLISHED)
async def test_a_datagram_becomes_a_message_that_the_broker_has_acknowledged(
    tmp_path: Path,
    broker: Mosquitto,
    city: Subscriber,
    device: EndDevice,
    decoder: str,
    f_port: int,
    payload: str,
    said: dict[str, tuple[str, float]],
) -> None:
    async with rig(tmp_path, mqtt(broker.port)) as box:
        await box.register(registration(device, decoder))
        roof = await box.roof()

        await roof.push(device.uplink(f_port, bytes.fromhex(payload)))
        (message,) = await city.wait_for(1, LIMIT_S)
        await until(lambda: delivered(box, "broker") == 1)

    base, *records = json.loads(message.payload)
    values = {record["n"]: (record["u"], record["v"]) for record in records if "v" in record}
    assert message.topic == f"brygga/{DEV_EUI}/senml"
    assert base == {
        "bn": f"urn:dev:mac:{DEV_EUI}:",
        "bt": NOON.timestamp(),
        "n": "uplink",
        "vs": str(uplink_id(DEV_EUI, f"{DEV_ADDR}-abp0", 0)),
    }
    assert {name: values.get(name) for name in said} == {
        name: (unit, pytest.approx(value)) for name, (unit, value) in said.items()
    }
    assert city.problems == []


async def test_a_datagram_becomes_entities_that_an_ngsi_ld_broker_has_taken(
    tmp_path: Path, platform: NgsiLdReceiver, device: EndDevice
) -> None:
    async with rig(tmp_path, ngsi_ld(platform.url)) as box:
        await box.register(registration(device, "milesight/em300-th", entity=Entity("WeatherObserved", "torget-1")))
        roof = await box.roof()

        await roof.push(device.uplink(85, bytes.fromhex("017532 0367c800 04683c")))  # EM300-TH, as above
        await until(lambda: delivered(box, "platform") == 1)

    told = platform.entity("urn:ngsi-ld:WeatherObserved:torget-1")
    assert told["type"] == "WeatherObserved"
    assert told["temperature"]["value"] == pytest.approx(20.0)
    assert told["temperature"]["unitCode"] == "CEL"
    assert told["temperature"]["observedAt"] == "2026-03-01T12:00:00.123Z"
    assert told["relativeHumidity"]["value"] == pytest.approx(0.3)
    assert platform.uplink_ids == {str(uplink_id(DEV_EUI, f"{DEV_ADDR}-abp0", 0))}


async def test_one_uplink_goes_to_every_destination_under_the_same_id(
    tmp_path: Path, broker: Mosquitto, city: Subscriber, platform: NgsiLdReceiver, device: EndDevice
) -> None:
    async with rig(tmp_path, mqtt(broker.port), ngsi_ld(platform.url)) as box:
        await box.register(registration(device, entity=Entity("IndoorEnvironmentObserved", "room-3")))
        roof = await box.roof()

        await roof.push(device.uplink(5, bytes.fromhex("0100e2 0229")))
        (message,) = await city.wait_for(1, LIMIT_S)
        await until(lambda: delivered(box, "platform") == 1)

    assert {message.headers["uplink"]} == platform.uplink_ids


async def test_what_two_gateways_hear_is_one_uplink_with_two_receptions(
    tmp_path: Path, broker: Mosquitto, city: Subscriber, device: EndDevice
) -> None:
    async with rig(tmp_path, mqtt(broker.port)) as box:
        await box.register(registration(device))
        roof, tower = await box.roof(), await box.roof(TOWER)
        frame = device.uplink(5, bytes.fromhex("0100e2"))

        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(roof.push(frame, snr_db=-3.0), name="roof")
            tasks.create_task(tower.push(frame, snr_db=8.5), name="tower")
        await roof.push(device.uplink(5, bytes.fromhex("0100e3")))
        messages = await city.wait_for(2, LIMIT_S)
        both, single = await box.rows(2)

    assert [one.gateway for one in both.uplink.receptions] == [tower.forwarder.gateway, roof.forwarder.gateway]
    assert len(single.uplink.receptions) == 1
    assert [message.headers["uplink"] for message in messages] == [str(both.uplink.id), str(single.uplink.id)]


# ── back to the device ──


class Watched:
    """A journal's commits and a source's transmissions in their order; the commits slow or broken, as told."""

    def __init__(self, box: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
        self.events: list[str] = []
        self.failures = 0  # so many of the next commits fail
        self.gate = asyncio.Event()
        self.gate.set()
        (source,) = box.agent.sources
        self._commit, self._transmit = box.agent.journal.commit, source.transmit
        monkeypatch.setattr(box.agent.journal, "commit", self.commit)
        monkeypatch.setattr(source, "transmit", self.transmit)

    async def commit(self, changes: Changes) -> Sequence[RowId]:
        self.events.append("begun")
        if self.failures:
            self.failures -= 1
            self.events.append("failed")
            raise StorageError("database or disk is full")
        async with asyncio.timeout(LIMIT_S):
            await self.gate.wait()
        rows = await self._commit(changes)
        self.events.append("committed")
        return rows

    async def transmit(self, request: TxRequest) -> TxResult:
        self.events.append("asked to transmit")
        return await self._transmit(request)


async def test_a_confirmed_uplink_is_acknowledged_after_its_commit_and_not_before(
    tmp_path: Path, device: EndDevice, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with rig(tmp_path) as box:
        await box.register(registration(device))
        roof = await box.roof()
        watched = Watched(box, monkeypatch)
        watched.gate.clear()

        await roof.push(device.uplink(5, b"\x02\x29", confirmed=True))
        await until(lambda: watched.events == ["begun"])
        await asyncio.sleep(SLOW_DISK_S)
        asked_before = roof.asked
        watched.gate.set()
        downlink = device.hear((await roof.downlink()).phy_payload)
        (row,) = await box.rows(1)

    assert asked_before == 0
    assert watched.events[:3] == ["begun", "committed", "asked to transmit"]
    assert downlink is not None
    assert downlink.ack
    assert row.uplink.confirmed


async def test_what_the_disk_did_not_take_at_once_is_kept_and_answered_only_when_it_is_repeated(
    tmp_path: Path, device: EndDevice, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with rig(tmp_path) as box:
        await box.register(registration(device))
        roof = await box.roof()
        watched = Watched(box, monkeypatch)
        watched.failures = 1

        await roof.push(device.uplink(5, b"\x02\x29", confirmed=True))
        (row,) = await box.rows(1)
        await until(lambda: box.agent.network.counts["uplinks"] == 1)
        before = list(watched.events)
        asked_before = roof.asked
        await roof.push(device.repeat())
        downlink = device.hear((await roof.downlink()).phy_payload)
        rows = await box.rows(1)

    assert before == ["begun", "failed", "begun", "committed"]
    assert asked_before == 0
    assert downlink is not None
    assert downlink.ack
    assert rows == [row]


# ── joining ──


async def join(box: Rig, roof: Roof, device: EndDevice) -> dict[str, Any]:
    """Let a device ask to join, hear the answer and say something; return how the answer came."""
    heard_us = roof.forwarder.counter_us
    await roof.push(device.join_request(), timestamp_us=heard_us, frequency_hz=CHANNEL_HZ)
    accept = await roof.downlink()
    accepted, refusals = device.accept(accept.phy_payload), roof.forwarder.counts["tx_tx_freq"]
    await roof.push(device.uplink(5, b"\x02\x29"))
    (row,) = await box.rows(1)
    assert row.uplink.activation == f"{device.dev_addr}-{device.join_nonce}"
    after_us = accept.starts_us - heard_us
    return {"accepted": accepted, "after_us": after_us, "frequency_hz": accept.frequency_hz, "refusals": refusals}


async def test_a_device_joins_over_the_air_in_rx1(tmp_path: Path) -> None:
    device = EndDevice(DEV_EUI)
    async with rig(tmp_path) as box:
        await box.register(registration(device))
        roof = await box.roof(speed=JOIN_SPEED)

        answer = await join(box, roof, device)

    assert answer == {"accepted": True, "after_us": 5_000_000, "frequency_hz": CHANNEL_HZ, "refusals": 0}


async def test_a_join_accept_goes_out_in_rx2_when_the_radio_refuses_rx1(tmp_path: Path) -> None:
    device = EndDevice(DEV_EUI)
    async with rig(tmp_path) as box:
        await box.register(registration(device))
        roof = await box.roof(speed=JOIN_SPEED)
        roof.forwarder._concentrator = Concentrator(SX1302, frequencies_hz=(RX2_HZ, RX2_HZ))

        answer = await join(box, roof, device)

    assert answer == {"accepted": True, "after_us": 6_000_000, "frequency_hz": RX2_HZ, "refusals": 1}
