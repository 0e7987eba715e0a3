"""The words of the commands about the network in the box: downlinks, and frames that were not taken."""

from __future__ import annotations

from gateway.commands.command_words import CONFIG, JSON, Command, argument

GROUPS = {
    "downlink": "what is told to devices: send, list, show, drop",
    "frames": "frames that were not taken: whose they are, and why",
}

_DEVICE = "16 hex digits, or its name"

COMMANDS = (
    Command(
        words="device force-rejoin",
        brief="have a LoRaWAN 1.1 device renew its session",
        description="Tell a device of LoRaWAN 1.1 to rejoin. It is told with its next downlinks, a few times at most,\n"
        "until its rejoin request comes; with the agent stopped the wish waits in the journal.",
        example="brygga device force-rejoin Library",
        arguments=(
            argument("device", metavar="DEVICE", help=_DEVICE),
            argument(
                "--type",
                type=int,
                choices=(0, 2),
                default=0,
                help="0 (if not said): radio parameters begin anew, too; 2: keys and address alone",
            ),
            CONFIG,
        ),
    ),
    Command(
        words="downlink send",
        brief="tell a device something",
        description="Queue a payload in hex, or a command that the device's decoder turns into one. It goes with the\n"
        "device's next uplink, to a class C device at once; with the agent stopped it waits in the journal.",
        example="brygga downlink send Library --command '{\"interval\": 600}' --confirmed --expires '1 d'",
        arguments=(
            argument("device", metavar="DEVICE", help=_DEVICE),
            argument("hex", metavar="HEX", nargs="*", help="the payload; blanks between octets are allowed"),
            argument("--port", type=int, metavar="N", help="FPort, 1 to 223; with --command the encoder's if not said"),
            argument("--command", dest="told", metavar="JSON", help="what the encoder knows (docs/decoders.md)"),
            argument("--confirmed", action="store_true", help="ask for an acknowledgement, and try again without"),
            argument("--priority", type=int, default=0, metavar="N", help="greater goes first (0)"),
            argument("--expires", metavar="TIME", help="let go of it after so long: '30 min', '1 h', '2 d'"),
            argument("--reference", metavar="TEXT", help="your own word for it, shown with each state"),
            CONFIG,
            JSON,
        ),
    ),
    Command(
        words="downlink list",
        brief="list what waits",
        description="List the downlinks that wait or are on their way, of one device or of all; with --all those that\n"
        "have come to their end, too.",
        example="brygga downlink list Library --all",
        arguments=(
            argument("device", metavar="DEVICE", nargs="?", help=f"{_DEVICE}; all where none is named"),
            argument("--all", action="store_true", help="and the last that were sent, failed, expired or dropped"),
            CONFIG,
            JSON,
        ),
    ),
    Command(
        words="downlink show",
        brief="show one",
        description="Show all that is known of one downlink.",
        example="brygga downlink show 42",
        arguments=(argument("id", type=int, metavar="ID", help="as `downlink list` has it"), CONFIG, JSON),
    ),
    Command(
        words="downlink drop",
        brief="let go of some",
        description="Drop downlinks that wait; one that is on the air already cannot be called back.",
        example="brygga downlink drop 42 43",
        arguments=(argument("ids", type=int, nargs="+", metavar="ID", help="as `downlink list` has them"), CONFIG),
    ),
    Command(
        words="frames unclaimed",
        brief="show who transmits nearby and belongs to nobody",
        description="List DevAddrs and joining DevEUIs that no device here has, the last heard first. Their frames are\n"
        "kept: when the device is added, those that its keys prove become uplinks with their own time.",
        example="brygga frames unclaimed",
        arguments=(CONFIG, JSON),
    ),
    Command(
        words="frames refused",
        brief="show the last frames that were not taken, and why",
        description="List the last refused frames of a running agent, the newest first, each with the reason and what\n"
        "would help.",
        example="brygga frames refused",
        arguments=(
            argument("--limit", type=int, default=20, metavar="N", help="at most so many (20)"),
            CONFIG,
            JSON,
        ),
    ),
)
