"""Log records in journald's own protocol: a datagram a record, a field a line, traces whole.

https://systemd.io/JOURNAL_NATIVE_PROTOCOL: `NAME=value` and a newline; a value with newlines is `NAME`, a newline, its length
as 64 bits little endian, the value, a newline. What is too large for a datagram goes as a sealed file in memory.
"""

from __future__ import annotations

import array
import contextlib
import errno
import fcntl
import io
import logging
import os
import select
import socket
import struct
import sys
from collections.abc import Iterator
from typing import Final, TextIO

from gateway.service.fields import about

SOCKET: Final = "/run/systemd/journal/socket"
IDENTIFIER: Final = "brygga"
# syslog(3): 2 critical, 3 error, 4 warning, 6 informational, 7 debug
PRIORITIES: Final = ((logging.CRITICAL, 2), (logging.ERROR, 3), (logging.WARNING, 4), (logging.INFO, 6))
DEBUG: Final = 7
TOO_LARGE: Final = frozenset({errno.EMSGSIZE, errno.ENOBUFS})
SEALS: Final = fcntl.F_SEAL_SEAL | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_WRITE


class JournaldHandler(logging.Handler):
    """Hand records to journald; what it does not take goes to standard error as text, and what that does not take is counted."""

    def __init__(self, path: str) -> None:
        super().__init__()
        self._path = path
        self._lost = 0  # since the last record that was taken
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK)

    def emit(self, record: logging.LogRecord) -> None:
        """Send a record; never waits and never raises."""
        try:
            self._send(self._datagram(record))
            self._tell_of_lost()
        except OSError:
            self._lost += not self._aside(record)
        except Exception:  # noqa: BLE001 - as logging's own handlers: a record that cannot be formatted ends no agent
            self.handleError(record)

    def close(self) -> None:
        """Let the socket go."""
        self._socket.close()
        super().close()

    def fields(self, record: logging.LogRecord) -> Iterator[tuple[str, str]]:
        """Yield the fields of a record (systemd.journal-fields(7))."""
        yield "MESSAGE", self.format(record)
        yield "PRIORITY", str(next((number for level, number in PRIORITIES if record.levelno >= level), DEBUG))
        yield "SYSLOG_IDENTIFIER", IDENTIFIER
        yield "CODE_FILE", record.pathname
        yield "CODE_LINE", str(record.lineno)
        yield "CODE_FUNC", record.funcName or ""
        yield "LOGGER", record.name
        yield from ((f"BRYGGA_{name.upper()}", value) for name, value in about(record).items())

    def _datagram(self, record: logging.LogRecord) -> bytes:
        return b"".join(_field(name, value) for name, value in self.fields(record))

    def _send(self, datagram: bytes) -> None:
        try:
            self._socket.sendto(datagram, self._path)
        except OSError as error:
            if error.errno not in TOO_LARGE:
                raise
            self._send_as_file(datagram)

    def _send_as_file(self, datagram: bytes) -> None:
        descriptor = os.memfd_create("brygga-log", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
        with os.fdopen(descriptor, "wb", buffering=0) as file:
            file.write(datagram)
            fcntl.fcntl(descriptor, fcntl.F_ADD_SEALS, SEALS)
            rights = (socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [descriptor]))
            self._socket.sendmsg([], [rights], 0, self._path)

    def _tell_of_lost(self) -> None:
        if self._lost:
            words = f"{self._lost} lines of the log are lost: journald did not take them in time"
            record = logging.LogRecord(__name__, logging.WARNING, __file__, 0, words, None, None)
            with contextlib.suppress(OSError):  # then the next record that is taken tells
                self._send(self._datagram(record))
                self._lost = 0

    def _aside(self, record: logging.LogRecord) -> bool:
        """Write to standard error, which is a stream to journald, too: not where that is full, or broken since journald has gone."""
        err = sys.stderr
        if err is None or not _takes(err):
            return False
        try:
            err.write(f"{record.levelname} {record.name}: {self.format(record)}\n")
            err.flush()
        except (OSError, ValueError):  # ValueError: it is closed
            return False
        return True


def _takes(stream: TextIO) -> bool:
    """Return whether a stream takes a line without waiting; one that is no file does."""
    try:
        poll = select.poll()
        poll.register(stream, select.POLLOUT)
        return any(event & select.POLLOUT for _, event in poll.poll(0))
    except io.UnsupportedOperation:
        return True
    except (OSError, ValueError):
        return False


def _field(name: str, value: str) -> bytes:
    octets = value.encode("utf-8", "replace")
    if b"\n" not in octets:
        return b"%s=%s\n" % (name.encode(), octets)
    return b"%s\n%s%s\n" % (name.encode(), struct.pack("<Q", len(octets)), octets)
