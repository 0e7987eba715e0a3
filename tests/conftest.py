"""What holds for every test: nothing is left behind, and the clock is an argument."""

from __future__ import annotations

import asyncio
import inspect
import os
import socket
import threading
from collections.abc import AsyncIterator, Iterator
from typing import Final

import pytest
from hypothesis import HealthCheck, settings

from tests import forked

# How fast a machine makes and tries examples is no matter of these tests; the first run of all draws for more than a second.
settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")

LONG_FIRST: Final = (
    "tests/web/pages/",
    "tests/docs/",
    "tests/cities/test_move.py",
    "tests/network/test_site_",
    "tests/simulation/",
    "tests/simulators/",
    "tests/faults/",
    "tests/pipeline/",
    "tests/packaging/",
    "tests/setup/",
    "tests/config_fleet/",
    "tests/formats/test_sensorthings_real_server.py",
    "tests/transports/test_mqtt_mosquitto.py",
    "tests/decoders/test_table_fuzz.py",
    "tests/agent/",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes long: the end of a run is then short for each worker, whoever gets what is left."""

    def rank(item: pytest.Item) -> int:
        found = (number for number, place in enumerate(LONG_FIRST) if item.nodeid.startswith(place))
        return next(found, len(LONG_FIRST))

    items.sort(key=rank)


@pytest.fixture(scope="session", autouse=True)
def what_was_started(tmp_path_factory: pytest.TempPathFactory) -> None:
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "started"
    folder.mkdir(exist_ok=True)
    forked.begun[:] = [folder]


@pytest.fixture(autouse=True)
def no_threads_left() -> Iterator[None]:
    before = set(threading.enumerate())
    yield
    left = [thread for thread in threading.enumerate() if thread not in before and thread.is_alive()]
    for thread in left:
        thread.join(timeout=5)
    names = [thread.name for thread in left if thread.is_alive() and not thread.name.startswith("asyncio_")]
    assert not names, f"threads left behind: {names}"


@pytest.fixture(autouse=True)
def watch_tasks_of_async_tests(request: pytest.FixtureRequest) -> None:
    if inspect.iscoroutinefunction(getattr(request.node, "obj", None)):
        request.getfixturevalue("no_tasks_left")


@pytest.fixture
async def no_tasks_left() -> AsyncIterator[None]:
    before = asyncio.all_tasks()
    yield
    current = asyncio.current_task()
    left: list[asyncio.Task[object]] = []
    for _ in range(50):  # tasks that were cancelled end within a few turns of the loop
        left = [task for task in asyncio.all_tasks() if task not in before and task is not current and not task.done()]
        if not left:
            break
        await asyncio.sleep(0.01)
    else:
        pytest.fail(f"tasks left behind: {[task.get_name() for task in left]}")


@pytest.fixture(autouse=True)
def loopback_only(monkeypatch: pytest.MonkeyPatch) -> None:
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: object) -> None:
        if isinstance(address, tuple) and address[0] not in {"127.0.0.1", "::1", "localhost", "0.0.0.0"}:
            raise AssertionError(f"a test reached out to {address[0]}")
        connect(self, address)  # type: ignore[arg-type]  # a tuple, or a path of a unix socket

    monkeypatch.setattr(socket.socket, "connect", guarded)
