"""Questions to a person on a terminal; who ends the input (Ctrl-D) instead of answering has answered nothing."""

from __future__ import annotations

import getpass
import sys

from gateway.commands import lines
from gateway.errors import Brygga


class Unanswered(Brygga):
    """The input ended where an answer was expected."""

    def __init__(self, question: str) -> None:
        super().__init__(f"{question}: no answer, for the input has ended; nothing was done")


def asked(question: str, usual: str = "") -> str:
    """Return what a person answers; ``usual`` where nothing is typed, and without a terminal. Raises Unanswered."""
    if not lines.is_terminal(sys.stdin):
        return usual
    try:
        return input(f"{question}{f' [{usual}]' if usual else ''}: ").strip() or usual
    except EOFError:
        lines.aside()
        raise Unanswered(question) from None


def asked_secret(question: str) -> str:
    """Return what a person types without its being shown. Raises Unanswered."""
    try:
        return getpass.getpass(f"{question}: ")
    except EOFError:
        lines.aside()
        raise Unanswered(question) from None
