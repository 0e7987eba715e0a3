from __future__ import annotations

import asyncio
import socket
from typing import cast

from gateway.sources.udp import DATAGRAMS_A_TURN, Address, Listener, bind_udp

LIMIT_S = 5.0


class Broken:
    """A socket that has an error to report."""

    def recvfrom(self, _size: int) -> tuple[bytes, Address]:
        raise ConnectionRefusedError


def never() -> None:
    raise AssertionError("no error was to come")


async def bound_with(datagrams: list[bytes]) -> socket.socket:
    bound = await bind_udp("test", "127.0.0.1", 0, 1 << 16)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for datagram in datagrams:
            sender.sendto(datagram, bound.getsockname())
    return bound


async def first_turn(bound: socket.socket) -> list[bytes]:
    """Return what has been taken when anything has."""
    taken: list[bytes] = []
    some = asyncio.Event()

    def take(datagram: bytes, _: Address) -> None:
        taken.append(datagram)
        some.set()

    loop = asyncio.get_running_loop()
    _, listener = await loop.create_datagram_endpoint(lambda: Listener(bound, take, never), sock=bound)
    try:
        async with asyncio.timeout(LIMIT_S):
            await some.wait()
        return list(taken)
    finally:
        await listener.close()


async def test_datagrams_that_wait_together_are_taken_together_in_order() -> None:
    sent = [bytes((number,)) for number in range(5)]
    bound = await bound_with(sent)

    taken = await first_turn(bound)

    assert taken == sent


async def test_a_flood_leaves_the_others_their_turn() -> None:
    bound = await bound_with([b"x"] * (DATAGRAMS_A_TURN + 3))

    taken = await first_turn(bound)

    assert len(taken) == DATAGRAMS_A_TURN


def test_an_error_behind_a_datagram_is_counted_and_the_datagram_kept() -> None:
    taken: list[bytes] = []
    errors: list[None] = []
    listener = Listener(
        cast("socket.socket", Broken()), lambda datagram, _: taken.append(datagram), lambda: errors.append(None)
    )

    listener.datagram_received(b"x", ("127.0.0.1", 1700))

    assert (taken, len(errors)) == ([b"x"], 1)
