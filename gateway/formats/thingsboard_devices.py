"""What ThingsBoard is told of a device itself: that it is there, and its client attributes when they changed.

In the memory stands, under "device/<DevEUI>", what it was told: ``{"profile": …, "facts": {…}}``. It grows with devices and with
what they measure, not with uplinks.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Final, Protocol
from urllib.parse import quote

from gateway.formats.judging import Fate, fate_of, words_of
from gateway.formats.naming import IN_PATHS, Template, UnknownDevice, key_of
from gateway.model import Answer, Device, Eui64, Item, Json, Request

CONNECT: Final = "v1/gateway/connect"
ATTRIBUTES: Final = "v1/gateway/attributes"

Facts = dict[str, Json]


@dataclass(frozen=True, slots=True)
class Introduced:
    """What the memory keeps of devices, and what ThingsBoard did not take, in words."""

    memory: Mapping[str, Json]
    warnings: tuple[str, ...]


Introducing = Generator[Sequence[Request], Sequence[Answer], Introduced]


class Ask(Protocol):
    """How a device is introduced; a value, for a format crosses from the process that reads the configuration."""

    def __call__(self, name: str, changed: Facts, *, is_new: bool) -> Sequence[Request]:
        """Return the requests for a name on the platform, the facts that changed, and whether the device is new there."""
        ...


@dataclass(frozen=True, slots=True)
class _Introduction:
    key: str  # in the memory
    told: Json  # what stands there when all of it is taken
    requests: Sequence[Request]


def introduce(
    batch: Sequence[Item], memory: Mapping[str, Json], profile: str, name_of: Callable[[Device], str], ask: Ask
) -> Introducing:
    """Say what is new of the devices of ``batch``; what is not taken is said again with the next batch."""
    asked = list(_introductions(batch, memory, profile, name_of, ask))
    if not asked:
        return Introduced({}, ())
    answers = yield [request for one in asked for request in one.requests]
    heard = iter(answers)
    taken = {
        one.key: one.told
        for one in asked
        if all([fate_of(next(heard)) is Fate.TAKEN for _ in one.requests])  # noqa: C419 - each answer is to be heard
    }
    refused = [words_of(answer) for answer in answers if fate_of(answer) is Fate.REFUSED]
    return Introduced(taken, tuple(f"attributes were not taken: {words}" for words in refused))


def _introductions(
    batch: Sequence[Item], memory: Mapping[str, Json], profile: str, name_of: Callable[[Device], str], ask: Ask
) -> Iterator[_Introduction]:
    for device, facts in _devices(batch):
        key = f"device/{device.dev_eui}"
        before = memory.get(key) or {}
        is_new = before.get("profile") != profile
        known = {} if is_new else before["facts"]
        changed = {name: value for name, value in facts.items() if known.get(name) != value}
        if changed or is_new:
            with suppress(UnknownDevice):  # its rows are refused for that
                requests = ask(name_of(device), changed, is_new=is_new)
                yield _Introduction(key, {"profile": profile, "facts": {**known, **changed}}, requests)


@dataclass(frozen=True, slots=True)
class OverMqtt:
    """How a gateway introduces a device."""

    profile: str

    def __call__(self, name: str, changed: Facts, *, is_new: bool) -> Sequence[Request]:
        """Return a connect for a new device, and its attributes."""
        return [*([connect(name, self.profile)] if is_new else []), _request(ATTRIBUTES, {name: changed})]


def connect(name: str, profile: str) -> Request:
    """Return what opens a device's session over this connection, and makes a new device of that profile."""
    return _request(CONNECT, {"device": name, "type": profile})


@dataclass(frozen=True, slots=True)
class OverHttp:
    """How a device with a token introduces itself."""

    path: Template  # of its attributes; {id} is the token

    def __call__(self, name: str, changed: Facts, *, is_new: bool) -> Sequence[Request]:  # noqa: ARG002 - of the seam
        """Return its attributes."""
        return [replace(_request(self.path.fill(id=name), changed), secrets=hidden(name))]


def hidden(token: str) -> frozenset[str]:
    """Return a device's token as a path has it: nobody is to see it."""
    return frozenset({quote(token, safe=IN_PATHS)})


def _devices(batch: Sequence[Item]) -> Sequence[tuple[Device, Facts]]:
    found: dict[Eui64, tuple[Device, Facts]] = {}
    for item in batch:
        if item.observations:
            _, facts = found.get(item.device.dev_eui, (item.device, {}))
            found[item.device.dev_eui] = item.device, {**facts, **_facts(item)}
    return list(found.values())


def _facts(item: Item) -> Facts:
    device = item.device
    known = {"dev_eui": device.dev_eui, "decoder": device.decoder, "name": device.name}
    facts: Facts = {name: value for name, value in known.items() if value}
    place = item.observations[0].place
    if place is not None and all(one.quantity not in {"latitude", "longitude"} for one in item.observations):
        facts |= {"latitude": place.latitude, "longitude": place.longitude}
    for one in item.observations:
        if one.unit:
            facts[f"unit_{key_of(one.quantity, one.channel)}"] = one.unit
    return facts


def _request(target: str, said: Json) -> Request:
    body = json.dumps(said, ensure_ascii=False, separators=(",", ":")).encode()
    return Request(target=target, body=body, content_type="application/json")
