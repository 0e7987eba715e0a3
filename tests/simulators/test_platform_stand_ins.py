"""The stand-ins are as strict as what is known of the real ones: what they must refuse, they refuse."""

from __future__ import annotations

import aiohttp
import pytest

from simulators.platforms.iot_open import IotOpenBroker, LynxRest
from simulators.platforms.mqtt_platform import MqttPlatform
from simulators.platforms.scripted_broker import Publish
from simulators.platforms.thingsboard import ThingsBoardBroker, ThingsBoardHttp
from simulators.platforms.web_platform import WebPlatform
from simulators.platforms.yggio import YggioBroker, YggioPush

NOT_AUTHORIZED, TOO_LARGE, INVALID = 0x87, 0x95, 0x99
TELEMETRY = "v1/gateway/telemetry"


def publish(topic: str, payload: bytes) -> Publish:
    return Publish(connection=1, mid=1, topic=topic, payload=payload, properties=b"", retain=False, duplicate=False)


@pytest.mark.parametrize(
    ("platform", "topic", "payload", "reason"),
    [
        (YggioBroker(), "yggio/generic/v2/a", b'{"t":1,"reportedAt":"2026-03-01T12:00:00Z"}', 0),
        (YggioBroker(), "yggio/generic/v2/a", b'{"t":1}', 0),
        (YggioBroker(), "generic/a", b'{"t":1}', NOT_AUTHORIZED),
        (YggioBroker(["yggio/generic/v2/b"]), "yggio/generic/v2/a", b'{"t":1}', NOT_AUTHORIZED),
        (YggioBroker(), "yggio/generic/v2/a", b'{"t":{"v":1}}', INVALID),
        (YggioBroker(), "yggio/generic/v2/a", b'{"t":1,"reportedAt":1772366401}', INVALID),
        (YggioBroker(), "yggio/generic/v2/a", b'{"t":1,"reportedAt":"2026-03-01T12:00:00"}', INVALID),
        (YggioBroker(), "yggio/generic/v2/a", b"[1]", INVALID),
        (IotOpenBroker("7"), "7/obj/a", b'{"value":1,"timestamp":1772366401.5,"msg":""}', 0),
        (IotOpenBroker("7"), "8/obj/a", b'{"value":1,"timestamp":1772366401.5}', NOT_AUTHORIZED),
        (IotOpenBroker("7"), "7/a", b'{"value":1,"timestamp":1772366401.5}', NOT_AUTHORIZED),
        (IotOpenBroker(), "obj/a", b'{"value":true,"timestamp":1772366401.5}', INVALID),
        (IotOpenBroker(), "obj/a", b'{"value":"1","timestamp":1772366401.5}', INVALID),
        (IotOpenBroker(), "obj/a", b'{"value":NaN,"timestamp":1772366401.5}', INVALID),
        (IotOpenBroker(), "obj/a", b'{"value":1}', INVALID),
        (ThingsBoardBroker(), TELEMETRY, b'{"a":[{"ts":1772366401000,"values":{"t":1}}]}', 0),
        (ThingsBoardBroker(), TELEMETRY, b'{"a":[{"ts":1772366401,"values":{"t":1}}]}', INVALID),
        (ThingsBoardBroker(), TELEMETRY, b'{"a":{"ts":1772366401000,"values":{"t":1}}}', INVALID),
        (ThingsBoardBroker(), TELEMETRY, b'{"a":[{"ts":1772366401000}]}', INVALID),
        (ThingsBoardBroker(), TELEMETRY, b"{", INVALID),
        (ThingsBoardBroker(), TELEMETRY, b'{"' + b"a" * 65_536 + b'":[]}', TOO_LARGE),
        (ThingsBoardBroker(), "v1/gateway/connect", b'{"device":""}', INVALID),
        (ThingsBoardBroker(), "v1/gateway/attributes", b'{"a":1}', INVALID),
        (ThingsBoardBroker(), "v1/gateway/other", b"{}", NOT_AUTHORIZED),
    ],
)
def test_a_broker_judges_a_publication(platform: MqttPlatform, topic: str, payload: bytes, reason: int) -> None:
    assert platform.take(publish(topic, payload)) == reason
    assert len(platform.refusals) == (reason != 0)


def test_thingsboard_takes_nothing_of_a_message_with_a_bad_part() -> None:
    platform = ThingsBoardBroker()

    platform.take(publish(TELEMETRY, b'{"a":[{"ts":1772366401000,"values":{"t":1}}],"b":[{"ts":1}]}'))

    assert not platform.kept.values


def test_thingsboard_makes_a_device_that_nobody_connected() -> None:
    platform = ThingsBoardBroker()

    platform.take(publish(TELEMETRY, b'{"a":[{"ts":1772366401000,"values":{"t":1}}]}'))
    platform.take(publish("v1/gateway/connect", b'{"device":"a","type":"air"}'))

    assert platform.kept.profiles == {"a": "default"}


PUSH = "/http-push/generic"


@pytest.mark.parametrize(
    ("platform", "path", "body", "status"),
    [
        (YggioPush(), f"{PUSH}?identifier=devEui", '{"devEui":"A8","t":1}', 200),
        (YggioPush(), PUSH, '{"devEui":"A8","t":1}', 400),
        (YggioPush(), f"{PUSH}?identifier=name", '{"name":"A8","t":1}', 400),
        (YggioPush(), f"{PUSH}?identifier=devEui", '{"t":1}', 400),
        (YggioPush(), f"{PUSH}?identifier=devEui", '{"devEui":"A8","t":[1]}', 400),
        (YggioPush(["B9"]), f"{PUSH}?identifier=devEui", '{"devEui":"A8","t":1}', 404),
        (YggioPush(token="x"), f"{PUSH}?identifier=devEui", '{"devEui":"A8","t":1}', 401),
        (ThingsBoardHttp(["x"]), "/api/v1/x/telemetry", '[{"ts":1772366401000,"values":{"t":1}}]', 200),
        (ThingsBoardHttp(["x"]), "/api/v1/y/telemetry", '[{"ts":1772366401000,"values":{"t":1}}]', 401),
        (ThingsBoardHttp(["x"]), "/api/v1/x/telemetry", "[{", 500),
        (ThingsBoardHttp(["x"]), "/api/v1/x/telemetry", '[{"ts":1772366401,"values":{"t":1}}]', 500),
        (ThingsBoardHttp(["x"]), "/api/v1/x/telemetry", " " * 70_000, 413),
        (LynxRest(1, token="k"), "/api/v2/devicex/1", "{}", 401),
        (LynxRest(1), "/api/v2/devicex/2", '{"type":"t","installation_id":2,"meta":{"name":"n"}}', 404),
        (LynxRest(1), "/api/v2/devicex/1", '{"type":"t","installation_id":1,"meta":{"name":5}}', 400),
        (LynxRest(1), "/api/v2/functionx/1", '{"type":"t","installation_id":1,"meta":{"device_id":"1"}}', 400),
        (LynxRest(1), "/api/v2/devicex/1", '{"type":"t","installation_id":1,"meta":{"name":"n"}}', 200),
    ],
)
async def test_a_service_judges_a_request(platform: WebPlatform, path: str, body: str, status: int) -> None:
    url = await platform.start()
    kind = {"Content-Type": "application/json"}
    limit = aiohttp.ClientTimeout(total=5)
    async with (
        aiohttp.ClientSession(timeout=limit) as session,
        session.post(url + path, data=body, headers=kind) as response,
    ):
        found = response.status
    await platform.stop()

    assert found == status
    assert platform.answers == {status: 1}
