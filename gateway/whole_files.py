"""Files that are there whole or as before: a power cut leaves no half of one."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from gateway.errors import ConfigError

MODE: Final = 0o640  # the service's group may read it
FOLDER_MODE: Final = 0o750


def write_whole(path: Path, octets: bytes) -> None:
    """Put a file in place, for whom its folder belongs to; ConfigError where that cannot be."""
    part = path.with_name(f".{path.name}.part")
    try:
        _have(path.parent)
        part.unlink(missing_ok=True)
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, MODE)
        with os.fdopen(descriptor, "wb") as file:
            os.fchmod(file.fileno(), MODE)
            _belong(file.fileno(), path.parent)
            file.write(octets)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
        sync(path.parent)
    except OSError as error:
        raise ConfigError(f"{path}: cannot be written: {error.strerror}") from error


def remove(path: Path) -> None:
    """Take a file away for good, if it is there; ConfigError where that cannot be."""
    if not path.exists():
        return
    try:
        path.unlink()
        sync(path.parent)
    except OSError as error:
        raise ConfigError(f"{path}: cannot be removed: {error.strerror}") from error


def sync(folder: Path) -> None:
    """Have the names in a folder on the disk."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _have(folder: Path) -> None:
    """Make a folder that is not there, and those around it, each for whom the one around it belongs to."""
    if not folder.is_dir():
        _have(folder.parent)
        folder.mkdir(mode=0o700)
        descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.fchmod(descriptor, FOLDER_MODE)
            _belong(descriptor, folder.parent)
        finally:
            os.close(descriptor)


def _belong(descriptor: int, folder: Path) -> None:
    owner = folder.stat()
    if os.geteuid() != 0:  # makes files of its own alone
        return
    try:
        os.fchown(descriptor, owner.st_uid, owner.st_gid)
    except (
        PermissionError
    ):  # root without CAP_CHOWN, as a sandbox has it: who is in the group may read, and is whom it is for
        if os.fstat(descriptor).st_gid != owner.st_gid:
            raise
