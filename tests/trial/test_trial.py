"""A trial of a destination: what went well, what did not, in words, and what to do."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal

import pytest

from decoders.contract import Reading
from gateway.config import DestinationSettings, Selection
from gateway.formats import Format
from gateway.formats.chirpstack import ChirpStack
from gateway.formats.diwise import Diwise
from gateway.formats.iot_open import IotOpen
from gateway.formats.json_event import JsonEvent
from gateway.formats.ngsi_ld import NgsiLd
from gateway.formats.ngsi_v2 import NgsiV2
from gateway.formats.rec_edge import RecEdge
from gateway.formats.senml import SenMl
from gateway.formats.sensorthings import SensorThings
from gateway.formats.template import Template
from gateway.formats.the_things_stack import TheThingsStack
from gateway.formats.thingsboard import ThingsBoard
from gateway.formats.yggio import Yggio
from gateway.model import Instant, TimeQuality
from gateway.sharing import Share
from gateway.transports.broker import Broker, MqttVersion
from gateway.transports.endpoint import endpoint
from gateway.transports.secret import Secret
from gateway.transports.service import Bearer, Service
from gateway.transports.tls import Tls
from gateway.trial.advice import advice
from gateway.trial.marked import TEST_EUI, marked, marked_device
from gateway.trial.steps import Step
from gateway.trial.trial import attempt
from simulators.platforms.certificates import Authority
from simulators.platforms.diwise_context_broker import DiwiseContextBroker
from simulators.platforms.diwise_iot_agent import DiwiseIotAgent
from simulators.platforms.mosquitto import Mosquitto, MosquittoSettings
from simulators.platforms.ngsi_ld import Fault, NgsiLdReceiver
from simulators.platforms.orion_v2 import OrionV2
from simulators.platforms.sensorthings import SensorThingsServer
from simulators.platforms.yggio import YggioBroker
from tests.formats.items import item

LIMIT_S = 20.0


def clock() -> Instant:
    return Instant(datetime.now(UTC), 1.0, "boot", TimeQuality.NTP)


def destination(format_: Format, platform: Broker | Service) -> DestinationSettings:
    return DestinationSettings(
        name="water@lund",
        format=format_,
        platform=platform,
        selection=Selection(),
        begin=None,
        batch=100,
        retry_max_s=60.0,
        commands=None,
    )


def web(url: str, token: str = "", tls: Tls | None = None) -> Service:
    login = Bearer(Secret(token)) if token else None
    return Service(endpoint=endpoint(url), login=login, tls=tls or Tls())


def broker(port: int, password: str = "", tls: Tls | None = None) -> Broker:
    scheme = "mqtts" if tls else "mqtt"
    return Broker(
        endpoint=endpoint(f"{scheme}://localhost:{port}"),
        client_id="brygga-roof-water",
        username="roof" if password else None,
        password=Secret(password) if password else None,
        tls=tls or Tls(),
    )


async def tried(settings: DestinationSettings, now: Instant | None = None) -> list[Step]:
    sent = marked(clock(), settings.share)
    assert sent is not None
    async with asyncio.timeout(LIMIT_S):
        return await attempt(settings, sent, (lambda: now) if now else clock, TimeQuality.NTP)


def bad(steps: list[Step]) -> Step:
    """Return the one step that did not go well."""
    (step,) = [one for one in steps if not one.is_good]
    return step


@pytest.fixture
async def orion() -> AsyncIterator[NgsiLdReceiver]:
    receiver = NgsiLdReceiver()
    await receiver.start()
    yield receiver
    await receiver.stop()


# ── what goes well ──


async def test_a_test_is_sent_marked_and_read_back(orion: NgsiLdReceiver) -> None:
    steps = await tried(destination(NgsiLd(), web(orion.url)))

    assert [one.name for one in steps] == ["name", "connection", "clock", "login", "delivery", "reading back"]
    assert all(one.is_good for one in steps)
    assert steps[-1].words.startswith("it is there: /ngsi-ld/v1/entities/urn:ngsi-ld:WeatherObserved:brygga-test")
    assert orion.entity("urn:ngsi-ld:WeatherObserved:brygga-test")["temperature"]["value"] == 20.0


@pytest.mark.parametrize("merging", [True, False])
async def test_brokers_that_have_another_door_are_read_back_too(*, merging: bool) -> None:
    server = DiwiseContextBroker() if merging else OrionV2()
    await server.start()
    steps = await tried(destination(NgsiLd(way="merge") if merging else NgsiV2(), web(server.url)))
    await server.stop()

    assert [one for one in steps if not one.is_good] == []
    assert steps[-1].words.startswith("it is there: ")


async def test_an_agent_that_runs_keeps_its_connection(tmp_path: Path) -> None:
    async with Mosquitto(tmp_path) as mosquitto:
        steps = await tried(destination(SenMl(), broker(mosquitto.port)))
        log = mosquitto.log.read_text(encoding="utf-8")

    assert [one for one in steps if not one.is_good] == []
    assert "as brygga-roof-water-test" in log
    assert steps[-1].words.startswith(
        "the broker passed it on: a subscription to brygga/0262727967676101/senml heard it;"
    )
    assert "as brygga-roof-water-test-ear" in log


@pytest.mark.parametrize(
    "format_",
    [SenMl(encoding="cbor"), JsonEvent(), ChirpStack(), TheThingsStack(), Template(), RecEdge(), IotOpen()],
    ids=lambda one: type(one).__name__,
)
async def test_what_a_broker_passes_on_is_heard(tmp_path: Path, format_: Format) -> None:
    async with Mosquitto(tmp_path) as mosquitto:
        steps = await tried(destination(format_, broker(mosquitto.port)))

    assert [one for one in steps if not one.is_good] == []
    assert steps[-1].words.startswith("the broker passed it on: a subscription to ")


async def test_an_older_broker_is_listened_to_too_and_keeps_nothing_of_it(tmp_path: Path) -> None:
    async with Mosquitto(tmp_path, MosquittoSettings(persistence=True)) as mosquitto:
        older = replace(broker(mosquitto.port), version=MqttVersion.V3_1_1)
        steps = await tried(destination(JsonEvent(), older))
        log = mosquitto.log.read_text(encoding="utf-8")

    assert steps[-1].words.startswith("the broker passed it on")
    assert "as brygga-roof-water-test-ear (p2, c1," in log  # a clean session of MQTT 3.1.1


async def test_a_user_who_may_not_read_is_told_that_nobody_knows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.trial.reading_back.ECHO_LIMIT_S", 0.2)
    settings = MosquittoSettings(passwords={"roof": "right"}, access=["user roof", "topic write brygga/#"])
    async with Mosquitto(tmp_path, settings) as mosquitto:
        steps = await tried(destination(JsonEvent(), broker(mosquitto.port, "right")))

    assert steps[-2].words.startswith("the platform took observation")
    assert steps[-1].is_good  # it is no fault of the destination
    assert "look there whether it arrived" in steps[-1].words


async def test_where_a_platform_tells_nothing_back_the_reason_is_said(tmp_path: Path) -> None:
    async with Mosquitto(tmp_path) as mosquitto:
        steps = await tried(destination(ThingsBoard(), broker(mosquitto.port)))
        log = mosquitto.log.read_text(encoding="utf-8")

    assert "may write, and not read" in steps[-1].words
    assert "-ear" not in log


@pytest.mark.parametrize("write", ["data_array", "single"])
async def test_an_observation_is_asked_for_at_a_sensorthings_server(write: Literal["data_array", "single"]) -> None:
    server = SensorThingsServer()
    await server.start()
    steps = await tried(destination(SensorThings(write=write), web(server.url)))
    await server.stop()

    assert [one for one in steps if not one.is_good] == []
    assert steps[-1].words.startswith("it is there: /v1.1/Datastreams(")


class Forgetful(dict[int, Any]):
    """A store that says yes, and keeps nothing."""

    def __setitem__(self, key: int, value: Any) -> None:
        pass


async def test_an_observation_that_a_server_took_and_dropped_is_missed() -> None:
    server = SensorThingsServer()
    await server.start()
    server.kept.entities["Observations"] = Forgetful()
    step = bad(await tried(destination(SensorThings(write="single"), web(server.url))))
    await server.stop()

    assert "is there, and without this observation" in step.words


async def test_a_destination_that_may_have_little_is_tried_with_what_it_may_have(orion: NgsiLdReceiver) -> None:
    settings = replace(destination(NgsiLd(), web(orion.url)), share=Share(quantities=frozenset({"co2"})))

    steps = await tried(settings)

    assert steps[-1].is_good
    assert [*orion.kept.entities] == [("", "urn:ngsi-ld:AirQualityObserved:brygga-test")]


def test_nobody_heard_the_test_so_nothing_is_said_of_how() -> None:
    sent = marked(clock(), Share())

    assert sent is not None
    assert not sent.may_tell_signal


def test_where_nothing_may_go_there_is_no_test() -> None:
    assert marked(clock(), Share(quantities=frozenset({"people_in"}))) is None


# ── what does not ──


async def test_a_name_that_nobody_knows(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)

    step = bad(await tried(destination(NgsiLd(), web("https://iot.lnud.example"))))

    assert step.name == "name"
    assert step.words.startswith("iot.lnud.example: the name is not known (Name or service not known)")
    assert step.advice == "correct the host of url, or this machine's name server"


async def test_nobody_who_listens() -> None:
    step = bad(await tried(destination(NgsiLd(), web("http://127.0.0.1:1"))))

    assert step.name == "connection"
    assert "connection refused: nothing listens on that port" in step.words


async def test_a_certificate_of_nobody_we_know(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    server = Authority(tmp_path / "a").server("localhost")
    async with Mosquitto(tmp_path, MosquittoSettings(server=server)) as mosquitto:
        step = bad(
            await tried(destination(SenMl(), broker(mosquitto.port, tls=Tls(ca_file=Authority(tmp_path).certificate))))
        )

    assert step.name == "connection and TLS"
    assert "its certificate is signed by nobody we know" in step.words
    assert "tls.ca_file" in step.advice


async def test_a_certificate_that_is_not_valid_yet_points_to_the_clock(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    server = authority.server("localhost", since=timedelta(hours=1))
    async with Mosquitto(tmp_path, MosquittoSettings(server=server)) as mosquitto:
        settings = destination(SenMl(), broker(mosquitto.port, tls=Tls(ca_file=authority.certificate)))
        step = bad(await tried(settings))

    assert "its certificate is not valid yet: is the clock of this gateway right?" in step.words
    assert step.advice.startswith("look at the clock first")


async def test_a_clock_that_is_wrong(orion: NgsiLdReceiver) -> None:
    late = Instant(datetime.now(UTC) - timedelta(hours=3), 1.0, "boot", TimeQuality.NTP)

    step = bad(await tried(destination(NgsiLd(), web(orion.url)), late))

    assert (step.name, step.words) == ("clock", "this gateway's clock is 3 hours behind the platform's")


async def test_a_clock_that_is_not_trusted_yet(orion: NgsiLdReceiver) -> None:
    unsure = Instant(datetime.now(UTC), 1.0, "boot", TimeQuality.UNSYNCHRONISED)

    step = bad(await tried(destination(NgsiLd(), web(orion.url)), unsure))

    assert step.words == "this gateway's clock is not ntp yet: uplinks wait for it"


@pytest.mark.parametrize(
    ("status", "kind", "words"),
    [
        (401, "credentials", "ask the platform's owner, and write it into the file anew"),
        (403, "permission", "the right to write"),
        (404, "address", "correct the path of url"),
        (400, "schema", "`brygga destination preview` shows the message"),
        (415, "form", "is it the door that this format is for?"),
        (503, "platform", "the platform is in trouble itself"),
    ],
)
async def test_a_platform_that_says_no(orion: NgsiLdReceiver, status: int, kind: str, words: str) -> None:
    orion.mood = Fault(status=status, detail="as the test asked")

    step = bad(await tried(destination(NgsiLd(), web(orion.url))))

    assert step.name == f"delivery ({kind})"
    assert str(status) in step.words
    assert words in step.advice


async def test_a_platform_that_says_nothing(orion: NgsiLdReceiver) -> None:
    orion.mood = Fault(silent=True)

    step = bad(await tried(destination(NgsiLd(), web(orion.url))))

    assert step.name == "delivery (silence)"


async def test_a_broker_that_does_not_know_the_password(tmp_path: Path) -> None:
    async with Mosquitto(tmp_path, MosquittoSettings(passwords={"roof": "right"})) as mosquitto:
        step = bad(await tried(destination(SenMl(), broker(mosquitto.port, "wrong"))))

    assert step.name == "login"
    assert "Not authorized" in step.words


async def test_a_topic_that_may_not_be_published_to(tmp_path: Path) -> None:
    settings = MosquittoSettings(passwords={"roof": "right"}, access=["topic write other/#"])
    async with Mosquitto(tmp_path, settings) as mosquitto:
        step = bad(await tried(destination(SenMl(), broker(mosquitto.port, "right"))))

    assert step.name == "delivery (topic permission)"
    assert "ask the platform's owner for the right to the topic" in step.advice


async def test_a_device_that_the_platform_does_not_know() -> None:
    server = DiwiseIotAgent(devices=["known"])
    await server.start()
    step = bad(await tried(destination(Diwise(ids={"000000000000000a": "known"}), web(server.url))))
    await server.stop()

    assert step.name == "delivery (unknown device)"
    assert "then try with --device" in step.advice


async def test_a_topic_that_is_not_reserved() -> None:
    server = YggioBroker(topics=["yggio/generic/v2/known"])
    await server.start()
    step = bad(await tried(destination(Yggio(), broker(server.port))))
    await server.stop()

    assert step.name == "delivery (topic permission)"


async def test_a_format_that_has_no_word_for_the_test_says_so(orion: NgsiLdReceiver) -> None:
    settings = destination(Diwise(ids={TEST_EUI: "known"}), web(orion.url))
    said = item(Reading("wind_speed", 3, "m/s"), device=marked_device())

    steps = await attempt(settings, said, clock, TimeQuality.NTP)

    assert bad(steps).words == "this format has no word for wind_speed"


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        ("unknown device 0a; `brygga city connect lund` makes it known", "unknown device"),
        ("0x87 Not authorized: the broker does not let this user publish", "topic permission"),
        ("422 Unprocessable", "schema"),
        ("something else", "refusal"),
    ],
)
def test_what_a_no_means(words: str, kind: str) -> None:
    assert advice(words)[0] == kind
