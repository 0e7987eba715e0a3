"""Times and sizes as people say them."""

from __future__ import annotations

SPANS = ((120, 1, "s"), (7200, 60, "min"), (172_800, 3600, "h"), (float("inf"), 86_400, "days"))  # below, divisor, unit


def span(seconds: float) -> str:
    """Return a length of time as people say it: "4 min", "3 days"."""
    divisor, unit = next((divisor, unit) for limit, divisor, unit in SPANS if seconds < limit)
    return f"{seconds / divisor:.0f} {unit}"


def ago(seconds: float | None) -> str:
    """Return an age as people say it: "never", "now", "4 min ago"."""
    if seconds is None:
        return "never"
    return "now" if seconds < 2 else f"{span(seconds)} ago"


def size(octets: int) -> str:
    """Return a size as people say it."""
    for factor, word in ((10**9, "GB"), (10**6, "MB"), (10**3, "kB")):
        if octets >= factor:
            return f"{octets / factor:.1f} {word}"
    return f"{octets} B"
