"""Uplinks that were heard elsewhere: taken in for those who are to have them, and for nobody else."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest

from gateway.errors import StorageError
from gateway.journal import Journal
from gateway.journal.database import Database, Transaction
from gateway.model import Uplink
from tests.journal.samples import CITY, clock, deliver, given, hear, uplink

OTHER = "other"


def uplinks(f_cnts: Sequence[int]) -> list[Uplink]:
    return [uplink(f_cnt) for f_cnt in f_cnts]


async def test_only_those_who_are_named_are_told_of_uplinks_taken_in(journal: Journal) -> None:
    await journal.add_destination(OTHER, from_start=False)
    await hear(journal, [0, 1])
    await journal.take_in(uplinks([10, 11, 12]), [OTHER])
    await hear(journal, [2])

    told = await given(journal), await given(journal, OTHER)

    assert told == ([0, 1, 2], [0, 1, 10, 11, 12, 2])


async def test_a_restart_changes_nothing_of_it(journal: Journal, path: Path) -> None:
    await journal.add_destination(OTHER, from_start=False)
    await deliver(journal, await hear(journal, [0, 1]))
    await journal.take_in(uplinks([10, 11]), [])
    await deliver(journal, await hear(journal, [2]))
    await journal.close()

    again = await Journal.open(path, clock=clock, destinations=[CITY, OTHER])
    told = await given(again), await given(again, OTHER)
    await again.close()

    assert told == ([], [0, 1, 2])


async def test_uplinks_heard_in_the_same_commit_are_for_everybody(journal: Journal) -> None:
    await asyncio.gather(hear(journal, [0]), journal.take_in(uplinks([10, 11]), []), hear(journal, [1]))

    assert await given(journal) == [0, 1]


async def test_what_the_disk_did_not_take_is_passed_over_by_nobody(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    await hear(journal, [0])
    with monkeypatch.context() as broken:
        broken.setattr(Database, "apply", _refuse)
        with pytest.raises(StorageError):
            await journal.take_in(uplinks([10, 11]), [])

    await hear(journal, [1, 2])  # whose rows have the ids that those were to get

    assert await given(journal) == [0, 1, 2]


async def _refuse(self: Database, transaction: Transaction) -> None:
    raise StorageError("the disk takes nothing")


async def test_counters_stay_as_they_are(journal: Journal) -> None:
    await hear(journal, [0, 1])
    before = await journal.sessions()

    await journal.take_in(uplinks([500]), [CITY])

    assert await journal.sessions() == before
