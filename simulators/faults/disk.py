"""A disk that is slow or fails, for a process of its own: `disk_faults.c`, compiled where there is a compiler."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from simulators.faults.compiling import compiled
from simulators.faults.saying import say

SOURCE: Final = Path(__file__).with_name("disk_faults.c")


@dataclass(frozen=True, slots=True)
class FaultyDisk:
    """The library, and the file that says what is wrong with the disk; it may change while the process runs."""

    library: Path
    control: Path

    @classmethod
    def made_in(cls, folder: Path) -> FaultyDisk:
        """Compile the library into ``folder``; NoCompiler says what is lacking."""
        return cls(compiled(SOURCE, folder), folder / "disk_faults")

    def environment(self) -> Mapping[str, str]:
        """Return the environment of a process that is to have this disk."""
        return {**os.environ, "LD_PRELOAD": str(self.library), "DISK_FAULTS": str(self.control)}

    def say(self, words: str) -> None:
        """Let the disk be as ``words`` tell from now on (`disk_faults.c`), e.g. "only=journal.db fail_flush=1..:EIO"."""
        say(self.control, f"{words}\n")

    def heal(self) -> None:
        """Let the disk be as it really is."""
        self.control.unlink(missing_ok=True)
