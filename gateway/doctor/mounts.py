"""Mounts, as /proc/self/mountinfo tells them (proc(5)): pure.

36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

KINDS: Final[Mapping[str, str]] = {
    "tmpfs": "memory", "ramfs": "memory", "zram": "memory",
    "vfat": "fat", "msdos": "fat", "exfat": "fat",
    "overlay": "overlay", "aufs": "overlay",
    "nfs": "remote", "nfs4": "remote", "cifs": "remote", "smb3": "remote", "fuse.sshfs": "remote", "9p": "remote",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Mount:
    """What is mounted at one point."""

    point: str
    type: str
    device: str
    kind: str  # of `KINDS`; "disk" for all others
    is_read_only: bool

    @property
    def words(self) -> str:
        """What people call it."""
        return f"{self.type} ({self.device}) at {self.point}"


def mount_of(path: Path, mountinfo: str) -> Mount | None:
    """Return the mount on which ``path`` lies, the innermost and the last that covers it; None where nothing tells."""
    found = None
    for one in _mounts(mountinfo):
        if path.is_relative_to(one.point) and (found is None or len(one.point) >= len(found.point)):
            found = one
    if found is None or found.kind != "overlay":
        return found
    upper = re.search(r"upperdir=([^,\s]+)", _options_at(found.point, mountinfo))
    below = None if upper is None else mount_of(Path(upper[1]), _without_overlays(mountinfo))
    is_memory = below is not None and below.kind == "memory"
    return Mount(found.point, found.type, found.device, "memory", found.is_read_only) if is_memory else found


def _mounts(mountinfo: str) -> Iterator[Mount]:
    for line in mountinfo.splitlines():
        before, _, after = line.partition(" - ")
        head, tail = before.split(), after.split()
        if len(head) < 6 or len(tail) < 2:
            continue
        options = {*head[5].split(","), *(tail[2].split(",") if len(tail) > 2 else ())}
        point = re.sub(r"\\([0-7]{3})", lambda octal: chr(int(octal[1], 8)), head[4])
        yield Mount(point, tail[0], tail[1], KINDS.get(tail[0], "disk"), "ro" in options)


def _options_at(point: str, mountinfo: str) -> str:
    lines = [line for line in mountinfo.splitlines() if len(line.split()) > 4 and line.split()[4] == point]
    return lines[-1].partition(" - ")[2] if lines else ""


def _without_overlays(mountinfo: str) -> str:
    return "\n".join(line for line in mountinfo.splitlines() if " - overlay " not in line)
