"""The worker processes that decoders of this process have running, as the kernel knows them."""

from __future__ import annotations

from collections.abc import Sequence

import psutil

from decoders.javascript.process import PROGRAM


def worker_pids() -> Sequence[int]:
    """Return the ids of this process's workers."""
    return [child.pid for child in psutil.Process().children() if _is_worker(child)]


def _is_worker(process: psutil.Process) -> bool:
    try:
        return str(PROGRAM) in process.cmdline()
    except psutil.Error:  # it has just ended
        return False
