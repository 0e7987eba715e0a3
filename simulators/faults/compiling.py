"""Libraries that are put before the C library, compiled where there is a compiler."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Final

from simulators.faults.missing import Missing

COMPILE_LIMIT_S: Final = 60.0


class NoCompiler(Missing):
    """Say that this machine has none."""


def compiled(source: Path, folder: Path) -> Path:
    """Compile ``source`` into a shared library in ``folder``; NoCompiler says what is lacking."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        raise NoCompiler(f"{source.stem} needs a C compiler: apt install gcc libc6-dev")
    library = folder / f"{source.stem}.so"
    command = [compiler, "-shared", "-fPIC", "-O2", "-o", str(library), str(source), "-ldl"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=COMPILE_LIMIT_S, check=False)  # noqa: S603 - words of ours
    if done.returncode:
        raise NoCompiler(f"{compiler} does not compile {source.name}: {done.stderr.strip()}")
    return library
