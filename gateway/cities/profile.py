"""What is known of a city and of its kind of platform."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from gateway.model import Json

Table = Mapping[str, Json]

HTTP, MQTT = "http", "mqtt"
WAYS: Final = (HTTP, MQTT)


class Sure(StrEnum):
    """How sure it is what is known."""

    FACT = "fact"  # read in the source
    INFERENCE = "inference"  # concluded from facts
    UNKNOWN = "unknown"  # looked for, and nothing found


@dataclass(frozen=True, slots=True)
class Said:
    """A sentence in both languages."""

    en: str
    sv: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """One thing that is known of a city, and where from."""

    about: str  # "platform", "operator" or "protocol"
    sure: Sure
    says: Said
    source: str = ""
    year: int | None = None  # of the source


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A kind of platform: how it is told, what becomes of what it does not take, and what its owner is to be asked for."""

    name: str  # of the file
    title: str
    ways: Mapping[str, Table]  # the keys of a destination, by HTTP and MQTT; the first is the one to be preferred
    fates: Mapping[str, Mapping[str, Sequence[int | str]]]  # by way and fate: the statuses (gateway/cities/fates.py)
    policy: tuple[Said, ...]  # in words: the fates, and what is to be said besides
    repetition: Said
    asks: tuple[Said, ...]
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """A city."""

    slug: str
    name: str
    code: str  # of the municipality, four digits; "" for what is none in Sweden
    kind: str  # the name of a Kind
    platform: str  # its name; "" where it is not known
    operator: str  # of a LoRaWAN network there; "" where it is not known
    destination: Table  # keys of a destination
    known: tuple[Known, ...]
    asks: tuple[Said, ...]  # besides those of its kind
    file: str  # as errors call it


GENERIC: Final = "generic"

# What a profile may say of destinations: how its platform is told. A profile may be anyone's, so it names no address, no file,
# nobody that we are there, and nothing of which devices and what of them a destination gets.
OF_A_PROFILE: Final = frozenset(
    {
        "format",
        "options",
        "mqtt_version",
        "window",
        "keep_alive_s",
        "concurrency",
        "connect_limit_s",
        "total_limit_s",
        "gzip",
        "batch",
        "order",
        "backlog_per_s",
        "retry_max_s",
        "api_key_header",
    }
)
OPTIONS_OF_A_CONNECTION: Final = frozenset({"ids", "datastreams"})  # what the platform calls devices


def unknown_city(slug: str) -> Profile:
    """Return the profile of a city that nobody has sent one in of."""
    return Profile(
        slug=slug,
        name=slug.replace("-", " ").title(),
        code="",
        kind=GENERIC,
        platform="",
        operator="",
        destination={},
        known=(),
        asks=(),
        file="the generic profile",
    )
