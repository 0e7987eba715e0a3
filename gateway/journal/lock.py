"""One process at a time: an exclusive lock on a file beside the database."""

from __future__ import annotations

import contextlib
import fcntl
import os
from pathlib import Path

from gateway.errors import Busy, ConfigError


class FileLock:
    """Hold an exclusive lock on ``path`` from acquire() to release(); the kernel frees it when the process dies.

    The file is never removed: a second process might lock the removed one while a third makes and locks a new one.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._descriptor: int | None = None

    def acquire(self) -> None:
        """Take the lock and write our process id into it, where the disk takes that; Busy tells who holds it."""
        try:
            descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise ConfigError(
                f"{self.path}: {error.strerror}; the journal needs a folder that it may write to"
            ) from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            holder = os.pread(descriptor, 32, 0).decode("ascii", "replace").strip()
            os.close(descriptor)
            raise Busy(f"{self.path}: process {holder or '(not known yet)'} holds the journal") from error
        except OSError:
            os.close(descriptor)
            raise
        self._descriptor = descriptor
        with contextlib.suppress(OSError):  # on a disk that takes nothing the lock holds all the same
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)

    def release(self) -> None:
        """Let the next one in; does nothing when the lock is not held."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
