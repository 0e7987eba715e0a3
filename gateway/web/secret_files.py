"""Files of secrets, written whole or not at all, readable by the agent's user alone."""

from __future__ import annotations

import contextlib
import os
import tempfile
from pathlib import Path

from gateway.errors import ConfigError


def write(path: Path, text: str, data: Path) -> None:
    """Put ``text`` in place of ``path``, mode 0600; root gives it to the owner of the data folder. ConfigError says why it cannot be."""
    made = ""
    try:
        descriptor, made = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)  # mode 0600
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            _give(descriptor, data)
            file.write(text)
            file.flush()
            os.fsync(descriptor)
        Path(made).replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            Path(made).unlink()
        raise ConfigError(
            f"{path} cannot be written: {error.strerror}; its folder has to be there and this user's (the agent makes the data folder "
            "when it first runs), or try with sudo"
        ) from error


def _give(descriptor: int, data: Path) -> None:
    """Give a file that root writes to whoever the agent runs as."""
    if os.geteuid() == 0 and data.exists():
        owner = data.stat()
        os.fchown(descriptor, owner.st_uid, owner.st_gid)
