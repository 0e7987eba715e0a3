"""What the tests of the agent share."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.commands.cli import main
from tests.agent.boxes import Boxes
from tests.agent.commands import Outcome
from tests.agent.process import CONFIGURATION, rewrite


@pytest.fixture
def configuration(tmp_path: Path) -> Path:
    path = tmp_path / "brygga.toml"
    rewrite(path, CONFIGURATION)
    return path


@pytest.fixture
def boxes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Boxes:
    monkeypatch.delenv("BRYGGA_CONFIG", raising=False)

    def run(folder: Path, arguments: list[str]) -> Outcome:
        with monkeypatch.context() as there:
            there.chdir(folder)
            code = main(arguments)
        output, complaints = capsys.readouterr()
        return Outcome(code, output, complaints)

    return Boxes(tmp_path, run)
