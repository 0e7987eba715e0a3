"""Backups: is there one, how old is it, is it on another disk."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from gateway.doctor.apart import apart
from gateway.doctor.box import Box
from gateway.doctor.finding import Check, Ill, Seen, Standing
from gateway.spans import size, span

FOLDER: Final = "backups"  # in the data folder, where brygga-backup.timer writes
OLD_S: Final = 8 * 86_400.0  # a week, and a day of grace

NONE: Final = Ill(
    "none",
    Standing.UNWISE,
    "no backup lies on this box: with a dead card keys, counters and what waits are gone",
    "sudo systemctl enable --now brygga-backup.timer, or: brygga backup --with-keys FILE",
)
OLD: Final = Ill(
    "old", Standing.UNWISE, "the newest backup is older than a week", "systemctl status brygga-backup.timer"
)
EMPTY: Final = Ill("empty", Standing.WRONG, "the newest backup is empty", "brygga backup FILE; is the disk full? df -h")


@dataclass(frozen=True, slots=True, kw_only=True)
class Backup:
    """The newest backup; None: there is none."""

    newest: Path | None
    size: int
    made: datetime
    now: datetime


async def backups(box: Box) -> Backup | None:
    """Return the newest backup in the data folder; None where there is no journal yet, of which one could be made."""
    return await apart(_backups, box)


def _backups(box: Box) -> Backup | None:
    if box.settings is None or (data := box.data) is None or not box.settings.journal_path.exists():
        return None
    folder = data / FOLDER
    files = (
        [one for one in folder.iterdir() if one.is_file() and not one.name.startswith(".")] if folder.is_dir() else []
    )
    newest = max(files, key=lambda one: one.stat().st_mtime, default=None)
    if newest is None:
        return Backup(newest=None, size=0, made=box.now, now=box.now)
    found = newest.stat()
    return Backup(newest=newest, size=found.st_size, made=datetime.fromtimestamp(found.st_mtime, UTC), now=box.now)


def judge(facts: Backup) -> Iterator[Seen]:
    """Judge the newest backup."""
    age_s = (facts.now - facts.made).total_seconds()
    if facts.newest is None:
        yield Seen("no backup in the data folder", NONE)
    elif not facts.size:
        yield Seen(facts.newest.name, EMPTY)
    elif age_s > OLD_S:
        yield Seen(f"{facts.newest.name} is {span(age_s)} old", OLD)
    yield Seen("" if facts.newest is None else f"{facts.newest.name}, {size(facts.size)}, {span(max(age_s, 0.0))} old")


CHECKS: Final = (
    Check(
        id="backups.age",
        looks="the newest file in backups/ of the data folder: its age and size",
        probe=backups,
        judge=judge,
        ills=(NONE, OLD, EMPTY),
    ),
)
