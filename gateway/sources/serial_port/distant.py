"""A serial port behind one of pyserial's URLs: it blocks, so one thread of its own does all that is done with it.

pyserial can be woken from a read of such a port by nothing but time. So the thread looks every `WAKE_S` for what is to be
written, which is the price of an URL: an answer comes up to that much later.
"""

from __future__ import annotations

import asyncio
import contextlib
import queue
import threading
from collections.abc import Callable
from typing import Any, Final

import serial

from gateway.sources.serial_port.arrivals import Arrivals
from gateway.sources.serial_port.lost import Lost, PortLost

WAKE_S: Final = 0.02
WRITE_LIMIT_S: Final = 2.0  # of a `socket://` whose other end takes nothing
AT_ONCE: Final = 4096

Order = Callable[[Any], None]  # what the thread is to do with the port


class DistantPort:
    """An open port and its thread; `DistantPort.open` makes one."""

    def __init__(self, url: str, baud: int) -> None:
        self._url, self._baud = url, baud
        self._arrivals = Arrivals()
        self._orders: queue.SimpleQueue[Order] = queue.SimpleQueue()
        self._stop = threading.Event()
        self._loop = asyncio.get_running_loop()
        self._opened: asyncio.Future[None] = self._loop.create_future()
        self._ended: asyncio.Future[None] = self._loop.create_future()
        self._thread = threading.Thread(target=self._serve, name=f"serial port {url}", daemon=True)

    @classmethod
    async def open(cls, url: str, baud: int) -> DistantPort:
        """Open a URL. PortLost says why that cannot be."""
        port = cls(url, baud)
        port._thread.start()
        try:
            await asyncio.shield(port._opened)  # no limit: pyserial gives up after 5 s
        except BaseException:
            await port.close()
            raise
        return port

    async def read(self) -> bytes:
        """Return what has come, as soon as anything has; PortLost when the connection is lost."""
        return await self._arrivals.read()

    def write(self, octets: bytes) -> None:
        """Have it sent; that it cannot be is told to whoever reads."""
        self._orders.put(lambda port: port.write(octets))

    async def set_baud(self, baud: int) -> None:
        """Go on with another speed, where the URL's other end can be told."""

        def change(port: Any) -> None:
            port.baudrate = baud

        self._orders.put(change)
        self._arrivals.clear()

    async def close(self) -> None:
        """End the thread and with it the connection."""
        self._stop.set()
        if self._thread.is_alive():
            # no limit: the thread looks every WAKE_S, and pyserial's own waits end within 5 s
            await asyncio.shield(self._ended)
            self._thread.join()

    # ── in the thread ───────────────────────────────────────────────────────────────────────────────────────────

    def _serve(self) -> None:
        try:
            port = self._open()
            self._tell(self._succeeded)
            self._pass_on(port)
            _close(port)
        except (OSError, ValueError, LookupError, NotImplementedError) as error:  # as pyserial says that it cannot open
            self._tell(self._failed, f"{self._url} cannot be opened: {_why(error)}")
        finally:
            self._tell(self._done)

    def _open(self) -> Any:
        port = serial.serial_for_url(self._url, baudrate=self._baud, timeout=WAKE_S, do_not_open=True)
        if self._url.startswith("socket:"):  # rfc2217:// refuses to have one
            port.write_timeout = WRITE_LIMIT_S
        port.open()
        return port

    def _pass_on(self, port: Any) -> None:
        try:
            while not self._stop.is_set():
                while not self._orders.empty():
                    self._orders.get()(port)
                if self._arrivals.is_full:
                    self._stop.wait(WAKE_S)
                elif octets := port.read(max(1, min(port.in_waiting, AT_ONCE))):
                    self._tell(self._arrivals.put, octets)
        except (OSError, ValueError) as error:
            self._tell(self._arrivals.end, f"{self._url}: the connection is lost: {error}")

    def _tell(self, what: Callable[..., None], *arguments: object) -> None:
        with contextlib.suppress(RuntimeError):  # the loop has been closed: nobody is there to be told
            self._loop.call_soon_threadsafe(what, *arguments)

    # ── in the loop ─────────────────────────────────────────────────────────────────────────────────────────────

    def _succeeded(self) -> None:
        if not self._opened.done():
            self._opened.set_result(None)

    def _failed(self, words: str) -> None:
        if not self._opened.done():
            self._opened.set_exception(PortLost(Lost.UNREACHABLE, words))
            self._opened.exception()  # asyncio would log it as never seen where the opening was cancelled

    def _done(self) -> None:
        self._failed(f"{self._url} cannot be opened")  # where nothing else was said
        self._arrivals.end(f"{self._url}: the connection is lost")
        if not self._ended.done():
            self._ended.set_result(None)


def _why(error: Exception) -> str:
    """Return the system's words where there are some: pyserial's repeat the address, and show what was raised."""
    words = getattr(error.__context__, "strerror", None)
    return f"{words}; does the serial server run, and is that its port?" if words else str(error)


def _close(port: Any) -> None:
    """Close a port, and its socket too: pyserial leaves that open where the other end has closed first."""
    connection = getattr(port, "_socket", None)
    with contextlib.suppress(OSError):
        port.close()
    if connection is not None:
        connection.close()
