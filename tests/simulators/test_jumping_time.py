"""The loop whose clock jumps: it sleeps for nothing, waits for threads, and says when nothing can happen any more."""

from __future__ import annotations

import asyncio
import socket
import time
from pathlib import Path

import aiosqlite
import pytest

from simulators import jumping_time
from simulators.jumping_time import NothingWillHappen

DAY_S = 86_400.0


def test_a_day_of_sleep_takes_no_time() -> None:
    async def story() -> float:
        began = asyncio.get_running_loop().time()
        await asyncio.sleep(DAY_S)
        return asyncio.get_running_loop().time() - began

    began = time.monotonic()
    passed = jumping_time.run(story())

    assert passed == DAY_S
    assert time.monotonic() - began < 5


def test_timers_come_in_their_order_and_at_their_time() -> None:
    async def story() -> list[tuple[str, float]]:
        loop, seen = asyncio.get_running_loop(), list[tuple[str, float]]()
        began = loop.time()

        async def wait(name: str, seconds: float) -> None:
            await asyncio.sleep(seconds)
            seen.append((name, loop.time() - began))

        await asyncio.gather(wait("late", 7200.5), wait("soon", 0.25), wait("between", 60.0))
        return seen

    assert jumping_time.run(story()) == [("soon", 0.25), ("between", 60.0), ("late", 7200.5)]


def test_a_timeout_ends_what_takes_longer() -> None:
    async def story() -> None:
        async with asyncio.timeout(10):
            await asyncio.sleep(DAY_S)

    with pytest.raises(TimeoutError):
        jumping_time.run(story())


def test_time_stands_still_while_a_thread_works() -> None:
    async def story() -> float:
        loop = asyncio.get_running_loop()
        began, ticking = loop.time(), asyncio.create_task(tick())
        await asyncio.to_thread(time.sleep, 0.05)
        ticking.cancel()
        return loop.time() - began

    async def tick() -> None:
        while True:  # noqa: ASYNC110 - a timer that always waits
            await asyncio.sleep(1.0)

    assert jumping_time.run(story()) == 0.0


def test_time_stands_still_while_a_database_works(tmp_path: Path) -> None:
    async def story() -> float:
        loop = asyncio.get_running_loop()
        began, ticking = loop.time(), asyncio.create_task(tick())
        async with aiosqlite.connect(tmp_path / "some.db") as database:
            await database.execute("CREATE TABLE some (number INTEGER)")
            for number in range(50):
                await database.execute("INSERT INTO some VALUES (?)", (number,))
                await database.commit()
        ticking.cancel()
        return loop.time() - began

    async def tick() -> None:
        while True:  # noqa: ASYNC110 - a timer that always waits
            await asyncio.sleep(0.001)

    assert jumping_time.run(story()) == 0.0


def test_a_datagram_arrives_at_the_moment_it_is_sent() -> None:
    async def story() -> float:
        loop = asyncio.get_running_loop()
        arrived: asyncio.Future[float] = loop.create_future()

        def take() -> None:
            ear.recv(16)
            arrived.set_result(loop.time())

        with (
            socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as ear,
            socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as mouth,
        ):
            ear.bind(("127.0.0.1", 0))
            ear.setblocking(False)
            loop.add_reader(ear, take)
            await asyncio.sleep(5.0)
            sent_at = loop.time()
            mouth.sendto(b"x", ear.getsockname())
            async with asyncio.timeout(1.0):
                passed = await arrived - sent_at
            loop.remove_reader(ear)
        return passed

    assert jumping_time.run(story()) == 0.0


def test_a_story_in_which_nothing_can_happen_any_more_ends_with_that_word() -> None:
    async def story() -> None:
        await asyncio.Event().wait()

    with pytest.raises(NothingWillHappen):
        jumping_time.run(story())
