"""A city's ears: which uplink came when, of a million of them, at a few µs each.

A subscriber with a library costs more CPU than the agent takes to send, and on two cores it would be what is measured. This one
knows five packets of MQTT 5.0. It listens at QoS 0: the broker keeps what it cannot send at once (`max_queued_messages`), and
what it dropped nevertheless would be missing in the end.
"""

from __future__ import annotations

import socket
import time
from array import array
from collections.abc import Iterator
from threading import Event, Thread
from typing import Final, Self

LIMIT_S: Final = 30.0
READ_AT_ONCE: Final = 1 << 18
CONNECT: Final = bytes.fromhex(
    "10 13 0004 4D515454 05 02 0000 00 0006 6C697374656E"
)  # clean start, "listen", no keep-alive
SUBSCRIBE_ALL: Final = bytes.fromhex("82 07 0001 00 0001 23 00")  # "#", QoS 0
SUBACK: Final = 0x9  # kinds of packets (2.1.2)
PUBLISH: Final = 0x3
UPLINK: Final = bytes.fromhex("26 0006 75706C696E6B 0024")  # a user property "uplink" of 36 octets
ID_OCTETS: Final = 36


class Listener:
    """Hears all that a broker on this machine is told, in a thread of its own, for the length of a block."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), LIMIT_S)
        self._subscribed, self._closing = Event(), False
        self._ids = bytearray()
        self._times = array("d")  # monotonic
        self._thread = Thread(target=self._listen, name="listener")

    def __enter__(self) -> Self:
        self._socket.sendall(CONNECT + SUBSCRIBE_ALL)
        self._socket.settimeout(None)  # a silent city is none of its business: close() ends it
        self._thread.start()
        if not self._subscribed.wait(LIMIT_S):
            self.close()
            raise TimeoutError("mosquitto does not answer")
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Hear no more."""
        if self._closing:
            return
        self._closing = True
        self._socket.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._socket.close()

    @property
    def count(self) -> int:
        """How many uplinks came, repetitions too."""
        return len(self._times)

    @property
    def last_at(self) -> float:
        """When the last one came; 0 before the first."""
        return self._times[-1] if self._times else 0.0

    def has(self, uplink: str) -> bool:
        """Tell whether an uplink came."""
        return uplink.encode("ascii") in bytes(self._ids)  # a copy: the thread goes on

    def arrivals(self) -> Iterator[tuple[str, float]]:
        """Yield which came and when (monotonic), in order; only after close()."""
        for place, at in enumerate(self._times):
            yield self._ids[place * ID_OCTETS : (place + 1) * ID_OCTETS].decode("ascii"), at

    def _listen(self) -> None:
        rest = b""
        while octets := self._read():
            rest = self._take(rest + octets, time.monotonic())

    def _read(self) -> bytes:
        try:
            return self._socket.recv(READ_AT_ONCE)
        except OSError:
            if self._closing:
                return b""
            raise

    def _take(self, octets: bytes, now: float) -> bytes:
        """Take note of all whole packets, and return the rest."""
        start = 0
        while (bounds := _packet(octets, start)) is not None:
            begin, end = bounds
            kind, start = octets[start] >> 4, end
            if kind == PUBLISH and (place := octets.find(UPLINK, begin, end)) >= 0:
                self._ids += octets[place + len(UPLINK) : place + len(UPLINK) + ID_OCTETS]
                self._times.append(now)
            elif kind == SUBACK:
                self._subscribed.set()
        return octets[start:]


def _packet(octets: bytes, start: int) -> tuple[int, int] | None:
    """Return where the content of the packet at ``start`` begins and ends (MQTT 5.0, 2.1.4); None while it is not whole."""
    size, shift = 0, 0
    for place in range(start + 1, min(start + 5, len(octets))):
        size |= (octets[place] & 0x7F) << shift
        shift += 7
        if octets[place] < 0x80:
            end = place + 1 + size
            return (place + 1, end) if end <= len(octets) else None
    return None
