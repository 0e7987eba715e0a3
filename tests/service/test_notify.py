"""What the service manager is told, at a real socket."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.service.notify import LONGEST_STATUS, Notifier

LIMIT_S = 5.0


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as bound:
        bound.bind(str(tmp_path / "notify"))
        bound.settimeout(LIMIT_S)
        yield bound


@pytest.fixture
def notifier(manager: socket.socket) -> Notifier:
    return Notifier(manager.getsockname())


def test_each_word_is_one_datagram(manager: socket.socket, notifier: Notifier) -> None:
    notifier.ready()
    notifier.alive()
    notifier.extend(1.5)
    notifier.stopping()

    assert [manager.recv(100) for _ in range(4)] == [
        b"READY=1",
        b"WATCHDOG=1",
        b"EXTEND_TIMEOUT_USEC=1500000",
        b"STOPPING=1",
    ]


def test_a_reload_is_told_with_its_time(manager: socket.socket, notifier: Notifier) -> None:
    notifier.reloading()

    first, second = manager.recv(100).decode().splitlines()
    assert first == "RELOADING=1"
    assert second.removeprefix("MONOTONIC_USEC=").isdecimal()


def test_a_status_is_one_line_and_is_said_once(manager: socket.socket, notifier: Notifier) -> None:
    notifier.status("one\ntwo")
    notifier.status("one two")
    notifier.status("x" * 1000)

    assert manager.recv(2000) == b"STATUS=one two"
    assert manager.recv(2000) == b"STATUS=" + b"x" * LONGEST_STATUS


def test_an_abstract_socket_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    name = f"brygga-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as bound:
        bound.bind("\0" + name)
        bound.settimeout(LIMIT_S)
        Notifier("@" + name).ready()

        assert bound.recv(100) == b"READY=1"


@pytest.mark.parametrize("address", [None, "/nowhere/at/all"])
def test_where_nobody_listens_nothing_happens(address: str | None) -> None:
    notifier = Notifier(address)

    notifier.ready()
    notifier.status("words")

    assert notifier.is_listening is (address is not None)


def test_the_environment_is_read_and_kept_from_children() -> None:
    environment = {
        "NOTIFY_SOCKET": "/x",
        "WATCHDOG_USEC": "120000000",
        "WATCHDOG_PID": str(os.getpid()),
        "PATH": "/bin",
    }

    notifier = Notifier.of(environment)

    assert (notifier.is_listening, notifier.watchdog_s) == (True, 120.0)
    assert environment == {"PATH": "/bin"}


@pytest.mark.parametrize(
    "environment",
    [
        {"WATCHDOG_USEC": "1000000"},
        {"NOTIFY_SOCKET": "/x", "WATCHDOG_USEC": "1000000", "WATCHDOG_PID": "1"},
        {"NOTIFY_SOCKET": "/x", "WATCHDOG_USEC": "soon"},
        {"NOTIFY_SOCKET": "/x"},
    ],
    ids=["no socket", "another process", "no number", "no watchdog"],
)
def test_who_is_not_watched_feeds_nobody(environment: dict[str, str]) -> None:
    assert Notifier.of(environment).watchdog_s is None
