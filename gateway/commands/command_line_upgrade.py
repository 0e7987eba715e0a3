"""The words of the commands around an upgrade: whether the agent is well, and the journal's way back to an older version."""

from __future__ import annotations

from gateway.commands.command_words import CONFIG, JSON, Command, argument

GROUPS = {"upgrade": "what the package does with the journal around an upgrade: keep, leave, return"}

LONGEST_WAIT_S = 3600.0


def _seconds(text: str) -> float:
    seconds = float(text)
    if not 0 <= seconds <= LONGEST_WAIT_S:
        raise ValueError(f"{text!r} where 0 to {LONGEST_WAIT_S:g} seconds are expected")
    return seconds


_FOLDER = argument("folder", metavar="FOLDER", help="/var/backups/brygga/kept is the package's; only root may enter it")

COMMANDS = (
    Command(
        words="health",
        brief="tell whether the agent is well",
        description="Ask the running agent whether it is of this version, its sources hear, its journal commits (one commit is made to\n"
        "see), and no destination refuses all. Exit 0 when all is well; else 1, a reason a line. With --wait it asks again\n"
        "until all is well, and the agent has run for ten seconds; with --before only what is worse than it was counts, for a\n"
        "gateway without power is no fault of an upgrade. A platform that is away is a warning. It never starts an agent and\n"
        "never opens the journal itself.",
        example="brygga health --wait 60",
        arguments=(
            argument(
                "--wait", type=_seconds, default=0.0, metavar="S", help="for so many seconds at most (0: one look)"
            ),
            argument("--before", metavar="FILE", help="what `brygga health --json` wrote before the upgrade"),
            CONFIG,
            JSON,
        ),
    ),
    Command(
        words="upgrade keep",
        brief="keep a copy before an upgrade",
        description="Copy the journal into FOLDER before a newer version changes its form: the way back. The agent may run. The package\n"
        "does this by itself; the older version is the one to do it.",
        example="brygga upgrade keep /var/backups/brygga/kept",
        arguments=(_FOLDER, CONFIG),
    ),
    Command(
        words="upgrade leave",
        brief="write what was heard since, for the older version",
        description="Write what was heard since `upgrade keep`, and the devices with their keys and counters, into FOLDER. The newer\n"
        "version is the one to do it, with the agent stopped.",
        example="brygga upgrade leave /var/backups/brygga/kept",
        arguments=(_FOLDER, CONFIG),
    ),
    Command(
        words="upgrade return",
        brief="go back to the copy, with what was heard since",
        description="Put the kept journal back in the place of one that a newer version has written, and take in what that has left: no\n"
        "uplink is lost and no counter used twice. The newer journal is put aside. Downlinks that waited are dropped. The\n"
        "older version is the one to do it, with the agent stopped. Where this version can read the journal nothing changes.",
        example="brygga upgrade return /var/backups/brygga/kept",
        arguments=(_FOLDER, CONFIG),
    ),
)
