"""To whom a journal's files belong: root may run a command, and the agent's own user must open what that leaves."""

from __future__ import annotations

import os
from pathlib import Path

from gateway.journal.schema import PRIVATE


def belong(path: Path, folder: Path) -> None:
    """Give a file to whom ``folder`` belongs, and to nobody else. Raises OSError."""
    path.chmod(PRIVATE)
    if os.geteuid() == 0:
        owner = folder.stat()
        os.chown(path, owner.st_uid, owner.st_gid)
