"""The one line that `systemctl status` shows of a running agent: pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

NAMED: Final = 3  # destinations that something waits for, the most first


def standing(sources: int, silent: int, devices: int, waiting: Mapping[str, int]) -> str:
    """Return e.g. "2 sources, 143 devices, 12 waiting for lund"; ``silent`` of the sources do not hear."""
    parts = [counted(sources, "source") + (f" ({silent} not there yet)" if silent else ""), counted(devices, "device")]
    behind = sorted(((count, name) for name, count in waiting.items() if count), reverse=True)
    parts += [f"{count} waiting for {name}" for count, name in behind[:NAMED]]
    if len(behind) > NAMED:
        parts.append(f"and for {len(behind) - NAMED} more")
    if waiting and not behind:
        parts.append("all delivered")
    return ", ".join(parts)


def counted(number: int, word: str) -> str:
    """Return a number with its noun."""
    return f"{number} {word}{'' if number == 1 else 's'}"
