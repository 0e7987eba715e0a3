"""The formats by their names in a configuration."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from typing import Final

from gateway.formats import Format
from gateway.formats.aws_iot import AwsIot
from gateway.formats.azure_iot import AzureIot
from gateway.formats.chirpstack import ChirpStack
from gateway.formats.diwise import Diwise
from gateway.formats.iot_open import IotOpen
from gateway.formats.json_event import JsonEvent
from gateway.formats.ngsi_ld import NgsiLd
from gateway.formats.ngsi_v2 import NgsiV2
from gateway.formats.rec_edge import RecEdge
from gateway.formats.senml import SenMl
from gateway.formats.sensorthings import SensorThings, SensorThingsMqtt
from gateway.formats.template import Template
from gateway.formats.the_things_stack import TheThingsStack
from gateway.formats.thingsboard import ThingsBoard
from gateway.formats.yggio import Yggio
from gateway.model import Json

FORMATS: Final[Mapping[str, Callable[..., Format]]] = {
    "ngsi_ld": NgsiLd,
    "diwise": Diwise,
    "chirpstack": ChirpStack,
    "the_things_stack": TheThingsStack,
    "senml": SenMl,
    "sensorthings": SensorThings,
    "sensorthings_mqtt": SensorThingsMqtt,
    "json": JsonEvent,
    "template": Template,
    "azure_iot": AzureIot,
    "aws_iot": AwsIot,
    "ngsi_v2": NgsiV2,
    "yggio": Yggio,
    "iot_open": IotOpen,
    "thingsboard": ThingsBoard,
    "rec_edge": RecEdge,
}

# The protocols that each can go over: NGSI-LD needs the answer's body, which a PUBACK has not.
WAYS: Final[Mapping[str, tuple[str, ...]]] = {
    "ngsi_ld": ("http", "https"),
    "diwise": ("http", "https"),
    "chirpstack": ("mqtt", "mqtts", "http", "https"),
    "the_things_stack": ("mqtt", "mqtts", "http", "https"),
    "senml": ("mqtt", "mqtts", "http", "https"),
    "sensorthings": ("http", "https"),
    "sensorthings_mqtt": ("mqtt", "mqtts"),
    "json": ("mqtt", "mqtts", "http", "https"),
    "template": ("mqtt", "mqtts", "http", "https"),
    "azure_iot": ("mqtts",),
    "aws_iot": ("mqtts",),
    "ngsi_v2": ("http", "https"),
    "yggio": ("mqtt", "mqtts", "http", "https"),
    "iot_open": ("mqtt", "mqtts"),
    "thingsboard": ("mqtt", "mqtts", "http", "https"),
    "rec_edge": ("mqtt", "mqtts", "http", "https"),
}

# Where a platform's door over HTTP is not its topic with a slash before it.
PATHS: Final[Mapping[str, str]] = {
    "yggio": "/http-push/generic?identifier=devEui",
    "thingsboard": "/api/v1/{id}/telemetry",
}

# Options that say which of a platform's users one is among: with another value the same address has other things.
WHERE: Final[Mapping[str, tuple[str, ...]]] = {
    "ngsi_ld": ("path", "tenant", "id_prefix"),
    "ngsi_v2": ("path", "service", "service_path", "id_prefix"),
    "diwise": ("path", "tenant"),
    "sensorthings": ("path",),
    "sensorthings_mqtt": ("topic",),
    "chirpstack": ("topic", "application"),
    "the_things_stack": ("topic", "application"),
    "senml": ("topic",),
    "json": ("topic",),
    "template": ("topic",),
    "azure_iot": ("device", "module"),
    "aws_iot": ("topic", "thing"),
    "yggio": ("topic",),
    "iot_open": ("client", "topic"),
    "thingsboard": ("topic",),
    "rec_edge": ("topic",),
}

# Formats with an option `late`, and the values of it with which an older reading may follow a newer one: the platform compares times, keeps
# them all, or was meant to have them so. With any other it would end with an older value over a newer one, or refuse its history.
OLDER_MAY_FOLLOW: Final[Mapping[str, frozenset[Json]]] = {
    "ngsi_ld": frozenset({"send", "temporal"}),
    "diwise": frozenset({"send"}),
    "ngsi_v2": frozenset(),  # Orion compares no times: "send" is for a history behind it, and its present would go back
    "iot_open": frozenset({"send"}),
    "yggio": frozenset({"send"}),
    "template": frozenset({None}),  # only a body that says its time may leave the choice out
}

# Formats with a word for how good a time is. A template has one where it is written there.
SAYS_TIME_QUALITY: Final = frozenset({"json", "azure_iot", "aws_iot", "sensorthings", "sensorthings_mqtt"})


def make(name: str, options: Mapping[str, Json]) -> Format:
    """Return the format ``name`` with ``options``; ValueError says what is wrong with either."""
    if name not in FORMATS:
        raise ValueError(f"{name!r} is none of {', '.join(FORMATS)}{_did_you_mean(name, FORMATS)}")
    known = options_of(name)
    for option in options:
        if option not in known:
            raise ValueError(
                f"{name} has no option {option!r}; it has {', '.join(known)}{_did_you_mean(option, known)}"
            )
    return FORMATS[name](**options)


def misfit(name: str, options: Mapping[str, Json], scheme: str) -> str:
    """Return why the format ``name`` cannot go to a URL of ``scheme``, in words; "" when it can."""
    if scheme not in WAYS[name]:
        right = " or ".join(f"{way}://" for way in WAYS[name])
        return f"{name} cannot go over {scheme}://; {right} is right"
    topic = str(options.get("topic", options_of(name).get("topic", "/")))
    if scheme.startswith("http") and not topic.startswith("/"):
        path = PATHS.get(name, f"/{topic}")
        return f"{name} over {scheme}:// puts its topic behind the URL; options.topic = '{path}' begins with / as a path does"
    if scheme.startswith("mqtt") and name in PATHS and topic.startswith("/"):
        usual = options_of(name)["topic"]
        return (
            f"{name}: options.topic = '{topic}' is a path of HTTP; over {scheme}:// leave it out, it is '{usual}' then"
        )
    return ""


def says_time_quality(name: str, options: Mapping[str, Json]) -> bool:
    """Tell whether the format ``name`` with ``options`` has a place for how good a time is."""
    if name == "template":
        return "time_quality" in repr(options)
    return name in SAYS_TIME_QUALITY and options.get("body", "json") == "json"  # clouds take other formats' bodies


def is_strict(name: str, options: Mapping[str, Json]) -> bool:
    """Tell whether the format ``name`` with ``options`` must be told oldest first, whatever waits."""
    late = options.get("late", options_of(name).get("late"))
    if name == "yggio" and late is None:
        late = "refuse" if str(options.get("topic", "")).startswith("/") else "send"  # over HTTP and over MQTT
    return name in OLDER_MAY_FOLLOW and late not in OLDER_MAY_FOLLOW[name]


def options_of(name: str) -> Mapping[str, Json]:
    """Return the options of a format with their defaults."""
    return {key: one.default for key, one in inspect.signature(FORMATS[name]).parameters.items()}


def _did_you_mean(word: str, known: Mapping[str, object]) -> str:
    close = get_close_matches(word, known, n=1)
    return f"; did you mean {close[0]!r}?" if close else ""
