"""The judge of torture runs, on runs that are made up: it finds nothing in a good one, and names what is wrong in others."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace

import pytest
from rich.console import Console

from simulators.torture.evidence import Evidence
from simulators.torture.judge import judge
from simulators.torture.payload import payload_of, serial_of
from simulators.torture.report import Report, as_json, show
from tests.faults.made_up import (
    ACTIVATIONS,
    DEVICES,
    KILLED_RUN,
    NOBODY_HEARD,
    committed,
    delivered,
    good_run,
    sent,
    taken,
)

Spoil = Callable[[Evidence], Evidence]


def id_of(serial: int) -> str:
    return sent(serial).uplink


def without_delivery(run: Evidence, serial: int) -> Evidence:
    return replace(run, delivered=tuple(one for one in run.delivered if one.serial != serial))


def without_puback(run: Evidence, serial: int) -> Evidence:
    return replace(run, taken=tuple(one for one in run.taken if one.uplink != id_of(serial)))


def without_row(run: Evidence, serial: int) -> Evidence:
    return replace(run, committed=tuple(one for one in run.committed if one.uplink != id_of(serial)))


# what was done to the run, the rule that finds it, the id it is named by, words
SPOILED: dict[str, tuple[Spoil, str, str, str]] = {
    "never delivered": (
        lambda run: without_puback(without_delivery(run, 4), 4),
        *("a", id_of(4), "no broker ever said"),
    ),
    "refused by the broker": (
        lambda run: replace(
            without_puback(without_delivery(run, 4), 4), taken=(*without_puback(run, 4).taken, taken(4, reason=0x87))
        ),
        *("a", id_of(4), "no broker ever said"),
    ),
    "taken by a broker that lived": (
        lambda run: without_delivery(run, 4),
        *("a", id_of(4), "never arrived"),
    ),
    "taken by a killed broker and by one that lived": (
        lambda run: without_delivery(run, 0),
        *("a", id_of(0), "never arrived"),
    ),
    "set aside by the agent": (
        lambda run: replace(without_delivery(run, 4), held={id_of(4): "refused: no"}),
        *("a", id_of(4), "refused: no"),
    ),
    "still waiting": (lambda run: replace(run, waiting=3), "a", "journal", "3 rows"),
    "rows dropped": (lambda run: replace(run, gone_rows=1), "a", "journal", "1 rows"),
    "delivered and not committed": (lambda run: without_row(run, 5), "a", id_of(5), "the journal does not hold it"),
    "acknowledged and not committed": (
        lambda run: replace(run, acknowledged=run.acknowledged | {id_of(NOBODY_HEARD)}),
        *("b", id_of(NOBODY_HEARD), "acknowledged to the device"),
    ),
    "acknowledged and lost from the journal": (
        lambda run: without_delivery(without_row(run, 3), 3),
        *("b", id_of(3), "acknowledged to the device"),
    ),
    "joined without a session": (
        lambda run: replace(run, sessions={**run.sessions, DEVICES[0]: frozenset({"0100abcd-7"})}),
        *("b", f"{DEVICES[0]} {ACTIVATIONS[DEVICES[0]]}", "no session"),
    ),
    "a duplicate under another id": (
        lambda run: replace(run, delivered=(*run.delivered, replace(delivered(2), uplink=id_of(6)))),
        *("c", id_of(6), f"is a copy of {id_of(2)}"),
    ),
    "a message of nothing": (
        lambda run: replace(run, delivered=(*run.delivered, replace(delivered(2), serial=None))),
        *("c", id_of(2), "without the payload"),
    ),
    "one id for two payloads in the journal": (
        lambda run: replace(run, committed=(*run.committed, replace(committed(2, 8), f_cnt=9, payload=payload_of(99)))),
        *("d", id_of(2), "stands for two uplinks"),
    ),
    "one id for two messages": (
        lambda run: replace(run, delivered=(*run.delivered, replace(delivered(2), body=b"another pack"))),
        *("d", id_of(2), "stands for two uplinks"),
    ),
    "an id that its device does not reckon": (
        lambda run: replace(run, sent=tuple(one for one in run.sent if one.uplink != id_of(2))),
        *("d", id_of(2), "no device sent this"),
    ),
    "a payload that was not sent": (
        lambda run: replace(
            run,
            committed=tuple(
                replace(one, payload=payload_of(77)) if one.uplink == id_of(2) else one for one in run.committed
            ),
        ),
        *("d", id_of(2), "no device sent this"),
    ),
    "a replay taken": (
        lambda run: replace(run, committed=(*run.committed, committed(2, 8))),
        *("e", id_of(2), "taken after number 3"),
    ),
    "a transmission committed twice": (
        lambda run: replace(
            run, committed=(*run.committed, replace(committed(2, 8), activation="0100abcd-1", uplink="another"))
        ),
        *("e", "another", "the same transmission as row 3"),
    ),
    "the agent crashed": (lambda run: replace(run, crashes=("ended with 1",)), "f", "agent", "ended with 1"),
}


def test_a_good_run_has_no_findings() -> None:
    judgement = judge(good_run())

    assert judgement.findings == ()
    assert judgement.lost_by_broker == ()


@pytest.mark.parametrize(("spoil", "rule", "id_", "words"), SPOILED.values(), ids=SPOILED)
def test_a_broken_promise_is_named_by_its_rule_and_id(spoil: Spoil, rule: str, id_: str, words: str) -> None:
    judgement = judge(spoil(good_run()))

    assert not judgement.good
    assert any(
        (finding.rule, finding.id) == (rule, id_) and words in finding.words for finding in judgement.findings
    ), judgement.findings


def test_what_only_a_killed_broker_had_taken_is_the_brokers_loss() -> None:
    run = without_puback(without_delivery(good_run(), 4), 4)

    judgement = judge(replace(run, taken=(*run.taken, taken(4, KILLED_RUN))))

    assert judgement.good
    assert judgement.lost_by_broker == (id_of(4),)


def test_a_killed_broker_excuses_nothing_that_it_refused() -> None:
    run = without_puback(without_delivery(good_run(), 4), 4)

    judgement = judge(replace(run, taken=(*run.taken, taken(4, KILLED_RUN, reason=0x97))))

    assert [finding.id for finding in judgement.findings] == [id_of(4)]
    assert judgement.lost_by_broker == ()


def test_a_serial_number_is_read_from_its_own_payload_only() -> None:
    payload = payload_of(123_456)

    assert serial_of(payload) == 123_456
    assert serial_of(payload[:-1]) is None
    assert serial_of(bytes((payload[0] ^ 1,)) + payload[1:]) is None


def test_rows_that_a_full_disk_made_go_after_they_arrived_are_no_loss() -> None:
    run = replace(without_row(good_run(), 3), gone_rows=1, may_have_let_go=True)

    judgement = judge(run)

    assert judgement.findings == ()


def test_a_full_disk_excuses_no_row_that_never_arrived_and_none_that_is_not_gone() -> None:
    never_arrived = replace(without_delivery(without_row(good_run(), 3), 3), gone_rows=1, may_have_let_go=True)
    not_gone = replace(without_row(good_run(), 3), gone_rows=0, may_have_let_go=True)

    assert {(one.rule, one.id) for one in judge(never_arrived).findings} == {("a", "journal"), ("b", id_of(3))}
    assert {(one.rule, one.id) for one in judge(not_gone).findings} == {("a", id_of(3)), ("b", id_of(3))}


def test_the_report_says_every_id_in_full() -> None:
    judgement = judge(SPOILED["never delivered"][0](good_run()))
    report = Report(seed=1, numbers={"uplinks sent": 8}, judgement=judgement)
    screen = io.StringIO()

    show(Console(file=screen, width=200), report)

    assert id_of(4) in screen.getvalue()
    assert as_json(report)["lost"] == 1
    assert as_json(report)["findings"] == [
        {"rule": "a", "id": id_of(4), "words": "committed, and no broker ever said that it had taken it"}
    ]
