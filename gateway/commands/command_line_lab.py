"""The words of the commands that try the agent to its limits."""

from __future__ import annotations

import argparse
from pathlib import Path

from gateway.commands.command_words import JSON, Command, argument, whole

GROUPS = {"lab": "try the agent to its limits on this machine: torture"}

# As simulators/torture/troubles.py has them, which is imported only when it is run.
FAULTS = (
    "kill",
    "kill-starting",
    "power-cut",
    "broker-kill",
    "broker-stop",
    "broker-pause",
    "cut",
    "half-close",
    "black-hole",
    "refuse",
    "silent",
    "slow-line",
    "frail-line",
    "link-down",
    "swallowing-link",
    "narrow-link",
    "lossy-link",
    "flush-error",
    "one-flush-error",
    "write-error",
    "slow-disk",
    "full-disk",
)


def _more_than_nothing(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if not 0.0 < number < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} where a number above 0 is expected")
    return number


COMMANDS = (
    Command(
        words="lab torture",
        brief="kill it, cut its power, fill its disk, and count every uplink",
        description="Run an agent of its own with simulated devices and a real mosquitto, beside whatever runs here, and let\n"
        "troubles come by chance; then deliver what is left, and hold what was sent, heard, committed and delivered\n"
        "against each other, by id. Exit 0 when nothing was lost, 1 when something was. Ctrl-C ends it early, with a\n"
        "report. Power cuts, a full disk and links need root, errors of the disk a C compiler: what cannot be had is said.",
        example="brygga lab torture --minutes 10",
        arguments=(
            argument(
                "--minutes",
                type=_more_than_nothing,
                default=10.0,
                metavar="N",
                help="that troubles come (10); it ends soon after",
            ),
            argument("--devices", type=whole(1, 1000), default=100, metavar="N", help="that speak (100)"),
            argument(
                "--pace", type=_more_than_nothing, default=2.5, metavar="S", help="between a device's uplinks (2.5)"
            ),
            argument(
                "--seed",
                type=int,
                default=1,
                metavar="N",
                help="the same devices, and the same troubles in the same order (1)",
            ),
            argument(
                "--faults",
                default="all",
                metavar="LIST",
                help=f"all (default), none, or names with commas: {', '.join(FAULTS)}",
            ),
            argument(
                "--hurry",
                type=_more_than_nothing,
                default=1.0,
                metavar="N",
                help="so many times as often, and as short (1)",
            ),
            argument(
                "--kills-per-minute",
                type=_more_than_nothing,
                metavar="N",
                help="of the agent, power cuts among them; as many as it can start again. Without it some twenty come",
            ),
            argument(
                "--folder",
                type=Path,
                metavar="FOLDER",
                help="keep journal, logs and configuration there (an empty folder)",
            ),
            JSON,
        ),
    ),
)
