"""The matrix: what was measured is at the platform, each once, with its own time and unit, whatever happened on the way."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from gateway.model import Item
from tests.formats.matrix.backlog import ROUND, backlog
from tests.formats.matrix.doors import Killed
from tests.formats.matrix.ledger import Verdicts, judge
from tests.formats.matrix.rig import Kind, Rig
from tests.formats.matrix.rigs import KINDS
from tests.formats.telling import NOW, Loop

A_FEW = 2 * ROUND  # uplinks: each quantity twice, of two devices
CANNOT = " cannot be said in this format"
BACKLOG = 10_000
BAD_TURNS = 12  # more than any format counts before it gives a row up


@dataclass(slots=True)
class Told:
    """A destination in the making, and what it is to bring."""

    kind: Kind
    rig: Rig
    items: Sequence[Item]
    loop: Loop
    counted_before: Counter[str] = field(default_factory=Counter)  # by an agent that was killed

    def restart(self) -> None:
        """Start the agent again: a new format and a new loop, with the journal that the old one left."""
        self.counted_before, journal = self.inexpressible(), self.loop.journal
        self.loop = Loop(self.rig.format(), self.rig.door, self.items)
        self.loop.telling._journal = journal  # type: ignore[assignment]  # as telling.py does
        self.loop.journal = journal

    def verdicts(self) -> Verdicts:
        """Hold the ledger against what was measured and not refused."""
        refused = self.loop.refused()
        return judge(self.rig.ledger(), [one for one in self.items if one.row not in refused], self.kind.resolution_ms)

    def inexpressible(self) -> Counter[str]:
        """Return what the loop shows as not to be said, by quantity."""
        problems = self.loop.telling.status()["problems"]
        said = {one["problem"]: one["count"] for one in problems}
        now = {words.removesuffix(CANNOT): count for words, count in said.items() if words.endswith(CANNOT)}
        return self.counted_before + Counter(now)

    def check(self, *, most: int = 1) -> Verdicts:
        """Assert what holds at every end; ``most``: how often a platform that cannot be asked may be told the same."""
        found = self.verdicts()
        settled = len(self.loop.journal.delivered) + len(self.loop.journal.held)
        assert found.strange == []
        assert settled == len(set(self.loop.journal.delivered)) + len(self.loop.journal.held) == len(self.items)
        assert set(self.loop.journal.held) == set(self.loop.refused())
        assert max(found.times.values()) <= (1 if self.kind.asks else most)
        assert list(self.rig.behind()) == []
        return found


@pytest.fixture(params=KINDS, name="kind")
def a_kind(request: pytest.FixtureRequest) -> Kind:
    return KINDS[request.param]


@pytest.fixture
async def told(kind: Kind) -> AsyncIterator[Told]:
    async with kind.open() as rig:
        items = backlog(A_FEW, until=NOW.utc, every=timedelta(seconds=1))
        yield Told(kind, rig, items, Loop(rig.format(), rig.door, items))


async def test_live_uplinks_arrive_one_by_one_each_quantity_with_its_unit_and_time(told: Told) -> None:
    journal = told.loop.journal
    waiting, journal.rows = list(journal.rows), type(journal.rows)()

    for row in waiting:
        journal.rows.append(row)
        await told.loop.to_its_end()

    assert told.check().unsaid == told.inexpressible()
    assert told.loop.refused() == {}


async def test_a_backlog_of_ten_thousand_arrives_once(kind: Kind) -> None:
    async with kind.open() as rig:
        items = backlog(BACKLOG, until=NOW.utc)
        backlogged = Told(kind, rig, items, Loop(rig.format(), rig.door, items))

        await backlogged.loop.to_its_end()

        fresh = [one for one in items if not is_stale(one, kind)]
        assert backlogged.check().unsaid == backlogged.inexpressible()
        assert len(backlogged.loop.refused()) == len(items) - len(fresh)
        assert all("late" in words for words in backlogged.loop.refused().values())


def is_stale(item: Item, kind: Kind) -> bool:
    return kind.stale_s is not None and NOW.utc - item.uplink.heard_at.utc > timedelta(seconds=kind.stale_s)


async def test_what_a_platform_refuses_is_set_aside_with_its_words_and_the_rest_arrives(told: Told) -> None:
    told.rig.poison()

    await told.loop.to_its_end()

    found, refused = told.check(), told.loop.refused()
    assert refused
    assert all(told.rig.is_poisoned(one) for one in told.items if one.row in refused)
    assert all(told.rig.refused in words for words in refused.values())
    assert found.unsaid - told.inexpressible() == Counter()


async def test_while_the_credential_is_wrong_nothing_is_lost_and_nothing_refused(told: Told) -> None:
    told.rig.shut(True)
    await told.loop.turns(BAD_TURNS)
    before = dict(told.rig.ledger()), dict(told.loop.journal.held)
    told.rig.shut(False)

    await told.loop.to_its_end()

    assert before == ({}, {})
    assert told.check().unsaid == told.inexpressible()


async def test_while_the_platform_is_away_nothing_is_lost_and_nothing_refused(told: Told) -> None:
    told.rig.door.away = "no connection"
    await told.loop.turns(BAD_TURNS)
    before = dict(told.rig.ledger()), dict(told.loop.journal.held)
    told.rig.door.away = ""

    await told.loop.to_its_end()

    assert before == ({}, {})
    assert told.check().unsaid == told.inexpressible()


async def test_an_answer_that_never_comes_costs_a_repetition_at_most(told: Told) -> None:
    told.rig.forget()

    await told.loop.to_its_end()

    door = told.rig.door
    assert door.losses > 0
    assert told.check(most=2).unsaid == told.inexpressible()
    assert told.loop.refused() == {}
    assert list(told.rig.went_back()) == []


@pytest.mark.parametrize("there", [0, 1, A_FEW // 3])
async def test_an_agent_that_is_killed_repeats_each_uplink_once_at_most(told: Told, there: int) -> None:
    told.rig.door.kills = lambda: told.rig.ledger().total() >= there
    with pytest.raises(Killed):
        await told.loop.to_its_end()
    told.restart()

    await told.loop.to_its_end()

    found = told.check(most=2)
    assert set(found.unsaid) == set(told.inexpressible())
    assert told.loop.refused() == {}
