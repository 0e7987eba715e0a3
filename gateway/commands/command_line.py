"""The words of the `brygga` command: every command with its options and an example, for --help and the reference."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from gateway import __version__
from gateway.commands import (
    command_line_city,
    command_line_config,
    command_line_decoder,
    command_line_destinations,
    command_line_doctor,
    command_line_init,
    command_line_journal,
    command_line_lab,
    command_line_network,
    command_line_record,
    command_line_relay,
    command_line_service,
    command_line_simulate,
    command_line_source,
    command_line_upgrade,
    command_line_web,
)
from gateway.commands.command_words import CONFIG as _CONFIG
from gateway.commands.command_words import JSON as _JSON
from gateway.commands.command_words import AnyOrder, Command, Parser
from gateway.commands.command_words import argument as _argument
from gateway.devices_file.columns import COLUMNS

if TYPE_CHECKING:
    Places = argparse._SubParsersAction[AnyOrder]  # noqa: SLF001 - argparse has no public name for it, and no type at run time

FORMATS = ("csv", "chirpstack", "the_things_stack")
KINDS = ("refused", "undecoded", "undated")  # of dead letters

_DESTINATION = _argument("--destination", metavar="NAME", help="only those of this destination")
_KIND = _argument("--kind", choices=KINDS, help="only those refused by the platform, not decoded, or without a time")

_DEVICE_OPTIONS = tuple(
    _argument(
        f"--{column.name.replace('_', '-')}",
        metavar=column.name.rpartition("_")[2].upper(),
        help=column.words,
    )
    for column in COLUMNS.values()
    if column.is_option
)

COMMANDS = (
    *command_line_init.COMMANDS,
    Command(
        words="run",
        brief="run the agent",
        description="Hear, keep and deliver until stopped (Ctrl-C or SIGTERM).",
        example="brygga run --config /etc/brygga/brygga.toml",
        arguments=(
            _argument(
                "--take-backlog",
                action="store_true",
                help="what waits for a destination's former city goes to the present one, not there",
            ),
            *command_line_service.LOG,
            _CONFIG,
        ),
    ),
    Command(
        words="check",
        brief="check a configuration",
        description="Print every problem of a configuration at once; exit 78 if there is one.",
        example="brygga check --config brygga.toml",
        arguments=(_CONFIG,),
    ),
    Command(
        words="status",
        brief="show sources, journal and destinations",
        description="Show how it goes: of a running agent all, of a stopped one what its journal says.",
        example="brygga status",
        arguments=(_CONFIG, _JSON),
    ),
    Command(
        words="demo",
        brief="show it all on this machine, with nothing else needed",
        description="Run simulated radio and sensors, the agent, a broker and a city platform; take the\n"
        "destinations away for a while, and bring them back.",
        example="brygga demo --once",
        arguments=(
            _argument("--once", action="store_true", help="end by itself; exit 0 when nothing was lost"),
            _argument("--outage", type=float, default=12.0, metavar="S", help="seconds of the outage (12)"),
        ),
    ),
    Command(
        words="device add",
        brief="add one device",
        description="Add a device, or change the one with this DevEUI: what is left out stays as it is. A label says\n"
        "DevEUI and JoinEUI, some say the keys; on a terminal a key that it does not say is asked for.",
        example="brygga device add --dev-eui a81758fffe0a0001 --name 'Library' --decoder elsys/ers",
        arguments=(
            _argument(
                "--label",
                metavar="TEXT",
                help="a QR code's text (LW:D0:…), or what stands on the label; - reads it from standard input",
            ),
            *_DEVICE_OPTIONS,
            _CONFIG,
        ),
    ),
    Command(
        words="device import",
        brief="import a file of devices",
        description="Add or change all devices of a file, or none if something in it is wrong. What kind it is it\n"
        "shows itself: a devices CSV (the first line names the columns; one that is left out stays as\n"
        "it is, and so do keys where a cell is empty), ChirpStack's JSON or CSV, The Things Stack's\n"
        "JSON or CSV, or a label's text. Sessions in it go on here: no device has to join anew.",
        example="brygga device import examples/devices.csv",
        arguments=(_argument("file", metavar="FILE", help="- for standard input"), _CONFIG),
    ),
    Command(
        words="device export",
        brief="export all devices",
        description="Write all devices, for another box, another network or safe keeping.",
        example="brygga device export --with-keys --with-sessions devices.csv",
        arguments=(
            _argument("file", metavar="FILE", nargs="?", default="-", help="- (default) for standard output"),
            _argument("--format", choices=FORMATS, default="csv", help="csv (default) is this agent's own"),
            _argument("--with-keys", action="store_true", help="root keys, ABP sessions' keys and counters too"),
            _argument(
                "--with-sessions",
                action="store_true",
                help="and the sessions and nonces of joined devices, which then go on elsewhere without joining",
            ),
            _CONFIG,
        ),
    ),
    Command(
        words="device list",
        brief="list devices",
        description="List all devices; of a running agent with the age of their last frame. A narrow terminal\n"
        "shows less of each, a pipe all.",
        example="brygga device list | grep water",
        arguments=(_CONFIG, _JSON),
    ),
    Command(
        words="device show",
        brief="show one device",
        description="Show the whole story of one device: registration, joins, session, radio, who hears it, its last\n"
        "frames, why some were refused, what waits for it; never its keys.",
        example="brygga device show a81758fffe0a0001",
        arguments=(_argument("device", metavar="DEVICE", help="16 hex digits, or its name"), _CONFIG, _JSON),
    ),
    Command(
        words="device remove",
        brief="remove devices",
        description="Forget devices, their keys and sessions; uplinks already heard stay.",
        example="brygga device remove a81758fffe0a0001 24e124fffe0a0002",
        arguments=(_argument("devices", metavar="DEVEUI", nargs="+", help="16 hex digits"), _CONFIG),
    ),
    Command(
        words="backup",
        brief="write the whole box into one file",
        description="Copy devices, sessions, counters, uplinks, the configuration and own decoders into one file, while the\n"
        "agent runs. Without --with-keys no secret is in it, and keep the key file elsewhere: the device keys cannot be read\n"
        "without it.",
        example="brygga backup --with-keys /media/usb/roof.backup",
        arguments=(
            _argument(
                "file",
                metavar="FILE",
                help="replaced when the new one is whole; mode 0600. With --keep a folder that is there",
            ),
            _argument(
                "--keep",
                type=int,
                metavar="N",
                help="write one of its own into that folder, where there is room for it, and keep the newest N of them",
            ),
            _argument(
                "--with-keys",
                action="store_true",
                help="the key file and the configuration's secrets too: whoever has it has all device keys",
            ),
            _CONFIG,
        ),
    ),
    Command(
        words="restore",
        brief="put a backup in place",
        description="Put the journal of a backup in place while the agent is stopped. Downlink counters and\n"
        "JoinNonces skip ahead, so that none is used twice; downlinks that were waiting are dropped.",
        example="brygga restore --with-config /media/usb/roof.backup",
        arguments=(
            _argument("file", metavar="FILE", help="what `brygga backup` wrote"),
            _argument("--force", action="store_true", help="put what lies there already aside"),
            _argument(
                "--with-config",
                action="store_true",
                help="its configuration and decoders first: for a new card, where there is none",
            ),
            _CONFIG,
        ),
    ),
    Command(
        words="decode",
        brief="decode a payload on the spot",
        description="Print a payload's readings; needs no configuration, but finds its decoders too.",
        example="brygga decode --decoder elsys/ers --port 5 0100e202290400270506060308070d62",
        arguments=(
            _argument("--decoder", required=True, metavar="VENDOR/MODEL", help="e.g. elsys/ers"),
            _argument("--port", type=int, required=True, metavar="N", help="FPort, 1 to 255"),
            _argument("hex", nargs="+", metavar="HEX", help="the payload; blanks between octets are allowed"),
            _CONFIG,
            _JSON,
        ),
    ),
    Command(
        words="dead-letters list",
        brief="list them",
        description="List what is held back, oldest first, with the platform's or the decoder's answer.",
        example="brygga dead-letters list --kind refused",
        arguments=(
            _argument("--limit", type=int, default=50, metavar="N", help="at most so many (50)"),
            _DESTINATION,
            _KIND,
            _CONFIG,
            _JSON,
        ),
    ),
    Command(
        words="dead-letters show",
        brief="show one",
        description="Show one uplink with its payload, and why each destination holds it back.",
        example="brygga dead-letters show 1042",
        arguments=(_argument("id", type=int, metavar="ID", help="as `dead-letters list` has it"), _CONFIG, _JSON),
    ),
    Command(
        words="dead-letters retry",
        brief="try them again",
        description="Send them again: those named, or all.",
        example="brygga dead-letters retry --destination goteborg",
        arguments=(
            _argument("ids", type=int, nargs="*", metavar="ID", help="none: all"),
            _DESTINATION,
            _KIND,
            _CONFIG,
        ),
    ),
    Command(
        words="dead-letters drop",
        brief="drop them for ever",
        description="Drop those named, or --all; dropped uplinks cannot be had back.",
        example="brygga dead-letters drop 1042",
        arguments=(
            _argument("ids", type=int, nargs="*", metavar="ID", help="as `dead-letters list` has them"),
            _argument("--all", action="store_true", help="all, or all that --destination and --kind leave"),
            _DESTINATION,
            _KIND,
            _CONFIG,
        ),
    ),
    *command_line_city.COMMANDS,
    *command_line_config.COMMANDS,
    *command_line_decoder.COMMANDS,
    *command_line_destinations.COMMANDS,
    *command_line_doctor.COMMANDS,
    *command_line_journal.COMMANDS,
    *command_line_network.COMMANDS,
    *command_line_relay.COMMANDS,
    *command_line_service.COMMANDS,
    *command_line_source.COMMANDS,
    *command_line_upgrade.COMMANDS,
    *command_line_record.COMMANDS,
    *command_line_simulate.COMMANDS,
    *command_line_lab.COMMANDS,
    *command_line_web.COMMANDS,
)

GROUPS = {
    "device": "add, import, export, list, show, remove devices",
    "dead-letters": "uplinks that a platform refused or no decoder understood",
    **command_line_city.GROUPS,
    **command_line_config.GROUPS,
    **command_line_decoder.GROUPS,
    **command_line_destinations.GROUPS,
    **command_line_journal.GROUPS,
    **command_line_network.GROUPS,
    **command_line_relay.GROUPS,
    **command_line_source.GROUPS,
    **command_line_upgrade.GROUPS,
    **command_line_simulate.GROUPS,
    **command_line_lab.GROUPS,
    **command_line_web.GROUPS,
}


def parser() -> Parser:
    """Return the parser; what it returns has ``command``, the words of a Command."""
    top = argparse.ArgumentParser(
        prog="brygga",
        description="The agent on a LoRaWAN gateway: hears sensors, decodes them, keeps them, delivers them.",
        epilog="Begin with `brygga init` on a gateway, with `brygga demo` anywhere.",
    )
    top.add_argument("--version", action="version", version=f"brygga {__version__}")
    places = {"": top.add_subparsers(title="commands", required=True, metavar="COMMAND", parser_class=AnyOrder)}
    for command in COMMANDS:
        group, _, name = command.words.rpartition(" ")
        one = _place(places, group).add_parser(
            name,
            help=command.brief,
            description=command.description,
            epilog=f"example:\n  {command.example}",
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        for add in command.arguments:
            add(one)
        one.set_defaults(command=command.words)
    return top


def _place(places: dict[str, Places], group: str) -> Places:
    """Return where the commands of a group go; the group is made where it is not there, in its own outer one."""
    if group not in places:
        outer, _, name = group.rpartition(" ")
        inner = _place(places, outer).add_parser(name, help=GROUPS[group], description=f"{GROUPS[group].capitalize()}.")
        places[group] = inner.add_subparsers(title="commands", required=True, metavar="COMMAND", parser_class=AnyOrder)
    return places[group]
