"""Ports for servers that are told where to listen."""

from __future__ import annotations

import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from simulators import ports
from simulators.ports import free_tcp_port, free_udp_port

KINDS = [(free_tcp_port, socket.SOCK_STREAM), (free_udp_port, socket.SOCK_DGRAM)]


@pytest.mark.parametrize(("free", "kind"), KINDS)
def test_a_free_port_can_be_had_again_and_again(free: Callable[[], int], kind: socket.SocketKind) -> None:
    port = free()

    for _ in range(2):
        with socket.socket(type=kind) as server:
            server.bind(("127.0.0.1", port))


def test_nobody_is_given_it_who_does_not_name_it() -> None:
    kernels_first = int(ports.KERNELS_OWN.read_text(encoding="ascii").split()[0])

    found = {free() for free, _ in KINDS for _ in range(50)}

    assert max(found) < kernels_first
    assert len(found) > 90  # and two who ask at the same time have two


def test_a_port_in_use_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket(type=socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", free_udp_port()))
        taken, free = other.getsockname()[1], free_udp_port()
        monkeypatch.setattr(ports, "_candidates", lambda: iter([taken, free]))

        assert free_udp_port() == free


@pytest.mark.parametrize("range_", ["1024\t65535\n", None])
def test_where_the_kernel_has_them_all_one_is_found_all_the_same(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, range_: str | None
) -> None:
    said = tmp_path / "ip_local_port_range"
    if range_ is not None:
        said.write_text(range_, encoding="ascii")
    monkeypatch.setattr(ports, "KERNELS_OWN", said)

    assert ports.FIRST <= free_tcp_port() < ports.FIRST + ports.FEWEST
