"""The agent as its command: what it says when it cannot begin."""

from __future__ import annotations

import contextlib
import socket
import sqlite3
from pathlib import Path

from gateway.commands.cli import EX_CONFIG
from gateway.formats.catalogue import FORMATS
from tests.agent.process import (
    BRYGGA,
    CONFIGURATION,
    command,
    ended,
    rewrite,
    running,
    start,
)


async def test_each_problem_of_the_file_is_a_line_and_the_code_says_configuration(configuration: Path) -> None:
    text = CONFIGURATION.replace("port = 0", "prot = 0").replace('"senml"', '"xml"')
    rewrite(configuration, text)

    code, output, complaints = await command("run", "--config", configuration)

    assert (code, output) == (EX_CONFIG, "")
    assert complaints.splitlines() == [
        "brygga.toml: source[0].prot: there is no such key; did you mean 'port'?",
        f"brygga.toml: destination[0].format: 'xml' is no format; there are {', '.join(FORMATS)}",
    ]


async def test_a_port_in_use_is_a_line_and_the_code_says_configuration(configuration: Path) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        rewrite(configuration, CONFIGURATION.replace("port = 0", f"port = {port}"))

        code, _, complaints = await command("run", "--config", configuration)

    assert code == EX_CONFIG
    assert f"source 'mast': UDP port {port} on 127.0.0.1 is in use by another program" in complaints
    assert "Traceback" not in complaints


async def test_an_address_of_another_machine_is_a_line(configuration: Path) -> None:
    rewrite(configuration, CONFIGURATION.replace('127.0.0.1"\nport', '192.0.2.1"\nport'))

    code, _, complaints = await command("run", "--config", configuration)

    assert code == EX_CONFIG
    assert complaints.splitlines()[-1].startswith("source 'mast': 192.0.2.1 is no address of this machine")


async def test_a_second_agent_of_one_journal_is_told_who_has_it(configuration: Path) -> None:
    async with running(configuration) as first:
        code, _, complaints = await command("run", "--config", configuration)

    assert code == 1
    assert complaints.splitlines() == [
        (
            f"{configuration.parent}/data/journal.db.lock: process {first.pid} holds the journal: an agent is at work on this folder "
            "already; stop it, or give this one a folder of its own (gateway.data)"
        ),
    ]


async def test_a_journal_of_a_newer_version_is_left_alone(configuration: Path) -> None:
    async with running(configuration):
        pass
    path = configuration.parent / "data" / "journal.db"
    with contextlib.closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA user_version=99")

    code, _, complaints = await command("run", "--config", configuration)

    assert code == EX_CONFIG
    (line,) = complaints.splitlines()
    assert "the journal was written by a newer Brygga (database version 99" in line
    with contextlib.closing(sqlite3.connect(path)) as database:
        assert database.execute("PRAGMA user_version").fetchone() == (99,)


async def test_a_data_folder_without_a_parent_is_a_line(configuration: Path) -> None:
    rewrite(configuration, CONFIGURATION.replace('"data"', '"no/data"'))

    code, _, complaints = await command("run", "--config", configuration)

    assert code == EX_CONFIG
    (line,) = complaints.splitlines()
    folder = configuration.parent / "no"
    assert line.startswith(f"gateway.data: {folder}/data cannot be made, for {folder} is not there; make it, or ")


async def test_a_control_socket_that_cannot_be_made_is_a_line(configuration: Path) -> None:
    (configuration.parent / "data" / "control.sock").mkdir(parents=True)

    code, _, complaints = await command("run", "--config", configuration)

    assert code == EX_CONFIG
    (line,) = complaints.splitlines()
    assert line.startswith(f"gateway.control_socket: {configuration.parent}/data/control.sock cannot be made: ")


async def test_a_disk_that_takes_nothing_is_a_line_and_no_matter_of_configuration(configuration: Path) -> None:
    # 1 KiB: the lock file can be written, the database not; nor a module's bytecode, which Python 3.11 would leave cut off.
    limited = ["sh", "-c", 'ulimit -f 2; PYTHONDONTWRITEBYTECODE=1 exec "$@"', "sh"]

    code, _, complaints = await ended(await start(*limited, BRYGGA, "run", "--config", configuration))

    assert code == 1
    (line,) = complaints.splitlines()
    assert line.startswith(f"{configuration.parent}/data/journal.db: ")


async def test_warnings_do_not_keep_it_from_beginning(configuration: Path) -> None:
    rewrite(configuration, CONFIGURATION.split("[[source]]", maxsplit=1)[0])

    code, output, complaints = await command("check", "--config", configuration)

    assert code == 0
    assert f"no problems. Next: brygga run --config {configuration}" in output
    assert [line.split(":")[0] for line in complaints.splitlines()] == ["warning", "warning"]


async def test_check_writes_nothing(configuration: Path) -> None:
    code, _, _ = await command("check", "--config", configuration)

    assert code == 0
    assert [path.name for path in configuration.parent.iterdir()] == ["brygga.toml"]
