"""The words of the commands about the configuration."""

from __future__ import annotations

from gateway.commands.command_words import CONFIG, JSON, Command

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
)
