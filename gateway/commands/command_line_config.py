"""The words of the commands about the configuration."""

from __future__ import annotations

import argparse

from gateway.commands.command_words import CONFIG, JSON, Command, argument


def seconds(text: str) -> float:
    """Return a number of seconds from 0 to a day; argparse tells what it raises."""
    try:
        found = float(text)
    except ValueError:
        found = -1.0
    if not 0 <= found <= 86_400:
        raise argparse.ArgumentTypeError(f"{text!r} where a number of seconds from 0 to 86400 is expected")
    return found


GROUPS = {"config": "the configuration: what counts, and a fleet's"}

COMMANDS = (
    Command(
        words="config show",
        brief="show what counts, and in which file it stands",
        description="Print the configuration that brygga.toml, its fragments (brygga.d/*.toml), variables and cities make together, each key\n"
        "with its file; secrets are hidden. What is wrong with it is printed, too, and then the exit code is 78.",
        example="brygga config show",
        arguments=(CONFIG, JSON),
    ),
    Command(
        words="config pull",
        brief="fetch the fleet's configuration",
        description="Fetch a fleet's file and its signature (FILE.sig), and put what it has for this box into brygga.d/50-fleet.toml, or take\n"
        "that away where it has nothing for it: when a key of fleet.keys has signed it, its serial is not older than what was here, its time is\n"
        "not over, and the whole configuration has no problem with it. A file there that a person wrote stays.\n"
        "The agent reloads; where destinations that were told before cannot be told within a minute, all is taken back.\n"
        "Exit 0 when it is in place, 1 when it cannot be had now or was taken back, 78 when it is not believed or wrong.",
        example="brygga config pull https://config.city.example/brygga/fleet.toml",
        arguments=(
            argument(
                "url", nargs="?", metavar="URL", help="https:// or file:///; default: fleet.url of the configuration"
            ),
            argument(
                "--jitter",
                type=seconds,
                default=0.0,
                metavar="S",
                help="wait up to so many seconds first, by chance: a thousand boxes shall not come at once (the timer does that)",
            ),
            argument(
                "--watch", type=seconds, default=60.0, metavar="S", help="how long the agent is watched (60); 0: not"
            ),
            argument("--again", action="store_true", help="try a file once more that was taken back"),
            argument("--restart", metavar="COMMAND", help="run this where something counts from the next start only"),
            CONFIG,
        ),
    ),
)
