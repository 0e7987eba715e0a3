"""Formats over MQTT with their stand-ins, each with a ledger of what it was told."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from typing import Any

from gateway.formats.catalogue import make
from simulators.platforms import sensorthings, yggio
from simulators.platforms.aws_iot import AwsCore
from simulators.platforms.aws_iot import Fault as AwsFault
from simulators.platforms.azure_iot import AzureHub
from simulators.platforms.azure_iot import Fault as AzureFault
from simulators.platforms.iot_open import IotOpenBroker
from simulators.platforms.mqtt_door import Publish as DoorPublish
from simulators.platforms.mqtt_platform import PAYLOAD_INVALID, TAKEN, MqttPlatform
from simulators.platforms.mqtt_platform import Fault as MqttFault
from simulators.platforms.scripted_broker import Publish
from tests.formats.matrix import words
from tests.formats.matrix.backlog import DEVICES
from tests.formats.matrix.doors import BrokerDoor
from tests.formats.matrix.ledger import Ledger, Statement, at_ms
from tests.formats.matrix.rig import POISONED, THING, Rig, lost_here_and_there, measuring
from tests.formats.matrix.streams import known_streams
from tests.formats.matrix.web_rigs import flat, sta_ledger


def _reads(publish: Publish) -> str:
    return (publish.topic + publish.payload.decode("latin-1")).lower()


class Reader(MqttPlatform):
    """A broker with a subscriber that reads everything, and takes nothing of whom it has something against."""

    def __init__(self, read: Callable[[bytes], Iterable[Statement]]) -> None:
        super().__init__()
        self._read = read
        self.against = ""
        self.ledger: Ledger = Counter()

    def take(self, publish: Publish) -> int:
        if self.against and self.against in _reads(publish):
            return PAYLOAD_INVALID
        self.ledger.update(self._read(publish.payload))
        return TAKEN


@asynccontextmanager
async def _mqtt(
    platform: MqttPlatform,
    format_name: str,
    options: Mapping[str, Any],
    ledger: Callable[[], Ledger],
    poison: Callable[[], None],
) -> AsyncIterator[Rig]:
    door = BrokerDoor(platform._answer)

    def shut(wrong: bool) -> None:  # noqa: FBT001 - of the rig
        door.away = "0x86 Bad user name or password" if wrong else ""

    await asyncio.sleep(0)
    yield Rig(
        format=lambda: make(format_name, measuring(format_name, options)),
        door=door,
        ledger=ledger,
        poison=poison,
        shut=shut,
        forget=lambda: platform.faults.extend(lost_here_and_there(MqttFault(), MqttFault(silent=True))),
        refused="0x99",
    )


def read_by(read: Callable[[bytes], Iterable[Statement]], format_name: str, **options: Any) -> Callable[[], Any]:
    def open_rig() -> Any:
        platform = Reader(read)

        def poison() -> None:
            platform.against = POISONED

        return _mqtt(platform, format_name, options, lambda: platform.ledger, poison)

    return open_rig


def checked(make_platform: Callable[[], Any], format_name: str, ledger: Callable[[Any], Ledger]) -> Callable[[], Any]:
    """Open a stand-in with rules of its own, and let it refuse the poisoned device besides."""

    def open_rig() -> Any:
        platform = make_platform()
        rules = platform.take

        def poison() -> None:
            def take(publish: Publish) -> int:
                against = "telemetry" in publish.topic or format_name != "thingsboard"
                return PAYLOAD_INVALID if against and POISONED in _reads(publish) else rules(publish)

            platform.take = take

        return _mqtt(platform, format_name, {}, lambda: ledger(platform), poison)

    return open_rig


class YggioValues(yggio.Kept):
    """What Yggio's nodes were told, with a ledger."""

    def __init__(self) -> None:
        super().__init__()
        self.ledger: Ledger = Counter()

    def take(self, node: str, said: Mapping[str, Any], at: str) -> None:
        self.ledger.update(flat(node, said, at_ms(at)))
        yggio.Kept.take(self, node, said, at)


def yggio_broker() -> yggio.YggioBroker:
    platform = yggio.YggioBroker(f"yggio/generic/v2/{device.dev_eui}" for device in DEVICES)
    platform.kept = YggioValues()
    return platform


def iot_open_ledger(platform: IotOpenBroker) -> Ledger:
    kept = platform.kept
    return Counter(
        {
            Statement(words.eui_in(topic), round(at * 1000), kept.log[topic, at], kept.units[topic]): times
            for (topic, at), times in kept.values.items()
        }
    )


@asynccontextmanager
async def _cloud(
    platform: Any,
    format_name: str,
    poison: Callable[[], None],
    *,
    fault: Any,
    ledger: Callable[[], Ledger],
    refused: str,
) -> AsyncIterator[Rig]:
    def receive(publish: Publish) -> int | None:
        size = len(publish.payload) + len(publish.topic) + 10
        said = DoorPublish(
            client_id=THING,
            topic=publish.topic,
            payload=publish.payload,
            qos=1,
            retain=False,
            duplicate=False,
            size=size,
        )
        return platform.take(said)  # type: ignore[no-any-return]  # of a stand-in

    door = BrokerDoor(receive)
    options: dict[str, Any] = {"device": THING} if format_name == "azure_iot" else {"thing": THING}

    def shut(wrong: bool) -> None:  # noqa: FBT001 - of the rig
        door.away = "0x05 Not authorized" if wrong else ""

    await asyncio.sleep(0)
    yield Rig(
        format=lambda: make(format_name, measuring(format_name, options)),
        door=door,
        ledger=ledger,
        poison=poison,
        shut=shut,
        forget=lambda: platform.faults.extend(lost_here_and_there(fault(), fault(forgets=True))),
        refused=refused,
    )


def azure_rig() -> Any:
    platform = AzureHub({THING: "a2V5"})

    def poison() -> None:
        platform.poison = lambda telemetry: telemetry.properties["devEUI"] == POISONED

    def ledger() -> Ledger:
        return Counter(one for told in platform.kept.telemetry for one in words.of_json_event(told.body))

    return _cloud(platform, "azure_iot", poison, fault=AzureFault, ledger=ledger, refused="were taken")


def aws_rig() -> Any:
    platform = AwsCore(frozenset({THING}))
    platform._v5[THING] = True

    def poison() -> None:
        platform.policy = lambda _, topic: POISONED not in topic

    def ledger() -> Ledger:
        return Counter(one for told in platform.kept.messages for one in words.of_json_event(told.payload))

    return _cloud(platform, "aws_iot", poison, fault=AwsFault, ledger=ledger, refused="0x87")


def sensorthings_mqtt_rig() -> Any:
    server, datastreams = known_streams()
    platform = Observing(server)

    def poison() -> None:
        poisoned = {number for name, number in datastreams.items() if name.startswith(POISONED)}
        platform.against = frozenset(f"({number})" for number in poisoned)

    return _mqtt(platform, "sensorthings_mqtt", {"datastreams": datastreams}, lambda: sta_ledger(server), poison)


class Observing(MqttPlatform):
    """A SensorThings server's broker."""

    def __init__(self, server: sensorthings.SensorThingsServer) -> None:
        super().__init__()
        self._server = server
        self.against: frozenset[str] = frozenset()

    def take(self, publish: Publish) -> int:
        if any(number in publish.topic for number in self.against):
            return PAYLOAD_INVALID
        self._server.hear(publish.topic, publish.payload)
        return TAKEN


def senml_rig(encoding: str) -> Callable[[], Any]:
    return read_by(
        lambda body: words.of_senml(body, f"application/senml+{encoding}"), "senml", encoding=encoding, units="primary"
    )
