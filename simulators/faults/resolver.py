"""Names that are there, are not there, or that nobody answers for, for a process of its own: `resolver_faults.c`."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from simulators.faults.compiling import compiled
from simulators.faults.saying import say

SOURCE: Final = Path(__file__).with_name("resolver_faults.c")


@dataclass(frozen=True, slots=True)
class FaultyResolver:
    """The library, and the file that says what becomes of names; it may change while the process runs."""

    library: Path
    names: Path

    @classmethod
    def made_in(cls, folder: Path) -> FaultyResolver:
        """Compile the library into ``folder``; NoCompiler says what is lacking."""
        return cls(compiled(SOURCE, folder), folder / "names")

    def environment(self) -> Mapping[str, str]:
        """Return the environment of a process that is to have this resolver."""
        return {**os.environ, "LD_PRELOAD": str(self.library), "RESOLVER_FAULTS": str(self.names)}

    def say(self, name: str, what: str) -> None:
        """Let ``name`` be an address, "again" or "none", with milliseconds behind it (`resolver_faults.c`), from now on."""
        say(self.names, f"{name} {what}\n")
