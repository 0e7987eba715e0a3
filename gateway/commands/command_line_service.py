"""The words of the commands about the service, for --help and the reference."""

from __future__ import annotations

from gateway.commands.command_words import CONFIG, JSON, Command, argument

LOG = (
    argument(
        "--log-format",
        choices=("text", "json", "journald"),
        help="how the log is written to standard error; without it journald's own protocol where that is its stream, else text",
    ),
    argument(
        "--log-level",
        choices=("debug", "info", "warning", "error"),
        default="info",
        help="how much is logged (info)",
    ),
)

COMMANDS = (
    Command(
        words="reload",
        brief="have the running agent read its configuration once more",
        description="Take destinations, cities, what is shared, commands and the decoders' folder as the file says them now,\n"
        "while the agent goes on hearing; devices and decoders are looked at anew, too. What needs a restart is said.\n"
        "A file that is wrong changes nothing: exit 78 with every problem. SIGHUP and `systemctl reload brygga` do the same.",
        example="brygga reload",
        arguments=(CONFIG, JSON),
    ),
)
