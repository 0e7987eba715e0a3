"""Questions that nobody answers: the input ends, or was closed before the command began."""

from __future__ import annotations

import asyncio
import io
import os
import pty
from pathlib import Path

import pytest

from gateway.commands import asking, lines
from gateway.commands.asking import Unanswered
from gateway.commands.cli import main
from tests.agent.commands import BRYGGA, LIMIT_S, Box, make_box
from tests.forked import launch

END_OF_INPUT = b"\x04"  # Ctrl-D


@pytest.fixture
def box(tmp_path: Path) -> Box:
    return make_box(tmp_path)


async def on_a_terminal(box: Box, *arguments: str, after: bytes) -> tuple[int | None, str]:
    """Run a command on a terminal of its own, end the input after the prompt ``after``; return code and complaints."""
    terminal, end = pty.openpty()
    process = await launch(
        BRYGGA, *arguments, cwd=box.folder, start_new_session=True,
        stdin=end, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    assert process.stdout is not None
    try:
        async with asyncio.timeout(LIMIT_S):
            await process.stdout.readuntil(after)
            os.write(terminal, END_OF_INPUT)
            said, _ = await process.communicate()
    finally:
        os.close(end)
        os.close(terminal)
    return process.returncode, said.decode()


async def test_who_ends_the_input_at_a_question_is_told_that_nothing_was_done(box: Box) -> None:
    code, said = await on_a_terminal(box, "city", "connect", "lund", after=b"https://\xe2\x80\xa6): ")

    assert code == 1
    assert said.splitlines()[-1] == (
        "URL of the platform (mqtts://… or https://…): no answer, for the input has ended; nothing was done"
    )
    assert not (box.folder / "cities").exists()


async def test_who_ends_the_input_at_a_password_is_told_that_nothing_was_done(box: Box) -> None:
    words = ("city", "connect", "lund", "--url", "mqtts://x", "--username", "roof")

    code, said = await on_a_terminal(box, *words, after=b"Password (not shown): ")

    assert code == 1
    assert said.splitlines()[-1] == "Password (not shown): no answer, for the input has ended; nothing was done"
    assert not (box.folder / "cities").exists()


def test_with_standard_input_closed_nobody_is_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.stdin", None)

    code = main(["city", "connect", "lund"])

    assert (code, capsys.readouterr().err) == (78, "city connect: --url: where is the platform?\n")


def test_an_empty_answer_is_the_usual_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "is_terminal", lambda _: True)
    monkeypatch.setattr("sys.stdin", io.StringIO("\n"))

    assert asking.asked("Kind of platform", "generic") == "generic"
    with pytest.raises(Unanswered, match=r"^Kind of platform: no answer"):
        asking.asked("Kind of platform", "generic")
