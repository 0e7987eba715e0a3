"""From a server's name to its address, within a limit."""

from __future__ import annotations

import asyncio
import socket
from typing import Final

from gateway.sources.udp import Address

LIMIT_S: Final = 5.0  # a resolver that takes longer is asked again

Found = tuple[int, Address]
"""A socket's family and its address."""


async def resolved(host: str, port: int) -> Found:
    """Return where UDP to ``host`` goes; OSError says why that is not known."""
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(LIMIT_S):
            found = await loop.getaddrinfo(host, port, type=socket.SOCK_DGRAM)
    except TimeoutError as error:
        raise OSError(f"nobody answered within {LIMIT_S:g} s") from error
    except UnicodeError as error:
        raise OSError(f"{host!r} is no name") from error
    family, _, _, _, address = found[0]
    return family, address
