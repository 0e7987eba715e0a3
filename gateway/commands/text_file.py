"""Text files that people hand over, and those that nobody else may read."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from gateway.errors import ConfigError


def read(path: Path, name: str) -> str:
    """Return the text of ``path``, called ``name`` in errors; ConfigError when it cannot be read or is not UTF-8."""
    try:
        return path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f'{name}: not UTF-8 text (octet {error.start}): save it as "CSV UTF-8"') from error


def write_private(path: Path, text: str) -> None:
    """Write ``text`` so that nobody else may read it, not even where a file was there with a wider mode."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            if stat.S_ISREG(os.fstat(descriptor).st_mode):  # a device or a pipe keeps its mode
                os.fchmod(descriptor, 0o600)
            file.write(text)
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}") from error
