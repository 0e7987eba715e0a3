"""How the stand-ins are opened for strangers: all devices are known there, and who comes shows what ``--token`` says."""

from __future__ import annotations

import re
import ssl
from base64 import b64decode
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, Final

from gateway.errors import ConfigError
from simulators.dry_run.broker import BrokerWindow
from simulators.dry_run.seen import Show
from simulators.dry_run.window import Window
from simulators.platforms import mqtt_door, scripted_broker
from simulators.platforms.aws_iot import AwsCore
from simulators.platforms.azure_iot import AzureHub
from simulators.platforms.diwise_context_broker import DiwiseContextBroker
from simulators.platforms.diwise_iot_agent import DiwiseIotAgent
from simulators.platforms.event_receiver import EventReceiver
from simulators.platforms.iot_open import IotOpenBroker
from simulators.platforms.mqtt import Received, well_formed
from simulators.platforms.mqtt_platform import PAYLOAD_INVALID, TAKEN, MqttPlatform
from simulators.platforms.sensorthings import SensorThingsServer
from simulators.platforms.thingsboard import ThingsBoardBroker, ThingsBoardHttp

MEDIA_TYPES: Final = frozenset({"application/json", "application/senml+json", "application/senml+cbor", "text/plain"})
AZURE_DEVICE: Final = "brygga"  # as the format calls the gateway where nobody says otherwise
ANY_KEY: Final = "a2V5"
NOT_THERE_YET: Final = frozenset({("PATCH", 404), ("POST", 409)})  # of a merge: then it is made, or merged again

Open = Callable[[Show, str, ssl.SSLContext | None], Any]
"""Return a window, not yet started, that shows what passes; the text is --token, the context that of a door with TLS."""


class Everybody(set[str]):
    """A register in which everybody stands."""

    def __contains__(self, _: object) -> bool:
        return True

    def __iter__(self) -> Iterator[str]:
        return iter(())


# ── over HTTP ──


def web(make: Callable[[str], Any]) -> Open:
    """Open a stand-in that asks for the token itself."""
    return lambda show, token, _: Window(make(token), show)


def guarded(make: Callable[[], Any]) -> Open:
    """Open a stand-in that asks for none; the window does."""
    return lambda show, token, _: Window(make(), show, token=token)


def merged(show: Show, token: str, _: ssl.SSLContext | None) -> Window:
    """Open diwise's context-broker, where an entity that is not there yet is asked for first."""
    return Window(DiwiseContextBroker(token=token), show, questions=NOT_THERE_YET)


def iot_agent(token: str) -> DiwiseIotAgent:
    """Return diwise's iot-agent."""
    agent = DiwiseIotAgent(token=token)
    agent.devices = Everybody()
    return agent


def sensorthings(show: Show, token: str, _: ssl.SSLContext | None) -> Window:
    """Open a SensorThings server; the token is user:password, or a bearer's."""
    user, colon, password = token.partition(":")
    login = (user, password) if colon else None
    return Window(SensorThingsServer(login=login), show, token="" if colon else token)


def thingsboard(token: str) -> ThingsBoardHttp:
    """Return ThingsBoard's HTTP API, where a token is a device's and stands in the path."""
    platform = ThingsBoardHttp([token])
    if not token:
        platform.tokens = Everybody()
    return platform


def events(token: str) -> EventReceiver:
    """Return somebody's own receiver."""
    return EventReceiver(token=token, media_types=MEDIA_TYPES)


# ── over MQTT ──


def mqtt(make: Callable[[], MqttPlatform], *, by_user: bool = False) -> Open:
    """Open a platform behind a broker; ``by_user``: the token is the user name, as ThingsBoard has it."""

    def opened(show: Show, token: str, _: ssl.SSLContext | None) -> BrokerWindow:
        platform = make()

        def take(publish: mqtt_door.Publish) -> int:
            platform.refusals.clear()
            return platform.take(_as_scripted(publish))

        return BrokerWindow(take, lambda: "; ".join(platform.refusals), show, token=token, by_user=by_user)

    return opened


def _as_scripted(publish: mqtt_door.Publish) -> scripted_broker.Publish:
    return scripted_broker.Publish(
        connection=1,
        mid=1,
        topic=publish.topic,
        payload=publish.payload,
        properties=b"",
        retain=publish.retain,
        duplicate=publish.duplicate,
    )


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


class AnyClients(IotOpenBroker):
    """IoT Open's broker for whatever client's number, or an edge client's own."""

    NUMBER: Final = re.compile(r"[0-9]+/")

    def take(self, publish: scripted_broker.Publish) -> int:
        """Keep one number with its time."""
        return super().take(replace(publish, topic=self.NUMBER.sub("", publish.topic, count=1)))


def thingsboard_broker() -> MqttPlatform:
    """Return ThingsBoard's MQTT API for gateways."""
    return ThingsBoardBroker()


def azure(show: Show, token: str, tls: ssl.SSLContext | None) -> BrokerWindow:
    """Open an Azure IoT Hub; the token is the shared access key of the gateway's device. Raises ConfigError."""
    try:
        b64decode(token, validate=True)
    except ValueError as error:
        raise ConfigError(
            f"simulate platform: --token: {token!r} is no shared access key, which is base64: {error}"
        ) from error
    hub = AzureHub({AZURE_DEVICE: token or ANY_KEY})

    def take(publish: mqtt_door.Publish) -> int | None:
        hub.refused.clear()
        return hub.take(publish)

    def greet(connect: mqtt_door.Connect) -> int:
        hub.refused.clear()
        return hub.greet(connect) if token else 0

    return BrokerWindow(take, lambda: "; ".join(hub.refused), show, greet=greet, tls=tls)


def aws(show: Show, token: str, tls: ssl.SSLContext | None) -> BrokerWindow:
    """Open AWS IoT Core; the token is the password of a custom authoriser, for everybody's certificate is let in."""
    core = AwsCore(Everybody())  # type: ignore[arg-type]  # it is asked for membership alone

    def take(publish: mqtt_door.Publish) -> int | None:
        core.refused.clear()
        return core.take(publish)

    def greet(connect: mqtt_door.Connect) -> int:
        return core.greet(connect) or (0 if token in {"", connect.password} else 0x86)

    return BrokerWindow(take, lambda: "; ".join(core.refused), show, greet=greet, tls=tls)
