from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.network.bench import Bench, network_on
from tests.network.radio import StandingClock


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.db"


@pytest.fixture
async def bench(path: Path) -> AsyncIterator[Bench]:
    async with network_on(path, StandingClock()) as made:
        yield made
