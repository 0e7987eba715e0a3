"""Bytes as they reach a disk: a file system of our own on a loop device, whose counters are ours alone."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from simulators.faults.missing import Missing
from simulators.faults.volume import Volume

SIZE: Final = 640 * 2**20  # mkfs.ext4 gives a smaller one blocks of 1 kB, and no card has those
SECTORS_WRITTEN: Final = 6  # of /sys/block/loopN/stat (Linux, Documentation/block/stat.rst)
SECTOR: Final = 512
IN_MEMORY: Final = Path("/dev/shm")


@dataclass(frozen=True, slots=True)
class Disk:
    """A folder, and how many bytes were written on its way so far."""

    folder: Path
    written: Callable[[], int]
    how: str


@contextlib.contextmanager
def disk() -> Iterator[Disk]:
    """Give a disk of our own; where that cannot be had, what the kernel counts of this process, and say so."""
    with contextlib.ExitStack() as closing:
        temporary = Path(closing.enter_context(tempfile.TemporaryDirectory(prefix="brygga-flash-")))
        beside = closing.enter_context(
            tempfile.TemporaryDirectory(prefix="brygga-flash-", dir=IN_MEMORY if IN_MEMORY.is_dir() else None)
        )
        volume = Volume(Path(beside) / "card.img", temporary / "card", SIZE)
        try:
            closing.enter_context(volume)
        except Missing as missing:
            yield Disk(temporary, _by_this_process, f"written by the process (proc(5), write_bytes): {missing}")
            return
        statistics = Path("/sys/block") / _device(volume.place).name / "stat"
        yield Disk(volume.place, lambda: _at_device(statistics), "at the device: ext4 on a loop device")


def _device(place: Path) -> Path:
    mounts = (line.split() for line in Path("/proc/mounts").read_text(encoding="utf-8").splitlines())
    return next(Path(device) for device, where, *_ in mounts if where == str(place))


def _at_device(statistics: Path) -> int:
    os.sync()
    return int(statistics.read_text(encoding="ascii").split()[SECTORS_WRITTEN]) * SECTOR


def _by_this_process() -> int:
    lines = Path("/proc/self/io").read_text(encoding="ascii").splitlines()
    return int(dict(line.split(": ") for line in lines)["write_bytes"])
