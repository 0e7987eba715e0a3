"""Log lines for journald, at a real datagram socket and read by systemd's own tools."""

from __future__ import annotations

import array
import asyncio
import contextlib
import json
import logging
import os
import socket
import struct
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.service import log
from gateway.service.journald import JournaldHandler

LIMIT_S = 5.0
LARGE = 1 << 20
MANY = 2000


@pytest.fixture
def journald(tmp_path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as bound:
        bound.bind(str(tmp_path / "socket"))
        bound.settimeout(LIMIT_S)
        yield bound


@pytest.fixture
def logger(journald: socket.socket) -> Iterator[logging.Logger]:
    made, handler = logging.getLogger("gateway.test"), JournaldHandler(journald.getsockname())
    made.addHandler(handler)
    made.setLevel(logging.DEBUG)
    made.propagate = False
    yield made
    made.propagate = True
    made.setLevel(logging.NOTSET)
    made.removeHandler(handler)
    handler.close()


def fields(datagram: bytes) -> dict[str, str]:
    """Take a datagram of the native protocol apart."""
    found: dict[str, str] = {}
    while datagram:
        line, _, datagram = datagram.partition(b"\n")
        name, is_short, value = line.partition(b"=")
        if not is_short:
            (size,) = struct.unpack_from("<Q", datagram)
            value, datagram = datagram[8 : 8 + size], datagram[9 + size :]
        found[name.decode()] = value.decode()
    return found


def test_a_record_is_fields(journald: socket.socket, logger: logging.Logger) -> None:
    logger.warning("the %s is full", "disk", extra={"dev_eui": "a81758fffe0a0001"})

    told = fields(journald.recv(65536))
    assert told["MESSAGE"] == "the disk is full"
    assert told["PRIORITY"] == "4"
    assert told["SYSLOG_IDENTIFIER"] == "brygga"
    assert told["CODE_FILE"] == __file__
    assert told["CODE_FUNC"] == "test_a_record_is_fields"
    assert told["CODE_LINE"].isdecimal()
    assert told["BRYGGA_DEV_EUI"] == "a81758fffe0a0001"


@pytest.mark.parametrize(
    ("level", "priority"),
    [(logging.CRITICAL, "2"), (logging.ERROR, "3"), (logging.WARNING, "4"), (logging.INFO, "6"), (logging.DEBUG, "7")],
)
def test_levels_are_priorities(journald: socket.socket, logger: logging.Logger, level: int, priority: str) -> None:
    logger.log(level, "x")

    assert fields(journald.recv(65536))["PRIORITY"] == priority


def fail() -> None:
    raise ValueError("wrong = 1\nMESSAGE=not a field")


def test_a_trace_stays_one_record(journald: socket.socket, logger: logging.Logger) -> None:
    try:
        fail()
    except ValueError:
        logger.exception("a bug")

    told = fields(journald.recv(65536))
    assert told["MESSAGE"].startswith("a bug\nTraceback (most recent call last):\n")
    assert told["MESSAGE"].endswith("wrong = 1\nMESSAGE=not a field")


async def test_a_record_of_a_destinations_task_says_whose_it_is(
    journald: socket.socket, logger: logging.Logger
) -> None:
    async def tell() -> None:
        logger.warning("away")

    await asyncio.create_task(tell(), name="telling lund")
    await asyncio.create_task(tell(), name="source mast")

    first, second = (fields(journald.recv(65536)) for _ in range(2))
    assert (first["BRYGGA_DESTINATION"], second["BRYGGA_SOURCE"]) == ("lund", "mast")
    assert "BRYGGA_SOURCE" not in first


def test_what_is_too_large_for_a_datagram_goes_as_a_sealed_file(
    journald: socket.socket, logger: logging.Logger
) -> None:
    logger.error("x" * LARGE)

    _, rights, _, _ = journald.recvmsg(10, socket.CMSG_SPACE(4))
    descriptor = array.array("i", rights[0][2])[0]
    with os.fdopen(descriptor, "rb") as file:
        told = fields(os.pread(file.fileno(), 2 * LARGE, 0))
        with pytest.raises(PermissionError):
            os.truncate(file.fileno(), 1)
    assert told["MESSAGE"] == "x" * LARGE


def test_what_journald_does_not_take_goes_to_standard_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    handler = JournaldHandler(str(tmp_path / "nobody"))
    handler.emit(logging.LogRecord("gateway.x", logging.ERROR, "x.py", 1, "the %s", ("disk",), None))
    handler.close()

    assert capsys.readouterr().err == "ERROR gateway.x: the disk\n"


def test_where_standard_error_is_broken_as_well_a_record_ends_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As it is after journald has crashed: the service's standard error is a stream of the one that is gone."""
    handler, is_through = JournaldHandler(str(tmp_path / "nobody")), False
    ours, theirs = socket.socketpair()
    theirs.close()
    with ours, contextlib.suppress(BrokenPipeError), ours.makefile("w", encoding="utf-8") as broken:
        broken.reconfigure(line_buffering=True)  # as Python has it for standard error
        monkeypatch.setattr("sys.stderr", broken)
        handler.emit(record("hello"))
        handler.emit(record("is anybody there?"))
        monkeypatch.undo()
        handler.close()
        is_through = True

    assert is_through


def test_where_nobody_takes_a_record_in_time_it_is_counted_and_nothing_waits(
    journald: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As it is while journald waits for a card that is dying."""
    handler = JournaldHandler(journald.getsockname())
    journald.setblocking(False)
    ours, theirs = socket.socketpair()
    with ours, theirs, ours.makefile("w", encoding="utf-8") as stderr:
        stderr.reconfigure(line_buffering=True)
        ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
        monkeypatch.setattr("sys.stderr", stderr)

        for number in range(MANY):
            handler.emit(record(f"line {number}"))

        monkeypatch.undo()
        theirs.setblocking(False)
        taken = [fields(one)["MESSAGE"] for one in waiting(journald)]
        beside = b"".join(waiting(theirs)).decode().splitlines()
    handler.emit(record("once more"))
    last, missed = [fields(one) for one in waiting(journald)]
    handler.close()
    lost = MANY - len(taken) - len(beside)
    assert taken[0] == "line 0"
    assert lost > 0
    assert (last["MESSAGE"], missed["PRIORITY"]) == ("once more", "4")
    assert missed["MESSAGE"] == f"{lost} lines of the log are lost: journald did not take them in time"


def record(words: str) -> logging.LogRecord:
    return logging.LogRecord("gateway.test", logging.INFO, __file__, 1, words, None, None)


def waiting(bound: socket.socket) -> Iterator[bytes]:
    with contextlib.suppress(BlockingIOError):
        while True:
            yield bound.recv(1 << 16)


def test_a_record_that_cannot_be_formatted_ends_nothing(
    journald: socket.socket, capsys: pytest.CaptureFixture[str]
) -> None:
    handler = JournaldHandler(journald.getsockname())
    handler.emit(logging.LogRecord("gateway.x", logging.ERROR, "x.py", 1, "%d", ("no number",), None))
    handler.close()

    assert "--- Logging error ---" in capsys.readouterr().err


def test_systemds_own_tools_read_the_fields(journald: socket.socket, logger: logging.Logger, tmp_path: Path) -> None:
    logger.warning("one\ntwo", extra={"destination": "lund"})
    told = fields(journald.recv(65536))
    export = b"".join(
        b"%s\n%s%s\n" % (name.encode(), struct.pack("<Q", len(value.encode())), value.encode())
        for name, value in told.items()
    )
    entry = b"__REALTIME_TIMESTAMP=1767225600000000\n__MONOTONIC_TIMESTAMP=1\n_BOOT_ID=%s\n%s\n" % (b"1" * 32, export)
    file = tmp_path / "a.journal"
    made = subprocess.run(
        ["/lib/systemd/systemd-journal-remote", f"--output={file}", "-"],
        input=entry,
        capture_output=True,
        timeout=60,
        check=False,
    )
    read = subprocess.run(
        ["journalctl", f"--file={file}", "-o", "json", "BRYGGA_DESTINATION=lund"],
        capture_output=True,
        timeout=60,
        check=False,
    )

    assert read.stdout, made.stderr
    assert json.loads(read.stdout)["MESSAGE"] == "one\ntwo"


# ── which form ──


def test_journald_is_known_by_the_stream_that_systemd_names(tmp_path: Path) -> None:
    with (tmp_path / "stream").open("w") as stream:
        found = os.fstat(stream.fileno())
        named = {"JOURNAL_STREAM": f"{found.st_dev}:{found.st_ino}"}

        assert log.is_journald(named, stream.fileno())
        assert not log.is_journald({"JOURNAL_STREAM": "1:2"}, stream.fileno())
        assert not log.is_journald({}, stream.fileno())
        assert not log.is_journald(named, None)


def test_json_is_one_object_a_line() -> None:
    with pytest.raises(ValueError, match="wrong") as caught:
        fail()
    trace = (caught.type, caught.value, caught.tb)
    record = logging.LogRecord("gateway.x", logging.ERROR, "x.py", 1, "a\nb %s", ("c",), trace)
    record.source = "mast"

    line = log.Json().format(record)

    told = json.loads(line)
    assert "\n" not in line
    assert (told["level"], told["logger"], told["message"], told["source"]) == ("error", "gateway.x", "a\nb c", "mast")
    assert told["trace"].startswith("Traceback")
    assert told["time"].endswith("+00:00")
