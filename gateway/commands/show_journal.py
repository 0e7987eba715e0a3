"""What `brygga journal stats` and `verify` print, and what `brygga status` says of the journal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from gateway.commands import show_lanes, show_wear
from gateway.commands.lines import problems, say
from gateway.commands.listing import Column, folded, lay_out, printable, terminal_width
from gateway.spans import size, span

if TYPE_CHECKING:
    from gateway.model import Json

DAMAGED: Final = (
    "damaged"  # as AlarmKind has it, which brings the whole journal: a third of the time that `brygga status` takes
)

COLUMNS = (
    Column("destination", is_cut=True), Column("lane", is_cut=True), Column("waiting"), Column("oldest"),
    Column("held back"), Column("lost", leaves=2), Column("let go", leaves=1),
)  # fmt: skip


def stats(answer: Mapping[str, Json]) -> None:
    """Print the journal in numbers."""
    width = terminal_width()
    for line in _stats(answer):
        for part in folded(line, width):
            say(part)


def _stats(answer: Mapping[str, Json]) -> Iterator[str]:
    journal, room = answer["journal"], answer["room"]
    yield from kept(journal)
    first, last = journal["dropped_rows"] + 1, journal["last_row"]
    there = (
        f"rows {first} to {last} in {journal['segments']} segment{'s' * (journal['segments'] > 1)}"
        if first <= last
        else "no rows yet"
    )
    yield f"    {there}" + (f"; {first - 1} before them are delivered and gone" if first > 1 else "")
    empty = max(0, journal["file_bytes"] - journal["used_bytes"])
    yield f"    the file has {size(journal['file_bytes'])}, of which {size(empty)} wait for rows to come; its log {size(journal['wal_bytes'])}"
    yield from lasts(room)
    if journal["committed_rows"]:
        each = journal["committed_rows"] / journal["commits"]
        yield f"    {journal['commits']} commits since the start, {each:.1f} uplinks each"
    yield from show_wear.wear_lines(journal.get("wear"))
    yield from alarms(journal)
    yield from _destinations(answer["destinations"])


def kept(journal: Mapping[str, Json]) -> Iterator[str]:
    """Yield how much is kept, and of how much."""
    yield f"journal: {journal['rows']} uplinks kept, {size(journal['file_bytes'])} of at most {size(journal['limit_bytes'])}"


def lasts(room: Mapping[str, Json]) -> Iterator[str]:
    """Yield for how long there is room."""
    rate = room["rows_per_day"]
    if rate is None:
        yield "    how long the room lasts is not known yet: that takes ten minutes of uplinks"
    elif room["lasts_s"] is not None:
        a_row = f"{room['bytes_per_row']} octets each"
        yield f"    room for {span(room['lasts_s'])} without any destination, at {rate} uplinks a day, {a_row}"


def alarms(journal: Mapping[str, Json]) -> Iterator[str]:
    """Yield what is wrong, and what a person is to have seen."""
    for alarm in journal.get("alarms", ()):
        since = alarm["since"][:16].replace("T", " ")
        first, *more = map(printable, alarm["words"].split("\n"))
        if alarm["kind"] == DAMAGED and alarm["until_seen"]:  # what was found, as SQLite says it
            first = f"the journal was damaged: {first}"
        seen = "`brygga journal seen` when you have read it" if alarm["until_seen"] else ""
        yield f"    ! {since}: {first}" + (f" ({seen})" if seen and not more else "")
        yield from (f"      {words}" for words in more)
        if seen and more:
            yield f"      {seen}"


def _destinations(destinations: Mapping[str, Mapping[str, Json]]) -> Iterator[str]:
    if not destinations:
        yield "destinations: none yet; uplinks are kept until there is one"
        return
    rows = [
        (
            name,
            one.get("lane", {}).get("name", ""),
            str(one["waiting"]),
            "" if one["oldest_s"] is None else span(one["oldest_s"]),
            str(sum(one["held"].values())),
            str(one["lost"] + one["held_lost"]),
            str(one.get("given_up", 0)),
        )
        for name, one in destinations.items()
    ]
    yield from lay_out(COLUMNS, rows, terminal_width())
    for name, one in destinations.items():
        yield from (f"    {name}: {line}" for line in show_lanes.lane_lines(one))


def verified(
    path: str, looked_at: Mapping[str, int], findings: Sequence[Mapping[str, str]], what_to_do: Mapping[str, str]
) -> None:
    """Print what `journal verify` has found."""
    say(f"{path}: looked at " + ", ".join(f"{count} {what}" for what, count in looked_at.items()))
    if not findings:
        say(
            "all is well: the file is sound, every row can be read and none is missing, cursors and counters are in place"
        )
        return
    problems(printable(f"{one['matter']}: {one['words']}") for one in findings)
    for matter in dict.fromkeys(one["matter"] for one in findings):
        for line in folded(f"{matter}: {what_to_do[matter]}", terminal_width()):
            say(line)
