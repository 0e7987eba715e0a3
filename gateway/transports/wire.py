"""paho-mqtt inside the asyncio loop: a connection of asyncio that paho takes for its socket.

asyncio opens the connection (names, TLS, no blocking call) and reads and writes it; paho packs and unpacks. So what
came is read in one piece, and what goes out leaves in one piece: 12 µs a message where paho on a socket of its own in
the same loop needs 36 (measured: MQTT 5, 400 octets and a content type, window 100, loopback).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final, Literal, cast

from paho.mqtt.client import Client
from paho.mqtt.enums import MQTTErrorCode
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.reasoncodes import ReasonCode

READ_AT_ONCE: Final = 0x4000  # octets
SUCCESS: Final = MQTTErrorCode.MQTT_ERR_SUCCESS
KNOWN: Final = frozenset(
    code for code, names in ReasonCode.names.items() for kinds in names.values() if PacketTypes.PUBACK in kinds
)  # the reasons that paho takes in a PUBACK


class Wire(asyncio.Protocol):
    """A socket as paho wants it: reads what has come, gathers what goes out, never blocks."""

    def __init__(self, came: Callable[[], None], lost: Callable[[OSError | None], None]) -> None:
        self._came = came
        self._lost = lost
        self._in = b""
        self._position = 0
        self._out: list[bytes | bytearray] = []
        self._transport: asyncio.Transport | None = None
        self.closed = asyncio.Event()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        self._transport = cast("asyncio.Transport", transport)
        # asyncio makes a buffer of 256 KiB for each read, and giving that back costs 22 µs; a PUBACK has 4 to 6 octets (measured)
        self._transport.max_size = READ_AT_ONCE  # type: ignore[attr-defined]  # of asyncio's transport; another's ignores it

    def data_received(self, data: bytes) -> None:
        """Keep what came and say so."""
        self._in = self._in[self._position :] + data if self.unread else data
        self._position = 0
        self._came()

    def connection_lost(self, exc: Exception | None) -> None:
        """End."""
        self.closed.set()
        self._lost(exc if isinstance(exc, OSError) else None)

    @property
    def connected(self) -> bool:
        """Tell whether the connection was made and has not ended."""
        return self._transport is not None and not self.closed.is_set()

    @property
    def unread(self) -> bool:
        """Tell whether paho has not read all that came."""
        return self._position < len(self._in)

    def flush(self) -> None:
        """Send what paho wrote."""
        if self._out and self._transport is not None:
            self._transport.write(b"".join(self._out))
            self._out.clear()

    def hold(self, is_held: bool) -> None:  # noqa: FBT001 - of a call-back
        """Read nothing more for now, or go on; the sender's own buffers, and then the sender, wait."""
        if self.connected and self._transport is not None and not self._transport.is_closing():
            if is_held:
                self._transport.pause_reading()
            else:
                self._transport.resume_reading()

    def abort(self) -> None:
        """End at once, without good-bye."""
        self._out.clear()
        if self.connected and self._transport is not None:
            self._transport.abort()

    # ── what paho calls ──

    def recv(self, buffer_size: int) -> bytes:
        """Return up to ``buffer_size`` octets; BlockingIOError when nothing is left."""
        start = self._position
        octets = self._in[start : start + buffer_size]
        if not octets:
            raise BlockingIOError
        self._position = start + len(octets)
        return octets

    def send(self, buffer: bytes | bytearray) -> int:
        """Take all of it; it leaves with `flush`."""
        self._out.append(buffer)
        return len(buffer)

    def close(self) -> None:
        """Send what is left and end."""
        self.flush()
        # Once only: asyncio's TLS lets go of a connection that is closed twice, and it could not be cut any more.
        if self.connected and self._transport is not None and not self._transport.is_closing():
            self._transport.close()

    def fileno(self) -> int:
        """Return no file descriptor: nobody may wait on this one."""
        return -1

    def setblocking(self, flag: bool) -> None:  # noqa: FBT001 - paho's signature
        """Never block, whatever is asked."""


class WiredClient(Client):
    """paho's client on a `Wire`, driven by `pump` and `flush`; the window is its user's, not paho's.

    Two of paho's own methods are replaced. Where it would open a socket itself (and block), it gets the wire. And a
    PUBACK is read here: paho makes three objects of each (8 µs), and closes the connection on a reason code that
    is not in its table.
    """

    wire: Wire
    acknowledged: Callable[[int, int], None]  # (packet identifier, reason code) of a PUBACK without a Reason String

    def pump(self) -> None:
        """Let paho read all that came."""
        while self.wire.unread and self.loop_read() == SUCCESS:
            pass

    @property
    def coming(self) -> int:
        """Return the octets of the packet that is on its way, behind its head; 0 where none is."""
        return self._in_packet["remaining_length"] if self._in_packet["have_remaining"] else 0

    def flush(self) -> None:
        """Let paho write, and send what it wrote."""
        self.loop_write()
        self.wire.flush()

    def _create_socket(self) -> Wire:
        return self.wire

    def _handle_pubackcomp(self, cmd: Literal["PUBACK", "PUBCOMP"]) -> MQTTErrorCode:
        packet = self._in_packet["packet"]
        if cmd != "PUBACK" or len(packet) < 2 or (len(packet) > 3 and packet[2] in KNOWN):
            return super()._handle_pubackcomp(cmd)
        mid = packet[0] << 8 | packet[1]
        if self._out_messages.pop(mid, None) is not None:
            self.acknowledged(mid, packet[2] if len(packet) > 2 else 0)  # left out: success (MQTT 5.0, 3.4.2.1)
        return SUCCESS
