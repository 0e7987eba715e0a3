"""What the tests of the website share."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.web import visiting
from tests.web.visiting import Box


@pytest.fixture
async def locked(tmp_path: Path) -> AsyncIterator[Box]:
    """A box with a password."""
    async with visiting.box(tmp_path) as box:
        yield box


@pytest.fixture
async def local(tmp_path: Path) -> AsyncIterator[Box]:
    """A box without one."""
    async with visiting.box(tmp_path, password=None) as box:
        yield box
