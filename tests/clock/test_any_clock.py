"""Whatever clocks do: each row has one fate, no time lies outside of what can be, and none is far from the truth."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.clock import Beliefs
from gateway.dating import JUMP, Dated, Spans, Undatable, Waiting, date, learned
from gateway.model import TimeQuality, Uplink
from tests.clock.told import NOON, heard

TRUST = TimeQuality.NTP
HOUR = 3600.0
BEGIN = NOON.timestamp()


@dataclass
class Box:
    """A machine whose wall clock is set, trusted and not; ``rows`` has each row with the true time."""

    now: float = BEGIN
    zero: float = BEGIN
    boot: str = "boot-0"
    wrong_s: float = 0.0
    quality: TimeQuality = TimeQuality.UNSYNCHRONISED
    beliefs: Beliefs = field(default_factory=Beliefs)
    boots: dict[str, Spans] = field(default_factory=dict)
    rows: list[tuple[Uplink, float]] = field(default_factory=list)

    def start(self, number: int, wrong_s: float) -> None:
        self.boot, self.zero, self.beliefs = f"boot-{number}", self.now, Beliefs()
        self.wrong_s, self.quality = wrong_s, TimeQuality.UNSYNCHRONISED
        self.learn()

    def look(self) -> tuple[datetime, TimeQuality]:
        zero, quality = self.beliefs.look(self.zero + self.wrong_s, self.quality, self.now - self.zero)
        return datetime.fromtimestamp(zero, UTC) + timedelta(seconds=self.now - self.zero), quality

    def learn(self) -> None:
        utc, quality = self.look()
        monotonic = self.now - self.zero
        known = self.boots.get(self.boot, ())
        self.boots[self.boot] = learned(known, monotonic, utc - timedelta(seconds=monotonic), quality)

    def hear(self) -> None:
        utc, quality = self.look()
        f_cnt = len(self.rows)
        uplink = heard(utc, self.now - self.zero, boot=self.boot, quality=quality, f_cnt=f_cnt)
        self.rows.append((uplink, self.now))

    def do(self, what: str, by: float) -> None:
        match what:
            case "hear":
                self.hear()
            case "set right":  # chrony or timesyncd
                self.wrong_s, self.quality = 0.0, TimeQuality.NTP
            case "lose":  # nine hours without a server
                self.quality = TimeQuality.UNSYNCHRONISED
            case (
                "jump"
            ):  # while it is said to be synchronised, or not; for less than an hour where somebody believes it
                self.wrong_s = by
            case "learn":
                self.learn()

    def back_within_the_hour(self) -> None:
        if self.wrong_s:
            self.quality = TimeQuality.UNSYNCHRONISED


def is_first_trust_right(what: str, box: Box) -> bool:
    """A wrong clock is never the first that is believed in a boot: of that nobody could know better."""
    return not (what == "jump" and box.beliefs.own is None and box.quality is TimeQuality.NTP)


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["hear", "hear", "hear", "set right", "lose", "jump", "learn"]),
        st.sampled_from([-3600.0, 3600.0, 10 * 365 * 86_400.0, -10 * 365 * 86_400.0, 120.0, 1.0, -1.0]),
        st.floats(1.0, 900.0),
    ),
    max_size=25,
)
BOOTS = st.lists(
    st.tuples(st.sampled_from([0.0, -BEGIN, -86_400.0, 400 * 86_400.0]), STEPS, st.floats(1.0, 86_400.0)),
    min_size=1,
    max_size=5,
)


def lived(boots: list[tuple[float, list[tuple[str, float, float]], float]]) -> Box:
    box = Box()
    for number, (wrong_s, steps, off_s) in enumerate(boots):
        box.start(number, wrong_s)
        for what, by, pause_s in steps:
            if is_first_trust_right(what, box):
                box.do(what, by)
            box.look()
            since = 0.0 if box.beliefs.other is None else box.now - box.zero - box.beliefs.other.since
            if since + pause_s >= HOUR:  # one that stands wrong for an hour is believed: not here
                box.back_within_the_hour()
            box.now += pause_s
        box.now += off_s
    return box


def times(box: Box) -> Iterator[tuple[Dated | Waiting | Undatable, float]]:
    for uplink, truth in box.rows:
        yield date(uplink, box.boots, TRUST, box.boot), truth


@settings(max_examples=150, deadline=None)
@given(BOOTS)
def test_a_row_that_is_dated_is_as_old_as_it_is_and_of_one_that_is_not_the_bounds_hold(
    boots: list[tuple[float, list[tuple[str, float, float]], float]],
) -> None:
    box = lived(boots)

    fates = list(times(box))

    assert len(fates) == len(box.rows)
    for fate, truth_s in fates:
        truth = datetime.fromtimestamp(truth_s, UTC)
        match fate:
            case Dated(uplink):
                assert abs(uplink.heard_at.utc - truth) <= JUMP
            case Undatable(uplink):
                at, bounds = uplink.heard_at.utc, uplink.heard_at.bounds
                assert bounds is not None
                assert uplink.heard_at.quality is TimeQuality.UNKNOWN
                assert bounds.not_before is None or (bounds.not_before <= at and bounds.not_before <= truth + JUMP)
                assert bounds.not_after is None or (at <= bounds.not_after and truth - JUMP <= bounds.not_after)


@settings(max_examples=50, deadline=None)
@given(BOOTS)
def test_only_a_row_of_the_boot_that_goes_on_waits(
    boots: list[tuple[float, list[tuple[str, float, float]], float]],
) -> None:
    box = lived(boots)

    waiting = [uplink for uplink, _ in box.rows if date(uplink, box.boots, TRUST, box.boot) == Waiting()]

    assert {uplink.heard_at.boot_id for uplink in waiting} <= {box.boot}


@settings(max_examples=50, deadline=None)
@given(BOOTS)
def test_who_learns_more_dates_the_same_row_alike(
    boots: list[tuple[float, list[tuple[str, float, float]], float]],
) -> None:
    box = lived(boots)
    before = list(times(box))
    box.start(len(boots), 0.0)
    box.do("set right", 0.0)
    box.learn()

    after = list(times(box))

    changed = [
        (one, other)
        for (one, _), (other, _) in zip(before, after, strict=True)
        if isinstance(one, Dated) and one != other
    ]
    assert changed == []
