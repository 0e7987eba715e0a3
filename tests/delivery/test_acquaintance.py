"""A destination that is another one than its memory is of: another platform, or other words."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from gateway.delivery import Destination
from gateway.delivery.acquaintance import WORDS, acquaint
from gateway.formats import Conversation
from gateway.journal import MEMORY_OF, Changes, HeldKind, Hold, Journal, Settlement
from gateway.model import Instant, Item, Json, Receipt, Request, TimeQuality
from tests.delivery.scene import BOOT, CITY, START, EachAlone, Platform, Scene, play, uplink

ROWS = {"decoder/acme/th": [[0, "1"]]}  # who told which rows


@pytest.fixture
async def journal(tmp_path: Path) -> AsyncIterator[Journal]:
    journal = await Journal.open(
        tmp_path / "journal.db", clock=lambda: Instant(START, 1.0, BOOT, TimeQuality.NTP), destinations=[CITY]
    )
    yield journal
    await journal.close()


def destination(**changed: Any) -> Destination:
    return Destination(name=CITY, format=EachAlone(), transport=Platform(), selects=lambda _: True, **changed)


@pytest.mark.parametrize(
    ("before", "left"),
    [
        ("here", {"stream/torget": 7, **ROWS}),
        ("elsewhere", ROWS),
        (None, {"stream/torget": 7, **ROWS}),  # an older version's: nobody knows what it is of
    ],
)
async def test_what_another_platform_gave_is_forgotten(
    journal: Journal, before: str | None, left: Mapping[str, Json]
) -> None:
    told = {"stream/torget": 7, **ROWS, WORDS: "w"}
    await journal.settle(CITY, Settlement(memory={**told, **({MEMORY_OF: before} if before else {})}))

    await acquaint(destination(memory_of="here", words="w"), journal)

    assert journal.memory(CITY) == {**left, WORDS: "w", MEMORY_OF: "here"}


async def test_in_other_words_dead_letters_are_tried_again_once(journal: Journal) -> None:
    heard = uplink(1, Instant(START, 1.0, BOOT, TimeQuality.NTP))
    await journal.commit(Changes(uplinks=(heard,)))
    (row,) = await journal.read(CITY, 9)
    held = {row.id: Hold(kind=HeldKind.REFUSED, reason="400")}
    await journal.settle(CITY, Settlement(held=held, memory={WORDS: "old", MEMORY_OF: "there"}))

    await acquaint(destination(memory_of="here", words="new"), journal)
    again = await journal.read(CITY, 9)
    await acquaint(destination(memory_of="here", words="new"), journal)

    assert [one.id for one in again] == [row.id]
    assert journal.memory(CITY)[WORDS] == "new"


@dataclass
class Remembering:
    """A format that says what it remembers of a thing, and remembers its number there."""

    seen: list[Json] = field(default_factory=list)

    def deliver(self, batch: Sequence[Item], memory: Mapping[str, Json]) -> Conversation:
        self.seen.append(memory.get("thing/torget"))
        yield [Request(target="t", body=b"%d" % one.uplink.f_cnt, content_type="text/plain") for one in batch]
        return Receipt(accepted=frozenset(one.row for one in batch), memory={"thing/torget": 7})


def test_a_loop_at_another_address_says_nothing_with_the_former_ones_ids(tmp_path: Path) -> None:
    async def one_uplink(scene: Scene) -> None:
        await scene.hear(len(scene.platform.taken) + 1)
        await scene.until(1)

    first, second = Remembering(), Remembering()
    play(tmp_path, one_uplink, format_=first, memory_of="lund")

    play(tmp_path, one_uplink, format_=second, memory_of="sundsvall")

    assert (first.seen, second.seen) == ([None], [None])
