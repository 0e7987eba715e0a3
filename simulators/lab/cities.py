"""The kinds of platform: what stands in for each, what `brygga.toml` says of it, and how it names the uplinks that it has.

They are those of `brygga simulate platform`, each with its ways in; a few have a stand-in of their own, made for days.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol
from uuid import UUID

from gateway.cities.slugs import slug
from gateway.model import Eui64
from simulators.dry_run import table
from simulators.dry_run.written import Table, over, section
from simulators.hashed import key
from simulators.lab.readers import READS, TIMED, TIMED_FORMATS
from simulators.lab.scenario import Platform
from simulators.lab.stand_ins import DiwiseCity, EventCity, NgsiLdCity, SenMlBroker, Told, YggioCity
from simulators.lab.temper import Temper
from simulators.lab.windows import UPSETS, WORDLESS, WindowCity

IDS: Final = "ids.csv"  # what a platform calls the devices, where it wants to be told: here by their DevEUIs
KEY_FILE: Final = "shared-access.key"


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


Make = Callable[[int, str, Told, Sequence[str]], City]


@dataclass(frozen=True, slots=True)
class Own:
    """A stand-in of the lab's own: what makes one, and what a destination says otherwise than the dry run's."""

    make: Make
    keys: Table = field(default_factory=dict)


KNOWS_DEVICES: Final[Table] = {"options": {}, "ids_file": IDS}
OWN: Final[Mapping[tuple[str, str], Own]] = {
    ("ngsi_ld", "http"): Own(NgsiLdCity),
    ("senml", "mqtt"): Own(SenMlBroker),
    ("json", "http"): Own(EventCity, {"options": {"topic": "/brygga/{dev_eui}/event"}}),
    ("yggio", "mqtt"): Own(YggioCity),
    ("diwise", "http"): Own(DiwiseCity),
}
FIRST: Final[Mapping[str, str]] = {"json": "http"}  # of its ways, where that is not the dry run's first
# What a destination says otherwise than in a dry run, which has no file of devices.
OTHERWISE: Final[Mapping[tuple[str, str], Table]] = {
    ("diwise", "http"): KNOWS_DEVICES,
    ("thingsboard", "http"): KNOWS_DEVICES,
    ("azure_iot", "mqtt"): {"sas_key_file": KEY_FILE},
}
ONE_BY_ONE: Final = ("sensorthings", "mqtt")  # the only way that wants a number for each value of each device


def ways(kind: str) -> Sequence[str]:
    """Return the ways into a kind of platform, the usual one first."""
    first = FIRST.get(kind, next(iter(table.KINDS[kind].ways)))
    return [first, *(one for one in table.KINDS[kind].ways if one != first and (kind, one) != ONE_BY_ONE)]


def kinds() -> Sequence[str]:
    """Return the names of all kinds."""
    return sorted(table.KINDS)


def is_timed(platform: Platform) -> bool:
    """Tell whether a platform is told device and time in place of an uplink's id."""
    return _keys(platform)["format"] in TIMED_FORMATS


def _keys(platform: Platform) -> Table:
    """Return a destination's keys, but for name, URL and tags."""
    place = platform.kind, platform.way
    keys = dict(table.destination(*place))
    otherwise = OTHERWISE.get(place, {})
    if otherwise is KNOWS_DEVICES:
        keys["options"] = {name: value for name, value in keys.get("options", {}).items() if name != "ids"}
    own = OWN.get(place)
    return over(over(keys, otherwise), {} if own is None else own.keys)


def _made(platform: Platform, seed: int, told: Told, devices: Sequence[Eui64]) -> City:
    place = platform.kind, platform.way
    if place in OWN:
        return OWN[place].make(seed, platform.name, told, devices)
    upsets = WORDLESS if platform.kind == "azure_iot" else UPSETS
    temper = Temper(seed, platform.name, upsets)
    return WindowCity(*place, READS[_keys(platform)["format"]], temper, told)


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

    return _made(platform, seed, told, devices)


def destination(platform: Platform, url: str, city: str | None) -> str:
    """Return a destination's section of `brygga.toml`; ``city`` is where it is now, None where its address says that."""
    tags = [tag_of(platform.name)]
    if city is None:
        return f"\n{section(url, {**_keys(platform), 'tags': tags}, name=platform.name)}\n"
    return f'\n[[destination]]\nname = "{platform.name}"\ncity = "{city}"\ntags = ["{tags[0]}"]\n'


def connection(platform: Platform, url: str) -> str:
    """Return a city's connection, as `brygga city connect` writes it."""
    knows = OTHERWISE.get((platform.kind, platform.way)) is KNOWS_DEVICES
    return f'url = "{url}"\n' + (f'ids_file = "{IDS}"\n' if knows else "")


def tag_of(platform: str) -> str:
    """Return the tag of the devices that a platform gets."""
    return slug(platform)
