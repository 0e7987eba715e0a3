"""404: nothing is at the path, or a thing is not there. What others get tells which."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest

from decoders.contract import Reading
from gateway.formats import Format
from gateway.formats.rec_edge import RecEdge
from gateway.formats.thingsboard import ThingsBoard
from gateway.formats.yggio import Yggio
from gateway.model import Answer, Item, Json, Receipt, Request, Verdict
from tests.formats.items import DEVICE, converse, eui, item

DEVICES = [replace(DEVICE, dev_eui=eui(number)) for number in range(3)]
PLATFORMS: Mapping[str, Callable[[], Format]] = {
    "rec_edge": lambda: RecEdge(topic="/api/{dev_eui}/rec"),
    "thingsboard": lambda: ThingsBoard(
        topic="/api/v1/{id}/telemetry", ids={one.dev_eui: f"token-{one.dev_eui}" for one in DEVICES}, device=False
    ),
    "yggio": lambda: Yggio(topic="/http-push/generic?identifier=devEui"),
}
LONG = 30  # conversations, more than any row is tried
TAKEN = Answer(verdict=Verdict.TAKEN, status=200)
NOT_FOUND = Answer(verdict=Verdict.REFUSED, status=404, detail="404 Not Found")

pytestmark = pytest.mark.parametrize("platform", [make() for make in PLATFORMS.values()], ids=list(PLATFORMS))


def of(device: int, row: int) -> Item:
    return item(Reading("co2", 400 + row, "[ppm]"), row=row, device=DEVICES[device])


def told(platform: Format, batch: list[Item], memory: dict[str, Json], missing: tuple[int, ...] = (0, 1, 2)) -> Receipt:
    """Hold a conversation in which all about the devices ``missing`` is answered with 404."""

    def say(request: Request) -> Answer:
        about = request.target.encode() + request.body
        return NOT_FOUND if any(DEVICES[one].dev_eui.encode() in about.lower() for one in missing) else TAKEN

    _, receipt = converse(platform, batch, say, memory)
    for key, value in receipt.memory.items():
        memory.pop(key, None) if value is None else memory.update({key: value})
    return receipt


def test_a_mistyped_path_costs_nothing_however_long_it_lasts(platform: Format) -> None:
    memory: dict[str, Any] = {}
    batch = [of(device, row) for row, device in enumerate((0, 1, 2, 0), 1)]

    receipts = [told(platform, batch, memory) for _ in range(LONG)]

    assert all(receipt.undecided.keys() == {1, 2, 3, 4} for receipt in receipts)
    assert all("404 to everything that was sent" in " ".join(receipt.warnings) for receipt in receipts)
    assert not any("token-" in warning for receipt in receipts for warning in receipt.warnings)


def test_a_mistyped_path_costs_nothing_where_there_is_one_device_either(platform: Format) -> None:
    memory: dict[str, Any] = {}

    receipts = [told(platform, [of(0, 1), of(0, 2)], memory) for _ in range(LONG)]

    assert all(receipt.undecided.keys() == {1, 2} for receipt in receipts)


def test_a_thing_that_is_not_there_is_told_from_those_that_are_at_once_with_all_that_waits_for_it(
    platform: Format,
) -> None:
    receipt = told(platform, [of(0, 1), of(0, 2), of(1, 3), of(0, 4)], {}, missing=(0,))

    assert receipt.accepted == {3}
    assert receipt.refused.keys() == {1, 2, 4}
    assert all("404" in why for why in receipt.refused.values())
    assert "404 to everything" not in " ".join(receipt.warnings)


def test_a_queue_of_one_thing_that_is_not_there_ends_where_the_way_was_proved(platform: Format) -> None:
    memory: dict[str, Any] = {}
    told(platform, [of(1, 1)], memory, missing=())
    refused: set[int] = set()

    for _ in range(LONG):
        waiting = [of(0, row) for row in (2, 3) if row not in refused]
        refused |= told(platform, waiting, memory).refused.keys() if waiting else set()

    assert refused == {2, 3}


def test_after_404_to_several_things_the_way_is_in_doubt_again(platform: Format) -> None:
    memory: dict[str, Any] = {}
    told(platform, [of(1, 1)], memory, missing=())
    told(platform, [of(0, 2), of(1, 3)], memory)

    receipts = [told(platform, [of(0, 2)], memory) for _ in range(LONG)]

    assert all(receipt.undecided.keys() == {2} for receipt in receipts)
