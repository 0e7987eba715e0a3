"""The words of the commands about sources."""

from __future__ import annotations

import argparse
import math

from gateway.commands.command_words import CONFIG, JSON, Command, argument

GROUPS = {"source": "the radios, and what stands for them: list, test"}

LONGEST_S = 86_400.0


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not 0 < seconds <= LONGEST_S:
        raise argparse.ArgumentTypeError(f"{text!r} where a number of seconds up to {LONGEST_S:g} is expected")
    return seconds


COMMANDS = (
    Command(
        words="source list",
        brief="list them",
        description="List all sources of the configuration with how each stands, and what is wrong in words.",
        example="brygga source list",
        arguments=(CONFIG, JSON),
    ),
    Command(
        words="source test",
        brief="hear what arrives, and what is wrong",
        description="Watch a source for a while and say in words what arrives: gateways, whose frames, how strong, what was dropped\n"
        "and why; where nothing arrives, what to look at. Exit 0 when frames or signs of life arrive, 1 when nothing does. An\n"
        "agent that runs goes on undisturbed; where none runs the source is opened by the command, and nothing is kept.",
        example="brygga source test radio --seconds 60",
        arguments=(
            argument("name", metavar="NAME", help="as the configuration has it"),
            argument(
                "--seconds",
                type=_seconds,
                default=10.0,
                metavar="S",
                help="how long (10); a sensor speaks every ten minutes or so",
            ),
            CONFIG,
            JSON,
        ),
    ),
)
