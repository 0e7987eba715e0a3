"""Destinations that come and go: with which row one begins, what another name takes over, who loses first."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from gateway import revisions
from gateway.journal import MEMORY_OF, Begin, HeldKind, Hold, Journal, Settlement, WhenFull, about_rows, schema
from gateway.journal.cursors import Cursor
from gateway.model import Eui64, RowId
from tests.journal.samples import CITY, clock, deliver, given, hear
from tests.journal.test_segments import BATCH, SMALL, drain, fill

NEW = "stad"
REFUSED = Hold(kind=HeldKind.REFUSED, reason="400 Bad Request")


async def reopened(journal: Journal, path: Path, *names: str, begins: dict[str, Begin] | None = None) -> Journal:
    await journal.close()
    return await Journal.open(
        path, clock=clock, limit_bytes=SMALL, keep_delivered=timedelta(0), destinations=names, begins=begins or {}
    )


@pytest.fixture
async def nobodys(path: Path) -> Journal:
    return await Journal.open(path, clock=clock, limit_bytes=SMALL, destinations=[])


# ── with which row one begins ──


async def test_the_first_destination_gets_what_was_kept_for_it(nobodys: Journal, path: Path) -> None:
    await hear(nobodys, range(5))

    journal = await reopened(nobodys, path, CITY)

    assert await given(journal) == [0, 1, 2, 3, 4]
    await journal.close()


async def test_a_second_destination_begins_with_now(path: Path) -> None:
    journal = await Journal.open(path, clock=clock, destinations=[CITY])
    await hear(journal, range(3))

    journal = await reopened(journal, path, CITY, NEW)
    await hear(journal, [3])

    assert await given(journal, NEW) == [3]
    assert await given(journal) == [0, 1, 2, 3]
    await journal.close()


async def test_a_destination_may_begin_with_the_oldest_that_is_kept(path: Path) -> None:
    journal = await Journal.open(path, clock=clock, destinations=[CITY])
    await hear(journal, range(3))

    journal = await reopened(journal, path, CITY, NEW, begins={NEW: Begin.OLDEST})

    assert await given(journal, NEW) == [0, 1, 2]
    await journal.close()


async def test_a_first_destination_may_begin_with_now(nobodys: Journal, path: Path) -> None:
    await hear(nobodys, range(3))

    journal = await reopened(nobodys, path, CITY, begins={CITY: Begin.NOW})

    assert await given(journal) == []
    await journal.close()


async def test_after_the_last_destination_went_the_next_gets_what_that_one_had_not(path: Path) -> None:
    journal = await Journal.open(path, clock=clock, destinations=[CITY])
    rows = await hear(journal, range(4))
    await deliver(journal, rows[:2])

    journal = await reopened(journal, path)
    await journal.remove_destination(CITY)
    await hear(journal, [4])
    journal = await reopened(journal, path, NEW)

    assert await given(journal, NEW) == [2, 3, 4]
    await journal.close()


# ── another name ──


async def test_a_new_name_takes_over_backlog_held_rows_and_memory(path: Path) -> None:
    journal = await Journal.open(path, clock=clock, destinations=[CITY])
    rows = await hear(journal, range(4))
    await journal.settle(
        CITY, Settlement(delivered=frozenset(rows[:1]), held={rows[1]: REFUSED}, memory={"entity": "urn:1"})
    )

    await journal.rename_destination(CITY, NEW)
    for _ in range(2):
        assert journal.destinations() == (NEW,)
        assert await given(journal, NEW) == [2, 3]
        assert [(one.destination, one.id) for one in await journal.held()] == [(NEW, rows[1])]
        assert journal.memory(NEW) == {"entity": "urn:1"}
        journal = await reopened(journal, path, NEW)

    await journal.close()


async def test_a_new_name_that_has_begun_is_not_told_twice(path: Path) -> None:
    journal = await Journal.open(path, clock=clock, destinations=[CITY])
    rows = await hear(journal, range(3))
    await journal.settle(CITY, Settlement(held={rows[0]: REFUSED}, memory={"a": 1, "b": 1}))
    journal = await reopened(journal, path, NEW)
    later = await hear(journal, range(3, 7))
    await journal.settle(
        NEW, Settlement(delivered=frozenset([later[0], later[2]]), held={later[1]: REFUSED}, memory={"b": 2})
    )

    await journal.rename_destination(CITY, NEW)
    for _ in range(2):
        assert await given(journal, NEW) == [1, 2, 6]
        assert [one.uplink.f_cnt for one in await journal.held(NEW)] == [0, 4]
        assert (await journal.depth(NEW)).held[HeldKind.REFUSED] == 2
        assert journal.memory(NEW) == {"a": 1, "b": 2}
        journal = await reopened(journal, path, NEW)

    await journal.close()


@pytest.mark.parametrize("retried", [(), (NEW,), (CITY,), (CITY, NEW)])
async def test_rows_that_both_names_hold_back_are_counted_once(path: Path, retried: tuple[str, ...]) -> None:
    journal = await Journal.open(path, clock=clock, destinations=[CITY, NEW])
    rows = await hear(journal, range(5))
    for name in (CITY, NEW):
        await journal.settle(name, Settlement(held=dict.fromkeys(rows, REFUSED)))
    for name in retried:
        await journal.retry(name, None)

    await journal.rename_destination(CITY, NEW)
    before = await journal.depth(NEW)
    told = await journal.read(NEW, 100)
    await deliver(journal, [row.id for row in told], NEW)
    await journal.flush()
    after = await journal.depth(NEW)
    await journal.close()

    assert (before.held[HeldKind.REFUSED], before.waiting) == ((0, 5) if retried else (5, 0))
    assert len(told) == before.waiting
    assert (after.held[HeldKind.REFUSED], after.waiting) == (before.held[HeldKind.REFUSED], 0)


@pytest.mark.on_file
async def test_what_an_older_version_had_begun_is_told_again_rather_than_lost(path: Path) -> None:
    schema.prepare(path, schema.scripts()[:2])
    journal = await Journal.open(path, clock=clock, destinations=[CITY])
    await hear(journal, range(2))
    await journal.close()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("INSERT INTO destinations (number, name) VALUES (7, ?)", (NEW,))
        connection.execute("INSERT INTO cursors VALUES (7, 2, x'')")
        connection.commit()
    journal = await Journal.open(path, clock=clock, destinations=[NEW])

    await journal.rename_destination(CITY, NEW)

    assert await given(journal, NEW) == [0, 1]
    await journal.close()


async def test_there_is_nothing_to_rename_where_there_is_no_such_destination(journal: Journal) -> None:
    with pytest.raises(KeyError):
        await journal.rename_destination("nobody", NEW)

    assert journal.destinations() == (CITY,)


def test_a_cursor_joined_with_ranges_has_settled_both() -> None:
    cursor = Cursor(5)
    for row in (8, 9, 20):
        cursor.add(row)

    joined = cursor.joined([(6, 6), (10, 12), (30, 31), (19, 22)])

    assert joined.low == 6
    assert list(joined.gaps(32, 100)) == [(7, 7), (13, 18), (23, 29), (32, 32)]
    assert joined.waiting(32) == 15


# ── who loses first ──


async def test_one_that_is_no_longer_configured_loses_before_one_that_is(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    journal = await Journal.open(path, clock=clock, limit_bytes=SMALL, destinations=["old", CITY])
    await fill(journal, 5)
    journal = await reopened(journal, path, CITY)
    for batch in range(5, 100):
        await fill(journal, 1, batch * BATCH)
        await drain(journal)

    old, city = await journal.depth("old"), await journal.depth(CITY)
    assert old.lost > 0
    assert old.lost + old.waiting == 100 * BATCH
    assert city.lost == 0
    assert caplog.text.count("old is no longer configured") == 1
    assert (await journal.stats()).failed_commits == 0
    await journal.close()


async def test_one_that_is_no_longer_configured_keeps_its_rows_while_there_is_room(path: Path) -> None:
    journal = await Journal.open(path, clock=clock, limit_bytes=SMALL, destinations=["old", CITY])
    await fill(journal, 10)

    journal = await reopened(journal, path, CITY)
    await drain(journal)
    await journal.flush()

    assert (await journal.depth("old")).waiting == 2000
    await journal.close()


async def test_what_nobody_was_to_have_is_counted_when_it_goes(
    nobodys: Journal, path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    rows = await fill(nobodys, 98)
    stats = await nobodys.stats()

    journal = await reopened(nobodys, path, CITY)

    assert stats.untold_lost == stats.dropped_rows > 0
    assert (await journal.stats()).untold_lost == stats.untold_lost
    assert len(await drain(journal)) == len(rows) - stats.untold_lost - (await journal.depth(CITY)).lost
    assert caplog.text.count("no destination was to have them") == 1
    await journal.close()


# ── held rows ──


@pytest.mark.parametrize("when_full", WhenFull)
async def test_a_platform_that_refuses_everything_never_stops_the_hearing(
    path: Path, caplog: pytest.LogCaptureFixture, when_full: WhenFull
) -> None:
    journal = await Journal.open(path, clock=clock, limit_bytes=SMALL, destinations=[CITY], when_full=when_full)
    heard = 0
    for batch in range(60):
        heard += len(await fill(journal, 1, batch * BATCH))
        while rows := await journal.read(CITY, 250):
            await journal.settle(CITY, Settlement(held={row.id: REFUSED for row in rows}))
    for _ in range(2):  # the second begins when room has been made after the first
        await journal.flush()

    depth, stats, held = await journal.depth(CITY), await journal.stats(), await journal.held(limit=10_000)
    assert stats.failed_commits == 0
    assert depth.held_lost > 0
    assert depth.held_lost + len(held) == heard
    assert len(held) == depth.held[HeldKind.REFUSED] <= SMALL // 8 // 512
    assert held[-1].uplink.f_cnt == heard - 1
    assert caplog.text.count("the oldest go") == 1
    journal = await reopened(journal, path, CITY)
    assert (await journal.depth(CITY)).held_lost == depth.held_lost
    await journal.close()


async def test_whoever_holds_most_loses_first(path: Path) -> None:
    journal = await Journal.open(path, clock=clock, limit_bytes=SMALL, destinations=[CITY, "calm"])
    first = await fill(journal, 1)
    await journal.settle("calm", Settlement(held={RowId(first[0]): REFUSED}))
    for batch in range(1, 10):
        await fill(journal, 1, batch * BATCH)
        rows = await journal.read(CITY, 250)
        await journal.settle(CITY, Settlement(held={row.id: REFUSED for row in rows}))

    for _ in range(2):  # the second begins when room has been made after the first
        await journal.flush()

    assert (await journal.depth(CITY)).held_lost > 0
    assert (await journal.depth("calm")).held_lost == 0
    await journal.close()


async def test_a_long_answer_is_cut_so_that_a_held_row_stays_small(journal: Journal) -> None:
    (row,) = await hear(journal, [0])
    await journal.settle(CITY, Settlement(held={row: Hold(kind=HeldKind.REFUSED, reason="no " * 1000)}))

    (held,) = await journal.held()

    assert len(held.reason) == 400
    assert held.reason.endswith("…")


async def test_a_held_row_is_found_by_its_id(journal: Journal) -> None:
    rows = await hear(journal, range(3))
    await journal.settle(CITY, Settlement(held=dict.fromkeys(rows, REFUSED)))

    assert [one.id for one in await journal.held(ids=[rows[1]])] == [rows[1]]


# ── another city ──

LUND, UMEA = "water@lund", "water@umea"


@pytest.fixture
async def at_lund(path: Path) -> Journal:
    journal = await Journal.open(path, clock=clock, limit_bytes=SMALL, destinations=[LUND, CITY])
    rows = await hear(journal, range(4))
    await deliver(journal, rows[:2], LUND)
    return journal


async def test_what_waits_stays_with_the_former_city_and_no_more_comes_to_it(at_lund: Journal, path: Path) -> None:
    journal = await reopened(at_lund, path, UMEA, CITY)
    await hear(journal, [4, 5])

    for _ in range(2):
        assert await given(journal, LUND) == [2, 3]
        assert await given(journal, UMEA) == [4, 5]
        assert (await journal.depth(LUND)).moved
        assert journal.former() == {LUND: UMEA}
        journal = await reopened(journal, path, UMEA, CITY)
    await journal.close()


async def test_a_city_begins_with_the_next_uplink_whatever_begin_says(at_lund: Journal, path: Path) -> None:
    journal = await reopened(at_lund, path, UMEA, CITY, begins={UMEA: Begin.OLDEST})

    assert await given(journal, UMEA) == []
    await journal.close()


async def test_a_name_that_gets_a_city_or_loses_it_has_moved(at_lund: Journal, path: Path) -> None:
    journal = await reopened(at_lund, path, "water", CITY)
    await hear(journal, [4])
    journal = await reopened(journal, path, UMEA, CITY)
    await hear(journal, [5])

    waiting = [await given(journal, name) for name in (LUND, "water", UMEA)]

    assert waiting == [[2, 3], [4], [5]]
    await journal.close()


async def test_a_city_that_comes_back_goes_on_without_what_was_heard_for_another(at_lund: Journal, path: Path) -> None:
    journal = await reopened(at_lund, path, UMEA, CITY)
    await hear(journal, [4, 5])
    journal = await reopened(journal, path, LUND, CITY)
    await hear(journal, [6])

    for _ in range(2):
        assert await given(journal, LUND) == [2, 3, 6]
        assert await given(journal, UMEA) == [4, 5]
        assert journal.former() == {UMEA: LUND}
        journal = await reopened(journal, path, LUND, CITY)
    await journal.close()


async def test_a_former_city_that_has_all_of_it_goes_with_the_next_start(at_lund: Journal, path: Path) -> None:
    journal = await reopened(at_lund, path, UMEA, CITY)
    await deliver(journal, [row.id for row in await journal.read(LUND, 10)], LUND)

    journal = await reopened(journal, path, UMEA, CITY)

    assert set(journal.destinations()) == {UMEA, CITY}
    await journal.close()


async def test_a_former_city_with_dead_letters_stays_until_a_person_has_looked(at_lund: Journal, path: Path) -> None:
    journal = await reopened(at_lund, path, UMEA, CITY)
    await journal.settle(LUND, Settlement(held={row.id: REFUSED for row in await journal.read(LUND, 10)}))

    journal = await reopened(journal, path, UMEA, CITY)

    assert LUND in journal.destinations()
    await journal.close()


async def test_the_backlog_goes_along_and_what_was_heard_for_a_city_in_between_does_not(
    at_lund: Journal, path: Path
) -> None:
    journal = await reopened(at_lund, path, UMEA, CITY)
    await hear(journal, [4, 5])
    journal = await reopened(journal, path, "water@lulea", CITY)
    await hear(journal, [6])

    await journal.rename_destination(LUND, "water@lulea")

    for _ in range(2):
        assert await given(journal, "water@lulea") == [2, 3, 6]
        assert await given(journal, UMEA) == [4, 5]
        journal = await reopened(journal, path, "water@lulea", CITY)
    await journal.close()


async def test_what_is_remembered_of_one_citys_platform_is_not_taken_for_anothers(at_lund: Journal, path: Path) -> None:
    told = {"stream/torget": 7, "decoder/elsys/ers": [[0, "1"]], "again/a81758fffe051d02": [[0, 1, "2"]]}
    await at_lund.settle(LUND, Settlement(memory={MEMORY_OF: "lund", **told}))
    journal = await reopened(at_lund, path, UMEA, CITY)
    await journal.settle(UMEA, Settlement(memory={MEMORY_OF: "umea", "stream/torget": 3}))

    await journal.rename_destination(LUND, UMEA)

    for _ in range(2):
        assert await given(journal, UMEA) == [2, 3]
        assert journal.memory(UMEA) == {**told, MEMORY_OF: "umea", "stream/torget": 3}
        journal = await reopened(journal, path, UMEA, CITY)
    await journal.close()


async def test_a_city_that_nothing_was_told_yet_remembers_nothing_of_the_former_one(
    at_lund: Journal, path: Path
) -> None:
    await at_lund.settle(LUND, Settlement(memory={"stream/torget": 7}))

    await at_lund.rename_destination(LUND, UMEA)

    for _ in range(2):
        assert at_lund.memory(UMEA) == {}
        assert await given(at_lund, UMEA) == [2, 3]
        at_lund = await reopened(at_lund, path, UMEA, CITY)
    await at_lund.close()


@pytest.mark.parametrize(("before", "kept"), [("here", {"a": 1}), ("elsewhere", {}), (None, {})])
async def test_a_new_name_takes_the_memory_over_where_it_is_of_the_same_platform(
    path: Path, before: str | None, kept: dict[str, int]
) -> None:
    journal = await Journal.open(path, clock=clock, destinations=[CITY])
    await journal.settle(CITY, Settlement(memory={"a": 1, "b": 1, **({MEMORY_OF: before} if before else {})}))
    journal = await reopened(journal, path, NEW)
    await journal.settle(NEW, Settlement(memory={MEMORY_OF: "here", "b": 2}))

    await journal.rename_destination(CITY, NEW)

    for _ in range(2):
        assert journal.memory(NEW) == {**kept, "b": 2, MEMORY_OF: "here"}
        journal = await reopened(journal, path, NEW)
    await journal.close()


def test_what_is_about_rows_is_told_from_what_is_about_a_platform() -> None:
    keys = {revisions.key("elsys/ers"), revisions.key_again(Eui64("a81758fffe051d02"))}

    assert about_rows({**dict.fromkeys(keys, 1), "newest/x": 1, MEMORY_OF: "x"}).keys() == keys


async def test_a_former_city_that_has_all_keeps_no_segment_alive(at_lund: Journal, path: Path) -> None:
    journal = await reopened(at_lund, path, UMEA, CITY)
    await deliver(journal, [row.id for row in await journal.read(LUND, 10)], LUND)
    for batch in range(1, 12):
        await fill(journal, 1, batch * BATCH)
        await drain(journal)
        await drain(journal, UMEA)
    await journal.flush()

    assert (await journal.stats()).dropped_rows > 0
    assert (await journal.depth(LUND)).lost == 0
    await journal.close()


async def test_a_former_city_that_is_served_loses_no_sooner_than_one_that_is_configured(
    at_lund: Journal, path: Path
) -> None:
    await at_lund.close()
    journal = await Journal.open(path, clock=clock, limit_bytes=SMALL, destinations=[UMEA], former=[LUND, "x@y"])

    assert journal._store.is_configured(LUND)
    assert not journal._store.is_configured("x@y")
    await journal.close()
