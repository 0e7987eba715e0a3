"""Keys at rest: sealed with AES-256-GCM under a key that does not lie in the database.

A copied database without the key file has no device keys in it. Each sealed text is bound to what it belongs to, so
that one device's keys cannot be put in another's place.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Sequence
from pathlib import Path
from typing import Final, Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from gateway.errors import ConfigError
from gateway.model import Key

KEY_OCTETS: Final = 32
NONCE_OCTETS: Final = 12  # random: 2**32 keys may be sealed before a repetition is a worry (NIST SP 800-38D, 8.3)
DEVICE_KEY_OCTETS: Final = 16
ANOTHER_KEY: Final = (
    "the device keys in the journal are sealed with another key file: put the old one back, or remove these devices and add "
    "them again"
)


class Vault:
    """Seal and open device keys. Its repr tells nothing."""

    __slots__ = ("_cipher",)

    def __init__(self, octets: bytes) -> None:
        if len(octets) != KEY_OCTETS:
            raise ValueError(f"a sealing key has {KEY_OCTETS} octets, not {len(octets)}")
        self._cipher = AESGCM(octets)

    @classmethod
    def at(cls, path: Path) -> Self:
        """Return the vault whose key is in ``path`` (64 hex digits); a file that is not there is made, mode 0600."""
        try:
            text = path.read_text(encoding="ascii").strip()
        except FileNotFoundError:
            text = _make(path)
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(f"{path}: the key file cannot be read: {getattr(error, 'strerror', error)}") from error
        try:
            return cls(bytes.fromhex(text))
        except ValueError as error:
            raise ConfigError(
                f"{path}: no key file of Brygga: {2 * KEY_OCTETS} hex digits are expected; if it is damaged, restore it "
                "from a backup: the device keys in the journal cannot be read without it"
            ) from error

    def seal(self, keys: Sequence[Key | None], owner: bytes) -> bytes:
        """Return ``keys`` as octets that only this vault opens, and only for ``owner``."""
        present = bytes(key is not None for key in keys)
        clear = present + b"".join(key.reveal() for key in keys if key is not None)
        nonce = secrets.token_bytes(NONCE_OCTETS)
        return nonce + self._cipher.encrypt(nonce, clear, owner)

    def open(self, sealed: bytes, count: int, owner: bytes) -> tuple[Key | None, ...]:
        """Return the ``count`` keys that seal() was given; ConfigError when another vault sealed them."""
        try:
            clear = self._cipher.decrypt(sealed[:NONCE_OCTETS], sealed[NONCE_OCTETS:], owner)
        except InvalidTag as error:
            raise ConfigError(ANOTHER_KEY) from error
        rest = memoryview(clear)[count:]
        keys: list[Key | None] = []
        for present in clear[:count]:
            keys.append(Key(bytes(rest[:DEVICE_KEY_OCTETS])) if present else None)
            rest = rest[DEVICE_KEY_OCTETS:] if present else rest
        return tuple(keys)

    def __repr__(self) -> str:
        return "Vault(…)"


def _make(path: Path) -> str:
    text = secrets.token_hex(KEY_OCTETS)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(text + "\n")
            file.flush()
            os.fsync(file.fileno())
        folder = os.open(path.parent, os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.fsync(folder)  # keys sealed under a file whose name a power cut took would be lost
        finally:
            os.close(folder)
    except OSError as error:
        raise ConfigError(f"{path}: the key file cannot be made: {error.strerror}") from error
    return text
