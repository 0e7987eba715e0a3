"""What people and the machine can get wrong before the agent runs: the command says what, where and what would be right."""

from __future__ import annotations

import os
import socket
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.pipeline.box import EX_CONFIG, Box, brygga

WRONG = {
    "a key that is not there": ("[clock]\ntruts = 'ntp'", "brygga.toml: clock.truts: there is no such key; did you mean 'trust'?"),
    "a section that is not there": ("[sourc]", "brygga.toml: sourc: there is no such section; did you mean 'source'?"),
    "a value that cannot be": ("[radio]\nregion = 'EU869'", "brygga.toml: radio.region: 'EU869' is none of EU868"),
    "an address of no kind": ("[[destination]]\nname='x'\nformat='senml'\nurl='ftp://x'", "destination[0].url: 'ftp://x'"),
    "a format that is not there": ("[[destination]]\nname='x'\nformat='senlm'\nurl='mqtt://x'", "did you mean 'senml'?"),
    "no TOML": ("[clock]\ntrust = ntp", "brygga.toml line 2"),
}  # fmt: skip


@pytest.mark.parametrize(("text", "words"), WRONG.values(), ids=WRONG)
async def test_a_wrong_configuration_is_explained(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "brygga.toml").write_text(text, encoding="utf-8")

    outcome = await brygga(tmp_path, "check")

    assert outcome.code == EX_CONFIG
    assert words in outcome.err
    assert "Traceback" not in outcome.err


@pytest.mark.parametrize("command", ["check", "run"])
async def test_every_problem_of_a_configuration_is_said_at_once(tmp_path: Path, command: str) -> None:
    several = list(WRONG.values())[:4]
    (tmp_path / "brygga.toml").write_text("\n".join(text for text, _ in several), encoding="utf-8")

    outcome = await brygga(tmp_path, command)

    assert outcome.code == EX_CONFIG
    assert [words for _, words in several if words not in outcome.err] == []


def missing(path: Path) -> None:
    """Leave the file away."""


def folder(path: Path) -> None:
    path.mkdir()


def forbidden(path: Path) -> None:
    path.write_text("secret", encoding="utf-8")
    path.chmod(0)


UNREADABLE = {"missing": missing, "a folder": folder}
if os.geteuid() != 0:  # root may read everything
    UNREADABLE["forbidden"] = forbidden


@pytest.mark.parametrize("option", ["password_file", "tls.key_file"])
@pytest.mark.parametrize("spoil", UNREADABLE.values(), ids=UNREADABLE)
async def test_a_key_file_that_cannot_be_read_is_named_with_its_key(
    tmp_path: Path, option: str, spoil: Callable[[Path], None]
) -> None:
    spoil(tmp_path / "key")
    destination = '[[destination]]\nname = "x"\nurl = "mqtts://127.0.0.1"\nformat = "senml"\nusername = "x"\n'
    text = f'{destination}{option} = "key"\n'
    (tmp_path / "brygga.toml").write_text(text, encoding="utf-8")

    outcome = await brygga(tmp_path, "check")

    assert outcome.code == EX_CONFIG
    assert f"destination[0].{option}" in outcome.err
    assert str(tmp_path / "key") in outcome.err
    assert "Traceback" not in outcome.err


# ── from the machine ──


async def test_a_port_in_use_is_named(tmp_path: Path) -> None:
    box = Box(tmp_path)
    box.write()
    with socket.socket(type=socket.SOCK_DGRAM) as other:
        other.bind(box.server)

        outcome = await brygga(tmp_path, "run")

    assert outcome.code == EX_CONFIG
    assert str(box.server[1]) in outcome.err
    assert "in use" in outcome.err
    assert "Traceback" not in outcome.err


async def test_a_database_of_a_newer_version_is_left_alone(tmp_path: Path) -> None:
    box = Box(tmp_path)
    box.write()
    await box.agent.ask("device", "import", "-", text="dev_eui\n")
    with sqlite3.connect(tmp_path / "data" / "journal.db") as database:
        database.execute("PRAGMA user_version = 99")
    database.close()
    before = (tmp_path / "data" / "journal.db").read_bytes()

    outcome = await brygga(tmp_path, "run")

    assert outcome.code == EX_CONFIG
    assert "newer Brygga (database version 99" in outcome.err
    assert "Traceback" not in outcome.err
    assert (tmp_path / "data" / "journal.db").read_bytes() == before
