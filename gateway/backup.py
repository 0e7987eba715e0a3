"""`brygga backup` and `brygga restore`: the journal of a box into one file, and out of it without using a counter twice."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import tempfile
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Final

from gateway import __version__
from gateway.archive import JOURNAL, KEY, About, pack, unpack
from gateway.config import Settings, make_data_folder
from gateway.config.carrying import Carried, carried, carried_with_secrets, says_name
from gateway.errors import Busy, ConfigError
from gateway.journal import Journal, WhenFull, wal
from gateway.journal.copying import copy, empty_wal
from gateway.journal.lock import FileLock
from gateway.journal.owner import belong
from gateway.journal.schema import SCRIPTS
from gateway.machine import fingerprint
from gateway.model import Clock
from gateway.moving_in import keep_serial, packed

ASIDE: Final = ".old-"

Add = Callable[[Journal], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """What a restore put where it was lacking, and what it put aside."""

    about: About
    sessions: int
    put_aside: Path | None  # the journal that lay there


def back_up(settings: Settings, target: Path, clock: Clock, path: Path | None = None) -> Carried:
    """Write a backup without the key file: what is heard stays readable in it, and no device key is, nor a secret of the configuration.

    ``path`` is the box's own configuration; what of it went along, and what did not, comes back. Without it the journal goes alone.
    """
    found = Carried("", Path()) if path is None else carried(path)
    _back_up(settings, target, clock, None, found)
    return found


def back_up_with_key(settings: Settings, target: Path, clock: Clock, path: Path | None = None) -> Carried:
    """Write a backup with the key file and all secrets: whoever has it has every device key, and can speak in this box's name."""
    key = settings.gateway.key_file
    if not key.exists():
        raise ConfigError(f"{key}: there is no key file to back up (gateway.key_file says where it is)")
    found = Carried("", Path()) if path is None else carried_with_secrets(path)
    _back_up(settings, target, clock, key, found)
    return found


def _back_up(settings: Settings, target: Path, clock: Clock, key: Path | None, found: Carried) -> None:
    """Copy the journal, also of a running agent, then pack it; ``target`` is replaced when the new one is whole."""
    path = settings.journal_path
    if not path.exists():
        raise ConfigError(f"{path}: there is no journal to back up (gateway.data names its folder)")
    about = About(
        gateway=settings.gateway.name,
        made_at=clock().utc.isoformat(timespec="seconds"),
        version=__version__,
        database_version=len(SCRIPTS),
        has_key=key is not None,
        configuration=found.name,
        is_named=not found.name or says_name(found),
        decoders=_place(settings.decoders.folder, found.folder),
        hidden=tuple(found.hidden),
        outside=tuple(found.outside),
    )
    with _folder_in(target.parent) as folder:
        copy(path, folder / JOURNAL)
        pack(target, about, folder / JOURNAL, key, packed(found, settings))


def _place(decoders: Path | None, folder: Path) -> str:
    """Return where decoders lie: from the configuration's folder where they are in it, which may be another one on the new card."""
    if decoders is None:
        return ""
    where = decoders.absolute()
    return str(where.relative_to(folder) if where.is_relative_to(folder) else where)


@contextlib.contextmanager
def _folder_in(place: Path) -> Iterator[Path]:
    """Have a folder that nobody else may enter, on the file system of what comes of it, for as long as the block lasts."""
    try:
        folder = tempfile.TemporaryDirectory(prefix=".brygga-", dir=place)
    except OSError as error:
        raise ConfigError(f"{place}: nothing can be written there: {error.strerror}") from error
    with folder as name:
        yield Path(name)


async def restore(settings: Settings, source: Path, clock: Clock) -> Restored:
    """Put the journal of a backup where none lies, its counters skipped ahead. Raises ConfigError, Busy, StorageError."""
    path = settings.journal_path
    if path.exists():
        with _stopped(path):  # that an agent runs is the first thing to say
            raise ConfigError(
                f"{path}: a journal lies here already; --force puts it aside as {path.name}{ASIDE}<time>, together with what "
                "it has not delivered"
            )
    return await restore_over(settings, source, clock)


async def restore_over(settings: Settings, source: Path, clock: Clock, add: Add | None = None) -> Restored:
    """Put the journal of a backup in the place of the present one, which is put aside.

    ``add`` brings into it what was heard since, after its counters have skipped ahead and before it is in place: all or nothing.
    """
    path, key = settings.journal_path, settings.gateway.key_file
    await asyncio.to_thread(make_data_folder, settings.gateway.data)
    with _stopped(path), _folder_in(path.parent) as folder:
        about = await asyncio.to_thread(unpack, source, folder)
        await asyncio.to_thread(_have_key, source, folder, key, about)
        sessions = await _skip_ahead(settings, source, folder / JOURNAL, clock, about, add)
        put_aside = await asyncio.to_thread(_put_in_place, folder, path, key)
        await asyncio.to_thread(keep_serial, source, path.parent)
    return Restored(about=about, sessions=sessions, put_aside=put_aside)


@contextlib.contextmanager
def _stopped(path: Path) -> Iterator[None]:
    """Hold the journal's lock, as an agent does."""
    lock = FileLock(path.with_name(path.name + ".lock"))
    try:
        lock.acquire()
    except Busy as error:
        raise Busy(f"{error}: stop the agent first (systemctl stop brygga), then restore") from error
    try:
        yield
    finally:
        lock.release()


def _have_key(source: Path, folder: Path, own: Path, about: About) -> None:
    """Put the key that opens the backup beside it: its own, else the one of this box."""
    if about.database_version > len(SCRIPTS):
        raise ConfigError(f"{source}: the backup was made by a newer Brygga ({about.version}); install that one first")
    if about.has_key:
        return
    if not own.exists():
        raise ConfigError(
            f"{source}: there is no key file in the backup (it was made without --with-keys), and none at {own}: put the "
            "key file of the old box there first; without it the device keys cannot be read"
        )
    shutil.copyfile(own, folder / KEY)


async def _skip_ahead(settings: Settings, source: Path, path: Path, clock: Clock, about: About, add: Add | None) -> int:
    """Raise the counters of the unpacked journal, and return how many sessions it has; a wrong key is found here."""
    try:
        journal = await Journal.open(
            path,
            clock=clock,
            limit_bytes=settings.journal.limit_bytes,
            keep_delivered=settings.journal.keep_delivered,
            when_full=WhenFull.REFUSE,  # nothing of a backup goes before its agent runs
        )
    except ConfigError as error:
        raise ConfigError([f"{source}: {problem}" for problem in error.problems]) from error
    try:
        await journal.box.restored(fingerprint(), f"restored from the backup of {about.gateway} of {about.made_at}")
        if add is not None:
            await add(journal)
        return len(await journal.sessions())
    finally:
        await journal.close()


def _put_in_place(folder: Path, path: Path, key: Path) -> Path | None:
    """Put key and journal in place, the key first: a journal without its key is of no use. Return what was put aside."""
    new_key = _beside(folder / KEY, key, path.parent)
    put_aside = _put_aside(path) if path.exists() else None
    for suffix in (
        "-wal",
        "-shm",
        ".suspect",
        ".salvaged",
    ):  # of another database they would be taken for the restored one's
        path.with_name(path.name + suffix).unlink(missing_ok=True)
    if new_key is not None:
        if key.exists():
            key.replace(_aside(key))
        new_key.replace(key)
    belong(folder / JOURNAL, path.parent)
    (folder / JOURNAL).replace(path)
    belong(path.with_name(path.name + ".lock"), path.parent)
    return put_aside


def _beside(new: Path, key: Path, data: Path) -> Path | None:
    """Return a copy of the new key beside the old one, for whom the data folder belongs to; None where both are the same.

    It may lie on another file system, and where nothing can be written this is found out before anything is moved.
    """
    if key.exists() and key.read_bytes() == new.read_bytes():
        return None
    made = key.with_name(key.name + ".new")
    try:
        shutil.copyfile(new, made)
        belong(made, data)
    except OSError as error:
        raise ConfigError(f"{made}: the key file of the backup cannot be written: {error.strerror}") from error
    return made


def _put_aside(path: Path) -> Path:
    """Move a journal and what its log still holds: somebody may read it, and then the log does not go into the file."""
    empty_wal(path)
    aside, log = _aside(path), wal.beside(path)
    if log.exists() and log.stat().st_size:
        log.replace(wal.beside(aside))
    return path.replace(aside)


def _aside(path: Path) -> Path:
    """Return a name that is free: when the file was last written, and a number where two were at once."""
    written = datetime.fromtimestamp(path.stat().st_mtime, tz=UTC)
    name = f"{path.name}{ASIDE}{written:%Y%m%dT%H%M%SZ}"
    names = (path.with_name(name if number == 1 else f"{name}-{number}") for number in count(1))
    return next(free for free in names if not free.exists())
