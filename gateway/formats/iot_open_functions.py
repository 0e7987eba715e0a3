"""IoT Open over REST: a device and its functions, found or made once, so that published values are seen.

    GET  /api/v2/devicex/1                     [{"id":12,"type":"lorawan","meta":{"name":"torget","dev_eui":"a81758fffe03abcd"}}]
    POST /api/v2/devicex/1                     the same without an id, where there is none with that dev_eui
    GET  /api/v2/functionx/1
    POST /api/v2/functionx/1                   {"type":"air_temperature","installation_id":1,"meta":{"device_id":"12","topic_read":"obj/…","unit":"Cel",…}}

Sources: IoTOpen/go-lynx, `devicex.go`, `functionx.go` (a function shows value and ``meta.unit``; ``state_on`` and ``state_off`` name values).
The key goes in the header ``X-API-Key``, which is the transport's (`api_key_header`).
"""

from __future__ import annotations

import json
from collections.abc import Generator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Protocol

from decoders.vocabulary import QUANTITIES, ValueType
from gateway.formats.judging import Fate, fate_of, words_of
from gateway.model import Answer, Device, Eui64, Item, Json, Observation, Request

Exchange = Generator[Sequence[Request], Sequence[Answer], "Known"]
Making = Generator[Sequence[Request], Sequence[Answer], list[str]]


class Shows(Protocol):
    """What knows which values go to which topics."""

    def functions(self, item: Item) -> Mapping[str, Observation]:
        """Return each value of ``item`` that a function can show, by its `topic_read`."""
        ...


@dataclass(frozen=True, slots=True)
class Known:
    """What IoT Open knows now: its number of each device, the topics it shows, and what it refused, in words."""

    devices: Mapping[Eui64, int]
    topics: frozenset[str]
    problems: tuple[str, ...]


def provide(items: Sequence[Item], platform: Shows, installation: int) -> Exchange:
    """Ask for a device and its functions for all that ``items`` say; what is there already is not made again."""
    answers = yield [_asked("devicex", installation), _asked("functionx", installation)]
    devices, functions = map(_listed, answers)
    if devices is None or functions is None:  # made twice would be worse than not at all
        said = "; ".join(dict.fromkeys(map(words_of, answers)))
        return Known({}, frozenset(), (f"what is there already could not be read: {said}",))
    known = {one["meta"]["dev_eui"]: one["id"] for one in devices if "dev_eui" in one["meta"]}
    topics = {one["meta"]["topic_read"] for one in functions if "topic_read" in one["meta"]}
    wanted = {item.device.dev_eui: item.device for item in items}
    problems = yield from _make_devices(
        [one for one in wanted.values() if one.dev_eui not in known], installation, known
    )
    lacking = _lacking(items, platform, installation, known, topics)
    problems += yield from _make_functions(lacking, installation, topics)
    return Known({one: known[one] for one in wanted if one in known}, frozenset(topics), tuple(problems))


def _make_devices(missing: Sequence[Device], installation: int, known: dict[Eui64, int]) -> Making:
    """Make devices and put their numbers into ``known``; return what was refused, in words."""
    problems: list[str] = []
    if not missing:
        return problems
    answers = yield [_made("devicex", installation, _device(one, installation)) for one in missing]
    for device, answer in zip(missing, answers, strict=True):
        made = _json(answer)
        if fate_of(answer) is Fate.TAKEN and isinstance(made, dict) and isinstance(made.get("id"), int):
            known[device.dev_eui] = made["id"]
        else:
            problems.append(f"{device.dev_eui}: {words_of(answer)}")
    return problems


def _lacking(
    items: Sequence[Item], platform: Shows, installation: int, known: Mapping[Eui64, int], topics: AbstractSet[str]
) -> Mapping[str, Json]:
    """Return the functions that are not there, by topic, of devices that are."""
    return {
        topic: _function(topic, one, item.device, known[item.device.dev_eui], installation)
        for item in items
        if item.device.dev_eui in known
        for topic, one in platform.functions(item).items()
        if topic not in topics
    }


def _make_functions(lacking: Mapping[str, Json], installation: int, topics: set[str]) -> Making:
    """Make functions and put their topics into ``topics``; return what was refused, in words."""
    problems: list[str] = []
    if not lacking:
        return problems
    answers = yield [_made("functionx", installation, one) for one in lacking.values()]
    for topic, answer in zip(lacking, answers, strict=True):
        if fate_of(answer) is Fate.TAKEN:
            topics.add(topic)
        else:
            problems.append(f"{topic}: {words_of(answer)}")
    return problems


def _asked(kind: str, installation: int) -> Request:
    return Request(method="GET", target=f"/api/v2/{kind}/{installation}", body=b"", content_type="")


def _made(kind: str, installation: int, said: Json) -> Request:
    body = json.dumps(said, ensure_ascii=False).encode()
    return Request(target=f"/api/v2/{kind}/{installation}", body=body, content_type="application/json")


def _device(device: Device, installation: int) -> Json:
    meta = {"name": device.name or device.dev_eui, "dev_eui": device.dev_eui, "decoder": device.decoder}
    return {"type": "lorawan", "installation_id": installation, "meta": meta}


def _function(topic: str, observation: Observation, device: Device, number: int, installation: int) -> Json:
    name = f"{device.name or device.dev_eui} {observation.quantity} {observation.channel or ''}".rstrip()
    meta = {"name": name, "device_id": str(number), "topic_read": topic}
    if observation.unit:
        meta["unit"] = observation.unit
    if QUANTITIES[observation.quantity].value_type is ValueType.BOOLEAN:
        meta |= {"state_off": "0", "state_on": "1"}
    return {"type": observation.quantity, "installation_id": installation, "meta": meta}


def _listed(answer: Answer) -> Sequence[Mapping[str, Json]] | None:
    """Return the things of a list that have a number and meta; None when it is no list."""
    found = _json(answer) if fate_of(answer) is Fate.TAKEN else None
    if not isinstance(found, list):
        return None
    return [one for one in found if isinstance(one, dict) and isinstance(one.get("meta"), dict) and "id" in one]


def _json(answer: Answer) -> Json:
    try:
        return json.loads(answer.body)
    except (ValueError, RecursionError):
        return None
