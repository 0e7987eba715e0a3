"""Prometheus' own tool, for what it is to read."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Final

import pytest

LIMIT_S: Final = 60.0
PROMTOOL: Final = shutil.which("promtool")
needs_promtool = pytest.mark.skipif(
    PROMTOOL is None, reason="promtool is of the package prometheus; scripts/test installs it"
)


def promtool(*words: str | Path, text: str = "") -> str:
    """Return what promtool says, ``text`` on its standard input; AssertionError with it where it finds something wrong."""
    assert PROMTOOL is not None
    done = subprocess.run([PROMTOOL, *words], input=text, capture_output=True, text=True, timeout=LIMIT_S, check=False)
    said = done.stdout + done.stderr
    assert done.returncode == 0, said
    return said
