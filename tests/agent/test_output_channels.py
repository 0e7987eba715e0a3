"""Where a command's lines cannot go, it ends with its exit code and a line, never with a trace."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.agent.commands import BRYGGA, LIMIT_S

TABLE = "name: a\nfields:\n  - {name: t, type: u8}\n"
TRY = "decoder try x.yaml 2a"
WRONG = "decoder try x.yaml 0g"
FULL = pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no device that is always full")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "x.yaml").write_text(TABLE)
    return tmp_path


def shell(folder: Path, words: str, **environment: str) -> subprocess.CompletedProcess[bytes]:
    """Run a command with the redirections that only a shell can write."""
    said = f"exec {BRYGGA} {words}"
    where = {**os.environ, **environment}
    return subprocess.run(
        ["/bin/sh", "-c", said], cwd=folder, env=where, capture_output=True, timeout=LIMIT_S, check=False
    )


@FULL
def test_a_full_disk_behind_standard_output_is_a_line(folder: Path) -> None:
    done = shell(folder, f"{TRY} >/dev/full")

    assert (done.returncode, done.stderr) == (1, b"standard output: No space left on device\n")


@FULL
def test_a_full_disk_behind_standard_error_leaves_the_exit_code(folder: Path) -> None:
    assert shell(folder, f"{WRONG} 2>/dev/full").returncode == 78


@pytest.mark.parametrize(
    ("words", "code"), [(f"{TRY} >&-", 0), ("decoder list >&-", 0), (f"{WRONG} 2>&-", 78), (f"{TRY} >&- 2>&- <&-", 0)]
)
def test_a_closed_channel_is_nothing_to_complain_of(folder: Path, words: str, code: int) -> None:
    done = shell(folder, words)

    assert (done.returncode, done.stderr) == (code, b"")


@pytest.mark.parametrize(("encoding", "dash"), [("ascii", b"?"), ("latin-1", b"?"), ("utf-8", "─".encode())])
def test_what_the_terminal_cannot_show_is_a_question_mark(folder: Path, encoding: str, dash: bytes) -> None:
    done = shell(folder, TRY, PYTHONIOENCODING=encoding)

    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.splitlines()[2] == b"   ".join([dash * 7, dash * 6, dash * 8])
    assert done.stdout.splitlines()[3] == b"  0  2a   t 42     none"
