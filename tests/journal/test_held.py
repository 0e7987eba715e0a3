from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from gateway.errors import StorageError
from gateway.journal import Changes, HeldKind, Hold, Journal, Registration, Settlement
from gateway.model import Device, RowId, eui64
from tests.journal.samples import CITY, NOW, clock, deliver, given, hear, uplink

REFUSED = Hold(kind=HeldKind.REFUSED, reason="422 Unprocessable: unknown type")
OLD = Hold(kind=HeldKind.UNDECODED, reason="unknown_port: 9", decoder="acme/th-1@3")
NONE = Hold(kind=HeldKind.UNDECODED, reason="no_decoder")


async def hold(journal: Journal, held: Mapping[RowId, Hold], destination: str = CITY) -> None:
    await journal.settle(destination, Settlement(held=held))


async def test_a_held_row_is_not_read_again_and_can_be_looked_at(journal: Journal) -> None:
    rows = await hear(journal, range(3))

    await hold(journal, {rows[1]: REFUSED})

    assert await given(journal) == [0, 2]
    (held,) = await journal.held(CITY)
    assert (held.id, held.destination, held.kind, held.reason) == (rows[1], CITY, HeldKind.REFUSED, REFUSED.reason)
    assert (held.held_at, held.uplink) == (NOW, uplink(1))


async def test_held_rows_are_listed_by_destination_kind_and_limit(journal: Journal) -> None:
    await journal.add_destination("other", from_start=True)
    rows = await hear(journal, range(4))
    await hold(journal, {rows[0]: REFUSED, rows[1]: OLD})
    await hold(journal, {rows[0]: REFUSED}, "other")

    async def listed(destination: str | None, kind: HeldKind | None, limit: int = 100) -> list[tuple[str, int]]:
        return [(row.destination, row.id) for row in await journal.held(destination, kind, limit)]

    assert await listed(None, None) == [(CITY, 1), ("other", 1), (CITY, 2)]
    assert await listed(CITY, HeldKind.UNDECODED) == [(CITY, 2)]
    assert await listed(None, HeldKind.REFUSED) == [(CITY, 1), ("other", 1)]
    assert await listed(None, None, limit=1) == [(CITY, 1)]


async def test_held_rows_survive_a_restart(path: Path) -> None:
    journal = await Journal.open(path, clock=clock, destinations=[CITY])
    rows = await hear(journal, range(3))
    await hold(journal, {rows[1]: REFUSED})
    await journal.close()

    journal = await Journal.open(path, clock=clock, destinations=[CITY])

    assert [row.id for row in await journal.held()] == [rows[1]]
    assert (await journal.depth(CITY)).held[HeldKind.REFUSED] == 1
    await journal.close()


async def test_retried_rows_come_first_until_they_are_settled(path: Path) -> None:
    journal = await Journal.open(path, clock=clock, destinations=[CITY])
    rows = await hear(journal, range(5))
    await hold(journal, {rows[1]: REFUSED, rows[3]: REFUSED})
    await deliver(journal, [rows[0]])

    assert await journal.retry(CITY, HeldKind.REFUSED) == 2

    assert await given(journal) == [1, 3, 2, 4]
    assert await given(journal, limit=1) == [1]
    assert await journal.held() == []
    depth = await journal.depth(CITY)
    assert (depth.waiting, depth.held[HeldKind.REFUSED]) == (4, 0)
    await journal.close()
    journal = await Journal.open(path, clock=clock, destinations=[CITY])
    assert await given(journal) == [1, 3, 2, 4]
    await deliver(journal, rows)
    assert await given(journal) == []
    await journal.close()


async def test_a_retried_row_may_be_refused_again(journal: Journal) -> None:
    rows = await hear(journal, range(2))
    await hold(journal, {rows[0]: OLD})
    await journal.retry(None, None)
    await given(journal)

    await hold(journal, {rows[0]: REFUSED})

    assert await given(journal) == [1]
    assert [row.reason for row in await journal.held()] == [REFUSED.reason]
    depth = await journal.depth(CITY)
    assert (depth.waiting, depth.held) == (
        1,
        {HeldKind.REFUSED: 1, HeldKind.UNDECODED: 0, HeldKind.UNDATED: 0},
    )


async def test_only_the_named_rows_are_retried(journal: Journal) -> None:
    rows = await hear(journal, range(4))
    await hold(journal, dict.fromkeys(rows, REFUSED))

    assert await journal.retry(CITY, None, [rows[2], RowId(99)]) == 1

    assert await given(journal) == [2]


async def test_a_row_is_retried_once_at_a_time(journal: Journal) -> None:
    rows = await hear(journal, range(2))
    await hold(journal, {rows[0]: REFUSED})
    await journal.retry(CITY, None)

    assert await journal.retry(CITY, None) == 0
    assert (await journal.depth(CITY)).waiting == 2


async def test_a_retry_wakes_who_waits(journal: Journal) -> None:
    rows = await hear(journal, [0])
    await hold(journal, {rows[0]: REFUSED})

    await journal.retry(CITY, None)

    await journal.wait(CITY)


async def test_dropped_held_rows_are_gone(journal: Journal) -> None:
    rows = await hear(journal, range(3))
    await hold(journal, {rows[0]: REFUSED, rows[1]: OLD, rows[2]: REFUSED})

    assert await journal.drop_held(CITY, HeldKind.REFUSED, [rows[0]]) == 1
    assert [row.id for row in await journal.held()] == [rows[1], rows[2]]
    assert await journal.drop_held(None, None) == 2
    assert (await journal.held(), (await journal.depth(CITY)).held[HeldKind.REFUSED]) == ([], 0)
    assert await given(journal) == []


DECODERS = ["acme/th-1", "acme/th-2", ""]


@pytest.mark.parametrize(
    ("assigned", "hold_", "current", "expected"),
    [
        ("acme/th-1", OLD, {"acme/th-1": "4"}, 1),  # the decoder has learned
        ("acme/th-1", OLD, {"acme/th-1": "3"}, 0),  # it is the one that failed
        ("acme/th-1", OLD, {}, 0),  # it is not installed any more
        ("acme/th-1", NONE, {"acme/th-1": "3"}, 1),  # there was none, now there is
        ("", NONE, {"acme/th-1": "3"}, 0),  # there still is none
        ("acme/th-2", OLD, {"acme/th-1": "3", "acme/th-2": "1"}, 1),  # the device was given another
        ("", OLD, {"acme/th-1": "4"}, 0),  # its decoder was taken away
        (None, OLD, {"acme/th-1": "4"}, 1),  # the device is not registered any more
        (None, NONE, {"acme/th-1": "4"}, 0),
    ],
)
async def test_undecoded_rows_go_back_when_another_decoder_would_read_them(
    journal: Journal, assigned: str | None, hold_: Hold, current: dict[str, str], expected: int
) -> None:
    dev_eui = eui64("70b3d57ed0000077")
    if assigned is not None:
        await journal.put_devices([Registration(device=Device(dev_eui=dev_eui, decoder=assigned))])
    rows = await journal.commit(Changes(uplinks=(uplink(0, dev_eui), uplink(1, dev_eui))))
    await hold(journal, {rows[0]: hold_, rows[1]: REFUSED})

    assert await journal.retry_decoder_changed(current) == expected

    assert await given(journal) == [0] * expected


async def test_undecoded_rows_go_back_by_the_word_that_their_reason_begins_with(journal: Journal) -> None:
    rows = await hear(journal, range(3))
    waiting = Hold(kind=HeldKind.UNDECODED, reason="waiting: the next is tried in 60 s", decoder="acme/th-1@3")
    await hold(journal, {rows[0]: waiting, rows[1]: OLD, rows[2]: REFUSED})

    assert await journal.retry_reason("waiting") == 1

    assert await given(journal) == [0]


async def test_a_settlement_that_the_disk_refused_is_not_forgotten(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = await hear(journal, range(4))
    await hold(journal, {rows[2]: REFUSED})
    await journal.retry(CITY, None)
    await given(journal)
    database = journal._store.database
    apply = type(database).apply

    async def broken(self: object, transaction: object) -> None:
        raise StorageError("disk I/O error")

    monkeypatch.setattr(type(database), "apply", broken)
    settled = Settlement(delivered=frozenset([rows[0], rows[2]]), held={rows[1]: OLD}, memory={"newest": 2})
    await journal.settle(CITY, settled)
    with pytest.raises(StorageError):
        await journal.flush()
    assert await given(journal) == [3]

    monkeypatch.setattr(type(database), "apply", apply)
    await journal.flush()

    assert await given(journal) == [3]
    assert [row.id for row in await journal.held()] == [rows[1]]
    assert await database.fetch("SELECT * FROM retries") == []
    assert len(await database.fetch("SELECT * FROM memory")) == 1


async def test_a_settled_retry_is_not_given_again_before_it_is_on_disk(journal: Journal) -> None:
    rows = await hear(journal, range(3))
    await hold(journal, dict.fromkeys(rows, REFUSED))
    await journal.retry(CITY, None)
    await given(journal)

    await deliver(journal, rows[:1])
    await hold(journal, {rows[1]: REFUSED})

    assert await given(journal) == [2]


async def test_a_row_can_be_retried_as_often_as_it_is_refused(journal: Journal) -> None:
    rows = await hear(journal, range(2))
    await deliver(journal, rows[1:])
    await hold(journal, {rows[0]: REFUSED})

    for _ in range(3):
        assert await journal.retry(CITY, None) == 1
        assert await given(journal) == [0]
        await hold(journal, {rows[0]: REFUSED})

    assert (await journal.depth(CITY)).held[HeldKind.REFUSED] == 1


async def test_beyond_their_share_the_oldest_go_before_they_are_written(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While commits fail they would outgrow all the room that there is, and then no commit could ever work again."""
    rows = await hear(journal, range(20))
    store = journal._store
    monkeypatch.setattr(store, "quota", replace(store.quota, held_rows=8))

    await hold(journal, dict.fromkeys(rows, REFUSED))
    await journal.flush()

    depth = await journal.depth(CITY)
    assert (depth.waiting, depth.held[HeldKind.REFUSED]) == (0, 8)
    assert depth.lost + depth.held_lost == 12
    assert [row.uplink.f_cnt for row in await journal.held(CITY)] == list(range(12, 20))
