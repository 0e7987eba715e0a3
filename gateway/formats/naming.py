"""What platforms call devices, values and times: the few rules that simple formats share."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import groupby
from string import Formatter
from typing import Final
from urllib.parse import quote

from gateway.model import Device, Eui64, Item, Observation, eui64

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECOND: Final = timedelta(milliseconds=1)
NO_KEY: Final = re.compile(r"[^A-Za-z0-9_]")  # what some platform reads as a path, a level or a template in a key
WILDCARD: Final = re.compile(r"[+#\x00]")
IN_PATHS: Final = "-._~"  # what stands in a path as it is beside letters and digits (RFC 3986, section 2.3)
NO_LEVEL: Final = re.compile(r"[+#/\x00]")  # what would add levels to a topic, or make it a filter


class UnknownDevice(LookupError):
    """Say that a platform which knows only devices somebody made there does not know this one."""

    def __init__(self, device: Device) -> None:
        words = f"unknown device {device.dev_eui}; options.ids, which `brygga city connect` writes, makes it known"
        super().__init__(words)


def known_as(ids: Mapping[str, str] | None) -> Mapping[Eui64, str]:
    """Return what a platform calls devices, by DevEUI; ValueError names the entry that is wrong, never its value."""
    known: dict[Eui64, str] = {}
    for dev_eui, name in (ids or {}).items():
        try:
            known[eui64(dev_eui)] = name
        except ValueError as error:
            raise ValueError(f"ids: {dev_eui!r} is no DevEUI: {error}") from error
        if not name:
            raise ValueError(f"ids: {dev_eui!r} has an empty name; what the platform calls it is expected")
    return known


def keyed(item: Item) -> Iterator[tuple[int, Mapping[str, Observation]]]:
    """Yield what ``item`` says, oldest first: milliseconds since the epoch, and its observations by `key_of`.

    A second value of one key and time gets "_2": a platform that keeps one of each would lose the other.
    """
    ordered = sorted(item.observations, key=lambda one: one.observed_at)
    for observed_ms, group in groupby(ordered, key=lambda one: milliseconds(one.observed_at)):
        values: dict[str, Observation] = {}
        for observation in group:
            values[_free(key_of(observation.quantity, observation.channel), values)] = observation
        yield observed_ms, values


def _free(key: str, taken: Mapping[str, Observation]) -> str:
    number = 2
    free = key
    while free in taken:
        free, number = f"{key}_{number}", number + 1
    return free


@lru_cache(maxsize=4096)  # quantities and channels of a city's decoders
def key_of(quantity: str, channel: str | None) -> str:
    """Return the name of a value: "air_temperature", "soil_moisture_depth_20cm"."""
    return quantity if channel is None else f"{quantity}_{NO_KEY.sub('_', channel)}"


def milliseconds(at: datetime) -> int:
    """Return the milliseconds since the epoch, as ThingsBoard and our memories count."""
    return (at - EPOCH) // MILLISECOND


@lru_cache(maxsize=256)  # the readings of an uplink share a time
def timestamp(observed_ms: int) -> str:
    """Return a time in UTC with milliseconds and Z, as RFC 3339 has it."""
    return (EPOCH + observed_ms * MILLISECOND).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class Template:
    """A topic or path with words of a device in braces; ValueError says what is wrong with it.

    What a device brings stays one level: in a topic separators and wildcards become "_", in a path it is percent-encoded.
    {id} is the platform's own word, and may have levels in a topic: `check` sees to its wildcards.
    """

    def __init__(self, option: str, text: str, words: Sequence[str]) -> None:
        self._text = text
        self.names = _names(option, text, words)
        if WILDCARD.search(text) and not text.startswith("/"):
            raise ValueError(f"{option}: {text!r} holds a wildcard; a message goes to one topic")
        self.is_path = text.startswith("/")

    def __str__(self) -> str:
        return self._text

    def fill(self, **words: str) -> str:
        """Return the text with ``words`` in place; each is at least one of the known ones."""
        return self._text.format_map({name: self._level(name, word) for name, word in words.items()})

    def check(self, ids: Mapping[Eui64, str]) -> None:
        """Raise ValueError for an id that cannot be part of the topic."""
        for dev_eui, name in ids.items():
            if not self.is_path and WILDCARD.search(name):
                raise ValueError(f"ids: the name of {dev_eui} holds +, # or U+0000; a message goes to one topic")

    def _level(self, name: str, word: str) -> str:
        if self.is_path:
            return quote(word, safe=IN_PATHS)
        return word if name == "id" else NO_LEVEL.sub("_", word)


def _names(option: str, text: str, words: Sequence[str]) -> frozenset[str]:
    try:
        names = frozenset(name for _, name, _, _ in Formatter().parse(text) if name is not None)
    except ValueError as error:
        raise ValueError(f"{option}: {text!r}: {error}") from error
    for name in sorted(names - set(words)):
        raise ValueError(f"{option}: {{{name}}} is none of {', '.join(f'{{{one}}}' for one in words)}")
    if not text:
        raise ValueError(f"{option}: is empty; {option} says where messages go")
    return names
