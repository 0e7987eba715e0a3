"""The doors of the matrix answer as the real transports do: else the whole matrix proves nothing."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from gateway.errors import Unreachable
from gateway.model import Answer, Request, Verdict
from simulators.platforms.ngsi_ld import Fault, NgsiLdReceiver
from simulators.platforms.orion_v2 import OrionV2
from simulators.platforms.yggio import YggioBroker
from tests.formats.matrix.doors import BrokerDoor, WebDoor
from tests.formats.over_mqtt import over_mqtt
from tests.formats.telling import over_http

UPSERT = "/ngsi-ld/v1/entityOperations/upsert?options=update"
LD = "application/ld+json"
CONTEXT = b'"@context":"https://uri.etsi.org/ngsi-ld/v1/ngsi-ld-core-context.jsonld"'
GOOD = b'{"id":"urn:a:%d","type":"A","b":{"type":"Property","value":1},' + CONTEXT + b"}"
BAD = b'{"id":"no URI","type":"A",' + CONTEXT + b"}"
EXCHANGES = {
    "created": Request(target=UPSERT, body=b"[" + GOOD % 1 + b"]", content_type=LD),
    "updated": Request(target=UPSERT, body=b"[" + GOOD % 1 + b"]", content_type=LD),
    "one of two": Request(target=UPSERT, body=b"[" + GOOD % 2 + b"," + BAD + b"]", content_type=LD),
    "no JSON": Request(target=UPSERT, body=b"[", content_type=LD),
    "another type": Request(target=UPSERT, body=b"[" + GOOD % 1 + b"]", content_type="text/plain"),
    "an unknown tenant": Request(target=UPSERT, body=b"[]", content_type=LD, headers={"NGSILD-Tenant": "nobody"}),
    "no such path": Request(target="/elsewhere", body=b"", content_type=""),
    "no such method": Request(target=UPSERT, body=b"", content_type="", method="DELETE"),
    "asked for": Request(target="/ngsi-ld/v1/entities/urn:a:1", body=b"", content_type="", method="GET"),
    "too large": Request(target=UPSERT, body=b" " * 20_000, content_type=LD),
}

UNHEARD = ("no such path", "no such method", "asked for")  # that no fault is for


def essence(answer: Answer) -> tuple[Verdict, int, object]:
    return answer.verdict, answer.status, answer.retry_after


async def test_what_a_web_platform_answers_is_the_same_through_the_door_and_over_http() -> None:
    answers: list[Sequence[Answer]] = []
    for through_the_door in (True, False):
        platform = NgsiLdReceiver(largest_body=10_000)
        url = await platform.start()
        platform.faults.extend([Fault()] * (len(EXCHANGES) - len(UNHEARD)))
        platform.faults.append(Fault(status=503, retry_after_s=7))
        platform.faults.append(Fault(silent=True))
        way = WebDoor(platform) if through_the_door else over_http(url)
        asked = [*EXCHANGES.values(), EXCHANGES["updated"], EXCHANGES["updated"]]
        answers.append([(await way.send([one]))[0] for one in asked])
        await way.close()
        await platform.stop()

    door, http = answers
    assert list(map(essence, door)) == list(map(essence, http))
    assert [one.body for one in door if one.status != 413] == [one.body for one in http if one.status != 413]
    assert {one.status for one in door} == {0, 200, 201, 204, 207, 400, 404, 405, 413, 415, 503}


async def test_a_credential_that_is_missing_at_the_door_is_missing_over_http() -> None:
    update = Request(target="/v2/op/update", body=b"{}", content_type="application/json")
    platform = OrionV2(token="right")
    url = await platform.start()
    answers: list[Answer] = []
    for way in (
        WebDoor(platform),
        over_http(url),
        WebDoor(platform, {"X-Auth-Token": "right"}),
        over_http(url, "right"),
    ):
        answers += await way.send([update])
        await way.close()
    await platform.stop()

    assert [one.status for one in answers] == [401, 401, 400, 400]
    assert answers[0].body == answers[1].body


async def test_what_a_broker_answers_is_the_same_through_the_door_and_over_mqtt() -> None:
    asked = [
        Request(target="yggio/generic/v2/a", body=b'{"x":1}', content_type="application/json"),
        Request(target="elsewhere", body=b'{"x":1}', content_type="application/json"),
        Request(target="yggio/generic/v2/a", body=b"no JSON", content_type="application/json"),
    ]
    there, here = YggioBroker(), YggioBroker()
    url = await there.start()

    async with over_mqtt(url) as mqtt:
        over_the_line = await mqtt.send(asked)
    through_the_door = await BrokerDoor(here._answer).send(asked)
    await there.stop()

    assert list(map(essence, through_the_door)) == list(map(essence, over_the_line))


async def test_a_platform_that_is_away_is_unreachable_on_every_way() -> None:
    platform = NgsiLdReceiver()
    url = await platform.start()
    await platform.stop()
    door, http = WebDoor(platform), over_http(url)
    door.away = "no connection"

    for way in (door, http):
        with pytest.raises(Unreachable):
            await way.send([EXCHANGES["created"]])
        await way.close()
