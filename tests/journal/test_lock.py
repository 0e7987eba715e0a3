"""The lock beside the database: a disk that takes nothing keeps nobody from having it."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from gateway.errors import Busy
from gateway.journal.lock import FileLock


def full(*_: object) -> int:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_lock_is_had_though_the_disk_does_not_take_who_has_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "pwrite", full)
    first, second = FileLock(tmp_path / "lock"), FileLock(tmp_path / "lock")

    first.acquire()
    with pytest.raises(Busy, match="not known yet"):
        second.acquire()
    first.release()
    second.acquire()

    second.release()
