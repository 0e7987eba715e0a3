"""What a platform behind a window does instead of answering well."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Upset:
    """One answer that is not the platform's; the platform never sees what was asked."""

    status: int = 503  # over HTTP
    code: int | None = 0x97  # of the PUBACK; None: no answer at all
    delay_s: float = 0.0  # before the answer, over HTTP


Upsets = Callable[[], Upset | None]
"""Return what becomes of the next request; None: the platform answers it."""


def never() -> Upset | None:
    """Let the platform answer."""
    return None
