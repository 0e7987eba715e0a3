"""The ledger of one transmitter, against the law counted by brute force."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.lorawan.duty_cycle import AHEAD, GUARD, WINDOW, DutyCycle, Refusal, allowance
from gateway.lorawan.region import EU868, SubBand

SECOND: Final = timedelta(seconds=1)
US: Final = timedelta(microseconds=1)
BANDS: Final = {band.label: band for band in EU868.sub_bands}
M, P, FREE = BANDS["M"], BANDS["P"], BANDS["P2"]


@dataclass(frozen=True, slots=True)
class Sent:
    band: SubBand
    start: timedelta
    airtime: timedelta

    @property
    def end(self) -> timedelta:
        return self.start + self.airtime


def on_air(sent: list[Sent], band: SubBand, opens: timedelta, closes: timedelta) -> timedelta:
    parts = (min(one.end, closes) - max(one.start, opens) for one in sent if one.band == band)
    return sum((part for part in parts if part > timedelta()), timedelta())


def fullest_hour(sent: list[Sent], band: SubBand) -> timedelta:
    """Return how much the fullest hour holds: it begins or ends where a transmission begins or ends."""
    edges = [edge for one in sent if one.band == band for edge in (one.start, one.end)]
    hours = [opens for edge in edges for opens in (edge, edge - WINDOW)]
    return max((on_air(sent, band, opens, opens + WINDOW) for opens in hours), default=timedelta())


def meets(sent: list[Sent]) -> bool:
    ordered = sorted(sent, key=lambda one: one.start)
    return any(later.start < earlier.end + GUARD for earlier, later in pairwise(ordered))


def ledger_of(*sent: Sent) -> DutyCycle:
    ledger = DutyCycle()
    for one in sent:
        ledger.book(one.band, one.start, one.airtime)
    return ledger


# ── the hour ──


def test_an_empty_hour_allows_all_its_share_and_no_more() -> None:
    ledger = DutyCycle()

    assert allowance(M) == 36 * SECOND
    assert ledger.refusal(M, timedelta(), 36 * SECOND) is None
    assert ledger.refusal(M, timedelta(), 36 * SECOND + US) is Refusal.DUTY_CYCLE
    assert ledger.earliest(M, timedelta(), 36 * SECOND + US) is None


def test_a_spent_share_comes_back_as_it_leaves_the_hour_to_the_microsecond() -> None:
    ledger = ledger_of(Sent(M, 100 * SECOND, 36 * SECOND))

    earliest = ledger.earliest(M, 200 * SECOND, 2 * SECOND)

    assert earliest == 100 * SECOND + WINDOW
    assert ledger.refusal(M, earliest, 2 * SECOND) is None
    assert ledger.refusal(M, earliest - US, 2 * SECOND) is Refusal.DUTY_CYCLE


def test_a_frame_need_not_wait_until_a_whole_transmission_has_left_the_hour() -> None:
    ledger = ledger_of(Sent(M, 100 * SECOND, 20 * SECOND), Sent(M, 200 * SECOND, 15 * SECOND))

    assert ledger.earliest(M, 300 * SECOND, SECOND) == 300 * SECOND
    assert ledger.earliest(M, 300 * SECOND, 5 * SECOND) == 99 * SECOND + WINDOW


def test_each_sub_band_has_its_own_share() -> None:
    ledger = ledger_of(Sent(M, timedelta(), 36 * SECOND))

    assert ledger.refusal(M, 40 * SECOND, SECOND) is Refusal.DUTY_CYCLE
    assert ledger.refusal(P, 40 * SECOND, SECOND) is None
    assert ledger.spent(M, 60 * SECOND) == 36 * SECOND
    assert ledger.spent(M, 18 * SECOND + WINDOW) == 18 * SECOND
    assert ledger.spent(P, 60 * SECOND) == timedelta()


def test_a_sub_band_without_a_limit_only_waits_for_the_transmitter() -> None:
    ledger = ledger_of(Sent(FREE, timedelta(), 3600 * SECOND))

    assert allowance(FREE) is None
    assert ledger.earliest(FREE, timedelta(), 7200 * SECOND) == 3600 * SECOND + GUARD


def test_what_is_booked_ahead_counts_for_a_frame_before_it() -> None:
    ledger = ledger_of(Sent(M, 300 * SECOND, 35 * SECOND))

    assert ledger.refusal(M, 10 * SECOND, 2 * SECOND) is Refusal.DUTY_CYCLE
    assert ledger.refusal(M, 10 * SECOND, SECOND) is None
    assert ledger.earliest(M, 10 * SECOND, 2 * SECOND) == 299 * SECOND + WINDOW


def test_what_others_sent_beyond_the_law_is_counted_and_allows_nothing_more() -> None:
    ledger = ledger_of(Sent(M, timedelta(), 30 * SECOND), Sent(M, 40 * SECOND, 30 * SECOND))

    assert ledger.spent(M, 100 * SECOND) == 60 * SECOND
    assert ledger.refusal(M, 100 * SECOND, US) is Refusal.DUTY_CYCLE
    assert ledger.earliest(M, 100 * SECOND, SECOND) == 24 * SECOND + WINDOW


def test_a_booking_that_the_radio_refused_gives_its_share_back() -> None:
    ledger = ledger_of(Sent(M, timedelta(), 36 * SECOND))

    ledger.release(M, timedelta(), 36 * SECOND)

    assert ledger.refusal(M, timedelta(), 36 * SECOND) is None
    with pytest.raises(ValueError, match="not in list"):
        ledger.release(M, timedelta(), 36 * SECOND)


# ── one transmitter ──


@pytest.mark.parametrize("start_us", [0, 10_000, 50_000, 92_500, -20_000, -92_500])
def test_it_sends_one_frame_at_a_time_on_whatever_sub_band(start_us: int) -> None:
    ledger = ledger_of(Sent(P, timedelta(), 50_000 * US))

    assert ledger.refusal(M, start_us * US, 50_000 * US) is Refusal.BUSY


def test_two_frames_are_as_far_apart_as_a_forwarder_s_queue_wants_them() -> None:
    ledger = ledger_of(Sent(P, timedelta(), 50_000 * US))

    assert timedelta(milliseconds=1.5 + 40 + 1) < GUARD
    assert ledger.earliest(M, timedelta(), 50_000 * US) == 50_000 * US + GUARD
    assert ledger.refusal(M, -50_000 * US - GUARD, 50_000 * US) is None
    assert ledger.refusal(M, -50_000 * US - GUARD + US, 50_000 * US) is Refusal.BUSY
    assert DutyCycle(guard=timedelta()).refusal(M, timedelta(), SECOND) is None


def test_a_frame_fits_between_two_others_only_where_there_is_room_for_it() -> None:
    ledger = ledger_of(Sent(P, timedelta(), SECOND), Sent(P, 2 * SECOND, SECOND))

    assert ledger.earliest(M, timedelta(), SECOND - 2 * GUARD) == SECOND + GUARD
    assert ledger.earliest(M, timedelta(), SECOND - 2 * GUARD + US) == 3 * SECOND + GUARD


# ── memory ──


def test_what_has_left_every_hour_is_forgotten() -> None:
    ledger, most, start = DutyCycle(), 0, timedelta()

    for number in range(6_000):
        start = 9 * number * SECOND
        assert ledger.earliest(M, start, 90_000 * US) == start
        assert ledger.spent(M, start) == min(number, 400) * 90_000 * US
        ledger.book(M, start, 90_000 * US)
        most = max(most, len(ledger))

    assert most <= (WINDOW + 2 * AHEAD + 100 * SECOND) / (9 * SECOND)
    assert ledger.refusal(M, start + SECOND, 90_001 * US) is Refusal.DUTY_CYCLE


def test_a_booking_far_ahead_makes_the_ledger_careful_and_never_lavish() -> None:
    ledger = ledger_of(Sent(M, timedelta(), 36 * SECOND), Sent(P, 3 * WINDOW, SECOND))

    assert ledger.refusal(M, 60 * SECOND, SECOND) is Refusal.DUTY_CYCLE
    assert ledger.earliest(M, 60 * SECOND, SECOND) == WINDOW + 36 * SECOND


# ── the law, whatever is asked ──

AIRTIMES = st.integers(1, 40_000_000).map(lambda length: length * US)
ASKED = st.tuples(st.sampled_from([M, P, BANDS["K"], FREE]), st.integers(0, 2_000_000_000), AIRTIMES)


@settings(max_examples=150, deadline=None)  # how long one takes is no matter of this test
@given(asked=st.lists(ASKED, max_size=25), ahead=st.integers(0, AHEAD // US))
def test_no_hour_holds_more_than_the_law_allows(asked: list[tuple[SubBand, int, timedelta]], ahead: int) -> None:
    """Let time pass and ask for frames, some of them to be sent later than others that are asked for afterwards."""
    ledger, sent, now = DutyCycle(), [], timedelta()
    for band, passes, airtime in asked:
        now += passes * US
        start = ledger.earliest(band, now + (passes * 7 % (ahead + 1)) * US, airtime)
        if start is None or start > now + AHEAD:
            continue
        assert ledger.refusal(band, start, airtime) is None
        ledger.book(band, start, airtime)
        sent.append(Sent(band, start, airtime))

    assert not meets(sent)
    for band in {one.band for one in sent} - {FREE}:
        share = allowance(band)
        assert share is not None
        assert fullest_hour(sent, band) <= share


@settings(max_examples=150, deadline=None)  # how long one takes is no matter of this test
@given(
    booked=st.lists(st.tuples(st.integers(0, 500), st.integers(1, 12)), max_size=12),
    at=st.integers(0, 500),
    length=st.integers(1, 20),
    reported=st.booleans(),
)
def test_the_earliest_time_is_legal_and_no_earlier_one_is(
    booked: list[tuple[int, int]], at: int, length: int, *, reported: bool
) -> None:
    """Try every second before the answer, and the microsecond before it, by brute force."""
    ledger, sent = DutyCycle(guard=timedelta()), []
    for second, airtime in booked:
        one = Sent(M, second * SECOND, airtime * SECOND)
        if reported or ledger.refusal(M, one.start, one.airtime) is None:
            ledger.book(M, one.start, one.airtime)
            sent.append(one)

    def legal(start: timedelta) -> bool:
        new = Sent(M, start, length * SECOND)
        if any(one.start < new.end and new.start < one.end for one in sent):
            return False
        hours = [opens for one in [*sent, new] for edge in (one.start, one.end) for opens in (edge, edge - WINDOW)]
        touched = [opens for opens in hours if opens <= new.end and new.start <= opens + WINDOW]
        return all(on_air([*sent, new], M, opens, opens + WINDOW) <= 36 * SECOND for opens in touched)

    earliest = ledger.earliest(M, at * SECOND, length * SECOND)

    assert earliest is not None
    assert legal(earliest)
    assert earliest == at * SECOND or not legal(earliest - US)
    tried = range(at, earliest // SECOND, max(1, (earliest // SECOND - at) // 60))
    assert not any(legal(second * SECOND) for second in tried if second * SECOND < earliest)
    for second in (at, at + 1, at + 17):
        assert (ledger.refusal(M, second * SECOND, length * SECOND) is None) == legal(second * SECOND)
