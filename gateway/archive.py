"""A backup's file: a zip archive with the journal, what is said of it, the configuration, and, where that was asked for, the keys."""

from __future__ import annotations

import json
import os
import shutil
import zipfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath
from typing import Final

from gateway.errors import ConfigError
from gateway.whole_files import PRIVATE, filling

ABOUT, JOURNAL, KEY = "brygga-backup.json", "journal.db", "brygga.key"
CONFIG, DECODERS, FLEET = "config", "decoders", "fleet.json"  # since format 2
FORMAT: Final = 2
KNOWN: Final = frozenset({1, FORMAT})  # 1 had no configuration
LARGEST_EXTRA: Final = 16 << 20  # octets of one file unpacked, lest an archive fill the memory
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
    configuration: str = ""  # the name of the box's own file; "" where none is in it
    is_named: bool = True  # whether the configuration says the gateway's name
    decoders: str = ""  # where the folder of decoders was
    hidden: tuple[str, ...] = ()  # secrets that are not in it: keys and files
    outside: tuple[str, ...] = ()  # files that the configuration names and that are not in it


NO_EXTRAS: Final[Mapping[str, bytes]] = {}


def pack(target: Path, about: About, journal: Path, key: Path | None, extra: Mapping[str, bytes] = NO_EXTRAS) -> None:
    """Write the archive; it is whole when it has its name. Raises ConfigError where it cannot be written."""
    try:
        with (
            filling(target, PRIVATE) as file,
            zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=QUICK) as archive,
        ):
            archive.writestr(ABOUT, json.dumps(asdict(about), indent=2) + "\n")
            archive.write(journal, JOURNAL)
            if key is not None:
                archive.write(key, KEY)
            for name, octets in extra.items():
                archive.writestr(name, octets)
    except OSError as error:
        raise ConfigError(f"{target}: the backup cannot be written: {error.strerror}") from error


def unpack(source: Path, folder: Path) -> About:
    """Write the journal and the key of an archive into ``folder``; ConfigError says what is wrong with the archive."""
    try:
        with zipfile.ZipFile(source) as archive:
            about = about_of(archive, source)
            for name in (JOURNAL, *([KEY] if about.has_key else [])):
                _extract(archive, name, folder / name)
    except KeyError as error:
        raise ConfigError(f"{source}: no backup of Brygga: {error.args[0]}") from error
    except zipfile.BadZipFile as error:
        raise ConfigError(f"{source}: no backup of Brygga, or a damaged one: {error}") from error
    except OSError as error:
        raise ConfigError(f"{source}: {error.strerror or error}") from error
    return about


def extras(archive: zipfile.ZipFile, source: Path) -> Mapping[str, bytes]:
    """Return what an archive has besides journal and key; ConfigError for names that lead out of a folder."""
    found = {}
    for entry in archive.infolist():
        parts = PurePosixPath(entry.filename).parts
        if entry.is_dir() or parts[:1] not in {(CONFIG,), (DECODERS,), (FLEET,)}:
            continue
        if ".." in parts or entry.filename.startswith("/") or "\\" in entry.filename or entry.file_size > LARGEST_EXTRA:
            raise ConfigError(f"{source}: {entry.filename!r} in it is nothing that a backup has")
        found[entry.filename] = archive.read(entry)
    return found


def about_of(archive: zipfile.ZipFile, source: Path) -> About:
    """Return what an archive says of itself; ConfigError where that is not known here."""
    try:
        about = About(**json.loads(archive.read(ABOUT)))
    except (ValueError, TypeError) as error:
        raise ConfigError(f"{source}: {ABOUT} in it is not what this Brygga writes: {error}") from error
    if about.format not in KNOWN:
        raise ConfigError(
            f"{source}: a backup of format {about.format}, this Brygga knows 1 and {FORMAT}; restore it with Brygga "
            f"{about.version}"
        )
    return about


def _extract(archive: zipfile.ZipFile, name: str, target: Path) -> None:
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, PRIVATE)
    with os.fdopen(descriptor, "wb") as file, archive.open(name) as packed:
        shutil.copyfileobj(packed, file)
        file.flush()
        os.fsync(file.fileno())
