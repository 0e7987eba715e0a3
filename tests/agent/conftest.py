"""What the tests of the agent share."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.agent.process import CONFIGURATION, rewrite


@pytest.fixture
def configuration(tmp_path: Path) -> Path:
    path = tmp_path / "brygga.toml"
    rewrite(path, CONFIGURATION)
    return path
