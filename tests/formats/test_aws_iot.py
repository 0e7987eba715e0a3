"""AWS IoT Core: topics and sizes within its limits, and a strict broker that speaks MQTT 5 and 3.1.1."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from decoders.contract import Decoded, Reading
from gateway.errors import Unreachable
from gateway.formats.aws_iot import LARGEST, AwsIot
from gateway.model import Device, Item, Request, RowId, Verdict
from gateway.transports.broker import MqttVersion
from gateway.transports.tls import Tls
from simulators.platforms.aws_iot import AwsCore, Fault
from simulators.platforms.mqtt_door import Publish
from tests.formats.clouds import aws_line, rows, server_tls
from tests.formats.items import DEV_EUI, converse, item
from tests.formats.telling import Loop

VERSIONS = list(MqttVersion)


@pytest.fixture
async def core() -> AsyncIterator[AwsCore]:
    made = AwsCore(frozenset({"gw-1", "gw-2"}))
    await made.start()
    yield made
    await made.stop()


def co2(message: Publish) -> int:
    return int(json.loads(message.payload)["observations"][0]["value"])


def named(name: str) -> Item:
    return item(Reading("co2", 1, "[ppm]"), device=Device(dev_eui=DEV_EUI, name=name))


# ── the words ──


def test_each_uplink_is_a_message_in_a_topic_of_the_gateway_s_own() -> None:
    waves, receipt = converse(AwsIot(topic="city/{device}/up", ids={DEV_EUI: "sensor-7"}), rows(1))

    [[request]] = waves
    assert (request.target, request.content_type) == ("city/sensor-7/up", "application/json")
    assert request.headers == {"uplink": str(rows(1)[0].uplink.id)}
    assert receipt.accepted == {1}


def test_a_rule_s_prefix_counts_neither_as_levels_nor_as_octets() -> None:
    platform = AwsIot(topic="$aws/rules/lora/a/b/c/d/e/f/g/{dev_eui}")

    waves, _ = converse(platform, rows(1))

    assert waves[0][0].target == f"$aws/rules/lora/a/b/c/d/e/f/g/{DEV_EUI}"


def test_a_topic_that_a_name_makes_too_long_refuses_its_row_only() -> None:
    batch = [named("å" * 130), replace(named("short"), row=rows(2)[1].row)]

    _, receipt = converse(AwsIot(topic="city/{device}"), batch)

    assert receipt.accepted == {2}
    assert receipt.refused[batch[0].row].endswith("has 265 octets; AWS IoT Core takes 256")


def test_a_message_over_the_limit_is_refused_with_a_word() -> None:
    large = replace(rows(1)[0], decoded=Decoded((), {"raw": "x" * LARGEST}))

    waves, receipt = converse(AwsIot(), [large])

    assert waves == []
    assert receipt.refused[large.row].endswith("octets, and AWS IoT Core takes messages of 131072")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"topic": "a/b/c/d/e/f/g/h/i"}, "topic: 'a/b/c/d/e/f/g/h/i' has 9 levels; AWS IoT Core takes 8"),
        ({"topic": "x" * 257}, "topic: 'xxx"),
        ({"topic": "$aws/things/a/shadow/update"}, "topic: '$aws/things/a/shadow/update' is reserved by AWS"),
        ({"topic": "/a"}, "topic: '/a' begins with /"),
        ({"topic": "a/{devic}"}, "topic: {devic} is nothing that is known of an uplink; did you mean 'device'?"),
        ({"thing": "a b"}, "thing: 'a b' is no name of a thing"),
        ({"body": "xml"}, "body: 'xml' is none of"),
    ],
)
def test_what_a_person_wrote_wrong_is_said(options: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - the words are compared below
        AwsIot(**options)

    assert str(caught.value).startswith(words)


# ── at the broker ──


@pytest.mark.parametrize("version", VERSIONS)
async def test_live_and_backlog_arrive_once(core: AwsCore, version: MqttVersion) -> None:
    platform = AwsIot(thing="gw-1")
    async with aws_line(core.url, version=version) as transport:
        loop = Loop(platform, transport, rows(250))

        await loop.to_its_end()

    assert sorted(map(co2, core.kept.messages)) == list(range(1, 251))
    assert (core.kept.repeated, core.refused, loop.refused()) == (0, {}, {})


async def test_a_message_that_mqtt_5_refuses_is_a_dead_letter_and_the_others_arrive(core: AwsCore) -> None:
    core.faults.extend([Fault(), Fault(code=0x99)])
    platform = AwsIot()
    async with aws_line(core.url) as transport:
        loop = Loop(platform, transport, rows(4))

        await loop.to_its_end()

    assert sorted(map(co2, core.kept.messages)) == [1, 3, 4]
    assert list(loop.refused()) == [2]
    assert "0x99 Payload format invalid" in loop.refused()[RowId(2)]


@pytest.mark.parametrize("version", VERSIONS)
async def test_a_policy_that_allows_nothing_costs_nothing_and_one_that_forbids_some_only_those(
    core: AwsCore, version: MqttVersion
) -> None:
    platform = AwsIot(topic="city/{f_cnt}")
    core.policy = lambda _thing, _topic: False
    async with aws_line(core.url, version=version) as transport:
        loop = Loop(platform, transport, rows(5))
        await loop.turns(8)
        before = (len(loop.journal.rows), dict(loop.refused()))
        core.policy = lambda _thing, topic: topic != "city/3"

        await loop.to_its_end()

    assert before == (5, {})
    assert sorted(map(co2, core.kept.messages)) == [1, 2, 4, 5]
    assert list(loop.refused()) == [3]


@pytest.mark.parametrize(
    ("request_", "why"),
    [
        (Request(target="a/b/c/d/e/f/g/h/i", body=b"", content_type=""), "topic"),
        (Request(target="x" * 257, body=b"", content_type=""), "topic"),
        (Request(target="$aws/events/x", body=b"", content_type=""), "reserved topic"),
        (Request(target="x", body=b"x" * (LARGEST + 1), content_type=""), "size"),
    ],
)
@pytest.mark.parametrize("version", VERSIONS)
async def test_what_is_over_its_limits_is_refused_or_hung_up_over(
    core: AwsCore, request_: Request, why: str, version: MqttVersion
) -> None:
    async with aws_line(core.url, version=version) as transport:
        (answer,) = await transport.send([request_])

    assert core.refused == {why: 1}
    assert answer.verdict is (Verdict.REFUSED if version is MqttVersion.V5 else Verdict.UNCLEAR)


@pytest.mark.parametrize("version", VERSIONS)
async def test_a_thing_that_is_not_known_is_not_let_in(core: AwsCore, version: MqttVersion) -> None:
    async with aws_line(core.url, thing="stranger", version=version) as transport:
        with pytest.raises(Unreachable, match="0x87"):
            await transport.send([Request(target="a", body=b"", content_type="")])


async def test_a_thing_proves_itself_by_its_certificate(tmp_path: Path) -> None:
    authority, tls = server_tls(tmp_path)
    core = AwsCore(frozenset({"gw-1", "gw-2"}), tls=tls)
    await core.start()
    mine = authority.client("gw-1")
    own = Tls(ca_file=authority.certificate, certificate_file=mine.certificate, key_file=mine.key)
    outcomes = []
    for thing in ("gw-1", "gw-2"):
        async with aws_line(core.url, thing=thing, tls=own) as transport:
            try:
                answers = await transport.send([Request(target="a", body=b"", content_type="")])
                outcomes.append(answers[0].verdict.value)
            except Unreachable as error:
                outcomes.append(str(error).partition("0x87")[1])
    await core.stop()

    assert outcomes == ["taken", "0x87"]


async def test_an_answer_that_never_came_is_asked_for_again_with_the_same_octets(core: AwsCore) -> None:
    core.faults.extend([Fault(forgets=True)])
    platform = AwsIot()
    async with aws_line(core.url) as transport:
        loop = Loop(platform, transport, rows(2))

        await loop.to_its_end()

    assert (core.kept.repeated, loop.refused()) == (1, {})
    assert set(map(co2, core.kept.messages)) == {1, 2}
