"""Azure IoT Hub: what Microsoft's own SDK writes, and a strict hub that says no by closing the line."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from decoders.contract import Decoded, Reading
from decoders.vocabulary import QUANTITIES, ValueType
from gateway.errors import Unreachable
from gateway.formats.azure_iot import LARGEST, AzureIot
from gateway.formats.patience import TRIES_ALONE
from gateway.model import Instant, Item, Request, RowId, Verdict
from gateway.transports.broker import Broker, MqttVersion
from gateway.transports.endpoint import endpoint
from gateway.transports.mqtt import Mqtt
from gateway.transports.tls import Tls
from simulators.platforms.azure_iot import AzureHub, Fault, Telemetry
from tests.formats.clouds import KEY, OTHER_KEY, azure_line, now, rows, server_tls
from tests.formats.items import DEV_EUI, HEARD_AT, converse, item
from tests.formats.senml_reader import read, resolve
from tests.formats.telling import NOW, Loop
from tests.transports.conftest import until

SDK = json.loads((Path(__file__).parent.parent / "vectors" / "azure" / "sdk.json").read_text(encoding="utf-8"))


@pytest.fixture
async def hub() -> AsyncIterator[AzureHub]:
    made = AzureHub({"gw-1": KEY, "other": OTHER_KEY}, now=now)
    await made.start()
    yield made
    await made.stop()


def only(platform: AzureIot, one: Item) -> Request:
    waves, receipt = converse(platform, [one])
    assert receipt.accepted == {one.row}
    [[request]] = waves
    return request


def co2(telemetry: Telemetry) -> int:
    return int(json.loads(telemetry.body)["observations"][0]["value"])


# ── the words ──


def test_topic_and_properties_are_written_as_the_sdk_writes_them() -> None:
    heard = item(Reading("co2", 612, "[ppm]"))
    plain, odd = SDK["topics"]
    mine = {name: value for name, value in odd["properties"].items() if name == "a/b c&d"}

    as_json = only(AzureIot(device="gw-1"), heard)
    as_cbor = only(AzureIot(device="gw-1", body="senml", body_options={"encoding": "cbor"}, properties={}), heard)

    assert as_json.target == plain["topic"]
    assert as_cbor.target == odd["topic"].replace("a%2Fb%20c%26d=%C3%A5%3D%2B%23%25%2F%C3%BC&", "")
    assert only(AzureIot(device="gw-1", body="senml", body_options={"encoding": "cbor"}, properties=mine), heard).target == odd["topic"]  # fmt: skip
    assert (as_json.content_type, as_json.headers) == ("", {})


def test_a_module_has_topics_and_names_of_its_own() -> None:
    platform = AzureIot(device="gw-1", module="lora")

    identity = platform.identity("hub.azure-devices.net")

    assert only(platform, rows(1)[0]).target.startswith("devices/gw-1/modules/lora/messages/events/%24.mid=")
    assert identity.client_id == "gw-1/lora"
    assert identity.username == "hub.azure-devices.net/gw-1/lora/?api-version=2021-04-12"
    assert identity.resource == "hub.azure-devices.net/devices/gw-1/modules/lora"
    assert identity.commands_topic is None


def test_a_device_is_called_as_microsoft_s_page_says() -> None:
    """The page's example: contoso.azure-devices.net and MyDevice01."""
    identity = AzureIot(device="MyDevice01").identity("contoso.azure-devices.net")

    assert identity.username == "contoso.azure-devices.net/MyDevice01/?api-version=2021-04-12"
    assert (identity.client_id, identity.mqtt_version) == ("MyDevice01", "3.1.1")
    assert identity.commands_topic == "devices/MyDevice01/messages/devicebound/#"


@pytest.mark.parametrize("body", ["json", "senml", "rec_edge"])
@pytest.mark.parametrize("quantity", sorted(QUANTITIES))
def test_every_quantity_is_said_or_counted(quantity: str, body: Any) -> None:
    known = QUANTITIES[quantity]
    value = True if known.value_type is ValueType.BOOLEAN else 1

    waves, receipt = converse(AzureIot(body=body), [item(Reading(quantity, value, known.unit))])

    assert receipt.accepted == {1}
    assert sum(map(len, waves)) + receipt.inexpressible.get(quantity, 0) == 1


def test_the_body_is_the_chosen_format_s_own() -> None:
    heard = item(Reading("co2", 612, "[ppm]", None, HEARD_AT - timedelta(hours=1)))

    request = only(AzureIot(body="senml"), heard)

    names = [
        (name.rpartition(":")[2], unit) for name, unit, _, _ in resolve(read(request.body, "application/senml+json"))
    ]
    assert names == [("uplink", ""), ("co2", "/")]


def test_a_message_over_the_hub_s_limit_is_refused_with_a_word_and_the_others_go() -> None:
    large = replace(rows(1)[0], decoded=Decoded((), {"raw": "x" * LARGEST}))
    batch = [large, *rows(2)[1:]]

    waves, receipt = converse(AzureIot(), batch)

    assert receipt.accepted == {2}
    assert receipt.refused[large.row].startswith("not sent: 26")
    assert receipt.refused[large.row].endswith("octets, and Azure IoT Hub takes messages of 262144")
    assert sum(map(len, waves)) == 1


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"device": ""}, "device: '' is no name of Azure's"),
        ({"device": "a b"}, "device: 'a b' is no name of Azure's"),
        ({"device": "a/b"}, "device: 'a/b' is no name of Azure's"),
        ({"device": "a+b"}, "device: 'a+b' is no name of Azure's"),
        ({"module": "#"}, "module: '#' is no name of Azure's"),
        ({"body": "xml"}, "body: 'xml' is none of 'json', 'senml', 'rec_edge'"),
        ({"body_options": {"topic": "x"}}, "body_options: 'topic' is the cloud's, not the body's"),
        ({"body_options": {"per": "day"}}, "body_options: per: 'day' is neither"),
        ({"body_options": {"colour": "red"}}, "body_options: "),
        ({"properties": {"$.mid": "x"}}, "properties: '$.mid' is no name of a property"),
    ],
)
def test_what_a_person_wrote_wrong_is_said(options: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - the words are compared below
        AzureIot(**options)

    assert str(caught.value).startswith(words)


# ── at a hub ──


async def test_live_and_backlog_arrive_once_with_their_own_time(hub: AzureHub) -> None:
    platform = AzureIot(device="gw-1")
    async with azure_line(platform, hub.url) as transport:
        loop = Loop(platform, transport, rows(250))

        await loop.to_its_end()

    assert sorted(map(co2, hub.kept.telemetry)) == list(range(1, 251))
    assert (hub.kept.repeated, hub.refused, loop.refused()) == (0, {}, {})
    first = min(hub.kept.telemetry, key=co2)
    assert first.properties["devEUI"] == DEV_EUI
    assert first.properties["$.ct"] == "application/json"
    assert first.properties["iothub-creation-time-utc"] == "2026-03-01T12:00:01.123Z"
    assert first.message_id == json.loads(first.body)["id"]


@pytest.mark.parametrize("window", [5, 100])
async def test_the_message_that_the_hub_hangs_up_over_is_found_and_the_others_arrive(
    hub: AzureHub, window: int
) -> None:
    hub.poison = lambda telemetry: co2(telemetry) == 17
    platform = AzureIot(device="gw-1")
    innocent = set(range(1, 61)) - {17}
    async with azure_line(platform, hub.url, window=window) as transport:
        loop = Loop(platform, transport, rows(60))

        await loop.turns(1)
        at_once, connections = set(map(co2, hub.kept.telemetry)), transport.status()["connects"]
        turns = await loop.to_its_end()

    assert at_once == set(map(co2, hub.kept.telemetry)) == innocent
    assert connections <= 3  # all, the one alone, the others
    assert list(loop.refused()) == [17]
    assert "last: sent, and no PUBACK" in loop.refused()[RowId(17)]
    assert turns < TRIES_ALONE
    assert not any(key.startswith("tries/") for key in loop.journal.kept)


async def test_a_message_over_the_limit_would_be_hung_up_over(hub: AzureHub) -> None:
    request = Request(target="devices/gw-1/messages/events/", body=b"x" * LARGEST, content_type="")
    async with azure_line(AzureIot(device="gw-1"), hub.url) as transport:
        (answer,) = await transport.send([request])

    assert answer.verdict is Verdict.UNCLEAR
    assert hub.refused == {"size": 1}


@pytest.mark.parametrize("topic", ["devices/other/messages/events/", "brygga/x"])
async def test_other_topics_than_its_own_are_hung_up_over(hub: AzureHub, topic: str) -> None:
    async with azure_line(AzureIot(device="gw-1"), hub.url) as transport:
        (answer,) = await transport.send([Request(target=topic, body=b"{}", content_type="")])

    assert answer.verdict is Verdict.UNCLEAR
    assert hub.refused == {f"topic {topic}": 1}


@pytest.mark.parametrize(
    ("platform", "key", "why"),
    [
        (AzureIot(device="gw-1"), OTHER_KEY, "signature"),
        (AzureIot(device="stranger"), KEY, "unknown device"),
        (AzureIot(device="gw-1", module="m"), KEY, "unknown device"),
    ],
)
async def test_who_cannot_prove_it_is_told_what_to_look_at_and_loses_nothing(
    hub: AzureHub, platform: AzureIot, key: str, why: str
) -> None:
    async with azure_line(platform, hub.url, key=key) as transport:
        loop = Loop(platform, transport, rows(3))

        await loop.turns(5)

    assert hub.refused == {why: 5}
    assert len(loop.journal.rows) == 3
    trouble = transport.status()["last_error"]
    assert "is the key this device's, and the clock of this gateway right?" in trouble


async def test_a_token_of_a_clock_that_is_behind_has_run_out_already(hub: AzureHub) -> None:
    behind = replace(NOW, utc=NOW.utc - timedelta(hours=2))
    async with azure_line(AzureIot(device="gw-1"), hub.url, clock=lambda: behind) as transport:
        with pytest.raises(Unreachable, match="the clock of this gateway right"):
            await transport.send([Request(target="devices/gw-1/messages/events/", body=b"", content_type="")])

    assert hub.refused == {"token ran out": 1}


async def test_mqtt_5_is_not_spoken_there(hub: AzureHub) -> None:
    async with azure_line(AzureIot(device="gw-1"), hub.url, version=MqttVersion.V5) as transport:
        with pytest.raises(Unreachable, match=r"3\.1\.1|none of MQTT"):
            await transport.send([Request(target="devices/gw-1/messages/events/", body=b"", content_type="")])


async def test_a_hub_that_is_away_takes_nothing_and_costs_nothing(hub: AzureHub) -> None:
    url = hub.url
    await hub.stop()
    platform = AzureIot(device="gw-1")
    async with azure_line(platform, url) as transport:
        loop = Loop(platform, transport, rows(3))
        await loop.turns(3)
        await hub.start()

        await loop.to_its_end()

    assert (sorted(map(co2, hub.kept.telemetry)), hub.kept.repeated) == ([1, 2, 3], 0)


async def test_an_answer_that_never_came_is_asked_for_again_under_the_same_id(hub: AzureHub) -> None:
    hub.faults.extend([Fault(), Fault(forgets=True)])
    platform = AzureIot(device="gw-1")
    async with azure_line(platform, hub.url) as transport:
        loop = Loop(platform, transport, rows(3))

        await loop.to_its_end()

    assert sorted(set(map(co2, hub.kept.telemetry))) == [1, 2, 3]
    assert hub.kept.repeated == 1
    assert hub.kept.ids[str(rows(2)[1].uplink.id)] == 2
    assert loop.refused() == {}


async def test_a_second_client_of_the_same_name_drops_the_first_and_status_says_so(hub: AzureHub) -> None:
    platform = AzureIot(device="gw-1")
    request = only(platform, rows(1)[0])
    async with azure_line(platform, hub.url) as first, azure_line(platform, hub.url) as second:
        for _ in range(2):
            await first.send([request])
            await second.send([request])
            await until(lambda: not first.status()["connected"])
        await first.send([request])
        await until(lambda: not second.status()["connected"])

    assert hub.door.taken_over == 4


async def test_a_token_is_renewed_before_it_runs_out_while_the_line_is_idle(hub: AzureHub) -> None:
    passed = [timedelta()]
    clock = lambda: Instant(NOW.utc + passed[0], NOW.monotonic, "boot", NOW.quality)  # noqa: E731 - a clock of one line
    request = only(AzureIot(device="gw-1"), rows(1)[0])
    async with azure_line(AzureIot(device="gw-1"), hub.url, lifetime=timedelta(seconds=1), clock=clock) as transport:
        await transport.send([request])
        first = hub.expires["gw-1"]
        await until(lambda: not transport.status()["connected"])
        passed[0] = timedelta(seconds=5)
        (answer,) = await transport.send([request])

        status = transport.status()

    assert answer.verdict is Verdict.TAKEN
    assert hub.expires["gw-1"] == first + 5
    assert (status["connects"], status["last_error"]) == (2, None)  # no loss: it was we who closed


async def test_what_is_answered_slowly_is_not_cut_off_by_a_renewal(hub: AzureHub) -> None:
    hub.faults.append(Fault(forgets=True))
    request = only(AzureIot(device="gw-1"), rows(1)[0])
    async with azure_line(
        AzureIot(device="gw-1"), hub.url, lifetime=timedelta(seconds=1), answer_limit_s=0.8
    ) as transport:
        (slow,) = await transport.send([request])
        (answer,) = await transport.send([request])

    assert (slow.verdict, answer.verdict) == (Verdict.UNCLEAR, Verdict.TAKEN)
    assert "no PUBACK within" in slow.detail


async def test_a_hub_that_closes_over_an_old_token_is_come_back_to_with_a_new_one(hub: AzureHub) -> None:
    platform = AzureIot(device="gw-1")
    async with azure_line(platform, hub.url) as transport:
        loop = Loop(platform, transport, rows(1))
        await loop.to_its_end()
        hub.expires["gw-1"] = 0
        hub.expire()
        await until(lambda: not transport.status()["connected"])
        (answer,) = await transport.send([only(platform, rows(1)[0])])

    assert answer.verdict is Verdict.TAKEN
    assert hub.refused == {"token ran out": 1}


async def test_a_certificate_stands_in_a_key_s_place(tmp_path: Path) -> None:
    authority, tls = server_tls(tmp_path)
    mine = authority.client("gw-1")
    hub = AzureHub({}, certificates=frozenset({"gw-1", "gw-2"}), tls=tls, now=now)
    await hub.start()
    own = Tls(ca_file=authority.certificate, certificate_file=mine.certificate, key_file=mine.key)
    verdicts = []
    for name in ("gw-1", "gw-2"):
        platform = AzureIot(device=name)
        identity = platform.identity("127.0.0.1")
        broker = Broker(
            endpoint=endpoint(hub.url),
            client_id=name,
            username=identity.username,
            version=MqttVersion.V3_1_1,
            tls=own,
        )
        transport = Mqtt(broker, lambda: NOW)
        try:
            verdicts += [answer.verdict.value for answer in await transport.send([only(platform, rows(1)[0])])]
        except Unreachable as error:
            verdicts.append(str(error).partition("0x87")[1])
        await transport.close()
    await hub.stop()

    assert verdicts == ["taken", "0x87"]


async def test_commands_of_the_cloud_come_in_and_are_acknowledged(hub: AzureHub) -> None:
    platform = AzureIot(device="gw-1")
    topic = platform.identity("127.0.0.1").commands_topic
    came: list[tuple[str, bytes]] = []

    async def take(message: Any) -> None:
        came.append((message.topic, message.body))

    async with azure_line(platform, hub.url, listen_topic=topic) as transport, asyncio.TaskGroup() as tasks:
        listening = tasks.create_task(transport.receive(take), name="receive")
        await until(lambda: "gw-1" in hub.door.sessions and bool(hub.door.sessions["gw-1"].filters))
        session = hub.door.sessions["gw-1"]
        hub.command("gw-1", {"device": "valve"}, mid=9, properties="%24.mid=order-7")
        await until(lambda: 9 in session.acknowledged)
        listening.cancel()

    assert came == [("devices/gw-1/messages/devicebound/%24.mid=order-7", b'{"device": "valve"}')]
