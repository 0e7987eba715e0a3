"""Answers against a radio that says what it is told to say: which window, through which gateway, and when no more."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence

import pytest

from gateway.answers import Answers
from gateway.lorawan.region import EU868
from gateway.model import Eui64, Reception, TxRequest, TxResult
from tests.agent.radio import CELLAR, ROOF, Radio, StandingClock, frame, reception

ACCEPT = b"\x20" + bytes(16)
JOIN_RX1, JOIN_RX2 = 6_000_000, 7_000_000  # concentrator time of the windows after a join request at 1 s


async def answer(
    says: Sequence[TxResult] = (), *, receptions: Sequence[Reception] = (), late_s: float = 0.0
) -> tuple[list[TxRequest], Answers]:
    """Answer a join request that was heard ``late_s`` ago."""
    clock, radio = StandingClock(), Radio(says=deque(says))
    answers = Answers({"radio": radio}, EU868, clock)
    heard = frame(b"\x00" * 23, clock, *receptions)
    clock.seconds += late_s
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(answers.run())
        await asyncio.sleep(0)
        answers.send(heard, None, ACCEPT)
        for _ in range(20):  # turns of the loop: the radio here answers at once
            await asyncio.sleep(0)
        running.cancel()
    return radio.sent, answers


def places(sent: Sequence[TxRequest]) -> list[tuple[Eui64, int | None]]:
    return [(request.gateway, request.timestamp_us) for request in sent]


async def test_an_answer_goes_out_in_rx1_through_the_best_gateway() -> None:
    sent, answers = await answer(receptions=(reception(ROOF), reception(CELLAR, snr_db=1.0)))

    assert places(sent) == [(ROOF, JOIN_RX1)]
    assert answers.counts == {"sent_rx1": 1}


@pytest.mark.parametrize(
    "refusal",
    [TxResult.TOO_LATE, TxResult.TOO_EARLY, TxResult.COLLISION_PACKET, TxResult.TX_FREQ, TxResult.GPS_UNLOCKED],
)
async def test_a_refused_rx1_becomes_rx2(refusal: TxResult) -> None:
    sent, answers = await answer([refusal])

    assert places(sent) == [(ROOF, JOIN_RX1), (ROOF, JOIN_RX2)]
    assert (sent[1].frequency_hz, str(sent[1].data_rate)) == (869_525_000, "SF12BW125")
    assert answers.counts == {f"rx1_{refusal}": 1, "sent_rx2": 1}


async def test_another_gateway_is_tried_before_the_second_window() -> None:
    both = (reception(ROOF), reception(CELLAR, snr_db=1.0, timestamp_us=5_000))

    sent, _ = await answer([TxResult.NOT_CONNECTED], receptions=both)

    assert places(sent) == [(ROOF, JOIN_RX1), (CELLAR, 5_005_000)]


async def test_two_channels_of_one_gateway_are_one_chance() -> None:
    sent, _ = await answer([TxResult.TOO_LATE], receptions=(reception(ROOF), reception(ROOF, snr_db=-3.0)))

    assert places(sent) == [(ROOF, JOIN_RX1), (ROOF, JOIN_RX2)]


async def test_a_radio_that_says_nothing_may_have_sent_and_is_not_asked_again() -> None:
    sent, answers = await answer([TxResult.NO_ANSWER])

    assert places(sent) == [(ROOF, JOIN_RX1)]
    assert answers.counts == {"rx1_no_answer": 1}


@pytest.mark.parametrize(
    ("late_s", "windows"), [(4.89, [JOIN_RX1]), (4.91, [JOIN_RX2]), (5.89, [JOIN_RX2]), (5.91, [])]
)
async def test_a_window_that_can_no_longer_be_reached_is_not_tried(late_s: float, windows: list[int]) -> None:
    sent, answers = await answer(late_s=late_s)

    assert [request.timestamp_us for request in sent] == windows
    assert answers.counts["missed"] == (0 if windows else 1)


async def test_an_answer_that_nobody_can_send_is_counted() -> None:
    sent, answers = await answer(receptions=(reception(timestamp_us=None), reception(CELLAR, source="gone")))

    assert sent == []
    assert answers.counts == {"missed": 1}


async def test_all_chances_refused_is_counted_as_missed() -> None:
    _, answers = await answer([TxResult.TOO_LATE, TxResult.TX_POWER])

    assert answers.counts == {"rx1_too_late": 1, "rx2_tx_power": 1, "missed": 1}
