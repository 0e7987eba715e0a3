"""The fragment in its place, with the one before it kept beside: what goes in can be taken back."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from gateway.errors import Busy, ConfigError
from gateway.pull.bundle import is_a_fragment
from gateway.whole_files import remove, write_whole

BEFORE: Final = ".before"
LOCK: Final = "fleet.lock"
OPEN: Final = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW  # root opens it in a folder that is another user's


@dataclass(frozen=True, slots=True)
class Place:
    """Where a fleet's fragment lies, or none."""

    path: Path

    @property
    def before(self) -> Path:
        """Where the one before it lies."""
        return self.path.with_name(self.path.name + BEFORE)

    def text(self) -> str:
        """Return what lies there; "" for nothing."""
        try:
            return self.path.read_text(encoding="utf-8")
        except FileNotFoundError:
            return ""
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(f"{self.path}: cannot be read: {error}") from error

    def keep(self) -> None:
        """Keep what lies there, so that it can be put back; what was kept before is gone."""
        if old := self.text():
            write_whole(self.before, old.encode())
        else:
            remove(self.before)

    def put(self, text: str) -> None:
        """Put a fragment in place; "" takes away the one that is there."""
        if text:
            write_whole(self.path, text.encode())
        else:
            remove(self.path)

    def is_anothers(self, placed: str) -> bool:
        """Tell whether a person put there what lies there: it is not what ``placed`` is the digest of, and no older fragment."""
        text = self.text()
        return bool(text) and digest(text) != placed and not is_a_fragment(text)

    def take_back(self) -> None:
        """Put what was kept in place again, or nothing; once more it changes nothing."""
        try:
            old = self.before.read_bytes()
        except FileNotFoundError:
            remove(self.path)
        else:
            write_whole(self.path, old)


def digest(text: str) -> str:
    """Return the SHA-256 of a fragment; "" of none."""
    return hashlib.sha256(text.encode()).hexdigest() if text else ""


@contextlib.contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Let one pull go on at a time; Busy where another is under way."""
    try:
        descriptor = os.open(folder / LOCK, OPEN, 0o600)
    except OSError as error:
        raise ConfigError(f"{folder / LOCK}: {error.strerror}; be the user whom the folder belongs to") from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError as error:
        raise Busy(f"{folder / LOCK}: another `brygga config pull` is under way") from error
    finally:
        os.close(descriptor)
