"""In which language a command speaks: the one that is asked for, else the system's."""

from __future__ import annotations

import os
from typing import Final

from gateway.commands.command_words import argument

LANGUAGES: Final = ("en", "sv")
LANGUAGE: Final = argument("--language", choices=LANGUAGES, help="en or sv; without it the system's")


def spoken(named: str | None) -> str:
    """Return the language that is asked for, or the one of the system's messages (locale(7)): sv, else en."""
    if named is not None:
        return named
    said = next(filter(None, (os.environ.get(name) for name in ("LC_ALL", "LC_MESSAGES", "LANG"))), "")
    return said[:2] if said[:2] in LANGUAGES else "en"
