"""Backups night after night: each a file of its own in one folder, the newest of them kept, and the disk never filled."""

from __future__ import annotations

import re
import shutil
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Final

from gateway.config import Settings
from gateway.errors import ConfigError

NAME: Final = re.compile(r"brygga-\d{8}T\d{6}Z\.backup")
RESERVE_BYTES: Final = 256 * 1024 * 1024  # that a backup leaves free: hearing has to go on
COPIES: Final = 2  # of the journal are there while it is written: the copy, and the archive that is made of it


def next_file(folder: Path, settings: Settings, now: datetime, keep: int) -> Path:
    """Return the next backup's name in ``folder``, once there is room for it; the oldest go first where there is none.

    Raises ConfigError where the folder or ``keep`` is wrong, or where there is no room though only the newest one is left.
    """
    if keep < 1:
        raise ConfigError(f"backup: --keep {keep}: 1 or more is right")
    if not folder.is_dir():
        raise ConfigError(
            f"backup: {folder} is no folder: with --keep the file's place is one that is there, for several files"
        )
    wanted = COPIES * _size(settings.journal_path) + RESERVE_BYTES
    while (free := shutil.disk_usage(folder).free) < wanted:
        older = kept(folder)[1:]
        if not older:
            raise ConfigError(
                f"backup: {folder} has {free >> 20} MiB free where {wanted >> 20} MiB are needed, the journal twice and a reserve; "
                "nothing was written and the newest backup is still there. Make room, or name a folder on another disk"
            )
        older[-1].unlink()
    return folder / f"brygga-{now:%Y%m%dT%H%M%SZ}.backup"


def let_go(folder: Path, keep: int) -> None:
    """Delete all but the newest ``keep`` backups of ``folder``; other files there are nobody's to touch."""
    for one in kept(folder)[keep:]:
        one.unlink()


def kept(folder: Path) -> Sequence[Path]:
    """Return the backups of ``folder`` by their names, the newest first."""
    return sorted((one for one in folder.iterdir() if NAME.fullmatch(one.name)), reverse=True)


def _size(journal: Path) -> int:
    return sum(one.stat().st_size for one in (journal, journal.with_name(f"{journal.name}-wal")) if one.exists())
