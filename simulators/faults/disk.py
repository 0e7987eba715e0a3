"""A disk that is slow or fails, for a process of its own: `disk_faults.c`, compiled where there is a compiler."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

SOURCE: Final = Path(__file__).with_name("disk_faults.c")
COMPILE_LIMIT_S: Final = 60.0


class NoCompiler(Exception):
    """Say that this machine has none."""


@dataclass(frozen=True, slots=True)
class FaultyDisk:
    """The library, and the file that says what is wrong with the disk; it may change while the process runs."""

    library: Path
    control: Path

    @classmethod
    def made_in(cls, folder: Path) -> FaultyDisk:
        """Compile the library into ``folder``; NoCompiler says what is lacking."""
        compiler = shutil.which("cc") or shutil.which("gcc")
        if compiler is None:
            raise NoCompiler("faults of a disk need a C compiler: apt install gcc libc6-dev")
        library = folder / "disk_faults.so"
        command = [compiler, "-shared", "-fPIC", "-O2", "-o", str(library), str(SOURCE), "-ldl"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=COMPILE_LIMIT_S, check=False)  # noqa: S603 — words of ours
        if done.returncode:
            raise NoCompiler(f"{compiler} does not compile {SOURCE.name}: {done.stderr.strip()}")
        return cls(library, folder / "disk_faults")

    def environment(self) -> Mapping[str, str]:
        """Return the environment of a process that is to have this disk."""
        return {**os.environ, "LD_PRELOAD": str(self.library), "DISK_FAULTS": str(self.control)}

    def say(self, words: str) -> None:
        """Let the disk be as ``words`` tell from now on (`disk_faults.c`), e.g. "only=journal.db fail_flush=1..:EIO"."""
        new = self.control.with_suffix(".new")
        new.write_text(f"{words}\n", encoding="ascii")
        new.replace(self.control)  # no call may read half of it

    def heal(self) -> None:
        """Let the disk be as it really is."""
        self.control.unlink(missing_ok=True)
