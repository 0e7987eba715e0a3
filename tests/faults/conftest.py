"""What the tests of faults share: equipment that this machine may lack, and then says so."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from simulators.faults.disk import FaultyDisk
from simulators.faults.missing import Missing
from simulators.faults.namespace import NETWORK
from simulators.faults.resolver import FaultyResolver
from simulators.faults.volume import Volume
from simulators.platforms.mosquitto import Mosquitto
from tests.pipeline.box import Box

VOLUME_BYTES = 48 * 2**20


@pytest.fixture(autouse=True)
def loopback_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let tests reach this machine alone, a network namespace on it too."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: object) -> None:
        if isinstance(address, tuple) and not str(address[0]).startswith(("127.", f"{NETWORK}.")):
            raise AssertionError(f"a test reached out to {address[0]}")
        connect(self, address)  # type: ignore[arg-type]  # a tuple, or a path of a unix socket

    monkeypatch.setattr(socket.socket, "connect", guarded)


@pytest.fixture
def disk(tmp_path: Path) -> FaultyDisk:
    """A disk that fails when it is told to."""
    try:
        return FaultyDisk.made_in(tmp_path)
    except Missing as missing:
        pytest.skip(str(missing))


@pytest.fixture
def resolver(tmp_path: Path) -> FaultyResolver:
    """A resolver that fails when it is told to."""
    try:
        return FaultyResolver.made_in(tmp_path)
    except Missing as missing:
        pytest.skip(str(missing))


@pytest.fixture
def volume(tmp_path: Path) -> Iterator[Volume]:
    """A file system of its own where the agent's data are; a test that needs one is skipped with the reason."""
    volume = Volume(tmp_path / "disk.img", tmp_path / "data", VOLUME_BYTES)
    try:
        volume.make()
    except Missing as missing:
        pytest.skip(str(missing))
    yield volume
    volume.unmake()


@pytest.fixture
async def mosquitto(tmp_path: Path) -> AsyncIterator[Mosquitto]:
    async with Mosquitto(tmp_path / "mosquitto") as broker:
        yield broker


@pytest.fixture
async def box(tmp_path: Path) -> AsyncIterator[Box]:
    """An agent of its own; a volume that is asked for, too, is mounted before it and goes after it."""
    box = Box(tmp_path)
    async with box.forwarder:
        yield box
        await box.agent.kill()
