"""The disk under the journal: how much is left on it, and a ballast to let go of when nothing is."""

from __future__ import annotations

import contextlib
import logging
import os
import shutil
from pathlib import Path
from typing import Final

from gateway.journal.store import Store
from gateway.journal.values import AlarmKind

log = logging.getLogger(__name__)

SUFFIX: Final = ".ballast"
BALLAST_BYTES: Final = (
    2 * 2**20
)  # dropping a segment writes a few pages, and first the log goes into the file: a megabyte
BALLAST_PART: Final = 1 / 8  # of the journal's limit at most
LOOK_EVERY_S: Final = 10.0
SEGMENTS_LEFT: Final = 2  # below so many, the disk is nearly full
PRIVATE: Final = 0o600


class Ballast:
    """Octets that nobody needs: on a full disk nothing can be dropped from a database, for that takes room, too."""

    def __init__(self, journal: Path, size: int) -> None:
        self.path = journal.with_name(journal.name + SUFFIX)
        self._size = size

    def keep(self, free: int) -> None:
        """Have it on the disk where it and as much again have room."""
        if free < 2 * self._size or self._is_whole():
            return
        try:
            descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, PRIVATE)
            try:
                os.posix_fallocate(descriptor, 0, self._size)  # blocks, not only a length
            finally:
                os.close(descriptor)
        except OSError:
            self.let_go()

    def let_go(self) -> bool:
        """Give its room to the journal, and tell whether there was some."""
        was_there = self._is_whole()
        with contextlib.suppress(OSError):
            self.path.unlink(missing_ok=True)
        return was_there

    def _is_whole(self) -> bool:
        try:
            return self.path.stat().st_size >= self._size
        except OSError:
            return False


class Disk:
    """Look at the disk after a commit, not at each."""

    def __init__(self, store: Store) -> None:
        self._store = store
        quota = store.quota
        size = min(BALLAST_BYTES, int(quota.all_pages * quota.page_bytes * BALLAST_PART))
        self._ballast = Ballast(store.database.path, size)
        self._looked_at = -LOOK_EVERY_S  # monotonic
        self.free_bytes: int | None = None  # None: there is no disk, or nobody knows

    def look(self) -> None:
        """Sound the alarm where little is left, and keep the ballast where there is room."""
        now = self._store.clock().monotonic
        if not self._store.database.is_file or now - self._looked_at < LOOK_EVERY_S:
            return
        self._looked_at = now
        try:
            self.free_bytes = free = shutil.disk_usage(self._store.database.path.parent).free
        except OSError:
            self.free_bytes = None  # the next commit says what is wrong with it
            return
        self._ballast.keep(free)
        self._tell_of(free)

    @property
    def is_nearly_full(self) -> bool:
        """Whether little is left on it."""
        return self.free_bytes is not None and self.free_bytes < SEGMENTS_LEFT * self._store.quota.segment_bytes

    def make_way(self) -> None:
        """Let go of the ballast, so that something can be dropped."""
        if self._ballast.let_go():
            log.warning("%s: the disk is full, and the ballast goes to make room", self._store.database.path)

    def _tell_of(self, free: int) -> None:
        store = self._store
        if not self.is_nearly_full:
            store.disk_full_since = None
            store.wrong.pop(AlarmKind.NEARLY_FULL, None)
            return
        words = f"{store.database.path}: the disk is nearly full, {free // 1000} kB are left: make room on it"
        if AlarmKind.NEARLY_FULL not in store.wrong:
            log.warning(words)
        store.sound(AlarmKind.NEARLY_FULL, words)
