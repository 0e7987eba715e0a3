"""The words of the commands about destinations that come and go."""

from __future__ import annotations

from gateway.commands.command_words import CONFIG, JSON, Command, argument

GROUPS = {"destination": "whom the journal keeps uplinks for: list, rename, forget"}

COMMANDS = (
    Command(
        words="destination list",
        brief="list them",
        description="List all destinations with what waits for each, those that are no longer configured, too.",
        example="brygga destination list",
        arguments=(CONFIG, JSON),
    ),
    Command(
        words="destination rename",
        brief="give one's backlog to another name",
        description="After a destination got another name in the file: what waits for the old name, its dead letters and\n"
        "its memory go over to the new one. What the new one has got already is not told again.",
        example="brygga destination rename city stad",
        arguments=(
            argument("old", metavar="OLD", help="a name that is no longer in the configuration"),
            argument("new", metavar="NEW", help="its name in the configuration"),
            CONFIG,
        ),
    ),
    Command(
        words="destination forget",
        brief="let go of one",
        description="Forget a destination that is no longer configured; what waits for it and its dead letters cannot be\n"
        "had back, but for what other destinations wait for.",
        example="brygga destination forget city",
        arguments=(argument("name", metavar="NAME", help="as `destination list` has it"), CONFIG),
    ),
)
