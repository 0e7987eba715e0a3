"""Ports for servers that are told where to listen: known before they start, the same when they start again.

The kernel is not asked for one (port 0): it would soon give the same port to any other socket, while the server is not up
yet or has been killed, and tests run side by side.
"""

from __future__ import annotations

import secrets
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Final

HOST: Final = "127.0.0.1"
KERNELS_OWN: Final = Path("/proc/sys/net/ipv4/ip_local_port_range")  # what it gives to whoever asks for none
FIRST: Final = 10_000  # below, well-known services listen
FEWEST: Final = 1_000  # to choose from, also where the kernel's own begin low
TRIES: Final = 100


def free_tcp_port() -> int:
    """Return a TCP port of 127.0.0.1 that nobody has, and that nobody is given who does not name it."""
    return _free(socket.SOCK_STREAM)


def free_udp_port() -> int:
    """Return a UDP port of 127.0.0.1 that nobody has, and that nobody is given who does not name it."""
    return _free(socket.SOCK_DGRAM)


def free_port_from(first: int) -> int:
    """Return the first TCP port of 127.0.0.1 from ``first`` on that nobody has. Raises OSError after 100 that are in use."""
    for port in range(first, first + TRIES):
        with socket.socket() as probe:
            try:
                probe.bind((HOST, port))
            except OSError:
                continue
        return port
    raise OSError(f"ports {first} to {first + TRIES - 1} were tried, and all are in use")


def _free(kind: socket.SocketKind) -> int:
    for port in _candidates():
        with socket.socket(type=kind) as probe:
            try:
                probe.bind((HOST, port))
            except OSError:
                continue
        return port
    raise OSError(f"{TRIES} ports from {FIRST} on were tried, and all are in use")


def _candidates() -> Iterator[int]:
    """Yield ports at random: no seed, or two processes would choose the same."""
    choice = range(FIRST, max(_kernels_first(), FIRST + FEWEST))
    return (secrets.choice(choice) for _ in range(TRIES))


def _kernels_first() -> int:
    try:
        return int(KERNELS_OWN.read_text(encoding="ascii").split()[0])
    except OSError:
        return 0
