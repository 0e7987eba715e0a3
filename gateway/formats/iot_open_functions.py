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
from dataclasses import dataclass

from decoders.vocabulary import QUANTITIES, ValueType
from gateway.formats.iot_open import IotOpen
from gateway.formats.judging import Fate, fate_of, words_of
from gateway.model import Answer, Device, Eui64, Item, Json, Observation, Request

Exchange = Generator[Sequence[Request], Sequence[Answer], "Provided"]


@dataclass(frozen=True, slots=True)
class Provided:
    """What IoT Open knows now: its number of each device, the topics it shows, and what it refused, in words."""

    devices: Mapping[Eui64, int]
    topics: frozenset[str]
    problems: tuple[str, ...]


def provide(items: Sequence[Item], platform: IotOpen, installation: int) -> Exchange:
    """Ask for a device and its functions for all that ``items`` say; what is there already is not made again."""
    problems: list[str] = []
    answers = yield [_asked("devicex", installation), _asked("functionx", installation)]
    devices, functions = (_listed(answer, problems) for answer in answers)
    if problems:  # made twice would be worse than not at all
        return Provided({}, frozenset(), tuple(problems))
    known = {one["meta"]["dev_eui"]: one["id"] for one in devices if "dev_eui" in one["meta"]}
    wanted = {item.device.dev_eui: item.device for item in items}
    missing = [device for dev_eui, device in wanted.items() if dev_eui not in known]
    if missing:
        answers = yield [_made("devicex", installation, _device(one, installation)) for one in missing]
        known |= _numbered(missing, answers, problems)
    topics = {one["meta"].get("topic_read") for one in functions}
    lacking = {
        topic: _function(topic, one, item.device, known[item.device.dev_eui], installation)
        for item in items
        for topic, one in platform.functions(item).items()
        if topic not in topics and item.device.dev_eui in known
    }
    if lacking:
        answers = yield [_made("functionx", installation, one) for one in lacking.values()]
        for topic, answer in zip(lacking, answers, strict=True):
            if fate_of(answer) is Fate.TAKEN:
                topics.add(topic)
            else:
                problems.append(f"{topic}: {words_of(answer)}")
    return Provided(
        {one: known[one] for one in wanted if one in known}, frozenset(filter(None, topics)), tuple(problems)
    )


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


def _listed(answer: Answer, problems: list[str]) -> Sequence[Mapping[str, Json]]:
    found = _json(answer) if fate_of(answer) is Fate.TAKEN else None
    if not isinstance(found, list):
        problems.append(f"what is there already could not be read: {words_of(answer)}")
        return ()
    return [one for one in found if isinstance(one, dict) and isinstance(one.get("meta"), dict) and "id" in one]


def _numbered(devices: Sequence[Device], answers: Sequence[Answer], problems: list[str]) -> Mapping[Eui64, int]:
    known: dict[Eui64, int] = {}
    for device, answer in zip(devices, answers, strict=True):
        found = _json(answer)
        if fate_of(answer) is Fate.TAKEN and isinstance(found, dict) and isinstance(found.get("id"), int):
            known[device.dev_eui] = found["id"]
        else:
            problems.append(f"{device.dev_eui}: {words_of(answer)}")
    return known


def _json(answer: Answer) -> Json:
    try:
        return json.loads(answer.body)
    except (ValueError, RecursionError):
        return None
