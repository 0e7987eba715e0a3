"""A backup's file: a zip archive with the journal, what is said of it, and, where that was asked for, the key file."""

from __future__ import annotations

import json
import os
import shutil
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from gateway.errors import ConfigError

ABOUT, JOURNAL, KEY = "brygga-backup.json", "journal.db", "brygga.key"
FORMAT: Final = 1
PRIVATE: Final = 0o600
QUICK: Final = 1  # of zlib's levels: a gateway's processor needs a second for 20 MB, and radio cannot wait


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What a backup says of itself."""

    gateway: str
    made_at: str  # ISO 8601, UTC
    version: str  # of the agent
    database_version: int
    has_key: bool
    format: int = FORMAT


def pack(target: Path, about: About, journal: Path, key: Path | None) -> None:
    """Write the archive; it is whole when it has its name. Raises ConfigError where it cannot be written."""
    part = target.with_name(f"{target.name}.part")
    try:
        with _made(part) as archive:
            archive.writestr(ABOUT, json.dumps(asdict(about), indent=2) + "\n")
            archive.write(journal, JOURNAL)
            if key is not None:
                archive.write(key, KEY)
        part.replace(target)
        _sync(target.parent)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise ConfigError(f"{target}: the backup cannot be written: {error.strerror}") from error


@contextmanager
def _made(path: Path) -> Iterator[zipfile.ZipFile]:
    path.unlink(missing_ok=True)  # what a backup that was broken off left
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, PRIVATE)
    with os.fdopen(descriptor, "wb") as file:
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=QUICK) as archive:
            yield archive
        file.flush()
        os.fsync(file.fileno())


def unpack(source: Path, folder: Path) -> About:
    """Write the journal and the key of an archive into ``folder``; ConfigError says what is wrong with the archive."""
    try:
        with zipfile.ZipFile(source) as archive:
            about = _about(archive, source)
            for name in (JOURNAL, *([KEY] if about.has_key else [])):
                _extract(archive, name, folder / name)
    except KeyError as error:
        raise ConfigError(f"{source}: no backup of Brygga: {error.args[0]}") from error
    except zipfile.BadZipFile as error:
        raise ConfigError(f"{source}: no backup of Brygga, or a damaged one: {error}") from error
    except OSError as error:
        raise ConfigError(f"{source}: {error.strerror or error}") from error
    return about


def _about(archive: zipfile.ZipFile, source: Path) -> About:
    try:
        about = About(**json.loads(archive.read(ABOUT)))
    except (ValueError, TypeError) as error:
        raise ConfigError(f"{source}: {ABOUT} in it is not what this Brygga writes: {error}") from error
    if about.format != FORMAT:
        raise ConfigError(
            f"{source}: a backup of format {about.format}, this Brygga knows {FORMAT}; restore it with Brygga "
            f"{about.version}"
        )
    return about


def _extract(archive: zipfile.ZipFile, name: str, target: Path) -> None:
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, PRIVATE)
    with os.fdopen(descriptor, "wb") as file, archive.open(name) as packed:
        shutil.copyfileobj(packed, file)
        file.flush()
        os.fsync(file.fileno())


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
