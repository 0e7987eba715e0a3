"""A server's name becomes an address that there is a way to, within a limit."""

from __future__ import annotations

import asyncio
import socket
from typing import Any

import pytest

from gateway.relay import resolving
from gateway.relay.resolving import resolved

NO_WAY = (socket.AF_INET6, socket.SOCK_DGRAM, 17, "", ("100::1", 1700, 0, 0))  # RFC 6666: goes nowhere
HERE = (socket.AF_INET, socket.SOCK_DGRAM, 17, "", ("127.0.0.1", 1700))


def answer(monkeypatch: pytest.MonkeyPatch, *found: Any) -> None:
    async def told(*_: object, **__: object) -> list[Any]:
        return [*found]

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", told)


async def test_an_address_without_a_way_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    connect = socket.socket.connect

    def without_ipv6(self: socket.socket, address: Any) -> None:
        if self.family == socket.AF_INET6:
            raise OSError(101, "Network is unreachable")
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", without_ipv6)
    answer(monkeypatch, NO_WAY, HERE)

    assert await resolved("lns.example", 1700) == [(socket.AF_INET, ("127.0.0.1", 1700))]


async def test_without_any_way_it_is_said_why(monkeypatch: pytest.MonkeyPatch) -> None:
    def without(_: socket.socket, __: Any) -> None:
        raise OSError(101, "Network is unreachable")

    monkeypatch.setattr(socket.socket, "connect", without)
    answer(monkeypatch, NO_WAY, HERE)

    with pytest.raises(OSError, match="unreachable"):
        await resolved("lns.example", 1700)


async def test_a_resolver_that_says_nothing_has_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    async def silent(*_: object, **__: object) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(resolving, "LIMIT_S", 0.02)
    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", silent)

    with pytest.raises(OSError, match="nobody answered within"):
        await resolved("lns.example", 1700)


@pytest.mark.parametrize("host", ["x" * 300, "a..b", "\udcff"])
async def test_what_can_be_no_name_is_an_error_in_words(host: str) -> None:
    with pytest.raises(OSError, match=r"no name|too long|label"):
        await resolved(host, 1700)
