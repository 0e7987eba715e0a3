"""The README's commands do what it says, one after another, in a folder with its examples."""

from __future__ import annotations

import asyncio
import re
import shlex
import shutil
from pathlib import Path

from tests.agent.commands import Box

ROOT = Path(__file__).parent.parent.parent
NOT_HERE = {"run"}  # ends by a signal only: the commands work on a stopped agent's journal, too


def commands() -> list[list[str]]:
    """Return the words of each command of "Your own gateway"."""
    section = (ROOT / "README.md").read_text(encoding="utf-8").partition("## Your own gateway")[2]
    found = re.search(r"```sh\n(.*?)```", section, re.DOTALL)
    assert found is not None
    return [shlex.split(line, comments=True) for line in found[1].splitlines()]


async def test_the_commands_of_your_own_gateway_work_as_written(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    activate, copy, *words = commands()
    shutil.copy(tmp_path / copy[1], tmp_path / copy[2])
    box = Box(tmp_path, asyncio.create_subprocess_exec)

    outcomes = {shlex.join(one): await box.brygga(*one[1:]) for one in words if one[1] not in NOT_HERE}

    assert (activate, copy[0]) == ([".", ".venv/bin/activate"], "cp")
    assert {one[0] for one in words} == {"brygga"}
    assert {command: one.complaints for command, one in outcomes.items() if one.code} == {}
