"""A TCP line that carries octets one by one, or breaks after so many of them: for what speaks in streams."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from typing import Self

AT_ONCE = 1 << 16


class ByteLine:
    """Carry what comes to ``port`` of this machine to ``target``, and back.

    ``one_by_one``: each octet is a packet of its own. What is counted, and where the line breaks, is what goes to the target, or
    with ``cuts_answers`` what comes from it.
    """

    def __init__(self, target: tuple[str, int], *, one_by_one: bool = False, cuts_answers: bool = False) -> None:
        self.port = 0
        self.one_by_one = one_by_one
        self.carried = 0
        self._keeps: int | None = None  # octets until the line breaks
        self._broken = asyncio.Event()
        self._target = target
        self._cuts_answers = cuts_answers
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._meet, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        self.cut()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def break_after(self, octets: int) -> None:
        """Let so many more octets through, and break all connections."""
        self._keeps = octets
        self._broken.clear()

    async def is_cut(self) -> None:
        """Return when the line has broken; the caller sets the limit."""
        await self._broken.wait()

    def cut(self) -> None:
        """Break all connections, whatever is on its way."""
        for writer in [*self._writers]:
            writer.transport.abort()

    def _meet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.get_running_loop().create_task(self._serve(reader, writer), name="byte line")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            answers, questions = await asyncio.open_connection(*self._target)
        except OSError:
            writer.transport.abort()
            return
        both = {writer, questions}
        self._writers |= both
        for one in both:
            one.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            async with asyncio.TaskGroup() as pumps:
                pumps.create_task(self._pump(reader, questions, is_cut=not self._cuts_answers), name="up")
                pumps.create_task(self._pump(answers, writer, is_cut=self._cuts_answers), name="down")
        finally:
            self._writers -= both
            for one in both:
                one.transport.abort()

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, is_cut: bool) -> None:
        with contextlib.suppress(OSError):
            while octets := await reader.read(AT_ONCE):  # no limit: a connection may be quiet
                if is_cut and self._keeps is not None and len(octets) > self._keeps:
                    await self._break(writer, octets[: self._keeps])
                    return
                if is_cut and self._keeps is not None:
                    self._keeps -= len(octets)
                self.carried += len(octets) if is_cut else 0
                await self._write(writer, octets)
        writer.transport.abort()

    async def _break(self, writer: asyncio.StreamWriter, rest: bytes) -> None:
        writer.write(rest)
        await writer.drain()
        self._keeps = None
        await asyncio.sleep(0.001)  # what was let through gets there before the end does
        self.cut()
        self._broken.set()

    async def _write(self, writer: asyncio.StreamWriter, octets: bytes) -> None:
        for place in range(len(octets)) if self.one_by_one else ():
            writer.write(octets[place : place + 1])
            await asyncio.sleep(0)
        if not self.one_by_one:
            writer.write(octets)
        await writer.drain()
