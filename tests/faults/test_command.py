"""`brygga lab torture`: what it prints and how it ends, with a run that is made up; and one that is real, and interrupted."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import psutil
import pytest

from gateway.commands.cli import main
from gateway.commands.command_line_lab import FAULTS
from simulators.faults.missing import Missing
from simulators.torture import command
from simulators.torture.evidence import Evidence
from simulators.torture.plan import Plan
from simulators.torture.run import Incident
from simulators.torture.troubles import TROUBLES
from tests.faults.made_up import good_run, sent

LIMIT_S = 60.0
TORTURE = ("lab", "torture")


@dataclass
class MadeUp:
    """A torture that is over at once."""

    plan: Plan
    folder: Path
    found: Evidence = field(default_factory=good_run)
    sent: int = 0
    seconds: float = 0.0
    is_over: bool = True
    under_way: frozenset[str] = frozenset()
    incidents: tuple[Incident, ...] = (Incident("kill", 1.5, 0.25),)

    async def run(self) -> None:
        """Nothing happens."""

    def stop(self) -> None:
        """Nor does anything end."""

    def counts(self) -> Mapping[str, int]:
        return Counter()

    async def evidence(self) -> Evidence:
        return self.found

    def numbers(self, evidence: Evidence) -> Mapping[str, float]:
        return {"seconds asked for": self.plan.seconds, "uplinks sent": len(evidence.sent)}


class Forgetful(MadeUp):
    """A torture after which nothing has arrived, and no broker has taken anything."""

    async def evidence(self) -> Evidence:
        return replace(self.found, delivered=(), taken=())


@pytest.fixture(autouse=True)
def equipped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "lacking", lambda: {"power-cut": "mounting a file system needs root"})


def test_a_good_run_ends_with_0_and_says_what_could_not_be_had(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(command, "Torture", MadeUp)

    code = main([*TORTURE, "--minutes", "1"])
    out = " ".join(capsys.readouterr().out.split())

    assert code == 0
    assert "nothing was lost" in out
    assert "kill 1 0 the agent is killed (SIGKILL)" in out
    assert "power-cut: mounting a file system needs root" in out


def test_a_broken_promise_ends_with_1_and_all_its_ids(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(command, "Torture", Forgetful)

    code = main([*TORTURE, "--minutes", "0.5", "--seed", "7", "--json"])
    report = json.loads(capsys.readouterr().out)

    assert code == 1
    assert not report["good"]
    assert (report["seed"], report["lost"]) == (7, 7)
    assert report["numbers"] == {"seconds asked for": 30.0, "uplinks sent": 8}
    assert report["troubles"] == [{"name": "kill", "at_s": 1.5, "lasted_s": 0.25}]
    assert {finding["id"] for finding in report["findings"]} == {sent(serial).uplink for serial in range(7)}


@pytest.mark.parametrize(
    "arguments", [["--minutes", "0"], ["--minutes", "soon"], ["--devices", "-1"], ["--pace", "nan"], ["--seed", "x"]]
)
def test_a_number_that_cannot_be_is_refused(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main([*TORTURE, *arguments])

    assert arguments[0] in capsys.readouterr().err


@pytest.mark.parametrize(
    ("faults", "words"),
    [
        ("kill,flood", "'flood' is none of all, none, kill, kill-starting, power-cut"),
        ("power-cut", "power-cut cannot be had here: mo"),
    ],
)
def test_a_fault_that_cannot_be_had_is_told(faults: str, words: str, capsys: pytest.CaptureFixture[str]) -> None:
    code = main([*TORTURE, "--faults", faults])

    assert code == 1
    assert words in " ".join(capsys.readouterr().err.split())


def test_faults_are_chosen_by_name() -> None:
    absent = {"power-cut": "no root"}

    assert command.chosen("all", absent) == [name for name in TROUBLES if name != "power-cut"]
    assert command.chosen("none", absent) == []
    assert command.chosen("cut, kill", absent) == ["cut", "kill"]
    with pytest.raises(Missing, match="no root"):
        command.chosen("kill,power-cut", absent)


def test_the_command_line_names_each_trouble_that_there_is() -> None:
    assert tuple(TROUBLES) == FAULTS


def test_a_machine_without_the_simulators_says_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "simulators.torture.command", None)

    code = main([*TORTURE])

    assert code == 1
    assert "the lab is not installed on this machine" in capsys.readouterr().err


async def test_an_interrupted_run_reports_what_was_and_leaves_nothing_running(tmp_path: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "gateway", *TORTURE, "--minutes", "60", "--devices", "4", "--pace", "0.1"),
        *("--faults", "cut", "--json", "--folder", str(tmp_path)),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    async with asyncio.timeout(LIMIT_S):
        while b"started" not in _read(tmp_path / "agent.log"):  # noqa: ASYNC110 - a file tells nobody when it changes
            await asyncio.sleep(0.05)
        children = psutil.Process(process.pid).children(recursive=True)
        process.send_signal(signal.SIGINT)
        out, _ = await process.communicate()

    assert process.returncode == 0
    assert json.loads(out)["good"]
    assert len(children) >= 2
    assert not [child for child in children if child.is_running()]


def _read(path: Path) -> bytes:
    return path.read_bytes() if path.exists() else b""
