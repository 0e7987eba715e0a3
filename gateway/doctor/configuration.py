"""The configuration: is there one, is it right, is it wise."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from gateway.doctor.box import Box
from gateway.doctor.finding import Check, Ill, Seen, Standing

MISSING: Final = Ill("missing", Standing.WRONG, "there is no brygga.toml where it is looked for", "brygga init")
BROKEN: Final = Ill(
    "broken",
    Standing.WRONG,
    "a line of it is wrong: the agent would not start with it",
    "correct it, then: brygga check",
)
UNREADABLE: Final = Ill(
    "unreadable", Standing.UNKNOWN, "it belongs to another user, and so does all that it names", "sudo brygga doctor"
)
UNWISE: Final = Ill(
    "unwise",
    Standing.UNWISE,
    "it works, and the file says something that is better said otherwise",
    "correct it, then: brygga check",
)
READ_BY_ALL: Final = "every user can read it"  # a finding of permissions.secrets
MOST_SHOWN: Final = 5  # of a file's problems: the first explain the rest


async def here(box: Box) -> Box:
    """Return what is known of the box already."""
    return box


def judge(box: Box) -> Iterator[Seen]:
    """Judge what reading the configuration came to."""
    if box.path is None and box.settings is None:
        yield Seen("there is no brygga.toml here nor in /etc/brygga", MISSING)
        return
    for problem in box.problems[:MOST_SHOWN]:
        yield Seen(problem, UNREADABLE if "ermission denied" in problem else BROKEN)
    if (more := len(box.problems) - MOST_SHOWN) > 0:
        yield Seen(f"and {more} problems more", BROKEN)
    for warning in box.warnings:
        if READ_BY_ALL not in warning:
            yield Seen(warning, UNWISE)
    if not box.problems:
        yield Seen(f"{box.path or 'the configuration'} has no problems")


CHECKS: Final = (
    Check(
        id="configuration.file",
        looks="brygga.toml: whether it is there, may be read, and what `brygga check` says of it",
        probe=here,
        judge=judge,
        ills=(MISSING, BROKEN, UNREADABLE, UNWISE),
    ),
)
