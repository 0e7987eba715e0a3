from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Final

import pytest

from gateway.journal import Journal
from gateway.journal.database import Database
from simulators.simulation.memory_disk import MemoryDisk
from tests.journal.samples import CITY, clock

FILE, MEMORY = "file", "memory"
ON_BOTH: Final = frozenset(  # modules that show what holds for a journal on whatever disk
    f"test_{name}"
    for name in (
        "again",
        "box",
        "command_states",
        "devices",
        "downlinks",
        "held",
        "journal",
        "lanes",
        "latest",
        "moved_sessions",
        "retired_sessions",
        "roll",
        "segments",
        "taking_in",
    )
)


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "on_file: the journal's file itself is looked into, so there must be one")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run what holds for every journal over both disks."""
    of_both = metafunc.module.__name__.rpartition(".")[2] in ON_BOTH and "path" in metafunc.fixturenames
    if of_both and metafunc.definition.get_closest_marker("on_file") is None:
        metafunc.parametrize("disk", [FILE, MEMORY], indirect=True)


class Disks:
    """A disk in memory for each path."""

    def __init__(self) -> None:
        self._disks: dict[Path, MemoryDisk] = {}

    def __call__(self, path: Path, key_file: Path) -> AbstractAsyncContextManager[Database]:
        return self._disks.setdefault(path, MemoryDisk()).opening()(path, key_file)

    def close(self) -> None:
        for disk in self._disks.values():
            disk.close()


@pytest.fixture
def disk(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Have `Journal.open` take a file, or a disk in memory where the test is run over that."""
    if getattr(request, "param", FILE) == FILE:
        yield
        return
    disks = Disks()
    monkeypatch.setitem(Journal.open.__func__.__kwdefaults__, "opening", disks)  # type: ignore[attr-defined]  # a classmethod's
    yield
    disks.close()


@pytest.fixture
def path(tmp_path: Path, disk: None) -> Path:
    return tmp_path / "journal.db"


@pytest.fixture
async def journal(path: Path) -> AsyncIterator[Journal]:
    opened = await Journal.open(path, clock=clock, destinations=[CITY])
    yield opened
    await opened.close()
