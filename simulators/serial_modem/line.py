"""What a simulated modem is plugged into: a pseudo-terminal under a name that stays, as in /dev/serial/by-id, or a TCP port."""

from __future__ import annotations

import asyncio
import contextlib
import os
import tty
from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from simulators.serial_modem.modems import OnAir, SimulatedModem


@dataclass(slots=True)
class Fault:
    """What is wrong on the line, while it is set."""

    is_silent: bool = False  # nothing comes from the modem
    echoes: bool = False  # the modem sends back what it was sent
    is_piecemeal: bool = False  # octets come one by one
    busy: bytes = b""  # answers the next command in place of the modem
    noise: bytes = b""  # before whatever comes from the modem
    keeps: int | None = None  # octets of what comes next: the rest is lost


class Plug:
    """A modem at ``name``: `with Plug(modem, folder / "modem")`. The device's number changes each time that it is plugged in."""

    def __init__(self, modem: SimulatedModem, name: Path) -> None:
        self.modem = modem
        self.path = str(name)
        self.fault = Fault()
        self._name = name
        self._loop = asyncio.get_running_loop()
        self._ends: tuple[int, ...] = ()
        self._pieces: deque[int] = deque()  # octets that go one by one

    def __enter__(self) -> Self:
        """Plug it in."""
        self.plug()
        return self

    def __exit__(self, *_: object) -> None:
        """Unplug it."""
        self.unplug()

    def plug(self) -> None:
        """Switch the modem on, at its name."""
        ours, theirs = os.openpty()
        tty.setraw(theirs)
        os.set_blocking(ours, False)
        self._ends = (ours, theirs)  # the other end stays open here, too: the line lives on when the host closes it
        self._name.symlink_to(os.ttyname(theirs))
        self._loop.add_reader(ours, self._read)
        self._say(self.modem.switched_on())

    def unplug(self) -> None:
        """Cut it off: the host gets an I/O error."""
        self._pieces.clear()
        if self._ends:
            self._loop.remove_reader(self._ends[0])
            self._name.unlink()
        for end in self._ends:
            os.close(end)
        self._ends = ()

    def hear(self, packet: OnAir) -> None:
        """Have the modem hear a packet."""
        self._say(self.modem.hear(packet))

    def say(self, octets: bytes) -> None:
        """Put octets on the line that no modem says."""
        self._write(octets)

    def restart(self) -> None:
        """Have the modem begin anew, as after a brown-out."""
        self._say(self.modem.switched_on())

    def _read(self) -> None:
        try:
            octets = os.read(self._ends[0], 4096)
        except (BlockingIOError, OSError):
            return
        if self.fault.echoes:
            self._write(octets)
        if self.fault.busy:
            answer, self.fault.busy = self.fault.busy, b""
            self._write(answer)
            return
        self._say(self.modem.take(octets))

    def _say(self, octets: bytes) -> None:
        if not octets or self.fault.is_silent:
            return
        kept, self.fault.keeps = self.fault.keeps, None
        octets = self.fault.noise + (octets if kept is None else octets[:kept])
        if not self.fault.is_piecemeal:
            self._write(octets)
            return
        was_empty = not self._pieces
        self._pieces += octets
        if was_empty:
            self._piece()

    def _piece(self) -> None:
        """Write one octet, and the next in the next turn of the loop, when the host has read this one."""
        if self._pieces:
            self._write(bytes((self._pieces.popleft(),)))
            self._loop.call_soon(self._piece)

    def _write(self, octets: bytes) -> None:
        if self._ends:
            os.write(self._ends[0], octets)


@contextlib.asynccontextmanager
async def behind_tcp(modem: SimulatedModem) -> AsyncIterator[TcpLine]:
    """Serve a modem at a port of this machine, as a serial server does; one host at a time."""
    line = TcpLine(modem)
    server = await asyncio.start_server(line.serve, "127.0.0.1", 0)
    line.port = server.sockets[0].getsockname()[1]
    try:
        yield line
    finally:
        server.close()
        line.hang_up()
        await server.wait_closed()


class TcpLine:
    """The modem's end of a serial server."""

    def __init__(self, modem: SimulatedModem) -> None:
        self.modem = modem
        self.port = 0
        self._writer: asyncio.StreamWriter | None = None

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Pass octets on until the host hangs up."""
        self._writer = writer
        with contextlib.suppress(ConnectionError):
            while octets := await reader.read(4096):  # no limit: as long as the host stays
                writer.write(self.modem.take(octets))
        writer.close()

    def hear(self, packet: OnAir) -> None:
        """Have the modem hear a packet."""
        assert self._writer is not None
        self._writer.write(self.modem.hear(packet))

    def hang_up(self) -> None:
        """Cut the connection."""
        if self._writer is not None:
            self._writer.close()
