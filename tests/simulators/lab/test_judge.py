from collections import Counter
from dataclasses import replace
from uuid import UUID

import pytest

from gateway.model import eui64
from simulators.lab.judge import Fate, discrepancies, fate_of, is_replayed, kept, latencies
from simulators.lab.scenario import Promise
from simulators.lab.witness import US, Story, Witness

ROOF = eui64("aa555a0000000001")

WHOLE = Story(
    id=UUID(int=1),
    fleet="climate",
    device="climate 1",
    dev_eui=eui64("70b3d57ed0000001"),
    f_cnt=7,
    confirmed=True,
    payload=b"\x01",
    platforms=("lund", "archive"),
    begins_us=10 * US,
    ends_us=11 * US,
    transmissions=1,
    heard_us=11 * US,
    heard_by={"roof"},
    given_us=12 * US,
    committed_us=13 * US,
    acknowledged_us=14 * US,
    delivered_us={"lund": 15 * US, "archive": 21 * US},
)
UNHEARD = replace(
    WHOLE, heard_us=None, heard_by=set(), given_us=None, committed_us=None, acknowledged_us=None, delivered_us={}
)
NO_AGENT = replace(WHOLE, given_us=None, committed_us=None, acknowledged_us=None, delivered_us={})
IN_MEMORY = replace(WHOLE, committed_us=None, acknowledged_us=None, delivered_us={})
FALSE = replace(IN_MEMORY, acknowledged_us=14 * US)
HALF = replace(WHOLE, delivered_us={"lund": 15 * US})


@pytest.mark.parametrize(
    ("story", "fate", "breaks"),
    [
        (WHOLE, Fate.DELIVERED, None),
        (UNHEARD, Fate.ON_AIR, None),
        (NO_AGENT, Fate.TO_AGENT, False),
        (IN_MEMORY, Fate.TO_JOURNAL, False),
        (FALSE, Fate.TO_JOURNAL, True),
        (HALF, Fate.TO_PLATFORM, True),
    ],
)
def test_an_uplink_is_where_it_was_seen_last_and_only_what_was_promised_is_missed(
    story: Story,
    fate: Fate,
    breaks: bool | None,  # noqa: FBT001 - of the table
) -> None:
    found = [one.breaks for one in discrepancies([story], [])]

    assert fate_of(story) is fate
    assert found == ([] if breaks is None else [breaks])


def test_a_discrepancy_tells_the_way_of_its_uplink() -> None:
    (found,) = discrepancies([HALF], [])

    assert found.fate == "lost between journal and platform"
    assert found.story == (
        "said at 10.000 s; heard at 11.000 s by roof; given to the agent at 12.000 s; on disk at 13.000 s;"
        " acknowledged at 14.000 s; at lund at 15.000 s; never at archive"
    )


def test_an_uplink_that_only_a_neighbour_has_brought_is_delivered_and_says_so() -> None:
    replayed = replace(WHOLE, heard_us=None, heard_by=set(), given_us=None)

    assert fate_of(replayed) is Fate.DELIVERED
    assert [is_replayed(one) for one in (replayed, WHOLE, UNHEARD)] == [True, False, False]
    (found,) = discrepancies([replace(replayed, delivered_us={})], [])
    assert "brought by a neighbour's replay; on disk at 13.000 s" in found.story


def test_what_nobody_has_said_is_a_discrepancy_that_breaks_a_promise() -> None:
    (found,) = discrepancies([], [("lund", UUID(int=9), "nobody has said this")])

    assert (found.fate, found.breaks) == ("at lund", True)


@pytest.mark.parametrize(
    ("promise", "stories", "name", "holds"),
    [
        (Promise(lost=0), [HALF, WHOLE], "lost at most 0", False),
        (Promise(lost=1), [HALF, FALSE], "lost at most 1", False),
        (Promise(lost=1), [HALF, WHOLE], "lost at most 1", True),
        (Promise(heard=0.5), [UNHEARD, WHOLE], "heard at least 50.0%", True),
        (Promise(heard=0.6), [UNHEARD, WHOLE], "heard at least 60.0%", False),
        (Promise(delivered_within_s=10), [WHOLE], "delivered within 10 s at all times", True),
        (Promise(delivered_within_s=9), [WHOLE], "delivered within 9 s at all times", False),
        (Promise(delivered_within_s=9, share=0.5), [WHOLE], "delivered within 9 s of 50.0%", True),
        (
            Promise(duplicates=0),
            [replace(WHOLE, repeated=Counter(lund=1))],
            "at most 0 uplinks twice",
            False,
        ),
    ],
)
def test_promises_are_held_against_the_stories(
    promise: Promise,
    stories: list[Story],
    name: str,
    holds: bool,  # noqa: FBT001 - of the table
) -> None:
    found = {one.promise: one.kept for one in kept(promise, stories, strange=0, unlawful=[])}

    assert found[name] is holds


def test_the_law_and_what_should_not_be_there_are_promised_by_every_run() -> None:
    found = {one.promise: one.kept for one in kept(Promise(), [WHOLE], strange=1, unlawful=["70b3d57ed0000001"])}

    assert found == {"lost at most 0": True, "nothing where it should not be": False, "the law of the sub-bands": False}


def test_latency_is_counted_from_the_end_of_the_first_transmission() -> None:
    assert sorted(latencies([WHOLE])) == [4.0, 10.0]
    assert [*latencies([WHOLE], "archive")] == [10.0]


def test_an_uplink_that_nobody_heard_is_lost_to_the_cause_of_its_last_transmission() -> None:
    witness, story = Witness([], {ROOF: "roof"}), replace(UNHEARD, losses=Counter())
    witness.said(story)

    for cause in ("collided", "too_weak", "collided"):
        witness.aired(story.id, 11 * US, [], {ROOF: cause}, cause)

    assert [*story.losses] == ["too_weak", "collided"]
    assert story.losses == {"too_weak": 1, "collided": 2}
