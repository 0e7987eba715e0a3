"""Work that leaves nothing behind: done in a forked process, of which only the outcome comes back.

For the beginning of a program, while it has one thread: a fork copies no others.
"""

from __future__ import annotations

import os
import pickle
import traceback
from collections.abc import Callable
from typing import Any, NoReturn

from gateway.errors import Brygga


def in_a_process_of_its_own(work: Callable[..., Any], *arguments: object) -> Any:
    """Return what ``work`` returns, or raise what it raises; both must be picklable.

    Raises Brygga when the process ends without a word (killed for want of memory).
    """
    reading, writing = os.pipe()
    if (child := os.fork()) == 0:
        _work(work, arguments, writing)
    os.close(writing)
    with os.fdopen(reading, "rb") as file:
        said = file.read()
    os.waitpid(child, 0)
    if not said:
        raise Brygga("the configuration could not be read: the process that reads it was killed; is memory short?")
    outcome, error = pickle.loads(said)  # noqa: S301 - our own fork wrote it
    if error is not None:
        raise error
    return outcome


def _work(work: Callable[..., Any], arguments: tuple[object, ...], writing: int) -> NoReturn:
    try:
        said = work_done(work, arguments)
        with os.fdopen(writing, "wb") as file:
            file.write(said)
    finally:
        os._exit(0)  # no handlers, no flushing: they are the parent's


def work_done(work: Callable[..., Any], arguments: tuple[object, ...]) -> bytes:
    """Return the pickle of what ``work`` returns and None, or of None and what it raises."""
    try:
        return pickle.dumps((work(*arguments), None))
    except Exception as error:  # noqa: BLE001 - raised again by who waits
        return _as_bytes(error)


def _as_bytes(error: Exception) -> bytes:
    """Return an error for who waits, a bug with the place where it was; one that cannot cross, in its words."""
    if not isinstance(error, Brygga):
        error.add_note("".join(traceback.format_tb(error.__traceback__)))
    try:
        said = pickle.dumps((None, error))
        pickle.loads(said)  # noqa: S301 - what was just made; an error's own arguments may not make it again
    except Exception:  # noqa: BLE001 - errors of others refuse in ways of their own
        return pickle.dumps((None, Brygga("".join(traceback.format_exception(error)))))
    return said
