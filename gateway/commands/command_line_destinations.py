"""The words of the commands about destinations that come and go."""

from __future__ import annotations

from gateway.commands.command_words import CONFIG, JSON, Command, argument

GROUPS = {"destination": "whom the journal keeps uplinks for: list, test, preview, rename, forget"}

_NAME = argument("name", metavar="NAME", help="as the configuration has it")

COMMANDS = (
    Command(
        words="destination list",
        brief="list them",
        description="List all destinations with what waits for each, those that are no longer configured, too.",
        example="brygga destination list",
        arguments=(CONFIG, JSON),
    ),
    Command(
        words="destination test",
        brief="try one out",
        description="Connect, log in, send one observation that is marked as a test, and read it back where the platform lets us;\n"
        "say in words what is wrong and what to do. Exit 0 when it arrived. An agent that runs goes on undisturbed.",
        example="brygga destination test water",
        arguments=(
            _NAME,
            argument(
                "--device",
                metavar="DEVICE",
                help="send this device's last uplink again, under its own id: for a platform that knows only registered devices",
            ),
            CONFIG,
            JSON,
        ),
    ),
    Command(
        words="destination preview",
        brief="show what would go out",
        description="Show the messages of a device's last uplink as they would go out, octet by octet; nothing is sent. It is the\n"
        "configuration as the file has it now, whether the agent runs or not.",
        example="brygga destination preview water --device Library",
        arguments=(
            _NAME,
            argument("--device", metavar="DEVICE", required=True, help="16 hex digits, or its name"),
            CONFIG,
            JSON,
        ),
    ),
    Command(
        words="destination rename",
        brief="give one's backlog to another name",
        description="After a destination got another name or another city in the file: what waits for the old one, its dead\n"
        "letters and its memory go over to the new one. What the new one has got already is not told again.",
        example="brygga destination rename water@lund water@sundsvall",
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
