"""The watchdog is fed while the loops move, and what does not move is named."""

from __future__ import annotations

import logging
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.pulse import Pulse
from gateway.service.notify import Notifier
from gateway.service.watching import LOOKS, Watch, watched
from gateway.service.words import standing

LIMIT_S = 10.0
SOON_S = 0.2  # after which this systemd would end the agent


def test_a_loop_that_waits_for_work_may_stand_still() -> None:
    watch, pulse = Watch(), Pulse("writer", 10.0)

    assert [watch.stuck([pulse], now) for now in (0.0, 100.0, 1000.0)] == [[], [], []]


def test_a_loop_in_a_round_has_to_move_within_its_limit() -> None:
    watch, pulse = Watch(), Pulse("writer", 10.0)

    with pulse.round():
        told = [watch.stuck([pulse], now) for now in (0.0, 10.0, 11.0)]
        pulse.beat()
        told.append(watch.stuck([pulse], 12.0))

    assert told == [[], [], [(pulse, 11.0)], []]


def test_many_rounds_at_once_are_under_way_until_the_last_has_ended() -> None:
    watch, pulse = Watch(), Pulse("hearing", 10.0)

    with pulse.round():
        with pulse.round():
            watch.stuck([pulse], 0.0)
        before = watch.stuck([pulse], 5.0)
        stuck = watch.stuck([pulse], 16.0)

    assert (before, stuck) == ([], [(pulse, 11.0)])


def test_who_waits_for_another_moves_with_it() -> None:
    watch, writer = Watch(), Pulse("writer", 10.0)
    hearing = Pulse("hearing", 10.0, beside=writer)

    with hearing.round():
        watch.stuck([hearing], 0.0)
        writer.beat()
        assert watch.stuck([hearing], 11.0) == []


def test_a_loop_that_has_gone_is_forgotten() -> None:
    watch, pulse = Watch(), Pulse("telling lund", 10.0)

    with pulse.round():
        watch.stuck([pulse], 0.0)
        watch.stuck([], 5.0)

        assert watch.stuck([pulse], 20.0) == []


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as bound:
        bound.bind(str(tmp_path / "notify"))
        bound.settimeout(LIMIT_S)
        yield bound


def test_the_watchdog_is_fed_from_a_thread_and_starved_by_what_hangs(
    manager: socket.socket, caplog: pytest.LogCaptureFixture
) -> None:
    pulse = Pulse("telling lund", SOON_S / LOOKS)

    with watched(Notifier(manager.getsockname(), SOON_S), lambda: [pulse]):
        fed = manager.recv(1000)
        with pulse.round(), caplog.at_level(logging.CRITICAL):
            while (said := manager.recv(1000)) == b"WATCHDOG=1":
                pass
            manager.settimeout(SOON_S)
            with pytest.raises(TimeoutError):
                manager.recv(1000)
        manager.settimeout(LIMIT_S)
        again = manager.recv(1000)

    assert (fed, again) == (b"WATCHDOG=1", b"WATCHDOG=1")
    assert said.startswith(b"STATUS=hangs: telling lund has not moved for")
    assert "MainThread:" in caplog.text
    assert "test_watching.py" in caplog.text


def test_without_a_watchdog_no_thread_is_begun(manager: socket.socket) -> None:
    with watched(Notifier(manager.getsockname()), lambda: pytest.fail("nobody asks")):
        manager.setblocking(False)
        with pytest.raises(BlockingIOError):
            manager.recv(100)


@pytest.mark.parametrize(
    ("sources", "silent", "devices", "waiting", "words"),
    [
        (2, 0, 143, {"lund": 12, "kalmar": 0}, "2 sources, 143 devices, 12 waiting for lund"),
        (1, 1, 1, {"lund": 0}, "1 source (1 not there yet), 1 device, all delivered"),
        (0, 0, 0, {}, "0 sources, 0 devices"),
        (
            1,
            0,
            2,
            {"a": 1, "b": 2, "c": 3, "d": 4},
            "1 source, 2 devices, 4 waiting for d, 3 waiting for c, 2 waiting for b, and for 1 more",
        ),
    ],
)
def test_the_line_of_the_status(sources: int, silent: int, devices: int, waiting: dict[str, int], words: str) -> None:
    assert standing(sources, silent, devices, waiting) == words
