"""Files that systemd brings: a secret that is not beside the configuration may be a credential of the service.

LoadCredential= and SetCredentialEncrypted= put them into a folder of their own (systemd.exec, "Credentials"). The service finds it by a
variable; who types a command as root finds it where systemd puts it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

SECRETS: Final = (
    "secrets"  # LoadCredential=secrets:FOLDER gives each file of the folder this name, an underscore, and its own
)
SERVICE_FOLDER: Final = Path("/run/credentials/brygga.service")  # systemd.exec, RUNTIME_DIRECTORY of the manager


def credential(path: Path, folder: Path) -> Path | None:
    """Return the credential that stands for ``path``: one of its name, where it is not itself there and was to be in ``folder``."""
    if _may_be_seen(path) or not path.is_relative_to(folder):
        return None
    names = (path.name, f"{SECRETS}_{path.name}")
    return next((one for one in (place / name for place in _places() for name in names) if _is_there(one)), None)


def found(path: Path, folder: Path) -> Path:
    """Return ``path``, or the credential that stands for it."""
    return credential(path, folder) or path


def _places() -> Iterator[Path]:
    named = os.environ.get("CREDENTIALS_DIRECTORY")
    if named:
        yield Path(named)
    yield SERVICE_FOLDER


def _may_be_seen(path: Path) -> bool:
    """Tell whether a file is there for this user: one in a folder that is closed to him is what a credential is for."""
    try:
        return path.exists()
    except PermissionError:
        return False


def _is_there(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # another user's folder
        return False
