"""A forked `brygga` is a process like one that is started: what the tests that fork one rely on."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE, STDOUT
from pathlib import Path

import pytest

from simulators.torture.agent_process import Launch
from tests import forked
from tests.agent.commands import Box, make_box
from tests.forked import BRYGGA, fork, is_started, module_of
from tests.long_form import IS_LONG

LIMIT_S = 60.0
TABLE = "fields: [{name: a, type: u8, reading: {quantity: co2, unit: '[ppm]'}}]\n"


@pytest.fixture
def box(tmp_path: Path) -> Box:
    return make_box(tmp_path)


async def outcome(launch: Launch, box: Box, *words: str, feed: bytes | None = None) -> tuple[int | None, bytes, bytes]:
    process = await launch(
        BRYGGA, *words, cwd=box.folder, stdin=DEVNULL if feed is None else PIPE, stdout=PIPE, stderr=PIPE
    )
    async with asyncio.timeout(LIMIT_S):
        output, complaints = await process.communicate(feed)
    return process.returncode, output, complaints


async def test_code_output_and_complaints_are_those_of_one_that_is_started(box: Box) -> None:
    (box.folder / "x.yaml").write_text(TABLE, encoding="utf-8")
    wrong = ("decoder", "try", "x.yaml", "0g")

    assert await outcome(fork, box, *wrong) == await outcome(asyncio.create_subprocess_exec, box, *wrong)


async def test_its_standard_input_is_what_it_is_fed(box: Box) -> None:
    code, output, complaints = await outcome(fork, box, "device", "import", "-", feed=b"dev_eui,name\nnonsense,x\n")

    assert (code, output) == (78, b"")
    assert complaints.startswith(b"standard input line 2: dev_eui: ")


async def test_usage_that_is_wrong_is_code_2(box: Box) -> None:
    code, _, complaints = await outcome(fork, box, "nonsense")

    assert code == 2
    assert complaints.startswith(b"usage: brygga ")


async def test_a_signal_is_its_end(box: Box) -> None:
    log = box.folder / "log"
    with log.open("wb") as file:
        process = await fork(
            BRYGGA, "run", cwd=box.folder, stdin=DEVNULL, stdout=file, stderr=STDOUT, start_new_session=True
        )
    async with asyncio.timeout(LIMIT_S):
        while b"started" not in log.read_bytes():  # noqa: ASYNC110 - another process has no event to wait for
            await asyncio.sleep(0.05)
        session = os.getsid(process.pid)
        process.kill()
        code = await process.wait()

    assert (session, code) == (process.pid, -signal.SIGKILL)


@pytest.mark.skipif(IS_LONG, reason="every process is started")
def test_the_first_of_each_command_is_started_and_so_is_what_cannot_be_forked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forked, "begun", [tmp_path])

    started = [
        is_started(command, env)
        for command, env in (
            ((BRYGGA, "device", "list", "--json"), None),
            ((BRYGGA, "device", "list"), {}),
            ((sys.executable, "-m", "gateway", "device", "add"), None),
            ((BRYGGA, "device", "list"), {"LD_PRELOAD": "x.so"}),
            ((BRYGGA, "run", "--config", "x"), None),
            ((BRYGGA, "run"), None),
            ((BRYGGA, "dead-letters", "list"), None),
            ((BRYGGA, "dead-letters", "list"), None),
            ((BRYGGA, "web", "token", "add", "grafana"), None),
            ((BRYGGA, "web", "token", "list"), None),
            (("/bin/sh", "-c", "exit 3"), None),
        )
    ]

    assert started == [True, False, True, True, True, False, True, False, True, True, True]


def test_what_runs_a_module_is_known_by_its_words() -> None:
    assert module_of((BRYGGA, "run")) == ("gateway", ["run"])
    assert module_of((sys.executable, "-m", "gateway", "run")) == ("gateway", ["run"])
    assert module_of((sys.executable, "-c", "pass")) is None
