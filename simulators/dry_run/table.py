"""The kinds of platform that there are stand-ins for, and how each is opened for strangers: all devices are known there."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from simulators.dry_run.broker import BrokerWindow
from simulators.dry_run.seen import Show
from simulators.dry_run.window import Window
from simulators.platforms import diwise_facade, mqtt_door, scripted_broker
from simulators.platforms.aws_iot import AwsCore
from simulators.platforms.azure_iot import AzureHub
from simulators.platforms.diwise_context_broker import DiwiseContextBroker
from simulators.platforms.diwise_iot_agent import DiwiseIotAgent
from simulators.platforms.event_receiver import EventReceiver
from simulators.platforms.iot_open import IotOpenBroker
from simulators.platforms.mqtt import Received, well_formed
from simulators.platforms.mqtt_platform import PAYLOAD_INVALID, TAKEN, MqttPlatform
from simulators.platforms.ngsi_ld import NgsiLdReceiver
from simulators.platforms.orion_v2 import OrionV2
from simulators.platforms.sensorthings import SensorThingsServer
from simulators.platforms.thingsboard import ThingsBoardBroker, ThingsBoardHttp
from simulators.platforms.yggio import YggioBroker, YggioPush

MEDIA_TYPES: Final = frozenset({"application/json", "application/senml+json", "application/senml+cbor", "text/plain"})

Open = Callable[[Show, str], Any]
"""Return a window, not yet started, that shows what passes; the text is --token."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of platform: what it is, and its ways in."""

    title: str
    format: str
    ways: Mapping[str, Open]
    options: Mapping[str, str] | None = None  # of the format, where it needs any besides


class Everybody(set[str]):
    """A register in which everybody stands."""

    def __contains__(self, _: object) -> bool:
        return True

    def __iter__(self) -> Iterator[str]:
        return iter(())


def _web(make: Callable[[str], Any]) -> Open:
    """Open a stand-in that asks for the token itself."""
    return lambda show, token: Window(make(token), show)


def _guarded(make: Callable[[], Any]) -> Open:
    """Open a stand-in that asks for none; the window does."""
    return lambda show, token: Window(make(), show, token=token)


def _mqtt(make: Callable[[], MqttPlatform]) -> Open:
    def opened(show: Show, token: str) -> BrokerWindow:
        platform = make()

        def take(publish: mqtt_door.Publish) -> int:
            platform.refusals.clear()
            return platform.take(
                scripted_broker.Publish(
                    connection=1,
                    mid=1,
                    topic=publish.topic,
                    payload=publish.payload,
                    properties=b"",
                    retain=publish.retain,
                    duplicate=publish.duplicate,
                )
            )

        return BrokerWindow(take, lambda: "; ".join(platform.refusals), show, token=token)

    return opened


class AnyBroker(MqttPlatform):
    """A broker whose subscriber reads JSON and CBOR, and sees what is neither."""

    def __init__(self, check: Callable[[Received], str] | None = None) -> None:
        super().__init__()
        self._check = check or _reads

    def take(self, publish: scripted_broker.Publish) -> int:
        """Take what can be read."""
        received = Received(topic=publish.topic, payload=publish.payload)
        why = self._check(received)
        return self.refuse(PAYLOAD_INVALID, why) if why else TAKEN


def _reads(received: Received) -> str:
    """Read a payload by its first octet: JSON begins with a brace or bracket, a SenML pack in CBOR with an array."""
    first = received.payload[:1]
    kind = "application/json" if first in {b"{", b"[", b'"'} else "application/cbor"
    return well_formed(Received(topic=received.topic, payload=received.payload, content_type=kind))


def _diwise(token: str) -> DiwiseIotAgent:
    agent = DiwiseIotAgent(token=token)
    agent.devices = Everybody()
    return agent


def _sensorthings(show: Show, token: str) -> Window:
    user, colon, password = token.partition(":")
    login = (user, password) if colon else None
    return Window(SensorThingsServer(login=login), show, token="" if colon else token)


def _thingsboard() -> ThingsBoardHttp:
    platform = ThingsBoardHttp(())
    platform.tokens = Everybody()
    return platform


def _azure(show: Show, token: str) -> BrokerWindow:
    hub = AzureHub({"brygga": token or "a2V5"})

    def take(publish: mqtt_door.Publish) -> int | None:
        hub.refused.clear()
        return hub.take(publish)

    def greet(connect: mqtt_door.Connect) -> int:
        hub.refused.clear()
        return hub.greet(connect) if token else 0

    return BrokerWindow(take, lambda: "; ".join(hub.refused), show, greet=greet)


def _aws(show: Show, token: str) -> BrokerWindow:
    core = AwsCore(Everybody())  # type: ignore[arg-type]  # it is asked for membership alone

    def take(publish: mqtt_door.Publish) -> int | None:
        core.refused.clear()
        return core.take(publish)

    def greet(connect: mqtt_door.Connect) -> int:
        return core.greet(connect) or (0 if token in {"", connect.password} else 0x86)

    return BrokerWindow(take, lambda: "; ".join(core.refused), show, greet=greet)


def _events(token: str) -> EventReceiver:
    return EventReceiver(token=token, media_types=MEDIA_TYPES)


def _anything(format_name: str, title: str, check: Callable[[Received], str] | None = None) -> Kind:
    return Kind(title, format_name, {"mqtt": _mqtt(lambda: AnyBroker(check)), "http": _web(_events)})


KINDS: Final[Mapping[str, Kind]] = {
    "ngsi_ld": Kind("an NGSI-LD broker", "ngsi_ld", {"http": _guarded(NgsiLdReceiver)}),
    "ngsi_ld_merge": Kind(
        "diwise's context-broker",
        "ngsi_ld",
        {"http": _web(lambda token: DiwiseContextBroker(token=token))},
        {"way": "merge"},
    ),
    "ngsi_v2": Kind("FIWARE Orion", "ngsi_v2", {"http": _web(lambda token: OrionV2(token=token))}),
    "diwise": Kind("diwise's iot-agent", "diwise", {"http": _web(_diwise)}),
    "sensorthings": Kind("a SensorThings server", "sensorthings", {"http": _sensorthings}),
    "yggio": Kind(
        "Sensative Yggio",
        "yggio",
        {"mqtt": _mqtt(YggioBroker), "http": _web(lambda token: YggioPush(token=token))},
    ),
    "iot_open": Kind("IoT Open", "iot_open", {"mqtt": _mqtt(IotOpenBroker)}),
    "thingsboard": Kind(
        "ThingsBoard", "thingsboard", {"mqtt": _mqtt(ThingsBoardBroker), "http": _guarded(_thingsboard)}
    ),
    "azure_iot": Kind("Azure IoT Hub (without TLS)", "azure_iot", {"mqtt": _azure}),
    "aws_iot": Kind("AWS IoT Core (without TLS)", "aws_iot", {"mqtt": _aws}),
    "rec_edge": _anything("rec_edge", "whoever reads RealEstateCore's edge messages"),
    "chirpstack": _anything("chirpstack", "whoever reads a ChirpStack", diwise_facade.check),
    "the_things_stack": _anything("the_things_stack", "whoever reads a Things Stack"),
    "senml": _anything("senml", "whoever reads SenML"),
    "json": _anything("json", "whoever reads JSON"),
    "template": _anything("template", "a platform nobody has met"),
}
