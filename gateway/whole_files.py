"""Files that are there whole or as before: a power cut leaves no half of one."""

from __future__ import annotations

import contextlib
import errno
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
FRESH: Final = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
AS_IT_IS: Final = os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
FOLDER: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC


def write_whole(path: Path, octets: bytes) -> None:
    """Put a file in place, for whom its folder belongs to, which is made where it is not there; ConfigError where that cannot be."""
    try:
        os.close(_folder(path.parent))
        with filling(path, MODE, like=path.parent) as file:
            file.write(octets)
    except OSError as error:
        raise ConfigError(f"{path}: cannot be written: {error.strerror}") from error


def write_private(path: Path, octets: bytes, like: Path | None = None) -> None:
    """Put a file in place that its owner alone may read; root gives it to whom ``like`` belongs to. ConfigError where that cannot be."""
    with changing_private(path, like) as file:
        file.write(octets)


@contextmanager
def changing_private(path: Path, like: Path | None = None) -> Iterator[BinaryIO]:
    """Have a file to fill as `write_private` puts it in place, and nobody else change ``path`` meanwhile: who reads it within reads the last."""
    try:
        with filling(path, PRIVATE, like) as file:
            yield file
    except OSError as error:
        raise ConfigError(
            f"{path}: cannot be written: {error.strerror}; its folder has to be there and this user's (the agent makes the data folder "
            "when it first runs), or try with sudo"
        ) from error


@contextmanager
def filling(path: Path, mode: int, like: Path | None = None) -> Iterator[BinaryIO]:
    """Have a file to fill that is on the disk and in the place of ``path`` when the block ends, or gone. Raises OSError.

    Root gives it to whom ``like`` belongs to. Of two writers one fills at a time; the other waits for a limited time.
    """
    part = part_of(path)
    descriptor = _fresh(part)
    with os.fdopen(descriptor, "w+b") as file:  # others wait until it is closed
        try:
            os.fchmod(descriptor, mode)
            if like is not None:
                _belong(descriptor, like.stat())
            yield file
            file.flush()
            os.fsync(descriptor)
            part.replace(path)
        except BaseException:  # Ctrl-C, too
            part.unlink(missing_ok=True)
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


def _fresh(part: Path) -> int:
    """Open a part that this writer alone has, as soon as no other one is at it; what was broken off is thrown away. Raises OSError."""
    patience = time.monotonic() + PATIENCE_S
    while True:
        with contextlib.suppress(FileExistsError):
            descriptor = os.open(part, FRESH, PRIVATE)
            with contextlib.ExitStack() as stack:
                stack.callback(os.close, descriptor)  # where another one took it for broken off before it was locked
                if _is_locked(descriptor) and _is_at(part, descriptor):
                    stack.pop_all()
                    return descriptor
        if _is_in_use(part):
            if time.monotonic() > patience:
                raise BlockingIOError(errno.EAGAIN, "another program writes it, and does not come to an end")
            time.sleep(AGAIN_S)


def _is_in_use(part: Path) -> bool:
    """Tell whether a writer is at a part; one that was broken off is removed."""
    try:
        descriptor = os.open(part, AS_IT_IS)
    except FileNotFoundError:
        return False
    except PermissionError as error:
        raise PermissionError(error.errno, f"{part.name} of another user is in the way") from error
    except OSError as error:
        if error.errno != errno.ELOOP:
            raise
        part.unlink(missing_ok=True)  # a link: no writer of ours makes one
        return False
    try:
        if not _is_locked(descriptor):
            return True
        if _is_at(part, descriptor):
            part.unlink(missing_ok=True)
        return False
    finally:
        os.close(descriptor)


def _is_locked(descriptor: int) -> bool:
    """Lock a file until it is closed, and tell whether that could be; a file system without locks lets everybody have it."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:
        if error.errno not in {errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP}:  # as shares on a network answer
            raise
    return True


def _is_at(path: Path, descriptor: int) -> bool:
    try:
        return os.path.samestat(path.lstat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False


def _folder(folder: Path) -> int:
    """Open a folder; where it is not there it is made, and those around it, each for whom the one around it belongs to.

    What is given away is what was made: whoever owns the folder around it may put something else there meanwhile.
    """
    if folder.is_dir():
        return os.open(folder, FOLDER)
    around = _folder(folder.parent)
    try:
        os.mkdir(folder.name, mode=0o700, dir_fd=around)
        descriptor = os.open(folder.name, FOLDER | os.O_NOFOLLOW, dir_fd=around)
        try:
            _check_made(descriptor)
            os.fchmod(descriptor, FOLDER_MODE)
            _belong(descriptor, os.fstat(around))
        except BaseException:
            os.close(descriptor)
            raise
        return descriptor
    finally:
        os.close(around)


def _check_made(descriptor: int) -> None:
    """Raise FileExistsError for a folder that this process cannot have just made."""
    if os.fstat(descriptor).st_uid != os.geteuid() or os.listdir(descriptor):
        raise FileExistsError(errno.EEXIST, "another program puts something else in place of its folder")


def _belong(descriptor: int, owner: os.stat_result) -> None:
    if os.geteuid() != 0:  # makes files of its own alone
        return
    try:
        os.fchown(descriptor, owner.st_uid, owner.st_gid)
    except (
        PermissionError
    ):  # root without CAP_CHOWN, as a sandbox has it: who is in the group may read, and is whom it is for
        if os.fstat(descriptor).st_gid != owner.st_gid:
            raise
