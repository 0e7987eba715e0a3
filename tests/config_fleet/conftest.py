"""What the tests of a fleet's configuration share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from gateway.commands.cli import main
from tests.agent.commands import Outcome
from tests.config_fleet.boxes import SOURCE, Folder

Run = Callable[..., Outcome]


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    """A box with a source, and nobody to tell."""
    made = Folder(tmp_path)
    made.write("brygga.toml", SOURCE)
    return made


@pytest.fixture
def brygga(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], folder: Folder) -> Run:
    """Return what runs one command in this process."""
    monkeypatch.delenv("BRYGGA_CONFIG", raising=False)

    def run(*arguments: str) -> Outcome:
        with monkeypatch.context() as there:
            there.chdir(folder.path)
            code = main([*arguments])
        output, complaints = capsys.readouterr()
        return Outcome(code, output, complaints)

    return run
