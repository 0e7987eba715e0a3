"""What each kind's page says becomes of an uplink, held against what its format does with every answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

import pytest

from decoders.contract import Reading
from gateway.cities.catalogue import Catalogue
from gateway.cities.fates import SILENCE, Status
from gateway.cities.profile import HTTP
from gateway.formats import Format, Known
from gateway.formats.catalogue import make
from gateway.formats.patience import TRIES_ALONE
from gateway.model import Answer, Item, Json, Receipt, Request, RowId, Verdict
from gateway.transports.http_answer import verdict
from gateway.transports.reasons import puback
from gateway.trial.preview import taken
from tests.formats.items import DEVICE, eui, item

KINDS: Final = Catalogue.load().kinds
HTTP_STATUSES: Final = (400, 401, 403, 404, 405, 408, 409, 413, 415, 422, 429, 500, 502, 503, 504, SILENCE)
REASONS: Final = (0x80, 0x83, 0x87, 0x90, 0x95, 0x97, 0x99, SILENCE)
CONVERSATIONS: Final = TRIES_ALONE + 1
MARKED: Final = (b"33.25", b"306.4")  # the value of the one in question, in Celsius and Kelvin
DEVICES: Final = [replace(DEVICE, dev_eui=eui(number)) for number in range(1 + 2 * CONVERSATIONS)]
NAMES: Final = {device.dev_eui: f"known-{device.dev_eui}" for device in DEVICES}
STREAMS: Final = {f"{device.dev_eui}/air_temperature": number for number, device in enumerate(DEVICES)}
# What a city's connection adds to the profile: what the platform calls devices.
CONNECTED: Final[Mapping[tuple[str, str], Mapping[str, Json]]] = {
    ("diwise", "http"): {"ids": NAMES},
    ("thingsboard", "http"): {"ids": NAMES},
    ("sensorthings_mqtt", "mqtt"): {"datastreams": STREAMS},
}
WAYS: Final = [(kind.name, way) for kind in KINDS.values() for way in kind.ways]


def told(kind: str, way: str) -> Format:
    table = KINDS[kind].ways[way]
    name = table["format"]
    return make(name, {**table.get("options", {}), **CONNECTED.get((name, way), {})})


def statuses(kind: str, way: str) -> Sequence[Status]:
    """Return what a platform of that kind can answer: MQTT 3.1.1 has no reason codes."""
    if way == HTTP:
        return HTTP_STATUSES
    platform = told(kind, way)
    speaks_older = isinstance(platform, Known) and platform.identity("x.example").mqtt_version == "3.1.1"
    return (SILENCE,) if speaks_older else REASONS


def cases() -> list[tuple[str, str, Status]]:
    return [(kind, way, status) for kind, way in WAYS for status in statuses(kind, way)]


def answer(way: str, status: Status) -> Answer:
    if not isinstance(status, int):
        return Answer(verdict=Verdict.UNCLEAR, status=0, detail="no answer in 20 s")
    return Answer(verdict=verdict(status), status=status, detail=str(status)) if way == HTTP else puback(status)


def heard(row: int, value: float, device: int) -> Item:
    return item(Reading("air_temperature", value, "Cel"), row=row, device=DEVICES[device])


def converse(
    platform: Format, batch: Sequence[Item], say: Callable[[Request], Answer], memory: dict[str, Json]
) -> Receipt:
    conversation = platform.deliver(batch, memory)
    try:
        requests = next(conversation)
        while True:
            requests = conversation.send([say(request) for request in requests])
    except StopIteration as end:
        receipt: Receipt = end.value
        for key, value in receipt.memory.items():
            memory.pop(key, None) if value is None else memory.update({key: value})
        return receipt


def fate(kind: str, way: str, status: Status) -> str:
    """Return what becomes of one uplink that is answered so, while two others are taken in each conversation."""
    platform = told(kind, way)
    row, memory = RowId(100), dict[str, Any]()
    waiting = [heard(row, 33.25, 0)]

    def say(request: Request) -> Answer:
        return answer(way, status) if any(one in request.body for one in MARKED) else taken(request)

    for turn in range(CONVERSATIONS):
        fresh = [heard(row + 1 + 2 * turn + n, 10.0 + n, 1 + 2 * turn + n) for n in range(2)]
        receipt = converse(platform, [*waiting, *fresh], say, memory)
        assert receipt.refused.keys() <= {row}
        if row in receipt.accepted:
            return "delivered"
        if row in receipt.refused:
            return "tries" if turn else "refused"
        waiting = [one for one in [*waiting, *fresh] if one.row in receipt.undecided]
    return "again"


@pytest.mark.parametrize(("kind", "way", "status"), cases())
def test_what_the_page_says_is_what_the_format_does(kind: str, way: str, status: Status) -> None:
    said = [name for name, those in KINDS[kind].fates[way].items() if status in those]

    assert said == [fate(kind, way, status)]


@pytest.mark.parametrize(("kind", "way"), WAYS)
def test_a_platform_that_says_later_to_everything_costs_nothing(kind: str, way: str) -> None:
    for status in KINDS[kind].fates[way]["again"]:
        platform, memory = told(kind, way), dict[str, Any]()
        batch = [heard(100 + n, 33.25, n) for n in range(3)]

        receipts = [
            converse(platform, batch, lambda _, status=status: answer(way, status), memory)  # type: ignore[misc]
            for _ in range(CONVERSATIONS)
        ]

        assert all(len(receipt.undecided) == 3 for receipt in receipts)


def test_the_page_names_each_status_in_both_languages() -> None:
    [tries] = [one for one in KINDS["chirpstack"].policy if one.en.startswith("HTTP 404")]

    assert tries.en.startswith("HTTP 404, 500 and no answer: of the uplink or of the platform")
    assert tries.sv.startswith("HTTP 404, 500 och inget svar: beror på mätningen eller på plattformen")
