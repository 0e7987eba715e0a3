"""Lines for people on a terminal or in a system's log, without rich: the running agent needs no more.

A standard stream that was closed before the command began (``>&-``) is None in Python: what is said to it goes nowhere.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from typing import TextIO

from gateway.errors import Brygga

RED, YELLOW, PLAIN = "\x1b[31m", "\x1b[33m", "\x1b[0m"  # ECMA-48, SGR


class Unsaid(Brygga):
    """Standard output took nothing more: its disk is full, its device has gone."""


def say(text: str) -> None:
    """Print one line; what the stream's encoding has not, and half a character of a decoder, as a question mark.

    Raises Unsaid, and BrokenPipeError where the reader has gone.
    """
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    hand_out(f"{text}\n".encode(encoding, "replace").decode(encoding))


def hand_out(text: str) -> None:
    """Print what a file is to hold, as it is; raises Unsaid, also where its encoding lacks a character, and BrokenPipeError."""
    out: TextIO | None = sys.stdout
    if out is None:
        return
    try:
        out.write(text)
        out.flush()
    except BrokenPipeError:
        raise
    except UnicodeEncodeError as error:
        raise Unsaid(f"standard output: {error.encoding} has no {error.object[error.start]!r}; UTF-8 has") from error
    except OSError as error:
        raise Unsaid(f"standard output: {error.strerror}") from error


def aside(text: str = "") -> None:
    """Print a line to standard error that is no complaint: how far a command is, the end of a question."""
    _complain([text], "")


def mute(stream: TextIO | None) -> None:
    """Send nowhere what ``stream`` still holds and what comes after: no complaint at exit either."""
    if stream is not None:
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def is_terminal(stream: TextIO | None) -> bool:
    """Tell whether a standard stream is there and a terminal."""
    return stream is not None and stream.isatty()


def problems(lines: Iterable[str]) -> None:
    """Print problems to standard error, one a line."""
    _complain(lines, RED)


def warnings(lines: Iterable[str]) -> None:
    """Print warnings to standard error, one a line."""
    _complain((f"warning: {line}" for line in lines), YELLOW)


def _complain(lines: Iterable[str], colour: str) -> None:
    err: TextIO | None = sys.stderr
    if err is None:
        return
    before, after = (colour, PLAIN) if colour and err.isatty() else ("", "")
    try:
        for line in lines:
            err.write(f"{before}{line}{after}\n")
        err.flush()
    except BrokenPipeError:
        raise
    except OSError:  # a full disk: there is nobody left to tell, and the exit code still does
        mute(err)
