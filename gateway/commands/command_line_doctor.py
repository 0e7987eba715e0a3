"""The words of `brygga doctor`."""

from __future__ import annotations

import argparse

from gateway.commands.command_words import CONFIG, JSON, Command, argument
from gateway.commands.languages import LANGUAGE


def _topics(text: str) -> list[str]:
    found = [one.strip() for one in text.split(",") if one.strip()]
    if not found:
        raise argparse.ArgumentTypeError(f"{text!r} names nothing; clock,disk does")
    return found


COMMANDS = (
    Command(
        words="doctor",
        brief="say what is wrong with this box, and what to do",
        description="Look at configuration, radio, clock, disk, permissions, names, TLS, destinations, versions and the machine,\n"
        "and say of each finding what to do, the worst first (docs/doctor.md has them all). The agent may run or not.\n"
        "With sudo it sees more; what it could not see it says. Nothing is changed, and nothing is sent but with --deep.\n"
        "Exit 1 when something is wrong, 0 when at most something is unwise.",
        example="brygga doctor --only clock,disk",
        arguments=(
            argument(
                "--only",
                metavar="TOPICS",
                type=_topics,
                default=[],
                help="these topics or checks alone, e.g. clock,disk or disk.room",
            ),
            argument(
                "--deep",
                action="store_true",
                help="also send a marked observation to each destination, as `brygga destination test` does",
            ),
            argument(
                "--bundle",
                metavar="FILE",
                help="write a zip for whoever helps you: findings, status, configuration, logs; no keys, passwords, payloads",
            ),
            argument(
                "--anonymous",
                action="store_true",
                help="in the bundle: EUIs and addresses of devices replaced, the same throughout; names and places left out",
            ),
            argument(
                "--with-payloads",
                action="store_true",
                help="in the bundle: the newest uplinks with their payloads, which say what sensors measured",
            ),
            LANGUAGE,
            CONFIG,
            JSON,
        ),
    ),
)
