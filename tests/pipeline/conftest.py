"""What the tests of the whole command share."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.pipeline.box import Box


@pytest.fixture
async def box(tmp_path: Path) -> AsyncIterator[Box]:
    box = Box(tmp_path)
    async with box.forwarder:
        yield box
        await box.agent.stop()
    assert box.agent.crashes == [], box.agent.log.read_text(encoding="utf-8")
