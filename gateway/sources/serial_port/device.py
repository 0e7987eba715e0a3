"""A serial port of this machine, watched by the event loop."""

from __future__ import annotations

import asyncio
import contextlib
import os
import termios
from typing import Final

import serial

from gateway.sources.serial_port.arrivals import Arrivals
from gateway.sources.serial_port.lost import Lost, PortLost, from_error

AT_ONCE: Final = 4096  # octets, as many as the kernel keeps of a serial line


class DevicePort:
    """An open device; `DevicePort.open` makes one."""

    def __init__(self, opened: serial.Serial, path: str) -> None:
        self._serial = opened
        self._path = path
        self._fd: int = opened.fileno()
        self._arrivals = Arrivals()
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self._fd, self._readable)
        self._is_watched = True

    @classmethod
    async def open(cls, path: str, baud: int) -> DevicePort:
        """Open a device and lock it against other programs that lock. PortLost says why that cannot be."""
        try:
            opened = serial.Serial(path, baud, timeout=0, exclusive=True)
        except (
            OSError,
            termios.error,
        ) as error:  # SerialException is the former; pyserial lets some of the latter through
            # In a thread: who else has the port is looked for in all of /proc, a tenth of a second on a small box.
            raise await asyncio.to_thread(from_error, path, _numbered(error)) from error
        return cls(opened, path)

    async def read(self) -> bytes:
        """Return what has come, as soon as anything has; PortLost when the device was unplugged."""
        if not self._is_watched and not self._arrivals.is_full:
            self._watch()
        return await self._arrivals.read()

    def write(self, octets: bytes) -> None:
        """Send; PortLost when the device takes nothing more. A modem's command fits into the kernel's buffer many times."""
        try:
            sent = os.write(self._fd, octets)
        except OSError as error:
            raise PortLost(Lost.GONE, self._words()) from error
        if sent < len(octets):
            raise PortLost(Lost.GONE, f"{self._path} takes nothing more; is its cable whole?")

    async def set_baud(self, baud: int) -> None:
        """Go on with another speed."""
        try:
            self._serial.baudrate = baud
            self._serial.reset_input_buffer()
        except (OSError, termios.error) as error:
            raise PortLost(Lost.GONE, self._words()) from error
        self._arrivals.clear()

    async def close(self) -> None:
        """Let go of the device, so that it can come back under its name."""
        self._unwatch()
        with contextlib.suppress(OSError, termios.error):  # it may be gone
            # Linux would hold up all of us for half a minute (closing_wait) until a modem that hangs has taken what was written.
            self._serial.reset_output_buffer()
        self._serial.close()

    def _watch(self) -> None:
        self._is_watched = True
        self._loop.add_reader(self._fd, self._readable)

    def _unwatch(self) -> None:
        if self._is_watched:
            self._loop.remove_reader(self._fd)
        self._is_watched = False

    def _readable(self) -> None:
        try:
            octets = os.read(self._fd, AT_ONCE)
        except (BlockingIOError, InterruptedError):
            return
        except OSError:  # EIO: unplugged
            octets = b""
        if octets:
            self._arrivals.put(octets)
        else:
            self._arrivals.end(self._words())
        if not octets or self._arrivals.is_full:
            self._unwatch()

    def _words(self) -> str:
        return f"{self._path} was unplugged"


def _numbered(error: OSError | termios.error) -> OSError:
    """Return an error with its number; of some that pyserial raises only what made them has one."""
    if isinstance(error, OSError) and error.errno is None and isinstance(error.__context__, termios.error):
        return OSError(*error.__context__.args)
    return error if isinstance(error, OSError) else OSError(*error.args)
