"""The real agent as a process of its own: configured, given its devices, started, watched through its control socket."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gateway.journal.groups import unpacked

START_LIMIT_S = 20.0
STOP_LIMIT_S = 20.0
ANSWER_LIMIT_S = 20.0
IMPORT_LIMIT_S = 60.0
PROBE_PAUSE_S = 0.05
TICKS = os.sysconf("SC_CLK_TCK")
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")

CONFIGURATION = """\
[gateway]
name = "bench"
data = "data"

[clock]
trust = "system"

[radio]
duty_cycle = "ignored"

[[source]]
name = "radio"
type = "semtech_udp"
host = "127.0.0.1"
port = 0
"""


@dataclass(frozen=True, slots=True)
class Usage:
    """What a process has used since it began."""

    cpu_s: float  # all threads together
    loop_cpu_s: float  # the event loop's thread; the others are SQLite's
    peak_rss_bytes: int


class AgentProcess:
    """A running `brygga run`."""

    def __init__(self, folder: Path, process: subprocess.Popen[bytes]) -> None:
        self._control = folder / "data" / "control.sock"
        self._log = folder / "agent.log"
        self._journal = folder / "data" / "journal.db"
        self._process = process

    def status(self) -> Mapping[str, Any]:
        """Return what `brygga status --json` prints."""
        with socket.socket(socket.AF_UNIX) as control:
            control.settimeout(ANSWER_LIMIT_S)
            control.connect(str(self._control))
            control.sendall(b'{"do": "status"}\n')
            with control.makefile("rb") as answers:
                answer: Mapping[str, Any] = json.loads(answers.readline())["answer"]
        return answer

    @property
    def udp_port(self) -> int:
        """Return the port that its source listens on, 0 while it does not."""
        (source,) = self.status()["sources"]
        return int((source["listening"] or "0").rpartition(":")[2])

    def await_start(self) -> None:
        """Return when its source listens; RuntimeError with its log when it ended instead."""
        deadline = time.monotonic() + START_LIMIT_S
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                raise RuntimeError(f"the agent ended at once:\n{self._log.read_text(encoding='utf-8')[-2000:]}")
            with contextlib.suppress(OSError):
                if self.udp_port:
                    return
            time.sleep(PROBE_PAUSE_S)
        raise TimeoutError(f"the agent did not answer within {START_LIMIT_S:g} s")

    @property
    def pid(self) -> int:
        """Return its process's id."""
        return self._process.pid

    def usage(self) -> Usage:
        """Return what the kernel counts of it, all threads together."""
        proc = Path(f"/proc/{self._process.pid}")
        status = dict(line.split(":", 1) for line in proc.joinpath("status").read_text(encoding="utf-8").splitlines())
        loop = proc / "task" / str(self._process.pid)
        return Usage(_cpu_s(proc), _cpu_s(loop), int(status["VmHWM"].split()[0]) * 1024)

    def rss_bytes(self) -> int:
        """Return what it has in memory now."""
        resident = Path(f"/proc/{self._process.pid}/statm").read_text(encoding="ascii").split()[1]
        return int(resident) * PAGE_BYTES

    def records(self) -> list[bytes]:
        """Return the records of its journal's log, in order."""
        connection = sqlite3.connect(f"file:{self._journal}?mode=ro", uri=True)
        try:
            tables = [
                name
                for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")
                if name.startswith("log_")
            ]
            found = [row for name in tables for row in unpacked(connection.execute(f"SELECT id, record FROM {name}"))]
        finally:
            connection.close()
        return [record for _, record in sorted(found)]

    def stop(self) -> None:
        """End it in good order."""
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(STOP_LIMIT_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(STOP_LIMIT_S)
            raise


def _cpu_s(process_or_thread: Path) -> float:
    after_name = process_or_thread.joinpath("stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(after_name[11]) + int(after_name[12])) / TICKS  # utime and stime, proc(5)


def write_configuration(folder: Path, destinations: str) -> Path:
    """Write brygga.toml with one source and the ``destinations`` (TOML); return its path."""
    folder.joinpath("data").mkdir(mode=0o700)
    path = folder / "brygga.toml"
    path.write_text(CONFIGURATION + destinations, encoding="utf-8")
    return path


def import_devices(configuration: Path, devices_csv: str) -> None:
    """Register devices as an installer does."""
    file = configuration.with_name("devices.csv")
    file.write_text(devices_csv, encoding="utf-8")
    command = [sys.executable, "-m", "gateway", "device", "import", "--config", str(configuration), str(file)]
    subprocess.run(command, check=True, timeout=IMPORT_LIMIT_S, stdout=subprocess.DEVNULL)


@contextlib.contextmanager
def running(configuration: Path, program: Sequence[str] = ("-m", "gateway")) -> Iterator[AgentProcess]:
    """Run the agent of ``configuration`` as ``python PROGRAM run``; end it with the block."""
    folder = configuration.parent
    command = [sys.executable, *program, "run", "--config", str(configuration)]
    with folder.joinpath("agent.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
        agent = AgentProcess(folder, process)
        try:
            agent.await_start()
            yield agent
        finally:
            if process.poll() is None:
                agent.stop()
