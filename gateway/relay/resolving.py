"""From a server's name to its address, within a limit."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Sequence
from typing import Final

from gateway.sources.udp import Address

LIMIT_S: Final = 5.0  # a resolver that takes longer is asked again

Found = tuple[int, Address]
"""A socket's family and its address."""


async def resolved(host: str, port: int) -> Sequence[Found]:
    """Return where UDP to ``host`` may go, the best address first; OSError says why that is not known."""
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(LIMIT_S):
            found = await loop.getaddrinfo(host, port, type=socket.SOCK_DGRAM)
    except TimeoutError as error:
        raise OSError(f"nobody answered within {LIMIT_S:g} s") from error
    except UnicodeError as error:
        raise OSError(f"{host!r} is no name") from error
    return _reachable([(family, address) for family, _, _, _, address in found])


def _reachable(found: Sequence[Found]) -> Sequence[Found]:
    """Return the addresses that there is a way to: a name may have one of IPv6 where this box has none."""
    trouble, reachable = OSError("its name has no address"), []
    for family, address in found:
        try:
            with socket.socket(family, socket.SOCK_DGRAM) as probe:
                probe.setblocking(False)
                probe.connect(address)  # UDP: no octet travels
        except OSError as error:
            trouble = error
        else:
            reachable.append((family, address))
    if not reachable:
        raise trouble
    return reachable
