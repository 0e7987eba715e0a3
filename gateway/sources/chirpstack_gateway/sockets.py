"""Concentratord's two ZeroMQ sockets: what it tells (PUB), and the one question at a time that it answers (REP)."""

from __future__ import annotations

import asyncio
import contextlib
import os
import stat
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Final, TypeVar

import zmq
import zmq.asyncio
from zmq.utils.monitor import recv_monitor_message

from gateway.errors import ConfigError

MOST_WAITING: Final = 4096  # events in the socket: 20 s of the busiest concentrator while the agent is busy
RECONNECT_MS: Final = 100  # libzmq's own; doubled up to the next
RECONNECT_MOST_MS: Final = 2_000
ANEW_S: Final = 5.0  # without a connection, longer than libzmq waits: it may have given up
HEARTBEAT_MS: Final = 10_000  # over TCP a machine that lost its power says no good-bye
HEARTBEAT_LIMIT_MS: Final = 30_000
LARGEST_MESSAGE: Final = 1 << 16  # octets; an event has some 500, and whoever sends more is hung up on

T = TypeVar("T")


class NotTaken(Exception):
    """Say that a question did not leave: nobody is connected at the other end, or another question is still open."""


class NoReply(Exception):
    """Say that a question left, and no reply came."""


class Events:
    """What a Concentratord tells: one message at a time, and whether anybody is there to tell."""

    def __init__(self, context: zmq.asyncio.Context, url: str, where: str) -> None:
        """Begin to connect; ConfigError, beginning with ``where``, says why that cannot be."""
        self._url = url
        self._socket = context.socket(zmq.SUB)
        self._socket.setsockopt(zmq.RCVHWM, MOST_WAITING)
        _patient(self._socket)
        self._socket.setsockopt(zmq.SUBSCRIBE, b"")
        monitor = self._socket.get_monitor_socket(zmq.EVENT_HANDSHAKE_SUCCEEDED | zmq.EVENT_DISCONNECTED)
        self._monitor = monitor
        _connect(self._socket, url, where)

    async def next(self) -> list[bytes]:
        """Return the parts of the next message. Has no limit: nights may be quiet."""
        parts: list[bytes] = await self._socket.recv_multipart()
        return parts

    async def watch(self, told: Callable[[bool], None]) -> None:
        """Call ``told`` at each change with whether a Concentratord is connected, until cancelled.

        libzmq connects again by itself, but not to who has broken its protocol: that is done here.
        """
        is_connected = False
        while True:
            try:
                async with asyncio.timeout(None if is_connected else ANEW_S):
                    event = await recv_monitor_message(self._monitor)
            except TimeoutError:
                self._connect_anew()
                continue
            was_connected, is_connected = is_connected, event["event"] == zmq.EVENT_HANDSHAKE_SUCCEEDED
            if was_connected or is_connected:  # else it has ended before it was any
                told(is_connected)

    def _connect_anew(self) -> None:
        for again in (self._socket.disconnect, self._socket.connect):
            with contextlib.suppress(zmq.ZMQError):  # what was broken is no connection that could be ended
                again(self._url)


class Commands:
    """Questions to a Concentratord: in turn, for its socket takes the next one only when the last is answered."""

    def __init__(self, context: zmq.asyncio.Context, url: str, limit_s: float) -> None:
        self._context = context
        self._url = url
        self._limit_s = limit_s  # of its turn, of leaving and of the reply, each
        self._turn = asyncio.Lock()
        self._socket: zmq.asyncio.Socket | None = None
        self._is_over = False

    async def ask(self, *parts: bytes) -> bytes:
        """Ask and return the reply; raises NotTaken or NoReply.

        After a reply that did not come the socket is of no use: it waits for that one for ever, so a new one is opened.
        """
        await self._within(self._turn.acquire(), NotTaken)
        try:
            return await self._asked(parts)
        finally:
            self._turn.release()

    async def _asked(self, parts: Sequence[bytes]) -> bytes:
        if self._is_over:
            raise NotTaken
        socket, is_clean = self._opened(), False
        try:
            await self._within(socket.send_multipart(parts), NotTaken)
            reply: bytes = await self._within(socket.recv(), NoReply)
            is_clean = True
            return reply
        finally:
            if not is_clean:
                self.close()

    def end(self) -> None:
        """Close for good: who waits for a turn is not taken, who waits for a reply gets none."""
        self._is_over = True
        self.close()

    def close(self) -> None:
        """Close at once; a question that has not left never does."""
        if self._socket is not None:
            self._socket.close(linger=0)
            self._socket = None

    def _opened(self) -> zmq.asyncio.Socket:
        if self._socket is None:
            self._socket = self._context.socket(zmq.REQ)
            # Else a downlink would wait here for a Concentratord that is away, and go out whenever it is back.
            self._socket.setsockopt(zmq.IMMEDIATE, 1)
            _patient(self._socket)
            _connect(self._socket, self._url, "")
        return self._socket

    async def _within(self, doing: Awaitable[T], failed: type[Exception]) -> T:
        try:
            async with asyncio.timeout(self._limit_s):
                return await doing
        except TimeoutError as error:
            raise failed from error
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if not self._is_over or task is None or task.cancelling():
                raise
            raise failed from None  # nobody cancelled: `end` has closed the socket


def is_local(url: str) -> bool:
    """Tell whether an address is of this machine."""
    return url.startswith("ipc://") or url.removeprefix("tcp://").startswith(("127.", "localhost:", "[::1]:"))


def trouble(url: str, key: str) -> str:
    """Say what keeps us from a socket that does not connect, as far as can be seen from here; ``key`` is its own word for the address."""
    if not url.startswith("ipc://"):
        return f"{url}: does it run, and does its `{key}` listen on that port, and for other machines if it is on another one?"
    path = Path(url.removeprefix("ipc://"))
    if not path.exists():
        return f"{path} is not there: does Concentratord run, and is that its `{key}`?"
    if not stat.S_ISSOCK(path.stat().st_mode):
        return f"{path} is no socket; remove it, and start Concentratord again"
    if not os.access(path, os.W_OK):
        return f"{path} may not be opened by this user: put it into Concentratord's group, or run both as one user"
    return (
        f"{path} is there, and nobody answers: has Concentratord stopped? `systemctl status chirpstack-concentratord`"
    )


def _patient(socket: zmq.asyncio.Socket) -> None:
    socket.setsockopt(zmq.RECONNECT_IVL, RECONNECT_MS)
    socket.setsockopt(zmq.RECONNECT_IVL_MAX, RECONNECT_MOST_MS)
    socket.setsockopt(zmq.HEARTBEAT_IVL, HEARTBEAT_MS)
    socket.setsockopt(zmq.HEARTBEAT_TIMEOUT, HEARTBEAT_LIMIT_MS)
    socket.setsockopt(zmq.MAXMSGSIZE, LARGEST_MESSAGE)


def _connect(socket: zmq.asyncio.Socket, url: str, where: str) -> None:
    try:
        socket.connect(url)
    except zmq.ZMQError as error:
        raise ConfigError(f"{where}: {url!r} cannot be connected to: {error.strerror}") from error
