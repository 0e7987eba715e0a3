"""SIGHUP to an agent that is still starting: it would end the process, and is remembered instead until the agent can read again.

A handler, and not SIG_IGN, for programs that are started inherit what is ignored.
"""

from __future__ import annotations

import signal
from typing import Final

_asked: Final = list[
    int
]()  # a list: a second one may come while the first is noted, where a lock would wait for itself


def remember() -> None:
    """Take SIGHUP from now on, until somebody else does."""
    signal.signal(signal.SIGHUP, lambda number, _: _asked.append(number))


def was_asked() -> bool:
    """Tell whether it came."""
    return bool(_asked)
