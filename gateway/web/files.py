"""The pages: files of a folder, found once by name, so that no path that somebody sends is ever opened."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

PAGES: Final = Path(__file__).parent / "pages"
KINDS: Final[Mapping[str, str]] = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".ico": "image/x-icon",
    ".woff2": "font/woff2",
    ".webmanifest": "application/manifest+json",
    ".txt": "text/plain; charset=utf-8",
}
PACKED: Final = frozenset({".html", ".css", ".js", ".json", ".svg", ".webmanifest", ".txt"})
WORTH_PACKING: Final = 1000  # octets


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A file as it is sent."""

    kind: str
    octets: bytes
    etag: str
    packed: bool  # gzip


class Pages:
    """The files of a folder: which there are is found once, and one that changes is read again."""

    def __init__(self, folder: Path = PAGES) -> None:
        self._files = _files(folder)
        self._read: dict[
            tuple[str, bool], tuple[int, Page]
        ] = {}  # with when each was changed; 200 kB for all there are

    def find(self, path: str, *, may_pack: bool) -> Page | None:
        """Return the file for a path such as "/app/main.js"; None where there is none. Blocks while it reads."""
        name = path.removeprefix("/") or "index.html"
        file = self._files.get(name)
        if file is None:
            return None
        try:
            stamp = file.stat().st_mtime_ns
            known = self._read.get((name, may_pack))
            if known is None or known[0] != stamp:
                known = self._read[name, may_pack] = stamp, _page(file, may_pack=may_pack)
        except OSError:  # an upgrade has taken it away
            return None
        return known[1]


def _files(folder: Path) -> Mapping[str, Path]:
    """Return all files by their names; a link that leads out of the folder is none of them."""
    root = folder.resolve()
    return {
        file.relative_to(folder).as_posix(): file
        for file in folder.rglob("*")
        if file.suffix in KINDS and file.is_file() and file.resolve().is_relative_to(root)
    }


def _page(file: Path, *, may_pack: bool) -> Page:
    octets = file.read_bytes()
    packed = may_pack and file.suffix in PACKED and len(octets) >= WORTH_PACKING
    digest = hashlib.sha256(octets).hexdigest()[:32]
    return Page(
        kind=KINDS[file.suffix],
        octets=gzip.compress(octets, mtime=0) if packed else octets,
        etag=f'"{digest}{"-gzip" if packed else ""}"',
        packed=packed,
    )
