"""The kinds of platform that there are stand-ins for: how each is opened, and what a destination says that goes there.

Format and options are those of the city's kind of the same name (gateway/cities/kinds): a dry run shows what a city would get.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Final

from gateway.cities.catalogue import Catalogue
from simulators.dry_run import doors
from simulators.dry_run.doors import AnyBroker, AnyClients, Open
from simulators.dry_run.written import Table, over
from simulators.platforms import diwise_facade, sensorthings_mqtt
from simulators.platforms.mqtt import Received
from simulators.platforms.ngsi_ld import NgsiLdReceiver
from simulators.platforms.orion_v2 import OrionV2
from simulators.platforms.yggio import YggioBroker, YggioPush

EXAMPLE: Final = "a81758fffe03abcd"  # the device of docs/platforms.md
EACH_DEVICE: Final = "options.ids: the same for each device that you send; here it may be called anything"
EACH_STREAM: Final = "options.datastreams: the same for each value that you send; here its number may be any"
CLIENT: Final = "options.client: the client's number; here it may be any"

Login = Callable[[str], Table]
"""Return the keys of a destination that shows the credential --token."""


def bearer(token: str) -> Table:
    """Return the keys of a Bearer token."""
    return {"token": token}


def password(token: str) -> Table:
    """Return the keys of a login that is looked at for its password."""
    return {"username": "brygga", "password": token}


def user_name(token: str) -> Table:
    """Return the keys of a login whose user name is the credential."""
    return {"username": token}


def user_or_bearer(token: str) -> Table:
    """Return the keys of HTTP Basic for user:password, else of a Bearer token."""
    user, colon, secret = token.partition(":")
    return {"username": user, "password": secret} if colon else bearer(token)


def in_the_path(token: str) -> Table:
    """Return the keys of a token that is a device's, and what it is called there."""
    return {"options": {"ids": {EXAMPLE: token}}}


def in_a_file(_: str) -> Table:
    """Return none: a shared access key stands in a file, which the dry run makes."""
    return {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """A way in: how it is opened, and what a destination has to say besides the kind's own keys."""

    open: Open
    login: Login
    example: Table = field(default_factory=dict)  # what only the platform's owner knows, as an example
    note: str = ""  # what is to be known of the example
    key_file: bool = False  # whether the credential stands in a file
    secure: bool = False  # whether the format goes over TLS alone


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of platform: what it is, and its ways in."""

    title: str
    ways: Mapping[str, Way]


@cache
def _cities() -> Catalogue:
    return Catalogue.load()


def destination(name: str, way: str, token: str = "") -> Table:
    """Return the keys of a destination, but for name and URL, that goes to a stand-in of the kind ``name``."""
    known, own = _cities().kinds[name].ways[way], KINDS[name].ways[way]
    return over(over(known, own.example), own.login(token) if token else {})


def _anything(title: str, check: Callable[[Received], str] | None = None) -> Kind:
    ways = {
        "mqtt": Way(open=doors.mqtt(lambda: AnyBroker(check)), login=password),
        "http": Way(open=doors.web(doors.events), login=bearer),
    }
    return Kind(title, ways)


KINDS: Final[Mapping[str, Kind]] = {
    "ngsi_ld": Kind("an NGSI-LD broker", {"http": Way(open=doors.guarded(NgsiLdReceiver), login=bearer)}),
    "ngsi_ld_merge": Kind("diwise's context-broker", {"http": Way(open=doors.merged, login=bearer)}),
    "ngsi_v2": Kind("FIWARE Orion", {"http": Way(open=doors.web(lambda token: OrionV2(token=token)), login=bearer)}),
    "diwise": Kind(
        "diwise's iot-agent",
        {
            "http": Way(
                open=doors.web(doors.iot_agent),
                login=bearer,
                example={"options": {"ids": {EXAMPLE: EXAMPLE}}},
                note=EACH_DEVICE,
            ),
            "mqtt": Way(open=doors.mqtt(lambda: AnyBroker(diwise_facade.check)), login=password),
        },
    ),
    "sensorthings": Kind(
        "a SensorThings server",
        {
            "http": Way(open=doors.sensorthings, login=user_or_bearer),
            "mqtt": Way(
                open=doors.mqtt(lambda: AnyBroker(sensorthings_mqtt.check)),
                login=password,
                example={"options": {"datastreams": {f"{EXAMPLE}/air_temperature": 1}}},
                note=EACH_STREAM,
            ),
        },
    ),
    "yggio": Kind(
        "Sensative Yggio",
        {
            "mqtt": Way(open=doors.mqtt(YggioBroker), login=password),
            "http": Way(open=doors.web(lambda token: YggioPush(token=token)), login=bearer),
        },
    ),
    "iot_open": Kind(
        "IoT Open",
        {
            "mqtt": Way(
                open=doors.mqtt(AnyClients), login=password, example={"options": {"client": "1459"}}, note=CLIENT
            )
        },
    ),
    "thingsboard": Kind(
        "ThingsBoard",
        {
            "mqtt": Way(open=doors.mqtt(doors.thingsboard_broker, by_user=True), login=user_name),
            "http": Way(
                open=doors.web(doors.thingsboard),
                login=in_the_path,
                example={"options": {"ids": {EXAMPLE: "a-token"}}},
                note=EACH_DEVICE,
            ),
        },
    ),
    "azure_iot": Kind("Azure IoT Hub", {"mqtt": Way(open=doors.azure, login=in_a_file, key_file=True, secure=True)}),
    "aws_iot": Kind("AWS IoT Core", {"mqtt": Way(open=doors.aws, login=password, secure=True)}),
    "rec_edge": _anything("whoever reads RealEstateCore's edge messages"),
    "chirpstack": _anything("whoever reads a ChirpStack", diwise_facade.check),
    "the_things_stack": _anything("whoever reads a Things Stack"),
    "senml": _anything("whoever reads SenML"),
    "json": _anything("whoever reads JSON"),
    "template": _anything("a platform nobody has met"),
}
