"""The conversation that simple formats share: sides, order, halves, tries."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from decoders.contract import Reading
from gateway.formats import Conversation
from gateway.formats.naming import UnknownDevice, milliseconds
from gateway.formats.parts import Part, Said, request_about
from gateway.formats.patience import SUSPECT, Patience
from gateway.formats.rounds import SPLITS_AFTER_500, Late, Rounds
from gateway.model import Answer, Item, Json, Receipt, Request, RowId, Verdict
from tests.formats.items import DEVICE, HEARD_AT, TAKEN, converse, eui, item

UNCLEAR = Answer(verdict=Verdict.UNCLEAR, status=0, detail="no answer in 10 s")
LATER = Answer(verdict=Verdict.LATER, status=503, detail="503 Service Unavailable")
REFUSED = Answer(verdict=Verdict.REFUSED, status=400, detail="400 Bad Request")
STUMBLE = Answer(verdict=Verdict.LATER, status=500, detail="500 Internal Server Error")
TRIES = 5


class Mutters:
    """Says a row's device and times; ``most`` rows in one request."""

    def __init__(self, late: Late = "send", most: int = 1) -> None:
        self.late: Late = late
        self.most = most

    def deliver(self, batch: Sequence[Item], memory: Mapping[str, Json]) -> Conversation:
        return Rounds(batch, memory, self, late=self.late, patience=Patience(tries=TRIES)).talk()

    def say(self, one: Item) -> Said:
        if one.device.dev_eui == eui(99):
            raise UnknownDevice(one.device)
        said = [observation for observation in one.observations if observation.quantity != "snr"]
        parts = [
            Part(one.row, one.device.dev_eui, milliseconds(this.observed_at), request_about(one, "t", b"%d" % one.row))
            for this in said
        ]
        return Said(parts, [this.quantity for this in one.observations if this not in said])

    def packed(self, parts: Sequence[Part]) -> Iterator[Sequence[Part]]:
        return (parts[at : at + self.most] for at in range(0, len(parts), self.most))

    def request(self, parts: Sequence[Part]) -> Request:
        return Request(target="t", body=b" ".join(part.request.body for part in parts), content_type="text/plain")


def co2(row: int, device: int = 1, minutes_ago: int | None = None) -> Item:
    at = None if minutes_ago is None else HEARD_AT - timedelta(minutes=minutes_ago)
    return item(Reading("co2", 400, "[ppm]", None, at), row=row, device=replace(DEVICE, dev_eui=eui(device)))


def rows(request: Request) -> list[int]:
    return [int(row) for row in request.body.split()]


def unless(bad: int, answer: Answer) -> Callable[[Request], Answer]:
    return lambda request: answer if bad in rows(request) else TAKEN


def again(
    mutters: Mutters, batch: list[Item], answer: Callable[[Request], Answer] | Answer, turns: int
) -> tuple[Receipt, dict[str, Any]]:
    """Tell what is undecided again and again."""
    memory: dict[str, Any] = {}
    waiting = batch
    receipt = Receipt()
    for _ in range(turns):
        _, receipt = converse(mutters, waiting, answer, memory)
        memory |= receipt.memory
        memory = {key: value for key, value in memory.items() if value is not None}
        waiting = [one for one in waiting if one.row in receipt.undecided]
        if not waiting:
            break
    return receipt, memory


# ── sides and order ──


def test_what_keeps_its_time_goes_side_by_side() -> None:
    waves, receipt = converse(Mutters(), [co2(1), co2(2), co2(3, 2)])

    assert [[rows(request) for request in wave] for wave in waves] == [[[1], [2], [3]]]
    assert receipt.accepted == {1, 2, 3}
    assert receipt.memory == {}


@pytest.mark.parametrize("late", ["refuse", "skip"])
def test_where_the_latest_counts_each_thing_hears_one_at_a_time(late: Late) -> None:
    waves, receipt = converse(Mutters(late), [co2(1), co2(2), co2(3, 2)])

    assert [[rows(request) for request in wave] for wave in waves] == [[[1], [3]], [[2]]]
    assert receipt.memory == {
        f"newest/{eui(1)}": milliseconds(HEARD_AT + timedelta(seconds=2)),
        f"newest/{eui(2)}": milliseconds(HEARD_AT + timedelta(seconds=3)),
    }


def test_an_older_value_is_refused_with_a_word_and_the_newer_one_stays() -> None:
    _, first = converse(Mutters("refuse"), [co2(5)])

    waves, second = converse(Mutters("refuse"), [co2(2)], memory=first.memory)

    assert waves == []
    assert second.refused == {
        2: "late: 2026-03-01T12:00:02.123Z, and a newer value (2026-03-01T12:00:05.123Z) is already there"
    }


def test_what_is_late_can_be_left_out_and_is_counted() -> None:
    _, first = converse(Mutters("skip"), [co2(5)])

    _, second = converse(Mutters("skip"), [co2(2)], memory=first.memory)

    assert second.accepted == {2}
    assert second.warnings == ("late: an older value was left out",)


def test_a_history_in_one_uplink_is_told_in_its_order_and_the_late_half_is_refused() -> None:
    history = item(
        Reading("co2", 2, "[ppm]", None, HEARD_AT - timedelta(hours=1)),
        Reading("co2", 1, "[ppm]", None, HEARD_AT - timedelta(hours=2)),
        row=2,
        device=replace(DEVICE, dev_eui=eui(1)),
    )
    _, first = converse(Mutters("refuse"), [co2(1, minutes_ago=90)])

    waves, second = converse(Mutters("refuse"), [history], memory=first.memory)

    assert [len(wave) for wave in waves] == [1]
    assert list(second.refused) == [2]
    assert second.memory == {f"newest/{eui(1)}": milliseconds(HEARD_AT - timedelta(hours=1))}


def test_what_is_newer_waits_for_what_is_undecided() -> None:
    waves, receipt = converse(Mutters("refuse"), [co2(1), co2(2), co2(3, 2)], unless(1, UNCLEAR))

    assert len(waves) == 1
    assert receipt.accepted == {3}
    assert set(receipt.undecided) == {1, 2}
    assert f"newest/{eui(1)}" not in receipt.memory


# ── rows ──


def test_nothing_is_dropped_in_silence() -> None:
    unknown = replace(DEVICE, dev_eui=eui(99))

    waves, receipt = converse(
        Mutters(),
        [item(row=1), item(Reading("snr", 1, "dB"), row=2), item(Reading("co2", 1, "[ppm]"), row=3, device=unknown)],
    )

    assert waves == []
    assert receipt.accepted == {1, 2}
    assert receipt.warnings == ("an uplink held no observation: nothing was sent of it",)
    assert receipt.inexpressible == {"snr": 1}
    assert receipt.refused == {
        3: f"unknown device {eui(99)}; options.ids, which `brygga city connect` writes, makes it known"
    }


def test_one_refused_part_refuses_its_row_and_no_other() -> None:
    waves, receipt = converse(Mutters(most=8), [co2(row) for row in range(8)], unless(5, REFUSED))

    assert [[len(rows(request)) for request in wave] for wave in waves] == [[8], [4, 4], [2, 2], [1, 1]]
    assert receipt.accepted == {0, 1, 2, 3, 4, 6, 7}
    assert receipt.refused == {5: "400 Bad Request"}


@pytest.mark.parametrize("status", [400, 404, 415, 422])
def test_what_is_wrong_with_the_message_is_refused_at_once(status: int) -> None:
    answer = Answer(verdict=Verdict.LATER, status=status, detail=str(status), body=b'{"message":"no such node"}')

    _, receipt = converse(Mutters(), [co2(1)], answer)

    assert receipt.refused == {1: f"{status}: no such node"}


@pytest.mark.parametrize("status", [401, 403, 405, 408, 429, 502, 503, 504, 507])
def test_nothing_is_lost_for_the_way_there(status: int) -> None:
    answer = Answer(verdict=Verdict.LATER, status=status, detail="no", retry_after=timedelta(seconds=30))

    receipt, memory = again(Mutters(), [co2(1), co2(2)], answer, turns=20)

    assert receipt.undecided == {1: "no", 2: "no"}
    assert receipt.refused == {}
    assert receipt.retry_after == timedelta(seconds=30)
    assert memory == {}


# ── tries ──


def test_a_row_that_alone_gets_a_500_is_given_up_after_its_tries() -> None:
    receipt, memory = again(Mutters(), [co2(1), co2(2)], unless(1, STUMBLE), turns=TRIES)

    assert receipt.refused == {1: f"tried {TRIES} times while others were taken; last: 500 Internal Server Error"}
    assert memory == {}


def test_the_tries_are_remembered_over_a_restart() -> None:
    _, first = converse(Mutters(), [co2(1), co2(2)], unless(1, STUMBLE))
    _, last = converse(Mutters(), [co2(1), co2(2)], unless(1, STUMBLE), {"tries/1": TRIES - 1})

    assert first.memory == {"tries/1": -1}  # others were taken
    assert list(last.refused) == [1]
    assert last.memory == {"tries/1": None}


def test_an_ill_platform_costs_one_row_at_most_for_each_row_of_tries() -> None:
    _, memory = again(Mutters(), [co2(row) for row in range(5)], STUMBLE, turns=TRIES - 1)

    assert memory == {"tries/0": TRIES - 1}


def test_a_500_of_many_is_halved_and_a_platform_that_only_says_500_is_soon_left_alone() -> None:
    batch = [co2(row) for row in range(100)]

    _, one = converse(Mutters(most=100), batch, unless(42, STUMBLE))
    waves, all_of_them = converse(Mutters(most=100), batch, STUMBLE)

    assert len(one.accepted) == 99
    assert list(one.undecided) == [42]
    assert sum(map(len, waves)) <= 2 * (SPLITS_AFTER_500 + 7) + 1  # 7 halvings lead to the oldest of 100
    assert len(all_of_them.undecided) == 100


def test_a_thing_that_only_gets_500_ends_row_by_row_and_the_neighbours_of_a_bad_row_do_not() -> None:
    poison = {row for row in range(60) if row % 3 == 0}
    batch = [co2(row, device=row % 3) for row in range(60)]

    receipts = []
    memory: dict[str, Any] = {}
    waiting = batch
    for _ in range(3 * TRIES):
        _, receipt = converse(
            Mutters(most=60), waiting, lambda request: STUMBLE if poison & set(rows(request)) else TAKEN, memory
        )
        memory = {key: value for key, value in {**memory, **receipt.memory}.items() if value is not None}
        receipts.append(receipt)
        waiting = [one for one in waiting if one.row in receipt.undecided]

    assert {row for receipt in receipts for row in receipt.refused} == poison
    assert sum(len(receipt.accepted) for receipt in receipts) == 40
    assert (waiting, memory) == ([], {})


def test_a_suspect_goes_last_and_alone() -> None:
    waves, _ = converse(Mutters(most=9), [co2(1), co2(2), co2(3)], memory={"tries/1": SUSPECT})

    assert [[rows(request) for request in wave] for wave in waves] == [[[2, 3]], [[1]]]


def test_a_message_that_a_broker_hangs_up_over_is_given_up_while_others_are_taken() -> None:
    receipt, memory = again(Mutters(), [co2(1), co2(2), co2(3)], unless(1, UNCLEAR), turns=1)
    assert receipt.accepted == {2, 3}

    _, last = converse(Mutters(), [co2(1), co2(4)], unless(1, UNCLEAR), {"tries/1": TRIES - 1})

    assert memory == {"tries/1": -1}
    assert last.refused == {1: f"tried {TRIES} times while others were taken; last: no answer in 10 s"}


def test_a_line_without_answers_loses_nothing_however_long() -> None:
    receipt, memory = again(Mutters(), [co2(1), co2(2)], UNCLEAR, turns=10 * TRIES)

    assert set(receipt.undecided) == {1, 2}
    assert set(memory.values()) == {SUSPECT}  # nobody knows who it was: nobody comes nearer to being given up


def test_tries_of_rows_that_ended_otherwise_are_forgotten() -> None:
    _, receipt = converse(Mutters(), [co2(2)], memory={"tries/1": 2, "other": 1})

    assert receipt.memory == {"tries/1": None}


def test_nobody_listening_is_delivered_and_said() -> None:
    _, receipt = converse(Mutters(), [co2(1)], Answer(verdict=Verdict.TAKEN, status=0x10))

    assert receipt.accepted == {RowId(1)}
    assert receipt.warnings == ("the broker took it, and nobody subscribes to the topic (0x10)",)
