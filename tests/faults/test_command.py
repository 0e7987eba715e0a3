"""`python -m simulators.torture`: what it prints and how it ends, with a run that is made up."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from simulators.torture import __main__ as command
from simulators.torture.evidence import Evidence
from simulators.torture.plan import Plan
from tests.faults.made_up import good_run, sent


@dataclass
class MadeUp:
    """A torture that is over at once."""

    plan: Plan
    folder: Path
    found: Evidence = field(default_factory=good_run)
    counts: Mapping[str, int] = field(default_factory=lambda: {"agent kills": 0, "broker kills": 0})
    sent: int = 0

    async def run(self) -> None:
        """Nothing happens."""

    async def evidence(self) -> Evidence:
        return self.found

    def numbers(self, evidence: Evidence) -> Mapping[str, float]:
        return {"uplinks asked for": self.plan.uplinks, "uplinks sent": len(evidence.sent)}


class Forgetful(MadeUp):
    """A torture after which nothing has arrived, and no broker has taken anything."""

    async def evidence(self) -> Evidence:
        return replace(self.found, delivered=(), taken=())


def test_a_good_run_ends_with_0(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(command, "Torture", MadeUp)

    code = command.main(["--uplinks", "8"])

    assert code == 0
    assert "every promise was kept" in capsys.readouterr().out


def test_a_broken_promise_ends_with_1_and_all_its_ids(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(command, "Torture", Forgetful)

    code = command.main(["--uplinks", "8", "--json"])
    report = json.loads(capsys.readouterr().out)

    assert code == 1
    assert not report["good"]
    assert report["numbers"] == {"uplinks asked for": 8, "uplinks sent": 8}
    assert {finding["id"] for finding in report["findings"]} == {sent(serial).uplink for serial in range(7)}


@pytest.mark.parametrize(
    "arguments", [["--uplinks", "0"], ["--devices", "-1"], ["--kills", "many"], ["--broker-kills", "-1"]]
)
def test_a_number_that_cannot_be_is_refused(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        command.main(arguments)

    assert arguments[0] in capsys.readouterr().err
