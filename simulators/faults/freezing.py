"""A process that stands still, in the middle of whatever it does."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import Final

LIMIT_S: Final = 10.0  # a thread that is within a flush stops when the flush is over
PAUSE_S: Final = 0.001
STATE_AT: Final = 0  # field of /proc/PID/task/TID/stat behind the name, proc(5)
STANDING: Final = frozenset("TtZX")


def freeze(pid: int) -> None:
    """Stop process ``pid`` (SIGSTOP), and return when none of its threads runs, within the kernel or out of it; TimeoutError."""
    os.kill(pid, signal.SIGSTOP)
    deadline = time.monotonic() + LIMIT_S
    while any(state not in STANDING for state in _states(pid)):
        if time.monotonic() > deadline:
            raise TimeoutError(f"process {pid} did not stand still within {LIMIT_S:g} s of SIGSTOP")
        time.sleep(PAUSE_S)


def _states(pid: int) -> list[str]:
    texts = [path.read_text(encoding="utf-8", errors="replace") for path in Path(f"/proc/{pid}/task").glob("*/stat")]
    return [text.rpartition(")")[2].split()[STATE_AT] for text in texts]
