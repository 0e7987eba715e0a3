"""The folder of all that the agent writes."""

from __future__ import annotations

import errno
import os
from pathlib import Path

from gateway.errors import ConfigError

MODE = 0o750  # the journal holds keys: nothing for others


def data_folder_problem(folder: Path) -> str:
    """Return why ``folder`` cannot be had or made, without touching anything; "" when nothing is known to be against it."""
    if folder.exists():
        if not folder.is_dir():
            return _file(folder)
        return "" if os.access(folder, os.W_OK | os.X_OK) else f"gateway.data: {folder} belongs to another user"
    if not folder.parent.exists():
        return _parent(folder)
    if not os.access(folder.parent, os.W_OK | os.X_OK):
        return _refused(folder, os.strerror(errno.EACCES))
    return ""


def make_data_folder(folder: Path) -> None:
    """Make ``folder`` unless it is there; ConfigError says why that cannot be.

    Its parent is never made: a missing one is a typing error, or a disk that is not mounted.
    """
    try:
        folder.mkdir(mode=MODE)
    except FileExistsError:
        if not folder.is_dir():
            raise ConfigError(_file(folder)) from None
    except FileNotFoundError as error:
        raise ConfigError(_parent(folder)) from error
    except OSError as error:
        raise ConfigError(_refused(folder, str(error.strerror))) from error


def _file(folder: Path) -> str:
    return f"gateway.data: {folder} is a file where a folder is expected"


def _parent(folder: Path) -> str:
    return f"gateway.data: {folder} cannot be made, for {folder.parent} is not there; make it, or give another folder"


def _refused(folder: Path, why: str) -> str:
    return (
        f"gateway.data: {folder} cannot be made: {why}; give a folder that this user may write to, "
        "or make it for this user"
    )
