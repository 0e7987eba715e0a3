"""What the tests of a fleet's file share."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.pull import watching
from tests.pull.fleets import OWN, Operator, Taker


@pytest.fixture
def operator(tmp_path: Path) -> Operator:
    (tmp_path / "operator").mkdir()
    return Operator(tmp_path / "operator")


@pytest.fixture
def taker(tmp_path: Path, operator: Operator, monkeypatch: pytest.MonkeyPatch) -> Taker:
    monkeypatch.setattr(watching, "EVERY_S", 0.02)
    folder = tmp_path / "box"
    folder.mkdir()
    (folder / "brygga.toml").write_text(OWN, encoding="utf-8")
    (folder / "fleet.keys").write_text(operator.public, encoding="ascii")
    (folder / "fleet.keys").chmod(0o644)
    return Taker(folder, operator)
