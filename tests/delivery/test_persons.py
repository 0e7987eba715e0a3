"""What a model that tells of persons says, on its way to a destination that may not have it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest

from gateway.codecs import Codecs
from gateway.delivery import Destination
from gateway.delivery.sorting import Sorter
from gateway.journal import Row
from gateway.model import Device, Instant, Item, RowId, TimeQuality
from gateway.sharing import Share
from gateway.trial.preview import item_of
from tests.decoders.catalogue import REGISTRY
from tests.delivery.scene import BOOT, DEVICE, START, EachAlone, Platform, uplink

NOW = Instant(START, 200.0, BOOT, TimeQuality.NTP)
OUT_OF_BED = ("milesight/vs373", 85, "05 fa 1111 1111 1111 1111")
PASSERS = ("imbuildings/people-counter", 27, "00 000d 000a")
TAG = ("nwave/nps405fm", 10, "d1 1f345678")
Way = Callable[[tuple[str, int, str], Share], Awaitable[list[Item]]]
OF_PERSONS = (OUT_OF_BED, TAG)


def heard(model: tuple[str, int, str]) -> tuple[Row, Device]:
    name, port, payload = model
    said = replace(uplink(1, NOW), f_port=port, payload=bytes.fromhex(payload))
    return Row(RowId(1), said), replace(DEVICE, decoder=name)


async def delivered(model: tuple[str, int, str], share: Share) -> list[Item]:
    row, device = heard(model)
    sorter = Sorter(
        codecs=Codecs(REGISTRY.get), find=lambda _: device, clock=lambda: NOW, trust=TimeQuality.NTP, boots=dict
    )
    destination = Destination(
        name="lund", format=EachAlone(), transport=Platform(), selects=lambda _: True, share=share
    )
    return (await sorter.sort([row], destination)).items


async def previewed(model: tuple[str, int, str], share: Share) -> list[Item]:
    row, device = heard(model)
    found = await item_of(row.uplink, device, REGISTRY, share)
    return [found] if isinstance(found, Item) else []


@pytest.mark.parametrize("model", OF_PERSONS, ids=lambda model: model[0])
@pytest.mark.parametrize("way", [delivered, previewed])
async def test_raw_fields_and_payload_of_a_model_that_tells_of_persons_stay(
    way: Way, model: tuple[str, int, str]
) -> None:
    off, on = await way(model, Share()), await way(model, Share(personal=True))

    assert [(item.uplink.payload, item.decoded.fields) for item in off] == [(b"", {})]
    assert [bool(item.uplink.payload and item.decoded.fields) for item in on] == [True]


async def test_nothing_is_left_of_a_count_of_passers_by() -> None:
    off, on = await delivered(PASSERS, Share()), await delivered(PASSERS, Share(personal=True))

    assert off == []
    assert [(one.quantity, one.channel, one.value) for one in on[0].observations] == [
        ("people_count", "a", 13),
        ("people_count", "b", 10),
    ]
