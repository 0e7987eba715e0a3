"""Files that are there whole or as before: a power cut leaves no half of one."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Final

from gateway.errors import ConfigError

MODE: Final = 0o640  # the service's group may read it
PRIVATE: Final = 0o600
FOLDER_MODE: Final = 0o750
PATIENCE_S: Final = 5.0  # with another writer; a slow card's flush takes a second
AGAIN_S: Final = 0.005


def write_whole(path: Path, octets: bytes) -> None:
    """Put a file in place, for whom its folder belongs to, which is made where it is not there; ConfigError where that cannot be."""
    try:
        _have(path.parent)
        with _alone(path.parent):
            with filling(path, MODE, like=path.parent) as file:
                file.write(octets)
            take_place(path)
    except OSError as error:
        raise ConfigError(f"{path}: cannot be written: {error.strerror}") from error


def write_private(path: Path, octets: bytes, like: Path | None = None) -> None:
    """Put a file in place that its owner alone may read; root gives it to whom ``like`` belongs to. ConfigError where that cannot be."""
    try:
        with _alone(path.parent):
            with filling(path, PRIVATE, like) as file:
                file.write(octets)
            take_place(path)
    except OSError as error:
        raise ConfigError(
            f"{path}: cannot be written: {error.strerror}; its folder has to be there and this user's (the agent makes the data folder "
            "when it first runs), or try with sudo"
        ) from error


@contextmanager
def filling(path: Path, mode: int, like: Path | None = None) -> Iterator[BinaryIO]:
    """Have a file to fill that `take_place` puts in the place of ``path``; it is on the disk when the block ends, or gone. Raises OSError.

    Root gives it to whom ``like`` belongs to.
    """
    part = part_of(path)
    part.unlink(missing_ok=True)  # what was broken off left it
    descriptor = os.open(part, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, PRIVATE)
    try:
        with os.fdopen(descriptor, "w+b") as file:
            os.fchmod(descriptor, mode)
            if like is not None:
                _belong(descriptor, like)
            yield file
            file.flush()
            os.fsync(descriptor)
    except BaseException:  # Ctrl-C, too
        part.unlink(missing_ok=True)
        raise


def take_place(path: Path) -> None:
    """Give what was filled its name, for good. Raises OSError, and then what was there is there."""
    try:
        part_of(path).replace(path)
    except OSError:
        part_of(path).unlink(missing_ok=True)
        raise
    sync(path.parent)


def part_of(path: Path) -> Path:
    """Return where a file lies until it is whole."""
    return path.with_name(f".{path.name}.part")


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


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Let one writer fill a file of this folder at a time: of two, one would put the other's half in place. Raises OSError."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        patience = time.monotonic() + PATIENCE_S
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError as error:
                if time.monotonic() > patience:
                    raise OSError(
                        error.errno, "another program writes in its folder, and does not come to an end"
                    ) from error
                time.sleep(AGAIN_S)
        yield
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
