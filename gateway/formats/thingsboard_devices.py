"""What ThingsBoard is told of a device itself: that it is there, and its client attributes when they changed.

In the memory stands, under "device/<DevEUI>", what it was told: ``{"profile": …, "facts": {…}}``. It grows with devices and with
what they measure, not with uplinks.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from gateway.formats.judging import Fate, fate_of, words_of
from gateway.formats.naming import UnknownDevice, key_of
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
Ask = Callable[[str, Facts, bool], Sequence[Request]]
"""Return the requests for a name on the platform, the facts that changed, and whether the device is new there."""


def introduce(
    batch: Sequence[Item], memory: Mapping[str, Json], profile: str, name_of: Callable[[Device], str], ask: Ask
) -> Introducing:
    """Say what is new of the devices of ``batch``; what is not taken is said again with the next batch."""
    kept: dict[str, Json] = {}
    warnings: list[str] = []
    asked: list[tuple[str, Json, Sequence[Request]]] = []
    for device, facts in _devices(batch):
        key = f"device/{device.dev_eui}"
        before = memory.get(key) or {}
        is_new = before.get("profile") != profile
        known = {} if is_new else before["facts"]
        changed = {name: value for name, value in facts.items() if known.get(name) != value}
        if not changed and not is_new:
            continue
        try:
            requests = ask(name_of(device), changed, is_new)
        except UnknownDevice:  # its rows are refused for that
            continue
        asked.append((key, {"profile": profile, "facts": {**known, **changed}}, requests))
    if asked:
        answers = iter((yield [request for _, _, requests in asked for request in requests]))
        for key, told, requests in asked:
            heard = [next(answers) for _ in requests]
            if all(fate_of(answer) is Fate.TAKEN for answer in heard):
                kept[key] = told
            warnings += [
                f"attributes were not taken: {words_of(answer)}" for answer in heard if fate_of(answer) is Fate.REFUSED
            ]
    return Introduced(kept, tuple(warnings))


def over_mqtt(profile: str) -> Ask:
    """Return how a gateway introduces a device."""

    def ask(name: str, changed: Facts, is_new: bool) -> Sequence[Request]:  # noqa: FBT001 - of the seam
        connect = [_request(CONNECT, {"device": name, "type": profile})] if is_new else []
        return [*connect, _request(ATTRIBUTES, {name: changed})]

    return ask


def over_http(target: Callable[[str], str]) -> Ask:
    """Return how a device with a token introduces itself."""

    def ask(name: str, changed: Facts, is_new: bool) -> Sequence[Request]:  # noqa: ARG001, FBT001 - of the seam
        return [_request(target(name), changed)]

    return ask


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
