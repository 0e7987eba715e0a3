"""What `brygga record` shows: how far it is, and what came of it."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator, Mapping
from typing import Final

from gateway.commands import lines
from gateway.commands.listing import folded, printable, terminal_width
from gateway.commands.record_run import Ended, Recorded, Told, Wishes
from gateway.model import Json
from gateway.spans import size, span

ENDS: Final[Mapping[Ended, str]] = {
    Ended.TIME: "",
    Ended.STOPPED: "",
    Ended.LIMIT: "it ended for the file is as large as it may be: --limit says how large",
    Ended.ROOM: "it ended for the disk has no room but what the journal is left: a USB stick has",
    Ended.AGENT: "it ended with the agent",
    Ended.FILE: "it ended with the file",
}
INFERRED: Final = (
    "anonymous: who looks at it still sees how many devices and gateways there are, when each sends and how much, on which port, its"
    " counters and MAC commands, how strong each gateway hears it; so who knows one device's times knows which it is. No MIC in it"
    " proves anything any more: a server that it is replayed to takes it for frames of strangers."
)


@contextlib.contextmanager
def progress(wishes: Wishes) -> Iterator[Told]:
    """Show how far it is for as long as the block lasts, to who sits at a terminal."""
    if not lines.is_terminal(sys.stderr):
        yield lambda _: None
        return
    from rich.console import Console

    with Console(stderr=True).status(f"recording into {wishes.file.name}; Ctrl-C ends it") as status:
        yield lambda recorded: status.update(how_far(recorded, wishes))


def how_far(recorded: Recorded, wishes: Wishes) -> str:
    """Return a line that fits a terminal."""
    of = "" if wishes.seconds is None else f" of {span(wishes.seconds)}"
    dropped = f", {recorded.dropped} dropped" if recorded.dropped else ""
    return (
        f"{sum(recorded.frames.values())} frames of {_gateways(recorded)}, {size(recorded.octets)}{dropped}, "
        f"{span(recorded.seconds)}{of}; Ctrl-C ends it"
    )


def as_json(recorded: Recorded, wishes: Wishes) -> dict[str, Json]:
    """Return what came of it, for programs."""
    return {
        "file": str(wishes.file),
        "seconds": round(recorded.seconds, 1),
        "octets": recorded.octets,
        "records": recorded.records,
        "frames": dict(recorded.frames),
        "gateways": dict(recorded.gateways),
        "sources": [*recorded.sources],
        "dropped": recorded.dropped,
        "left_out": recorded.left_out,
        "anonymous": wishes.anonymous,
        "ended": str(recorded.ended),
        "trouble": recorded.trouble or None,
    }


def said(recorded: Recorded, wishes: Wishes) -> None:
    """Print what came of it, folded to the terminal."""
    for line in told(recorded, wishes):
        for part in folded(line, terminal_width()):
            lines.say(part)
    if recorded.trouble:
        lines.problems([recorded.trouble])


def told(recorded: Recorded, wishes: Wishes) -> Iterator[str]:
    """Yield what came of it, line by line."""
    frames = sum(recorded.frames.values())
    yield (
        f"{wishes.file}: {frames} frames in {recorded.records} records of {_gateways(recorded)}, {span(recorded.seconds)}, "
        f"{size(recorded.octets)}"
    )
    for one in recorded.sources:
        how = "datagrams and frames as they came" if one["as_it_came"] else "frames as it read them"
        yield f"  {printable(one['name'])} ({one['type']}): {recorded.frames[one['name']]} frames; {how}"
    if words := ENDS[recorded.ended]:
        yield f"! {words}"
    if recorded.dropped:
        yield f"! {recorded.dropped} records are missing: they came faster than this box had time to write them"
    if recorded.left_out:
        yield f"! {recorded.left_out} records are missing: they could not be read, so not be made anonymous"
    if wishes.anonymous:
        yield INFERRED
    if recorded.records:
        yield f"Next: brygga replay {wishes.file} --to udp://HOST:1700, where another agent listens"
    else:
        yield "nothing came: `brygga source list` tells how each source stands; a sensor speaks every ten minutes or so"


def _gateways(recorded: Recorded) -> str:
    number = len(recorded.gateways)
    return f"{number} gateway{'' if number == 1 else 's'}"
