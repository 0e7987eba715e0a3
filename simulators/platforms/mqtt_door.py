"""The door of a cloud that speaks MQTT and is no broker: packets in, rules asked, packets out or the line cut.

A platform gives the rules (`Rules`); what it never does (forward messages between clients, QoS 2) is not here.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, Protocol

READ_LIMIT_S: Final = 60.0
CUT: Final = -1  # instead of a code: close the connection and say nothing


@dataclass(frozen=True, slots=True, kw_only=True)
class Connect:
    """A CONNECT packet as it came."""

    client_id: str
    username: str | None
    password: str | None
    level: int  # 4: MQTT 3.1.1, 5: MQTT 5
    clean: bool
    keepalive_s: int
    certificate: str | None  # the common name of the client's, over TLS


@dataclass(frozen=True, slots=True, kw_only=True)
class Publish:
    """A PUBLISH packet as it came."""

    client_id: str
    topic: str
    payload: bytes
    qos: int
    retain: bool
    duplicate: bool
    size: int  # octets of the whole packet


class Rules(Protocol):
    """What a platform lets in. A code is CONNACK's, PUBACK's or SUBACK's; CUT closes the connection."""

    def greet(self, connect: Connect) -> int:
        """Return the code of the CONNACK; 0 lets in."""
        ...

    def take(self, publish: Publish) -> int | None:
        """Keep a message and return the code of its PUBACK; None forgets the answer."""
        ...

    def subscribe(self, client_id: str, topic_filter: str) -> int:
        """Return the code for a topic filter: 0x80 and above refuse it."""
        ...


@dataclass(slots=True, eq=False)
class Session:
    """A connection of one client."""

    writer: asyncio.StreamWriter
    client_id: str = ""
    v5: bool = False
    filters: set[str] = field(default_factory=set)
    acknowledged: set[int] = field(default_factory=set)

    def cut(self) -> None:
        """Close the connection without a word."""
        self.writer.transport.abort()


class Door:
    """Listen while `start`ed; one connection a client id: a second one drops the first, as both clouds do."""

    def __init__(self, rules: Rules, *, tls: ssl.SSLContext | None = None) -> None:
        self._rules = rules
        self._tls = tls
        self._server: asyncio.Server | None = None
        self._lines: set[asyncio.StreamWriter] = set()
        self.sessions: dict[str, Session] = {}
        self.keeps_sessions = False  # whether it says so to a client that comes back
        self._known: set[str] = set()
        self.acknowledged: Callable[[int], None] = lambda _: None  # told of each message that a client has taken
        self.taken_over = 0
        self.connects = 0
        self.port = 0

    @property
    def scheme(self) -> str:
        """Return how its URL begins."""
        return "mqtt" if self._tls is None else "mqtts"

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> None:
        """Listen, on the same port after `stop`."""
        self._server = await asyncio.start_server(self._serve, host, port or self.port, ssl=self._tls)
        self.port = int(self._server.sockets[0].getsockname()[1])

    async def stop(self) -> None:
        """Close the port and all connections."""
        server, self._server = self._server, None
        if server is None:
            return
        server.close()
        for writer in list(self._lines):
            writer.transport.abort()
        async with asyncio.timeout(READ_LIMIT_S):
            await server.wait_closed()

    def cut(self) -> None:
        """Cut all connections; the port stays open."""
        for session in list(self.sessions.values()):
            session.cut()

    def send(self, client_id: str, topic: str, payload: bytes, mid: int) -> None:
        """Publish to a client that is subscribed, at QoS 1."""
        session = self.sessions[client_id]
        body = _string(topic) + struct.pack("!H", mid) + (b"\0" if session.v5 else b"") + payload
        session.writer.write(bytes([0x32]) + _length(len(body)) + body)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._lines.add(writer)
        session = Session(writer)
        try:
            # The client went, or the rules cut the line.
            with contextlib.suppress(asyncio.IncompleteReadError, OSError):
                await self._converse(session, reader)
        finally:
            if self.sessions.get(session.client_id) is session:
                del self.sessions[session.client_id]
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()
            self._lines.discard(writer)

    async def _converse(self, session: Session, reader: asyncio.StreamReader) -> None:
        while True:
            first, body = await _packet(reader)
            match first >> 4:
                case 1:
                    goes_on = self._greet(session, _connect(body, session.writer))
                case 3:
                    goes_on = self._take(session, first & 0x0F, body)
                case 4:
                    session.acknowledged.add(int.from_bytes(body[:2]))
                    self.acknowledged(int.from_bytes(body[:2]))
                    goes_on = True
                case 8:
                    goes_on = self._subscribe(session, body)
                case 12:
                    session.writer.write(b"\xd0\x00")
                    goes_on = True
                case _:
                    goes_on = False
            if not goes_on:
                return
            await session.writer.drain()

    def _greet(self, session: Session, connect: Connect) -> bool:
        self.connects += 1
        code = self._rules.greet(connect)
        session.client_id, session.v5 = connect.client_id, connect.level == 5
        if code == CUT:
            return False
        present = int(self.keeps_sessions and code == 0 and connect.client_id in self._known)
        session.writer.write(bytes([0x20, 3, present, code, 0]) if session.v5 else bytes([0x20, 2, present, code]))
        if code == 0:
            self._known.add(connect.client_id)
            if (other := self.sessions.pop(connect.client_id, None)) is not None:
                self.taken_over += 1
                other.cut()
            self.sessions[connect.client_id] = session
        return code == 0

    def _take(self, session: Session, flags: int, body: bytes) -> bool:
        publish, mid = _publish(session, flags, body)
        code = self._rules.take(publish)
        if code == CUT:
            session.cut()
            return False
        if publish.qos and code is not None:
            v5_code = bytes([code]) if session.v5 and code else b""
            session.writer.write(bytes([0x40, 2 + len(v5_code)]) + struct.pack("!H", mid) + v5_code)
        return True

    def _subscribe(self, session: Session, body: bytes) -> bool:
        mid, rest = body[:2], _without_properties(body[2:]) if session.v5 else body[2:]
        codes = bytearray()
        while rest:
            (size,) = struct.unpack_from("!H", rest)
            topic_filter, rest = rest[2 : 2 + size].decode(), rest[3 + size :]
            code = self._rules.subscribe(session.client_id, topic_filter)
            if code == CUT:
                return False
            if code < 0x80:
                session.filters.add(topic_filter)
            codes.append(code)
        answer = mid + (b"\0" if session.v5 else b"") + bytes(codes)
        session.writer.write(bytes([0x90, len(answer)]) + answer)
        return True


# ── packets (MQTT 3.1.1 and 5.0, sections 2 and 3) ──


async def _packet(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    async with asyncio.timeout(READ_LIMIT_S):
        first = (await reader.readexactly(1))[0]
        length = shift = 0
        while True:
            octet = (await reader.readexactly(1))[0]
            length |= (octet & 0x7F) << shift
            shift += 7
            if octet < 0x80:
                return first, await reader.readexactly(length)


def _connect(body: bytes, writer: asyncio.StreamWriter) -> Connect:
    level, flags, keepalive = body[6], body[7], int.from_bytes(body[8:10])
    rest = _without_properties(body[10:]) if level == 5 else body[10:]
    client_id, rest = _take_string(rest)
    if flags & 0x04:
        rest = _without_properties(rest) if level == 5 else rest
        _, rest = _take_string(_take_string(rest)[1])
    username, rest = _take_string(rest) if flags & 0x80 else (None, rest)
    password, rest = _take_string(rest) if flags & 0x40 else (None, rest)
    return Connect(
        client_id=client_id or "",
        username=username,
        password=password,
        level=level,
        clean=bool(flags & 0x02),
        keepalive_s=keepalive,
        certificate=_common_name(writer.get_extra_info("peercert")),
    )


def _publish(session: Session, flags: int, body: bytes) -> tuple[Publish, int]:
    topic, rest = _take_string(body)
    qos = flags >> 1 & 3
    mid = int.from_bytes(rest[:2]) if qos else 0
    rest = rest[2:] if qos else rest
    publish = Publish(
        client_id=session.client_id,
        topic=topic or "",
        payload=_without_properties(rest) if session.v5 else rest,
        qos=qos,
        retain=bool(flags & 1),
        duplicate=bool(flags & 8),
        size=1 + len(_length(len(body))) + len(body),
    )
    return publish, mid


def _take_string(octets: bytes) -> tuple[str, bytes]:
    size = int.from_bytes(octets[:2])
    return octets[2 : 2 + size].decode(), octets[2 + size :]


def _without_properties(octets: bytes) -> bytes:
    length = place = 0
    while True:
        octet = octets[place]
        length |= (octet & 0x7F) << (7 * place)
        place += 1
        if octet < 0x80:
            return octets[place + length :]


def _string(text: str) -> bytes:
    octets = text.encode()
    return len(octets).to_bytes(2) + octets


def _length(value: int) -> bytes:
    octets = bytearray()
    while value > 0x7F:
        octets.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes(octets) + bytes([value])


def _common_name(certificate: Mapping[str, object] | None) -> str | None:
    subject = (certificate or {}).get("subject", ())
    pairs = dict(pair for part in subject for pair in part) if isinstance(subject, tuple) else {}
    return pairs.get("commonName")
