"""The words of `brygga init`."""

from __future__ import annotations

from gateway.commands.command_words import CONFIG, Command, argument
from gateway.commands.languages import LANGUAGE

COMMANDS = (
    Command(
        words="init",
        brief="set this box up: from box to first observation",
        description="Look for the radio, ask for the rest (few questions, each with a usual answer), write a commented brygga.toml, try the\n"
        "city out, add the first devices, start the service, and watch until the first observation has been delivered.\n"
        "Nothing is changed before the end; an existing file is kept aside. On a box that is set up already: add a radio,\n"
        "add a city, or start anew.",
        example="brygga init --language sv",
        arguments=(
            LANGUAGE,
            argument(
                "--answers", metavar="FILE", help="answers from a file instead of questions, for fleets; see --template"
            ),
            argument("--template", action="store_true", help="print such a file with all questions, commented"),
            argument("--write-answers", metavar="FILE", help="save what is answered as such a file, without secrets"),
            argument("--dry-run", action="store_true", help="show the files and all changes; change nothing"),
            argument(
                "--watch",
                type=float,
                metavar="S",
                help="seconds to wait for the first observation (1800; with --answers 0); 0: not at all",
            ),
            argument(
                "--quick", action="store_true", help="do not listen for packet forwarders, nor ask at serial ports"
            ),
            CONFIG,
        ),
    ),
)
