"""When the certificates end that a configuration names; each file is read again when it has changed."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from gateway.config import Settings

Stamp = tuple[int, int]


class Ends:
    """Of the files of one configuration."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._known: dict[Path, tuple[Stamp | None, float | None]] = {}

    def by_file(self) -> Mapping[str, float | None]:
        """Return when each ends, in seconds since 1970; None: it cannot be read."""
        from gateway.doctor.certificates import named  # with the doctor's first file; nothing of it is needed before

        return {str(path): self._end(path, name) for path, name in dict.fromkeys(named(self._settings))}

    def _end(self, path: Path, name: str) -> float | None:
        from gateway.doctor.certificates import read

        stamp = _stamp(path)
        before = self._known.get(path)
        if before is None or before[0] != stamp:
            try:
                ends = read(path, name).ends
            except PermissionError:
                ends = None
            before = stamp, None if ends is None else ends.timestamp()
            self._known[path] = before
        return before[1]


def _stamp(path: Path) -> Stamp | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size
