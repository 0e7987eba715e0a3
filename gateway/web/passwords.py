"""The dashboard's password: kept as an argon2id hash (RFC 9106) in a file of one line, never as it is.

The hash is in the PHC string format, which argon2(1) and argon2-cffi write, too. Its parameters are those of OWASP's Password Storage
Cheat Sheet that need least memory: 7 MiB, five passes, one lane. They resist guessing as well as 19 MiB with two passes do, and an agent
with a limit of 110 MB has room for them.
"""

from __future__ import annotations

import asyncio
import os
import re
import unicodedata
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidKey, UnsupportedAlgorithm
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from gateway.errors import ConfigError

MEMORY_KIB: Final = 7168
PASSES: Final = 5
LANES: Final = 1
SALT_OCTETS: Final = 16  # RFC 9106, section 3.1
HASH_OCTETS: Final = 32
SHORTEST: Final = 10  # characters; whoever is in the same network may try, if slowly
LONGEST: Final = 200
MOST_WAITING: Final = 4  # verifications that wait for the one at work: each takes 0.02 s on a PC and a tenth of a second or more on a gateway
PHC: Final = re.compile(r"\$argon2id\$v=19\$m=(\d+),t=(\d+),p=(\d+)\$[A-Za-z0-9+/]+\$[A-Za-z0-9+/]+")
MOST_KIB: Final = 65_536  # of a hash that another program wrote: a login must not take the memory that hearing needs
MOST_PASSES: Final = 10
MOST_LANES: Final = 4


class TooMany(Exception):
    """Say that as many verifications wait as may."""


def problem_of(password: str) -> str:
    """Return why ``password`` cannot be one, "" where it can; it is not repeated."""
    if len(password) < SHORTEST:
        return (
            f"{len(password)} characters where at least {SHORTEST} are expected; some words are better than some signs"
        )
    if len(password) > LONGEST:
        return f"{len(password)} characters where at most {LONGEST} are expected"
    return ""


def hashed(password: str) -> str:
    """Return the hash of ``password`` as its file holds it; takes a while, and 7 MiB meanwhile."""
    kdf = Argon2id(
        salt=os.urandom(SALT_OCTETS), length=HASH_OCTETS, iterations=PASSES, lanes=LANES, memory_cost=MEMORY_KIB
    )
    return kdf.derive_phc_encoded(_octets(password))


def fits(password: str, phc: str) -> bool:
    """Tell whether ``phc`` is the hash of ``password``; blocks for as long as hashing takes."""
    try:
        Argon2id.verify_phc_encoded(_octets(password), phc)
    except (InvalidKey, UnsupportedAlgorithm, ValueError):
        return False
    return True


def _octets(password: str) -> bytes:
    """Return the octets of a password: å of a phone and å of a keyboard are the same (NIST SP 800-63B, section 3.1.1.2)."""
    return unicodedata.normalize("NFKC", password).encode("utf-8", "replace")


class PasswordFile:
    """The file with the hash, read again when it changes."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._stamp: tuple[int, int, int] | None = None
        self._phc: str | None = None
        self.changes = 0  # how often another password was found; sessions of before are over
        self._turn = asyncio.Lock()
        self._waiting = 0

    def read(self) -> str | None:
        """Return the hash; None where there is no file. ConfigError says why one cannot be read, or what it holds instead."""
        stamp = _stamp(self._path)
        if stamp != self._stamp:
            self._phc, self._stamp = _read(self._path), stamp
            self.changes += 1
        return self._phc

    async def fits(self, password: str) -> bool:
        """Tell whether it is the password. One is verified at a time, in a thread; TooMany where too many wait."""
        phc = self.read()
        if phc is None or len(password) > LONGEST:
            return False
        if self._waiting >= MOST_WAITING:
            raise TooMany
        self._waiting += 1
        try:
            async with self._turn:  # no limit: MOST_WAITING bounds who waits, and each verification ends
                return await asyncio.to_thread(fits, password, phc)
        finally:
            self._waiting -= 1


def _stamp(path: Path) -> tuple[int, int, int] | None:
    """Return what tells whether a file is another one, None where there is none. Raises ConfigError: unseen is not absent."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise _unreadable(path, error) from error
    return found.st_mtime_ns, found.st_size, found.st_ino


def _unreadable(path: Path, error: Exception) -> ConfigError:
    return ConfigError(f"web.password_file: {path} cannot be read: {error}")


def _read(path: Path) -> str | None:
    try:
        text = path.read_text(encoding="ascii").strip()
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise _unreadable(path, error) from error
    found = PHC.fullmatch(text)
    if found is None or any(
        int(number) > most for number, most in zip(found.groups(), (MOST_KIB, MOST_PASSES, MOST_LANES), strict=True)
    ):
        raise ConfigError(
            f"web.password_file: {path} holds no argon2id hash of at most {MOST_KIB} KiB and {MOST_PASSES} passes; "
            "`brygga web password` writes one"
        )
    return text
