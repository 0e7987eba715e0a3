"""The witness on the wire between agent and broker: what was published, and what the broker's PUBACKs said.

It hands every octet on as it came. A PUBACK counts from the moment it left the broker, whether or not the agent lived
to read it.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterator
from typing import Final, Self

from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from simulators.torture.evidence import Taken

PUBLISH, PUBACK = 3, 4  # packet types, MQTT 5.0, section 2.1.2
CONNECT_LIMIT_S: Final = 5.0
AT_ONCE: Final = 1 << 16  # octets

Listener = Callable[[int, int, bytes], None]  # packet type, flags, body


class Packets:
    """Cut a stream into MQTT control packets (MQTT 5.0, section 2.1); a started one waits for its rest."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, octets: bytes) -> Iterator[tuple[int, int, bytes]]:
        """Yield type, flags and body of each packet that is whole now."""
        self._buffer += octets
        while (ends := self._ends()) is not None:
            body_at, end = ends
            kind, body = self._buffer[0], bytes(self._buffer[body_at:end])
            del self._buffer[:end]
            yield kind >> 4, kind & 0x0F, body

    def _ends(self) -> tuple[int, int] | None:
        """Return where the first packet's body begins and ends; None while it is not whole."""
        length = 0
        for place, octet in enumerate(self._buffer[1:5]):
            length |= (octet & 0x7F) << 7 * place
            if octet < 0x80:
                body_at = place + 2
                end = body_at + length
                return (body_at, end) if len(self._buffer) >= end else None
        return None


class Witness:
    """A TCP relay to the broker on ``broker_port``: connect to ``port`` instead. MQTT 5 only.

    ``run`` tells which run of the broker it is; ``taken`` holds each PUBACK for a message with the user property ``uplink``.
    """

    def __init__(self, broker_port: int, run: Callable[[], int]) -> None:
        self._broker_port = broker_port
        self._run = run
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self.port = 0
        self.published = 0
        self.taken: list[Taken] = []

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = int(self._server.sockets[0].getsockname()[1])
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        for writer in self._writers:
            writer.transport.abort()
        await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(CONNECT_LIMIT_S):
                from_broker, to_broker = await asyncio.open_connection("127.0.0.1", self._broker_port)
        except (OSError, TimeoutError):
            writer.transport.abort()  # the broker is away: so is the relay
            return
        self._writers |= {writer, to_broker}
        watching = _Watching(self)
        try:
            async with asyncio.TaskGroup() as pumps:
                pumps.create_task(_pump(reader, to_broker, watching.from_agent), name="witness up")
                pumps.create_task(_pump(from_broker, writer, watching.from_broker), name="witness down")
        finally:
            self._writers -= {writer, to_broker}

    def note(self, uplink: str, reason: int) -> None:
        """Remember that the broker answered for ``uplink``."""
        self.taken.append(Taken(uplink=uplink, reason=reason, broker_run=self._run()))


class _Watching:
    """One connection: whose message each packet identifier is."""

    def __init__(self, witness: Witness) -> None:
        self._witness = witness
        self._uplinks: dict[int, str] = {}

    def from_agent(self, kind: int, flags: int, body: bytes) -> None:
        if kind != PUBLISH or not flags & 0b0110:
            return
        topic_ends = 2 + int.from_bytes(body[:2])
        mid = int.from_bytes(body[topic_ends : topic_ends + 2])
        properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]  # paho has no types here
        properties.unpack(body[topic_ends + 2 :])  # type: ignore[no-untyped-call]  # paho has no types here
        self._uplinks[mid] = dict(getattr(properties, "UserProperty", [])).get("uplink", "")
        self._witness.published += 1

    def from_broker(self, kind: int, _flags: int, body: bytes) -> None:
        if kind != PUBACK:
            return
        uplink = self._uplinks.pop(int.from_bytes(body[:2]), "")
        if uplink:
            self._witness.note(uplink, body[2] if len(body) > 2 else 0)


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, listen: Listener) -> None:
    """Hand octets on until one side has gone, then close the other."""
    packets = Packets()
    with contextlib.suppress(OSError):
        while octets := await reader.read(AT_ONCE):  # no limit: a connection may be quiet
            for kind, flags, body in packets.feed(octets):
                listen(kind, flags, body)
            writer.write(octets)
            await writer.drain()
    writer.close()
