"""A small disk of its own: ext4 in a file, on a loop device. It fills, and power can be cut from it.

    volume = Volume(image, place, size=64 * 2**20)
    volume.make()                  # Missing says what is lacking
    image = volume.as_it_is_now()  # of a frozen process: what the kernel had given to the disk
    volume.replace_by(image)       # the disk as it is after the power came back

A cut falls between kernel and disk. A card that says "flushed" and has not, or tears a sector, is not covered.
"""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path
from typing import Final, Self

from simulators.faults.missing import Missing, need_root, program, run

SMALLEST: Final = 8 * 2**20  # ext4 with a journal has room for something
UNMOUNT_LIMIT_S: Final = 5.0  # for the last process that had a file open to be gone
UNMOUNT_PAUSE_S: Final = 0.02
LEFT_FREE: Final = 0  # octets, on a disk that is full
# Nothing but a flush brings anything to the disk within a run: what is there after a cut was asked for, and luck has no part.
OPTIONS: Final = "loop,noatime,commit=900"


class Volume:
    """An ext4 file system of ``size`` octets in the file ``image``, mounted at ``place``."""

    def __init__(self, image: Path, place: Path, size: int) -> None:
        self.image = image
        self.place = place
        self._size = max(size, SMALLEST)
        self._filler = place / "filler"

    def __enter__(self) -> Self:
        self.make()
        return self

    def __exit__(self, *_: object) -> None:
        self.unmake()

    def make(self) -> None:
        """Make it and mount it."""
        need_root("mounting a file system")
        make = program("mkfs.ext4", "e2fsprogs")
        program("mount", "mount")
        with self.image.open("wb") as file:
            file.truncate(self._size)
        run(
            "making a file system",
            make,
            "-q",
            "-F",
            "-m",
            "0",
            "-E",
            "lazy_itable_init=0,lazy_journal_init=0",
            self.image,
        )
        self.place.mkdir(parents=True, exist_ok=True)
        self._mount()

    def unmake(self) -> None:
        """Unmount it; what was on it is in the folder that it hid."""
        self.empty()
        files = [path for path in self.place.iterdir() if path.is_file()]
        beside = self.place.with_name(f"{self.place.name}.kept")
        beside.mkdir()
        for path in files:
            shutil.copy2(path, beside)
        self._unmount()
        for path in beside.iterdir():
            shutil.move(path, self.place / path.name)
        beside.rmdir()
        self.image.unlink()

    def fill(self) -> None:
        """Let somebody else's file take all the room there is."""
        with self._filler.open("ab") as file:
            while (free := shutil.disk_usage(self.place).free) > LEFT_FREE:
                try:
                    os.posix_fallocate(file.fileno(), os.fstat(file.fileno()).st_size, free)
                except OSError:  # the file system keeps some of it for its own
                    return

    def empty(self) -> None:
        """Give the room back."""
        self._filler.unlink(missing_ok=True)

    def as_it_is_now(self) -> Path:
        """Return a copy of the disk, without what the kernel still holds. Whoever writes to it has to be frozen."""
        cut = self.image.with_suffix(".cut")
        run("copying a disk", "cp", "--sparse=always", self.image, cut)
        return cut

    def replace_by(self, image: Path) -> None:
        """Take the disk away, and mount ``image`` in its place; nobody may have a file open on it."""
        self._unmount()
        image.replace(self.image)
        self._mount()

    def _mount(self) -> None:
        run("mounting a file system from a file", "mount", "-o", OPTIONS, self.image, self.place)

    def _unmount(self) -> None:
        deadline = time.monotonic() + UNMOUNT_LIMIT_S
        while True:
            try:
                run("unmounting", "umount", self.place)
            except Missing:
                if time.monotonic() > deadline:
                    raise
                time.sleep(UNMOUNT_PAUSE_S)
            else:
                return
