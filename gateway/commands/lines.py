"""Lines for people on a terminal or in a system's log, without rich: the running agent needs no more."""

from __future__ import annotations

import sys
from collections.abc import Iterable

RED, YELLOW, PLAIN = "\x1b[31m", "\x1b[33m", "\x1b[0m"  # ECMA-48, SGR


def say(text: str) -> None:
    """Print one line as it is; half a character, which a decoder may say and no encoding can, as a question mark."""
    sys.stdout.write(f"{text}\n".encode("utf-8", "replace").decode())
    sys.stdout.flush()


def problems(lines: Iterable[str]) -> None:
    """Print problems to standard error, one a line."""
    _complain(lines, RED)


def warnings(lines: Iterable[str]) -> None:
    """Print warnings to standard error, one a line."""
    _complain((f"warning: {line}" for line in lines), YELLOW)


def _complain(lines: Iterable[str], colour: str) -> None:
    before, after = (colour, PLAIN) if sys.stderr.isatty() else ("", "")
    for line in lines:
        sys.stderr.write(f"{before}{line}{after}\n")
    sys.stderr.flush()
