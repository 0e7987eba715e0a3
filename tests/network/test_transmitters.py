"""Transmitters against a radio that says what it is told to say: which window, through which gateway, and when no more."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import replace

import pytest

from gateway.lorawan.region import EU868
from gateway.model import Eui64, LoraRate, Reception, TxRequest, TxResult
from gateway.network.transmitters import Answer, Transmitters
from tests.network.radio import CELLAR, ROOF, Radio, StandingClock, frame, reception

ACCEPT = b"\x20" + bytes(16)
JOIN_RX1, JOIN_RX2 = 6_000_000, 7_000_000  # concentrator time of the windows after a join request at 1 s


async def answer(
    says: Sequence[TxResult] = (), *, receptions: Sequence[Reception] = (), late_s: float = 0.0
) -> tuple[list[TxRequest], Transmitters]:
    """Answer a join request that was heard ``late_s`` ago."""
    clock, radio = StandingClock(), Radio(says=deque(says))
    transmitters = Transmitters({"radio": radio}, EU868, clock)
    heard = frame(b"\x00" * 23, clock, *receptions)
    clock.seconds += late_s
    await transmitters.send(transmitters.windows(heard, Answer(phy_payload=ACCEPT, session=None)))
    return radio.sent, transmitters


def places(sent: Sequence[TxRequest]) -> list[tuple[Eui64, int | None]]:
    return [(request.gateway, request.timestamp_us) for request in sent]


async def test_an_answer_goes_out_in_rx1_through_the_best_gateway() -> None:
    sent, transmitters = await answer(receptions=(reception(ROOF), reception(CELLAR, snr_db=1.0)))

    assert places(sent) == [(ROOF, JOIN_RX1)]
    assert transmitters.counts == {"sent_rx1": 1}


@pytest.mark.parametrize(
    "refusal",
    [one for one in TxResult if one not in {TxResult.SENT, TxResult.NO_ANSWER}],
)
async def test_a_refused_rx1_becomes_rx2(refusal: TxResult) -> None:
    sent, transmitters = await answer([refusal])

    assert places(sent) == [(ROOF, JOIN_RX1), (ROOF, JOIN_RX2)]
    assert (sent[1].frequency_hz, str(sent[1].data_rate)) == (869_525_000, "SF12BW125")
    assert transmitters.counts == {f"rx1_{refusal}": 1, "sent_rx2": 1}


async def test_another_gateway_is_tried_before_the_second_window() -> None:
    both = (reception(ROOF), reception(CELLAR, snr_db=1.0, timestamp_us=5_000))

    sent, _ = await answer([TxResult.NOT_CONNECTED], receptions=both)

    assert places(sent) == [(ROOF, JOIN_RX1), (CELLAR, 5_005_000)]


async def test_two_channels_of_one_gateway_are_one_chance() -> None:
    sent, _ = await answer([TxResult.TOO_LATE], receptions=(reception(ROOF), reception(ROOF, snr_db=-3.0)))

    assert places(sent) == [(ROOF, JOIN_RX1), (ROOF, JOIN_RX2)]


async def test_a_radio_that_says_nothing_may_have_sent_and_is_not_asked_again() -> None:
    sent, transmitters = await answer([TxResult.NO_ANSWER])

    assert places(sent) == [(ROOF, JOIN_RX1)]
    assert transmitters.counts == {"rx1_no_answer": 1}


@pytest.mark.parametrize(
    ("late_s", "windows"), [(4.89, [JOIN_RX1]), (4.91, [JOIN_RX2]), (5.89, [JOIN_RX2]), (5.91, [])]
)
async def test_a_window_that_can_no_longer_be_reached_is_not_tried(late_s: float, windows: list[int]) -> None:
    sent, transmitters = await answer(late_s=late_s)

    assert [request.timestamp_us for request in sent] == windows
    assert transmitters.counts["missed"] == (0 if windows else 1)


async def test_an_answer_that_nobody_can_send_is_counted() -> None:
    sent, transmitters = await answer(receptions=(reception(timestamp_us=None), reception(CELLAR, source="gone")))

    assert sent == []
    assert transmitters.counts == {"missed": 1}


async def test_all_chances_refused_is_counted_as_missed() -> None:
    _, transmitters = await answer([TxResult.TOO_LATE, TxResult.TX_POWER])

    assert transmitters.counts == {"rx1_too_late": 1, "rx2_tx_power": 1, "missed": 1}


# ── the law ──


async def test_two_answers_at_once_do_not_have_one_slot() -> None:
    clock, radio = StandingClock(), Radio()
    transmitters = Transmitters({"radio": radio}, EU868, clock)
    heard = frame(b"\x00" * 23, clock)
    windows = transmitters.windows(heard, Answer(phy_payload=ACCEPT, session=None))

    first, second, third = [await transmitters.send(windows) for _ in range(3)]

    assert [first.window, second.window] == ["rx1", "rx2"]
    assert third.why == "busy"


async def test_a_spent_sub_band_leaves_rx2_which_has_another_one() -> None:
    clock, radio = StandingClock(), Radio()
    transmitters = Transmitters({"radio": radio}, EU868, clock)
    slow = replace(reception(), data_rate=LoraRate(12, 125_000))
    outcomes = []
    for _ in range(40):  # an accept at SF12 lasts 1.155 s, of which 36 s an hour are allowed in RX1's sub-band
        windows = transmitters.windows(frame(b"\x00" * 23, clock, slow), Answer(phy_payload=ACCEPT, session=None))
        outcomes.append((await transmitters.send(windows)).window)
        clock.seconds += 10

    assert outcomes == ["rx1"] * 31 + ["rx2"] * 9
    (first, second) = transmitters.status()["duty_cycle"]
    assert first["sub_band"] == "M"
    assert first["spent_s"] <= first["allowed_s"] == 36.0
    assert second["sub_band"] == "P"


async def test_a_frame_that_was_refused_is_not_booked() -> None:
    clock, radio = StandingClock(), Radio(says=deque([TxResult.TOO_LATE, TxResult.TX_POWER]))
    transmitters = Transmitters({"radio": radio}, EU868, clock)
    windows = transmitters.windows(frame(b"\x00" * 23, clock), Answer(phy_payload=ACCEPT, session=None))

    await transmitters.send(windows)
    again = await transmitters.send(windows)

    assert again.window == "rx1"


async def test_an_antenna_gain_is_taken_off_the_power() -> None:
    clock, radio = StandingClock(), Radio()
    transmitters = Transmitters({"radio": radio}, EU868, clock, lambda _: 5.0)
    windows = transmitters.windows(frame(b"\x00" * 23, clock), Answer(phy_payload=ACCEPT, session=None))

    assert [window.request.power_dbm for window in windows] == [11.0, 24.0]
