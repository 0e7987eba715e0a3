"""The judge of the site finds what is wrong: each of these networks breaks one promise."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gateway.journal import Changes
from gateway.lorawan import composing, downlink
from gateway.model import TxRequest
from gateway.network import joins, transmitters
from simulators.site import Plan, box, run

HAMLET = Plan(devices=15, gateways=1, hours=0.4, interval_s=60.0, confirmed_every=2, class_c_every=0, odd_every=0)
Sabotage = Callable[[pytest.MonkeyPatch], None]


def _knows_no_law(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(box, "CONFIGURATION", box.CONFIGURATION + '[radio]\nduty_cycle = "ignored"\n')


def _sends_late(monkeypatch: pytest.MonkeyPatch) -> None:
    right = downlink.rx1

    def late(*arguments: Any, **named: Any) -> TxRequest | None:
        request = right(*arguments, **named)
        if request is None or request.timestamp_us is None:
            return request
        return replace(request, timestamp_us=(request.timestamp_us + 50_000) % (1 << 32))

    monkeypatch.setattr(transmitters, "rx1", late)


def _counts_no_downlink(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(composing, "counted", lambda session, _: session)


def _writes_to_no_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(box, "LEFT_BEHIND", ("journal.db", "brygga.key"))  # what was committed since lies in the WAL


def _forgets_nonces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(joins, "Changes", lambda **named: Changes(**{**named, "dev_nonces": ()}))


CROWD = replace(HAMLET, devices=40, interval_s=30.0, hours=0.6, seed=2)
CUT = replace(HAMLET, kills=2)


@pytest.mark.parametrize(
    ("sabotage", "plan", "found"),
    [
        (_knows_no_law, CROWD, "Overrun"),
        (_sends_late, HAMLET, "was heard by nobody"),
        (_counts_no_downlink, HAMLET, "was used for"),
        (_writes_to_no_disk, CUT, "is not in the journal"),
        (_forgets_nonces, HAMLET, "has forgotten DevNonce"),
    ],
    ids=lambda value: value.__name__.strip("_") if callable(value) else "",
)
def test_a_broken_promise_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sabotage: Sabotage, plan: Plan, found: str
) -> None:
    sabotage(monkeypatch)

    outcome = run(plan, tmp_path)

    assert any(found in fault for fault in outcome.faults), outcome.table()
