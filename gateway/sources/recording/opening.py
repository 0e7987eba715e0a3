"""From a file to its records: which kind it is its first octets say, compressed with gzip or not."""

from __future__ import annotations

import codecs
import gzip
import zlib
from collections.abc import Iterator
from functools import partial
from itertools import islice
from pathlib import Path
from typing import BinaryIO, Final, cast

from gateway.errors import ConfigError
from gateway.sources.recording.lines import LONGEST_LINE, read_lines
from gateway.sources.recording.records import Bad, BadRecordReason, Record

HEAD: Final = 64  # octets that show which kind it is
GZIP: Final = b"\x1f\x8b"
PCAP: Final = frozenset(
    bytes.fromhex(magic)
    for magic in ("a1b2c3d4", "d4c3b2a1", "a1b23c4d", "4d3cb2a1", "a1b2cd34", "34cdb2a1", "0a0d0d0a")
)


class RecordingFile:
    """A recording on disk: `begin`, `read` again and again until nothing comes, `close`. All of them block."""

    def __init__(self, path: Path, port: int, where: str) -> None:
        """``where`` begins each ConfigError; ``port`` is the server's in a capture."""
        self._path = path
        self._port = port
        self._where = f"{where}: {path}"
        self._file: BinaryIO | None = None
        self._records: Iterator[Record] = iter(())

    def begin(self) -> None:
        """Open it at its beginning, anew where it is open; raise ConfigError for what is no recording."""
        self.close()
        self._file = self._open()
        self._records = self._recognised(self._file)

    def read(self, count: int) -> list[Record]:
        """Return the next ``count`` records, fewer at the end; one that cannot be read on ends with a `Bad` one."""
        some: list[Record] = []
        try:
            some.extend(islice(self._records, count))
        except (OSError, EOFError, zlib.error) as error:  # a stick that was pulled out, a gzip file that was cut off
            self._records = iter(())
            some.append(Record(None, None, Bad(BadRecordReason.BROKEN_OFF, f"the file cannot be read on ({error})")))
        return some

    def close(self) -> None:
        """Close it, if it is open."""
        if self._file is not None:
            self._file.close()

    def _open(self) -> BinaryIO:
        try:
            file = self._path.open("rb")
        except OSError as error:
            raise ConfigError(f"{self._where} cannot be read: {error.strerror}") from error
        is_packed = file.peek(2)[:2] == GZIP
        if not is_packed:
            return file
        file.close()
        return cast("BinaryIO", gzip.open(self._path, "rb"))

    def _recognised(self, file: BinaryIO) -> Iterator[Record]:
        try:
            head = file.read(HEAD)
            file.seek(0)
        except (OSError, EOFError, zlib.error) as error:
            raise ConfigError(f"{self._where} cannot be read: {error}") from error
        if head[:4] in PCAP:
            return self._captured(file)
        if not head.removeprefix(codecs.BOM_UTF8).lstrip().startswith(b"{"):
            raise ConfigError(
                f"{self._where} is no recording: JSON lines (each begins with a brace), or what tcpdump or Wireshark wrote"
            )
        return read_lines(iter(partial(file.readline, LONGEST_LINE), b""))

    def _captured(self, file: BinaryIO) -> Iterator[Record]:
        try:
            from gateway.sources.recording.captures import NoCapture, read_capture
        except ModuleNotFoundError as error:
            raise ConfigError(
                f"{self._where} is a capture, and dpkt, which reads those, is not installed: pip install 'brygga[pcap]'"
            ) from error
        try:
            return read_capture(file, self._port)
        except NoCapture as error:
            raise ConfigError(f"{self._where} cannot be heard: {error}") from error
