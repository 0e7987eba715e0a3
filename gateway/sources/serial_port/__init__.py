"""Serial ports for asyncio: a device of this machine, or one behind a URL that pyserial knows.

A device's file descriptor is watched by the event loop itself; `socket://`, `rfc2217://` and `loop://` have no descriptor that
could be, and get one thread each. Whoever opens a port closes it: what a USB plug left behind must be let go of, or the
device comes back under another name.
"""

from __future__ import annotations

from typing import Protocol
from urllib.parse import urlsplit

from gateway.sources.serial_port.lost import Lost, PortLost

SCHEMES = ("socket", "rfc2217", "loop")


class Port(Protocol):
    """An open serial port, 8 data bits, no parity, 1 stop bit."""

    async def read(self) -> bytes:
        """Return what has come, as soon as anything has; PortLost when nothing more can. The caller sets the limit."""
        ...

    def write(self, octets: bytes) -> None:
        """Send; PortLost when the port takes nothing more."""
        ...

    async def set_baud(self, baud: int) -> None:
        """Go on with another speed; what has come and was not read is thrown away."""
        ...

    async def close(self) -> None:
        """Let go of the port; nothing is left running."""
        ...


def is_url(port: str) -> bool:
    """Tell whether a port is one of pyserial's URLs and no device of this machine."""
    return urlsplit(port).scheme in SCHEMES


async def open_port(port: str, baud: int) -> Port:
    """Open a device (a path) or a URL, for this program alone. PortLost says why that cannot be, and what would help."""
    if is_url(port):
        from gateway.sources.serial_port.distant import DistantPort

        return await DistantPort.open(port, baud)
    from gateway.sources.serial_port.device import DevicePort

    return await DevicePort.open(port, baud)


__all__ = ["SCHEMES", "Lost", "Port", "PortLost", "is_url", "open_port"]
