"""Commands that would ask a person, started by something that has closed standard input (`0<&-`, some init systems)."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.agent.commands import BRYGGA, LIMIT_S, Box, make_box

CLOSED = 'exec "$0" "$@" <&-'


@pytest.fixture
def box(tmp_path: Path) -> Box:
    return make_box(tmp_path)


async def without_input(box: Box, *arguments: str) -> tuple[int | None, str]:
    """Run a command without a standard input; return its code and all that it wrote."""
    process = await asyncio.create_subprocess_exec(
        "/bin/sh", "-c", CLOSED, str(BRYGGA), *arguments,
        cwd=box.folder, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    async with asyncio.timeout(LIMIT_S):
        output, _ = await process.communicate()
    return process.returncode, output.decode()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("city", "connect", "lund", "--url", "mqtts://x.example"), "wrote "),
        (("city", "new", "Borås"), "boras.toml"),
        (("device", "add", "--dev-eui", "a81758fffe03abcd"), "app_key: missing: an OTAA device joins with it"),
    ],
    ids=lambda one: " ".join(one[:2]) if isinstance(one, tuple) else "",
)
async def test_nobody_is_asked_where_nobody_could_answer(box: Box, arguments: tuple[str, ...], words: str) -> None:
    _, output = await without_input(box, *arguments)

    assert "Traceback" not in output
    assert words in output


async def test_a_label_that_was_to_come_from_there_is_missed_in_words(box: Box) -> None:
    code, output = await without_input(box, "device", "add", "--label", "-")

    assert code == 78
    assert output == "device add: --label -: standard input is closed, and the label's text was to come from there\n"
