"""What the wizard does at the end: the service, the devices, what belongs to whom, and what it says where one of it fails."""

from __future__ import annotations

import argparse
import contextlib
import os
import pwd
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

import pytest

from gateway.commands import init_doing, init_programs
from gateway.commands.init import where
from gateway.commands.init_doing import Errand, carry_on
from gateway.commands.init_programs import run_program
from gateway.commands.init_terminal import Terminal
from gateway.config import Settings, reaching
from gateway.control import serving
from gateway.desk import Desk
from gateway.errors import Busy, ConfigError
from gateway.model import Json
from gateway.setup.dialogue import Dialogue
from gateway.setup.findings import Box, Findings
from gateway.setup.plan import Plan, plan
from tests.agent.brygga_toml import loaded
from tests.pull.fleets import Agent
from tests.setup.roots import box, known, machine, write
from tests.setup.test_dialogue import answered

DEVICE = {"dev_eui": "a81758fffe0a0001", "name": "Library", "activation": "ABP", "dev_addr": "00000001"}
KEYS = {"nwk_s_key": "00" * 16, "app_s_key": "11" * 16}
SERVED = box(has_systemd=True, has_unit=True)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return loaded(tmp_path, f'[gateway]\ndata = "{tmp_path / "data"}"\n')


@pytest.fixture
def made() -> Plan:
    whole = plan(answered(Dialogue(known(Findings(box=SERVED))), name="mast").known)
    return replace(whole, starts=True, devices=(DEVICE | KEYS,), destination="")


def errand(tmp_path: Path, there: Box = SERVED, **answers: tuple[int, str]) -> Errand:
    """Return an errand on a machine whose systemctl answers by its verb, with 0 where nothing else is said."""

    async def run(words: Sequence[str]) -> tuple[int, str]:
        return answers.get(words[1], (0, ""))

    now = datetime(2026, 5, 1, tzinfo=UTC)
    return Errand(path=tmp_path / "brygga.toml", box=there, now=now, run=run, watch_s=0.0)


async def test_a_service_that_does_not_start_loses_no_device(
    tmp_path: Path, settings: Settings, made: Plan, capsys: pytest.CaptureFixture[str]
) -> None:
    code = await carry_on(
        Terminal("en"), settings, made, errand(tmp_path, restart=(1, "Unit brygga.service is masked"))
    )

    said = capsys.readouterr().out
    assert code == 1
    assert "! systemctl restart brygga.service: Unit brygga.service is masked" in said
    assert "Library: 1 added" in said
    assert "Brygga runs" not in said


async def test_a_service_is_asked_at_the_socket_that_is_there_since_it_runs(
    tmp_path: Path, made: Plan, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    data, folder = tmp_path / "data", tmp_path / "run"
    monkeypatch.setattr(reaching, "SERVICE_DATA", data)
    monkeypatch.setattr(reaching, "SERVICE_FOLDER", folder)
    settings = loaded(tmp_path, f'[gateway]\ndata = "{data}"\n')
    agent = Agent({"added": 1, "changed": 0, "warnings": []})

    async with contextlib.AsyncExitStack() as service:

        async def systemctl(words: Sequence[str]) -> tuple[int, str]:
            if words[1] == "restart":
                folder.mkdir()  # RuntimeDirectory=
                await service.enter_async_context(serving(folder / "control.sock", cast("Desk", agent)))
            return 0, ""

        code = await carry_on(Terminal("en"), settings, made, replace(errand(tmp_path), run=systemctl))

    assert (code, agent.asked) == (0, ["device.add"])
    assert "Library: 1 added" in capsys.readouterr().out


async def test_a_service_that_will_not_start_at_boot_is_not_said_to(
    tmp_path: Path, settings: Settings, made: Plan, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(init_doing, "SOCKET_S", 0.0)
    refused = errand(tmp_path, enable=(1, "Read-only file system"))

    await carry_on(Terminal("en"), settings, made, refused)

    said = capsys.readouterr().out
    assert "! systemctl enable brygga.service: Read-only file system" in said
    assert "will not start at the next boot" in said
    assert "starts at each boot" not in said


async def test_a_device_that_cannot_be_added_is_no_success(
    tmp_path: Path, settings: Settings, made: Plan, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def busy(*_: object) -> None:
        raise Busy("the agent does not answer within 60 s")

    monkeypatch.setattr(init_doing, "ask", busy)

    code = await carry_on(Terminal("en"), settings, replace(made, starts=False), errand(tmp_path))

    assert code == 1
    assert "! the agent does not answer within 60 s" in capsys.readouterr().out


@pytest.mark.parametrize(
    "reloaded", [{"restart": ["source"]}, ConfigError("brygga.toml: not now")], ids=["taken", "not"]
)
async def test_an_agent_that_runs_already_is_told_of_what_is_new(
    settings: Settings,
    tmp_path: Path,
    made: Plan,
    capsys: pytest.CaptureFixture[str],
    reloaded: Mapping[str, Json] | Exception,
) -> None:
    settings.gateway.data.mkdir()
    agent = Agent({}, reload=reloaded)
    idle = replace(made, starts=False, devices=())

    async with serving(settings.control_socket, cast("Desk", agent)):
        code = await carry_on(Terminal("en"), settings, idle, errand(tmp_path))

    assert (code, agent.asked) == (0, ["reload"])
    said = capsys.readouterr().out
    assert ("from Brygga's next start: source" in said) != ("! brygga.toml: not now" in said)


async def test_without_a_radio_nothing_is_waited_for(
    tmp_path: Path, settings: Settings, made: Plan, capsys: pytest.CaptureFixture[str]
) -> None:
    there = replace(errand(tmp_path, box()), watch_s=1800.0)

    code = await carry_on(Terminal("en"), settings, replace(made, starts=False), there)

    said = capsys.readouterr().out
    assert code == 0
    assert "No radio yet" in said
    assert "Next: brygga run" in said


@pytest.mark.skipif(os.geteuid() != 0, reason="to give files away one has to be root")
async def test_what_is_given_to_the_service_is_no_file_that_a_link_points_to(
    tmp_path: Path, settings: Settings, made: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = write(tmp_path, "shadow", "root's own")
    settings.gateway.data.mkdir()
    (settings.gateway.data / "link").symlink_to(other)
    someone = pwd.getpwnam("nobody")
    monkeypatch.setattr(pwd, "getpwnam", lambda _: someone)
    there = replace(SERVED, group="brygga")

    await carry_on(Terminal("en"), settings, replace(made, starts=False), errand(tmp_path, there))

    assert other.stat().st_uid == 0
    assert {path.lstat().st_uid for path in settings.gateway.data.iterdir()} == {someone.pw_uid}


@pytest.mark.parametrize(
    ("words", "said"),
    [(("/nowhere/systemctl", "x"), "No such file or directory"), ((sys.executable, "-c", "input()"), "EOFError")],
    ids=["absent", "fails"],
)
async def test_a_program_that_fails_is_an_answer_and_no_crash(words: tuple[str, ...], said: str) -> None:
    code, answer = await run_program(words)

    assert (code != 0, said in answer) == (True, True)


async def test_a_program_that_does_not_end_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(init_programs, "LIMIT_S", 0.1)

    code, answer = await run_program((sys.executable, "-c", "import time; time.sleep(600)"))

    assert (code != 0, "has not ended within 0.1 s" in answer) == (True, True)


# ── which file, and who reads it ──


def test_with_a_service_the_file_is_the_services_whoever_asks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, "usr/lib/systemd/system/brygga.service", "")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("BRYGGA_CONFIG", raising=False)
    monkeypatch.setattr("gateway.commands.places.CONFIG_PLACES", ())
    monkeypatch.setattr("gateway.commands.init.may_write", lambda _: False)

    path = where(argparse.Namespace(config=None), machine(tmp_path))

    assert path == tmp_path / "etc/brygga/brygga.toml"


def test_a_service_that_reads_another_file_is_none_for_this_one(tmp_path: Path) -> None:
    write(tmp_path, "usr/lib/systemd/system/brygga.service", "")
    there = machine(tmp_path)

    assert there.serves(tmp_path / "etc/brygga/brygga.toml")
    assert not there.serves(tmp_path / "home/pi/brygga.toml")
