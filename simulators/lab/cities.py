"""The kinds of platform: what stands in for each, what `brygga.toml` says of it, and how it names the uplinks that it has."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol
from uuid import UUID

from gateway.cities.slugs import slug
from gateway.model import Eui64
from simulators.hashed import key
from simulators.lab.scenario import Platform
from simulators.lab.stand_ins import TIMED, DiwiseCity, EventCity, NgsiLdCity, SenMlBroker, Told, YggioCity
from simulators.lab.temper import Temper

IDS: Final = "ids.csv"  # what a platform calls the devices, where it wants to be told: here by their DevEUIs


class City(Protocol):
    """A platform."""

    url: str
    temper: Temper

    async def start(self) -> str:
        """Listen, and return the URL."""
        ...

    async def stop(self) -> None:
        """Close the port."""
        ...

    def problems(self) -> list[str]:
        """Return what was wrong with what it was told, in words."""
        ...


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of platform: what makes one, and what `brygga.toml` says of it besides name and URL."""

    make: Callable[[int, str, Told, Sequence[str]], City]
    keys: str
    connection: str = ""  # of a city, beside the URL


KINDS: Final[Mapping[str, Kind]] = {
    "ngsi_ld": Kind(NgsiLdCity, 'format = "ngsi_ld"'),
    "senml": Kind(SenMlBroker, 'format = "senml"'),
    "json": Kind(EventCity, 'format = "json"\noptions = { topic = "/brygga/{dev_eui}/event" }'),
    "yggio": Kind(YggioCity, 'format = "yggio"'),
    "diwise": Kind(DiwiseCity, f'format = "diwise"\nids_file = "{IDS}"', f'ids_file = "{IDS}"\n'),
}


def city(
    platform: Platform,
    seed: int,
    devices: Sequence[Eui64],
    taken: Callable[[UUID, bool], None],
    strange: Callable[[str], None],
    named: Callable[[str, str], str],
) -> City:
    """Return a platform of a kind that knows ``devices``.

    ``taken`` gets the ids of uplinks and whether the same came again, ``strange`` what is none; ``named`` gives the id of what a
    device said at a time, where a platform is told no other name.
    """
    seen: set[int] = set()  # hashes: of days there are millions

    def told(text: str, part: str) -> None:
        if TIMED in text:
            text = named(*text.split(TIMED))
        try:
            uplink = UUID(text)
        except ValueError:
            strange(text)
        else:
            what = key(text, part)
            taken(uplink, what in seen)
            seen.add(what)

    return KINDS[platform.kind].make(seed, platform.name, told, devices)


def destination(platform: Platform, url: str, city: str | None) -> str:
    """Return a destination's section of `brygga.toml`; ``city`` is where it is now, None where its address says that."""
    way = f'url = "{url}"\n{KINDS[platform.kind].keys}' if city is None else f'city = "{city}"'
    return f'\n[[destination]]\nname = "{platform.name}"\n{way}\ntags = ["{tag_of(platform.name)}"]\n'


def connection(platform: Platform, url: str) -> str:
    """Return a city's connection, as `brygga city connect` writes it."""
    return f'url = "{url}"\n{KINDS[platform.kind].connection}'


def tag_of(platform: str) -> str:
    """Return the tag of the devices that a platform gets."""
    return slug(platform)
