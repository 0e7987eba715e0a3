"""The words of the commands of the lab: a city's traffic that is made up, and an agent that is tried to its limits."""

from __future__ import annotations

import argparse
from pathlib import Path

from gateway.commands.command_words import JSON, Command, argument, whole
from gateway.config.units import duration

GROUPS = {"lab": "a city's traffic on this machine, and an agent at its limits: run, list, new, compare, torture"}

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


def _speed(text: str) -> float | None:
    """Read "jump", "100x" or "1x"."""
    if text == "jump":
        return None
    try:
        number = float(text.removesuffix("x"))
    except ValueError:
        number = 0.0
    if not 0.0 < number < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} where jump, or a number such as 100x or 1x, is expected")
    return number


def _span(text: str) -> float:
    try:
        return duration(text).total_seconds()
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


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
        words="lab run",
        brief="let a city's devices, radio, gateways and platforms happen around an agent, and judge it by every uplink",
        description="Fleets of real models with true LoRaWAN radios speak over paths as they were measured; gateways tell a real agent,\n"
        "which tells cities' platforms, while things go wrong on a timetable. All of it lies within this process, on a clock that\n"
        "jumps: a day takes minutes, and the same seed gives the same report. Nothing that runs here is touched. Exit 0 when every\n"
        "promise of the scenario was kept, 1 when one was broken. Ctrl-C ends it early, with a report of what was until then.",
        example="brygga lab run winter-town --for '2 h' --report winter.json",
        arguments=(
            argument("scenario", metavar="SCENARIO", help="one that is ready (brygga lab list), or a file"),
            argument("--check", action="store_true", help="only look whether it can run"),
            argument("--seed", type=int, metavar="N", help="another fate; the same number, the same report"),
            argument("--for", type=_span, dest="lasts", metavar="TIME", help="its beginning alone, such as '2 h'"),
            argument(
                "--speed",
                type=_speed,
                default=None,
                metavar="N",
                help="jump (default): as fast as it goes; 100x, or 1x as in life, at the most",
            ),
            argument("--report", type=Path, metavar="FILE", help="write all that is known there, as JSON"),
            argument(
                "--html",
                type=Path,
                metavar="FILE",
                help="write a page with plots and a map there (needs brygga[lab])",
            ),
            argument("--journal", type=Path, metavar="FILE", help="write what the agent's journal holds there"),
            JSON,
        ),
    ),
    Command(
        words="lab list",
        brief="which scenarios are ready",
        description="The scenarios that `brygga lab run` knows by name, a line each.",
        example="brygga lab list",
    ),
    Command(
        words="lab new",
        brief="write a scenario to begin with",
        description="Write a file that runs as it stands, with every key there is and what it means.",
        example="brygga lab new my-town.toml",
        arguments=(argument("file", type=Path, metavar="FILE", help="a name that is free, such as my-town.toml"),),
    ),
    Command(
        words="lab compare",
        brief="two reports side by side: what one run has otherwise than another one",
        description="Each figure of two reports with its change, the promises, and the discrepancies, by id, that only one has. Exit 1\n"
        "where B breaks a promise that A keeps, or loses more of what was heard; 0 otherwise. What the air takes is shown and\n"
        "not judged: a scenario that minds it promises `heard`. Different scenarios or seeds are warned of.",
        example="brygga lab compare before.json after.json",
        arguments=(
            argument("a", type=Path, metavar="A.json", help="what `brygga lab run --report` wrote, before"),
            argument("b", type=Path, metavar="B.json", help="and after"),
            JSON,
        ),
    ),
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
