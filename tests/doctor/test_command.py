"""`brygga doctor` as people type it: in a folder with nothing, on a phone's terminal, beside an agent with a bad antenna."""

from __future__ import annotations

import asyncio
import base64
import fcntl
import json
import os
import pty
import re
import socket
import struct
import termios
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from rich.cells import cell_len

from gateway import control
from gateway.commands.cli import main
from gateway.commands.command_line import parser
from gateway.commands.doctor import box_of, write_private
from gateway.commands.doctor_words import words_in
from gateway.commands.show_doctor import report
from gateway.doctor import Finding, Standing
from gateway.errors import Brygga
from tests.agent.commands import BRYGGA, CONFIGURATION, LIMIT_S, Box, make_box
from tests.doctor.scene import finding, provoked

PHONE = 40  # columns
ESCAPE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")  # of a colour, or of the progress that has gone
GATEWAY = bytes.fromhex("aa555a0000000101")
OFFLINE = (
    "--only",
    "configuration,agent,radio,devices,disk.room,versions",
)  # what this machine's own troubles do not touch


@pytest.fixture(autouse=True)
def english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "C.UTF-8")


@pytest.fixture
def box(tmp_path: Path) -> Box:
    return make_box(tmp_path)


# ── nothing is there, nothing runs: the command's function, in this process ──


def doctor(box: Box, *words: str) -> int:
    """Run the command to its end; return its exit code."""
    return main(["doctor", *words, "--config", str(box.folder / "brygga.toml")])


def test_in_a_folder_with_nothing_it_says_what_comes_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("BRYGGA_CONFIG", raising=False)

    code = main(["doctor", "--only", "configuration,agent,radio"])

    assert code == 1
    assert capsys.readouterr().out.splitlines() == [
        "✗ wrong  configuration.file: there is no brygga.toml here nor in /etc/brygga",
        "    → brygga init",
        "✓ 0 checks well, 1 wrong",
    ]


def test_beside_a_stopped_agent_it_looks_at_the_rest_and_makes_nothing(
    box: Box, capsys: pytest.CaptureFixture[str]
) -> None:
    code = doctor(box, "--json", *OFFLINE)

    findings = json.loads(capsys.readouterr().out)
    provoked(findings, "agent.running:stopped")
    assert code == 1
    assert not [one for one in findings if one["check"].startswith("radio")]
    assert not (box.folder / "data").exists()


def test_a_wrong_configuration_is_the_first_finding(box: Box, capsys: pytest.CaptureFixture[str]) -> None:
    path = box.folder / "brygga.toml"
    path.write_text(path.read_text().replace("port = 0", 'port = "x"'), encoding="utf-8")

    code = doctor(box, "--json")

    findings = json.loads(capsys.readouterr().out)
    assert findings[0]["check"] == "configuration.file"
    assert "source[0].port" in provoked(findings, "configuration.file:broken").seen
    assert code == 1


def test_a_topic_that_there_is_not_is_named(box: Box, capsys: pytest.CaptureFixture[str]) -> None:
    code = doctor(box, "--only", "dsk")

    assert code == 78
    assert capsys.readouterr().err.startswith("doctor: --only: 'dsk' is none of configuration, agent")


@pytest.mark.parametrize(
    ("words", "language"), [(("--language", "sv"), "C.UTF-8"), ((), "sv_SE.UTF-8")], ids=["asked", "the system's"]
)
def test_a_swede_reads_what_it_means_and_what_to_do_in_swedish(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    words: Sequence[str],
    language: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LC_ALL", language)

    code = main(["doctor", "--only", "configuration,agent", *words])

    assert code == 1
    assert capsys.readouterr().out.splitlines() == [
        "✗ fel  configuration.file: brygga.toml finns inte där den söks",
        "    there is no brygga.toml here nor in /etc/brygga",
        "    → brygga init",
        "✓ 0 är bra, 1 fel",
    ]


def test_what_is_unwise_alone_is_no_failure(box: Box, capsys: pytest.CaptureFixture[str]) -> None:
    (box.folder / "brygga.toml").chmod(0o640)
    (box.folder / "data").mkdir(mode=0o755)

    code = doctor(box, "--only", "permissions.data,versions.python")

    assert code == 0
    assert capsys.readouterr().out.startswith("! unwise  permissions.data")


# ── a running agent ──


def heard(crc: Sequence[int]) -> bytes:
    """Return a forwarder's datagram with a packet for each, 1 whole and -1 not."""
    data = base64.b64encode(bytes.fromhex("40 01 00 00 00 00 00 00 00 00 00 00 00 aa bb cc dd")).decode()
    packet = {
        "tmst": 1,
        "freq": 868.1,
        "chan": 0,
        "rfch": 0,
        "modu": "LORA",
        "datr": "SF7BW125",
        "codr": "4/5",
        "rssi": -50,
        "lsnr": 9,
    }
    rxpk = [{**packet, "stat": stat, "size": 17, "data": data} for stat in crc]
    stat = {
        "time": "2020-01-01 00:00:00 GMT",
        "rxnb": len(crc),
        "rxok": crc.count(1),
        "rxfw": 0,
        "ackr": 100.0,
        "dwnb": 0,
        "txnb": 0,
    }
    return b"\x02\x01\x02\x00" + GATEWAY + json.dumps({"rxpk": rxpk, "stat": stat}).encode()


async def test_a_gateway_with_a_bad_antenna_is_seen_through_the_agent(box: Box) -> None:
    key = "2b7e151628aed2a6abf7158809cf4f3c"
    cells = {"dev_eui": "a81758fffe0a0001", "app_key": key, "decoder": "elsys/ers"}
    async with box.agent():
        await asked(box, {"do": "device.add", "cells": cells})
        status = (await asked(box, {"do": "status"}))["answer"]
        port = int(status["sources"][0]["listening"].rpartition(":")[2])
        await asyncio.to_thread(send, port, heard([-1] * 30))

        outcome = await box.brygga("doctor", "--json", "--bundle", "box.zip", *OFFLINE)
        (box.folder / "brygga.toml").write_text(CONFIGURATION.replace('"senml"', '"smoke"'), encoding="utf-8")
        options = parser().parse_args(["doctor", "--config", str(box.folder / "brygga.toml")])
        wrong = await finding(await box_of(options), "configuration", "radio")

    findings = json.loads(outcome.output)
    provoked(findings, "radio.crc:none_whole")
    provoked(findings, "radio.forwarder:no_pull")
    provoked(findings, "radio.clock:apart")
    provoked(findings, "devices.heard:never_heard")
    assert [one["standing"] for one in findings if one["check"] == "agent.running"] == ["well"]
    provoked(wrong, "configuration.file:broken")
    provoked(wrong, "radio.crc:none_whole")
    assert "box.zip" in outcome.complaints  # beside the findings, which a program reads
    with zipfile.ZipFile(box.folder / "box.zip") as file:
        whole = b"".join(file.read(name) for name in file.namelist()).lower()
    assert b"aa555a0000000101" in whole
    assert key.encode() not in whole
    assert (box.folder / "data/brygga.key").read_bytes().strip().lower() not in whole
    assert (box.folder / "box.zip").stat().st_mode & 0o077 == 0


def send(port: int, datagram: bytes) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as forwarder:
        forwarder.settimeout(LIMIT_S)
        forwarder.sendto(datagram, ("127.0.0.1", port))
        assert forwarder.recv(4) == datagram[:3] + b"\x01"


async def test_the_agent_examines_itself_for_the_dashboard(box: Box) -> None:
    async with box.agent():
        answer = await asked(box, {"do": "doctor", "only": ["radio", "agent.running", "disk"]})
        wrong = await asked(box, {"do": "doctor", "only": ["dsk"]})
        bundled = await asked(box, {"do": "doctor.bundle"})

    assert {"check", "standing", "seen", "means", "do", "about", "ill", "keys"} == {*answer["answer"][0]}
    assert "agent.running" in [one["check"] for one in answer["answer"] if one["standing"] == "well"]
    assert wrong["problems"][0].startswith("doctor: 'dsk' is none of")
    assert bundled["answer"]["name"] == "brygga-roof.zip"
    assert base64.b64decode(bundled["answer"]["octets"])[:2] == b"PK"


async def asked(box: Box, request: dict[str, object]) -> Any:
    reader, writer = await asyncio.open_unix_connection(box.socket, limit=control.LINE_LIMIT)
    writer.write(json.dumps(request).encode() + b"\n")
    async with asyncio.timeout(LIMIT_S):
        line = await reader.readline()
    writer.close()
    await writer.wait_closed()
    return json.loads(line)


# ── on a terminal ──


async def on_a_phone(box: Box, *arguments: str, question: bytes = b"", answer: bytes = b"") -> tuple[int | None, str]:
    """Run a command on a terminal of 40 columns, answer its question, and return its code and all that was shown."""
    terminal, end = pty.openpty()
    fcntl.ioctl(end, termios.TIOCSWINSZ, struct.pack("HHHH", 30, PHONE, 0, 0))
    environment = {
        name: value
        for name, value in os.environ.items()
        if name not in {"COLUMNS", "LINES", "BRYGGA_CONFIG", "NO_COLOR"}
    }
    process = await asyncio.create_subprocess_exec(
        BRYGGA, *arguments, cwd=box.folder, start_new_session=True, stdin=end, stdout=end, stderr=end,
        env={**environment, "TERM": "xterm"},
    )  # fmt: skip
    os.close(end)
    shown = b""
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(LIMIT_S):
            while piece := await loop.run_in_executor(None, read, terminal):
                shown += piece
                if question and question in shown:
                    os.write(terminal, answer)
                    question = b""
            await process.wait()
    finally:
        os.close(terminal)
    return process.returncode, shown.decode()


def read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65_536)
    except OSError:  # EIO: the other end is closed
        return b""


async def test_on_a_phone_each_line_fits_and_the_standing_is_coloured(box: Box) -> None:
    code, shown = await on_a_phone(box, "doctor", "--only", "agent,configuration,destinations")

    lines = [ESCAPE.sub("", line.rsplit("\r", 1)[-1]) for line in shown.replace("\r\n", "\n").splitlines()]
    findings = [line for line in lines if line.startswith(("✗", "!", "?", "✓"))]
    assert code == 1
    assert "\x1b[31m✗ wrong\x1b[0m" in shown
    assert findings[0].startswith("✗ wrong  agent.running: it does not run")
    assert [line for line in lines if cell_len(line) > PHONE] == []


async def test_a_file_that_is_there_is_replaced_by_a_yes(box: Box) -> None:
    (box.folder / "box.zip").write_bytes(b"mine")

    await on_a_phone(
        box, "doctor", "--only", "configuration", "--bundle", "box.zip", question=b"(y/n) [n]: ", answer=b"y\n"
    )

    assert (box.folder / "box.zip").read_bytes()[:2] == b"PK"


@pytest.mark.parametrize("answer", ["n", ""], ids=["no", "Enter"])
def test_and_not_without_one(
    box: Box, answer: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (box.folder / "box.zip").write_bytes(b"mine")
    monkeypatch.setattr("gateway.commands.lines.is_terminal", lambda _: True)
    monkeypatch.setattr("builtins.input", lambda _: answer)

    code = doctor(box, "--only", "configuration", "--bundle", str(box.folder / "box.zip"))

    assert (code, (box.folder / "box.zip").read_bytes()) == (1, b"mine")
    assert "stays as it is" in capsys.readouterr().err


def test_without_a_terminal_a_file_that_is_there_stays(box: Box) -> None:
    (box.folder / "box.zip").write_bytes(b"mine")

    code = doctor(box, "--bundle", str(box.folder / "box.zip"))

    assert (code, (box.folder / "box.zip").read_bytes()) == (1, b"mine")


@pytest.mark.parametrize(
    ("name", "words"), [("data", "this is a folder"), ("away/box.zip", "is no folder")], ids=["folder", "missing"]
)
def test_a_place_where_no_file_can_be_is_named(
    box: Box, name: str, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (box.folder / "data").mkdir()

    code = doctor(box, "--bundle", str(box.folder / name))

    assert code == 78
    assert words in capsys.readouterr().err


def test_a_disk_that_takes_no_bundle_is_named(tmp_path: Path) -> None:
    with pytest.raises(Brygga, match="No such file"):
        write_private(tmp_path / "away/box.zip", b"PK")


def test_a_bundle_goes_through_no_link_of_somebody_elses(tmp_path: Path) -> None:
    theirs = tmp_path / "theirs"
    theirs.write_bytes(b"mine")
    for name in ("box.zip", "box.zip.part", ".box.zip.part"):
        (tmp_path / name).symlink_to(theirs)

    write_private(tmp_path / "box.zip", b"PK")

    assert theirs.read_bytes() == b"mine"
    assert (tmp_path / "box.zip").read_bytes() == b"PK"
    assert (tmp_path / "box.zip").lstat().st_mode & 0o177777 == 0o100600
    assert {one.name for one in tmp_path.iterdir()} == {"theirs", "box.zip", "box.zip.part", ".box.zip.part"}


@pytest.mark.skipif(os.geteuid() != 0, reason="only root makes files for others")
def test_with_sudo_a_bundle_is_whose_folder_it_lies_in(tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    os.chown(tmp_path / "home", 1000, 1000)

    write_private(tmp_path / "home/box.zip", b"PK")

    found = (tmp_path / "home/box.zip").stat()
    assert (found.st_uid, found.st_gid, found.st_mode & 0o777) == (1000, 1000, 0o600)


# ── words ──


def test_a_report_without_colours_is_for_programs_that_read_lines() -> None:
    some = [
        Finding(check="disk.room", standing=Standing.WRONG, seen="2 MB free\x1b[2J", do="df -h", about="/data"),
        Finding(check="clock.quality", standing=Standing.WELL, seen="ntp"),
    ]
    words = words_in("en")

    assert [*report(some, words, None, is_coloured=False)] == [
        "✗ wrong  disk.room (/data): 2 MB free [2J",
        "    → df -h",
        "✓ 1 checks well, 1 wrong",
    ]
    assert [*report(some[1:], words, None, is_coloured=False)] == ["✓ all well: 1 checks"]
    assert [*report([], words, 40, is_coloured=False)] == ["nothing to look at: is the agent running?"]
