"""The wizard as a program of its own, on a machine that is a folder: `python -m tests.setup.wizard ROOT PORT OPTIONS…`.

With a unit of Brygga below ROOT it has a systemd there, too: what it is told is noted in ROOT/systemctl, and a restart of Brygga starts an agent,
whose process is noted in ROOT/agent.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import sys
import termios
from collections.abc import Sequence
from pathlib import Path

from gateway.commands import cli, command_line
from gateway.commands.init import World, init
from gateway.commands.lines import is_terminal
from gateway.model import TimeQuality
from tests.setup.roots import machine


def main(root: Path, port: int, words: Sequence[str]) -> int:
    options = command_line.parser().parse_args(["init", *words])
    has_unit = (root / "usr/lib/systemd/system/brygga.service").exists()

    async def run(command: Sequence[str]) -> tuple[int, str]:
        with (root / "systemctl").open("a") as file:
            file.write(" ".join(command) + "\n")
        if command[:3] == ["systemctl", "restart", "brygga.service"]:
            arguments = [sys.executable, "-m", "gateway", "run", "--config", options.config]
            with (root / "agent.log").open("w") as log:
                agent = await asyncio.create_subprocess_exec(*arguments, stdout=log, stderr=log, start_new_session=True)
            (root / "agent").write_text(str(agent.pid))
        return 0, ""

    quality = TimeQuality.UNSYNCHRONISED if (root / "no-clock").exists() else TimeQuality.NTP
    there = machine(root, is_root=lambda: has_unit, clock=lambda: quality)
    world = World(machine=there, run=run, listen_s=0.05, port=port)
    cli.COMMANDS["init"] = lambda options: init(options, world)
    del options.command
    return cli.main(["init", *words])


if __name__ == "__main__":
    if is_terminal(sys.stdin):
        with contextlib.suppress(OSError):  # Ctrl-C and hidden input are the controlling terminal's
            fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    sys.exit(main(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]))
