"""The file that a recording is written into: lines or a capture, packed or not, readable up to its last flush.

What is written goes to the kernel each turn, so that a command that is killed leaves it; and to the disk every ten seconds: a power
cut takes those, and a flash card is written to six times a minute.
"""

from __future__ import annotations

import contextlib
import gzip
import json
import os
import shutil
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import BinaryIO, Final, Protocol, Self, cast

from gateway.errors import Brygga, ConfigError
from gateway.model import Json

PACKING: Final = 6  # of zlib's nine
PRIVATE: Final = 0o600  # it tells who sends when, and where
FLUSH_EVERY_S: Final = 10.0
LEAST_FREE: Final = 50_000_000  # octets that are left to the journal


class Unwritten(Brygga):
    """Say that the file took no more, and why."""


class Writes(Protocol):
    """One way to write records."""

    def write(self, line: Mapping[str, Json]) -> None:
        """Write one record, in the words of `gateway.sources.recording.lines`."""
        ...


class Tape:
    """A new file; `with Tape(path) as tape`. ``octets`` is how long it is."""

    def __init__(self, path: Path) -> None:
        """Raise ConfigError where the file is there already, or cannot be made."""
        self._path = path
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, PRIVATE)
        except FileExistsError as error:
            raise ConfigError(f"{path} is there already: choose another name, or remove it first") from error
        except OSError as error:
            raise ConfigError(f"{path} cannot be written: {error.strerror}") from error
        self._file = os.fdopen(descriptor, "wb")
        is_packed = path.suffix == ".gz"
        self._packed = gzip.GzipFile("", "wb", PACKING, self._file) if is_packed else None
        self._flushed_at = time.monotonic()

    @property
    def stream(self) -> BinaryIO:
        """Return what octets go into."""
        return cast("BinaryIO", self._packed or self._file)

    @property
    def octets(self) -> int:
        """Return how long the file is."""
        return self._file.tell()

    @property
    def has_room(self) -> bool:
        """Tell whether the disk has more than what is left to the journal."""
        return shutil.disk_usage(self._path.parent).free > LEAST_FREE

    def write(self, to: Writes, some: Iterable[Mapping[str, Json]]) -> None:
        """Write records, hand them to the kernel, and every ten seconds to the disk; raises Unwritten."""
        try:
            for line in some:
                to.write(line)
            self.stream.flush()  # of gzip: all so far can be unpacked (Z_SYNC_FLUSH)
            self._file.flush()
            if time.monotonic() - self._flushed_at >= FLUSH_EVERY_S:
                self._to_disk()
        except OSError as error:
            raise self._unwritten(error) from error

    def _unwritten(self, error: OSError) -> Unwritten:
        return Unwritten(f"{self._path} takes no more: {error.strerror}; what is in it until then can be read")

    def _to_disk(self) -> None:
        os.fsync(self._file.fileno())
        self._flushed_at = time.monotonic()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        try:
            if self._packed is not None:
                self._packed.close()
            self._file.flush()
            self._to_disk()
        except OSError as error:
            raise self._unwritten(error) from error
        finally:
            with contextlib.suppress(OSError):  # what it could not write before it cannot write now
                self._file.close()


class Lines:
    """JSON lines."""

    def __init__(self, stream: BinaryIO, head: Mapping[str, Json]) -> None:
        self._stream = stream
        self.write(head)

    def write(self, line: Mapping[str, Json]) -> None:
        """Write one record."""
        self._stream.write(json.dumps(line, ensure_ascii=False, separators=(",", ":")).encode() + b"\n")
