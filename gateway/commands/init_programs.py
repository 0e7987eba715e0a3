"""Programs that the wizard runs, systemctl above all: what they answer is a value, also where there is none of that name or it does not end."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

LIMIT_S: Final = 120.0  # systemctl waits for the agent's READY=1, and a source may take its time
NOT_RUN: Final = 127  # the exit code of a program that there is not, or that did not end

Run = Callable[[Sequence[str]], Awaitable[tuple[int, str]]]
"""Run a program; return its exit code and what it said."""


async def run_program(words: Sequence[str]) -> tuple[int, str]:
    """Run a program without input, for two minutes at most."""
    try:
        process = await asyncio.create_subprocess_exec(
            *words, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
        )
    except OSError as error:
        return NOT_RUN, f"{words[0]}: {error.strerror}"
    try:
        async with asyncio.timeout(LIMIT_S):
            said, _ = await process.communicate()
    except TimeoutError:
        return NOT_RUN, f"has not ended within {LIMIT_S:g} s"
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()  # no limit: what is killed ends
    return process.returncode or 0, said.decode("utf-8", "replace").strip()
