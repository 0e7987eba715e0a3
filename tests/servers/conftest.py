from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.servers.bench import ServersBench, bench_on


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[ServersBench]:
    async with bench_on(tmp_path / "journal.db") as made:
        yield made
