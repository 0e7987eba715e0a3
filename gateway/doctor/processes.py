"""What runs on this machine, by /proc."""

from __future__ import annotations

from gateway.doctor.box import Box


def names(box: Box) -> frozenset[str]:
    """Return the names of all processes that can be seen, at most 15 characters each (proc(5), comm)."""
    try:
        numbers = [one.name for one in box.at("/proc").iterdir() if one.name.isdecimal()]
    except OSError:
        return frozenset()
    return frozenset(text for number in numbers if (text := box.text(f"/proc/{number}/comm")))


def status_of(box: Box, pid: int) -> dict[str, str]:
    """Return the lines of a process' status (proc(5)); empty where it may not be seen, or has ended."""
    lines = (box.text(f"/proc/{pid}/status") or "").splitlines()
    return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}
