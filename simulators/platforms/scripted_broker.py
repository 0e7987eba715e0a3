"""A broker that does as it is told: refuses, forgets, hangs up, sends nonsense. For tests of MQTT clients.

It understands CONNECT, PUBLISH at QoS 1, SUBSCRIBE to one topic, PINGREQ and DISCONNECT, in MQTT 3.1.1 and 5, and keeps all that was published.
"""

from __future__ import annotations

import asyncio
import contextlib
import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, Self

CONNECT: Final = 1  # packet types, MQTT 5.0, section 2.1.2
PUBLISH: Final = 3
PINGREQ: Final = 12
DISCONNECT: Final = 14
READ_LIMIT_S: Final = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Publish:
    """A PUBLISH packet as it came."""

    connection: int  # counted from 1
    mid: int
    topic: str
    payload: bytes
    properties: bytes  # packed; b"" in MQTT 3.1.1
    retain: bool
    duplicate: bool  # the DUP flag


@dataclass(slots=True, kw_only=True)
class Script:
    """What the broker does; a test may change it between two connections."""

    connack: int = 0  # reason code (MQTT 3.1.1: return code)
    silent_connack: bool = False
    receive_maximum: int | None = None
    maximum_packet: int | None = None
    maximum_qos: int | None = None
    reason: Callable[[Publish], int | None] = lambda _: 0  # of the PUBACK; None: it is forgotten
    reason_string: str = ""
    cut_after: int | None = None  # publications of one connection; that last one gets no PUBACK
    disconnect_reason: int | None = None  # said before the cut (MQTT 5)
    answer_pings: bool = True
    suback: int | None = 1  # reason code; None: it is forgotten
    greeting: bytes | None = None  # these octets instead of a CONNACK
    dribble: bool = False  # each octet in a segment of its own
    pause_s: float = 0.0  # before the PUBACKs


@dataclass(slots=True)
class ScriptedBroker:
    """Listen on a port of its own while the context lasts."""

    script: Script = field(default_factory=Script)
    published: list[Publish] = field(default_factory=list)
    connections: int = 0
    most_unanswered: int = 0  # publications read from one connection before their PUBACKs were written
    disconnects: int = 0  # DISCONNECT packets of clients
    will_flags: list[int] = field(default_factory=list)  # the connect flags of each CONNECT
    acknowledged: list[int] = field(
        default_factory=list
    )  # packet identifiers of what was `tell`ed, by the clients' PUBACKs
    port: int = 0
    _server: asyncio.Server | None = None
    _writers: set[asyncio.StreamWriter] = field(default_factory=set)
    _subscribed: dict[int, _Connection] = field(default_factory=dict)

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    @property
    def open(self) -> int:
        """Return how many connections there are now."""
        return len(self._writers)

    async def start(self) -> None:
        """Listen, on the same port after `stop`."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = int(self._server.sockets[0].getsockname()[1])

    async def stop(self) -> None:
        """Close the port and cut all connections."""
        server, self._server = self._server, None
        if server is not None:
            server.close()
            self.cut()
            async with asyncio.timeout(READ_LIMIT_S):
                await server.wait_closed()

    def cut(self) -> None:
        """Cut all connections; the port stays open."""
        for writer in list(self._writers):
            writer.transport.abort()

    @property
    def subscribed(self) -> frozenset[int]:
        """Return the numbers of the connections that have subscribed to something."""
        return frozenset(self._subscribed)

    def note_subscriber(self, connection: _Connection) -> None:
        """Remember that a connection has subscribed; what it is sent is the test's to say."""
        self._subscribed[connection.number] = connection

    def tell(self, connection: int, topic: str, payload: bytes, mid: int) -> None:
        """Publish to a connection that has subscribed, at QoS 1; KeyError where there is none."""
        self._subscribed[connection].tell(topic, payload, mid)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._writers.add(writer)
        connection = _Connection(self, self.connections, reader, writer)
        try:
            # The client went, or the test cut the line.
            with contextlib.suppress(asyncio.IncompleteReadError, OSError):
                await connection.run()
        finally:
            self._writers.discard(writer)
            self._subscribed.pop(connection.number, None)
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()


class _Connection:
    def __init__(
        self, broker: ScriptedBroker, number: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._broker = broker
        self._script = broker.script
        self._number = number
        self._reader = reader
        self._writer = writer
        self._v5 = True
        self._count = 0
        self._unanswered: list[bytes] = []

    @property
    def number(self) -> int:
        return self._number

    def tell(self, topic: str, payload: bytes, mid: int) -> None:
        name = topic.encode()
        body = len(name).to_bytes(2) + name + mid.to_bytes(2) + (b"\0" if self._v5 else b"") + payload
        length = bytearray()
        rest = len(body)
        while rest > 0x7F:
            length.append(rest & 0x7F | 0x80)
            rest >>= 7
        self._writer.write(b"\x32" + bytes(length) + bytes([rest]) + body)

    async def run(self) -> None:
        while not self._reader.at_eof():
            kind, flags, body = await self._packet()
            match kind:
                case 1:
                    if not await self._greet(body):
                        return
                case 3:
                    if await self._take(flags, body):
                        return
                case 4:
                    self._broker.acknowledged.append(int.from_bytes(body[:2]))
                case 8:
                    self._broker.note_subscriber(self)
                    await self._suback(body[:2])
                case 12:
                    if self._script.answer_pings:
                        await self._say(b"\xd0\x00")
                case 14:
                    self._broker.disconnects += 1
                    return

    async def _packet(self) -> tuple[int, int, bytes]:
        async with asyncio.timeout(READ_LIMIT_S):
            first = (await self._reader.readexactly(1))[0]
            length, shift = 0, 0
            while True:
                octet = (await self._reader.readexactly(1))[0]
                length |= (octet & 0x7F) << shift
                shift += 7
                if octet < 0x80:
                    break
            return first >> 4, first & 0x0F, await self._reader.readexactly(length)

    async def _greet(self, body: bytes) -> bool:
        """Answer CONNECT; False when the connection is over."""
        script = self._script
        self._v5 = body[6] == 5  # protocol level, behind the six octets of "MQTT"
        self._broker.will_flags.append(body[7])
        if script.silent_connack:
            return True
        properties = bytearray()
        if script.receive_maximum is not None:
            properties += struct.pack("!BH", 0x21, script.receive_maximum)
        if script.maximum_packet is not None:
            properties += struct.pack("!BI", 0x27, script.maximum_packet)
        if script.maximum_qos is not None:
            properties += struct.pack("!BB", 0x24, script.maximum_qos)
        rest = bytes([0, script.connack]) + (bytes([len(properties)]) + bytes(properties) if self._v5 else b"")
        await self._say(script.greeting if script.greeting is not None else bytes([0x20, len(rest)]) + rest)
        return script.connack == 0

    async def _suback(self, number: bytes) -> None:
        if self._script.suback is not None:
            rest = number + (b"\0" if self._v5 else b"") + bytes([self._script.suback])
            await self._say(bytes([0x90, len(rest)]) + rest)

    async def _take(self, flags: int, body: bytes) -> bool:
        """Keep a PUBLISH and answer it; True when the connection is to be cut."""
        publish = _publish(self._number, flags, body, v5=self._v5)
        self._broker.published.append(publish)
        self._count += 1
        script = self._script
        if script.cut_after is not None and self._count >= script.cut_after:
            if script.disconnect_reason is not None:
                await self._say(bytes([0xE0, 1, script.disconnect_reason]))
            return True
        reason = script.reason(publish)
        if reason is not None:
            self._unanswered.append(self._puback(publish.mid, reason))
            self._broker.most_unanswered = max(self._broker.most_unanswered, len(self._unanswered))
        await self._answer_when_quiet()
        return False

    async def _answer_when_quiet(self) -> None:
        """Write the PUBACKs when the client has nothing more to say: so its window shows."""
        if len(self._reader._buffer) == 0:  # type: ignore[attr-defined]  # noqa: SLF001 - no public way to ask
            answers, self._unanswered = b"".join(self._unanswered), []
            await asyncio.sleep(self._script.pause_s)
            await self._say(answers)

    def _puback(self, mid: int, reason: int) -> bytes:
        text = self._script.reason_string.encode()
        if not self._v5 or (reason == 0 and not text):
            return struct.pack("!BBH", 0x40, 2, mid)
        if not text:
            return struct.pack("!BBHB", 0x40, 3, mid, reason)
        properties = struct.pack("!BH", 0x1F, len(text)) + text
        return struct.pack("!BBHBB", 0x40, 4 + len(properties), mid, reason, len(properties)) + properties

    async def _say(self, octets: bytes) -> None:
        if not octets:
            return
        if self._script.dribble:
            for octet in octets:
                self._writer.write(bytes([octet]))
                await asyncio.sleep(0)
        else:
            self._writer.write(octets)
        await self._writer.drain()


def _publish(connection: int, flags: int, body: bytes, *, v5: bool) -> Publish:
    (size,) = struct.unpack_from("!H", body)
    topic, rest = body[2 : 2 + size].decode(), body[2 + size :]
    (mid,) = struct.unpack_from("!H", rest)
    properties, payload = _split_properties(rest[2:]) if v5 else (b"", rest[2:])
    return Publish(
        connection=connection,
        mid=mid,
        topic=topic,
        payload=payload,
        properties=properties,
        retain=bool(flags & 1),
        duplicate=bool(flags & 8),
    )


def _split_properties(octets: bytes) -> tuple[bytes, bytes]:
    length, place = 0, 0
    while True:
        octet = octets[place]
        length |= (octet & 0x7F) << (7 * place)
        place += 1
        if octet < 0x80:
            break
    return octets[place : place + length], octets[place + length :]
