"""`brygga upgrade`: what the package does with the journal around an upgrade, and what a person does who goes back by hand."""

from __future__ import annotations

import argparse
import contextlib
import sqlite3
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from gateway import __version__
from gateway.commands import lines, places
from gateway.commands.network import Ask, Deed
from gateway.errors import Busy, ConfigError, StorageError

if TYPE_CHECKING:
    from gateway.config import Settings

STOP: Final = "stop the agent first (systemctl stop brygga)"


def _keep(options: argparse.Namespace, _: Ask) -> int:
    from gateway.backup import back_up
    from gateway.clock import SystemClock
    from gateway.commands.upgrade_handover import BACKUP, KEPT, LEFT, Kept, write
    from gateway.journal.looking import looking

    settings, folder, clock = _settings(options), _folder(options), SystemClock()
    for name in (KEPT, LEFT):  # of an upgrade before this one
        (folder / name).unlink(missing_ok=True)
    with looking(settings.journal_path) as found:
        row, version = max((piece.last for piece in found.pieces()), default=0), found.number("user_version")
    made_at = clock().utc.isoformat(timespec="seconds")
    back_up(settings, folder / BACKUP, clock)
    write(folder / KEPT, Kept(row=row, made_at=made_at, version=__version__, database_version=version))
    lines.say(f"kept a copy of the journal in {folder}")
    return 0


def _leave(options: argparse.Namespace, _: Ask) -> int:
    import asyncio

    settings, folder = _settings(options), _folder(options)
    if _database_version(settings) < _own_version():
        lines.say("the journal is still as the older version left it: nothing to hand over")
        return 0
    asyncio.run(_left(settings, folder))
    return 0


async def _left(settings: Settings, folder: Path) -> None:
    from gateway.clock import SystemClock
    from gateway.commands.upgrade_handover import leave, read_kept
    from gateway.journal import Journal, WhenFull
    from gateway.journal.looking import looking

    kept = read_kept(folder)
    try:
        journal = await Journal.open(
            settings.journal_path,
            clock=SystemClock(),
            limit_bytes=settings.journal.limit_bytes,
            keep_delivered=settings.journal.keep_delivered,
            when_full=WhenFull.REFUSE,  # nothing goes before it is handed over
            key_file=settings.gateway.key_file,
        )
    except Busy as error:
        raise Busy(f"{error}: {STOP}") from error
    try:
        with looking(settings.journal_path) as found:
            left = await leave(journal, found, folder, kept.row)
    finally:
        await journal.close()
    lines.say(f"{left.uplinks} uplinks and {left.devices} devices are left for brygga {kept.version} in {folder}")


def _return(options: argparse.Namespace, _: Ask) -> int:
    import asyncio

    settings, folder = _settings(options), _folder(options)
    if _database_version(settings) <= _own_version():
        lines.say("the journal is one that this version can read: nothing to put back")
        return 0
    asyncio.run(_returned(settings, folder))
    return 0


async def _returned(settings: Settings, folder: Path) -> None:
    from gateway.backup import restore_over
    from gateway.clock import SystemClock
    from gateway.commands.upgrade_handover import BACKUP, read_kept, read_left, take

    kept, left = read_kept(folder), read_left(folder)
    problems: list[str] = []
    add = None if left is None else partial(take, folder=folder, problems=problems)
    restored = await restore_over(settings, folder / BACKUP, SystemClock(), add)
    lines.say(f"the journal is again that of {kept.made_at}; the newer one is {restored.put_aside}")
    if left is None:
        lines.warnings(["what was heard since is in the newer one alone: it stays for a version that can read it"])
        return
    lines.say(f"{left.uplinks} uplinks that were heard since, and the counters of {left.devices} devices, are taken in")
    lines.warnings(problems)
    if left.downlinks:
        lines.warnings([f"{left.downlinks} downlinks that waited are dropped: send again what is still wanted"])
    if left.unreadable:
        lines.warnings(
            [f"{left.unreadable} records could not be read by the newer version, and are in its journal alone"]
        )


def _settings(options: argparse.Namespace) -> Settings:
    from gateway.config import load

    return load(places.config_path(options))


def _folder(options: argparse.Namespace) -> Path:
    folder = Path(options.folder)
    if not folder.is_dir():
        raise ConfigError(f"{folder}: there is no such folder; make one that only root may enter (mode 0700)")
    return folder


def _own_version() -> int:
    from gateway.journal.schema import SCRIPTS

    return len(SCRIPTS)


def _database_version(settings: Settings) -> int:
    """Return the version of the journal that lies there, as far as its log says, too; raises ConfigError where none does."""
    path = settings.journal_path
    if not path.exists():
        raise ConfigError(f"{path}: there is no journal yet (gateway.data names its folder)")
    try:
        with contextlib.closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as connection:
            ((version,),) = connection.execute("PRAGMA user_version").fetchall()
    except sqlite3.DatabaseError as error:
        raise StorageError(f"{path}: {error}") from error
    return int(version)


DEEDS: dict[str, Deed] = {
    "upgrade keep": _keep,
    "upgrade leave": _leave,
    "upgrade return": _return,
}
