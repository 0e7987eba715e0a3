"""The words of the commands about destinations that come and go."""

from __future__ import annotations

from gateway.commands.command_words import CONFIG, JSON, Command, argument

GROUPS = {"destination": "whom the journal keeps uplinks for: list, test, preview, provision, rename, forget"}

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
        "configuration as the file has it now, whether the agent runs or not. Credentials that a platform wants in a path or a\n"
        "body are hidden.",
        example="brygga destination preview water --device Library",
        arguments=(
            _NAME,
            argument("--device", metavar="DEVICE", required=True, help="16 hex digits, or its name"),
            argument(
                "--show-secrets", action="store_true", help="show also credentials that stand in a message itself"
            ),
            CONFIG,
            JSON,
        ),
    ),
    Command(
        words="destination provision",
        brief="have made there what values are shown in",
        description="Where a platform shows a value only in what was made for it beforehand (IoT Open's functions): look what is\n"
        "there, and have made what is missing for the last uplink of each device that the destination selects. What is\n"
        "there is not made again, so say it anew whenever devices have come. Exit 0 when nothing was refused.",
        example="brygga destination provision water --dry-run",
        arguments=(
            _NAME,
            argument(
                "--device",
                metavar="DEVICE",
                action="append",
                default=[],
                help="for this device alone; may be repeated",
            ),
            argument("--dry-run", action="store_true", help="look what is there, and show what would be asked for"),
            argument("--url", metavar="URL", help="of the platform's REST; without it https:// and the host of url"),
            argument(
                "--api-key-file",
                metavar="FILE",
                help="a file of one line; without it the destination's password, if it is an API key",
            ),
            CONFIG,
            JSON,
        ),
    ),
    Command(
        words="destination rename",
        brief="give one's backlog to another name",
        description="After a destination got another name or another city in the file: what waits for the old one and its dead\n"
        "letters go over to the new one, and at the same platform what is remembered of that. What the new one has got\n"
        "already is not told again. Where the new one keeps the newest values alone and has been told newer ones, it would\n"
        "refuse the older ones: that is said, and not done.",
        example="brygga destination rename water@lund water@sundsvall",
        arguments=(
            argument("old", metavar="OLD", help="a name that is no longer in the configuration"),
            argument("new", metavar="NEW", help="its name in the configuration"),
            argument("--anyway", action="store_true", help="also where most of it would be refused as late"),
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
