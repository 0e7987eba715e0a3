"""What `brygga destination list` prints, and what `brygga status` says of a destination in trouble."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from gateway.commands.lines import say
from gateway.commands.listing import Column, lay_out, terminal_width
from gateway.commands.show_lanes import given_up
from gateway.spans import span

if TYPE_CHECKING:
    from gateway.model import Json

COLUMNS = (
    Column("destination", is_cut=True), Column("state", is_cut=True), Column("waiting"), Column("oldest"),
    Column("held back"), Column("lost", leaves=1),
)  # fmt: skip


def listed(destinations: Mapping[str, Mapping[str, Json]]) -> None:
    """Print all destinations, and what to do about those that are no longer configured."""
    if not destinations:
        say("no destinations; uplinks are kept until there is one")
        return
    for line in lay_out(COLUMNS, [_row(name, one) for name, one in destinations.items()], terminal_width()):
        say(line)
    for name, one in destinations.items():
        for note in losses(name, one):
            say(f"! {name}: {note}")


def losses(name: str, one: Mapping[str, Json]) -> Iterator[str]:
    """Yield what a destination has lost, and what is to be done about one that is no longer configured."""
    if one.get("moved"):
        yield _moved(name, one)
    elif not one["configured"]:
        yield (
            "is no longer configured, and loses its oldest uplinks when room is short: if it has another name now `brygga "
            f"destination rename {name} NEW`, if it is gone `brygga destination forget {name}`"
        )
    if lost := one.get("lost"):
        yield (
            f"{lost} uplinks went undelivered: the journal was full (raise journal.limit, or bring this one back), or was damaged"
        )
    yield from given_up(one)
    if held_lost := one.get("held_lost"):
        yield (
            f"{held_lost} dead letters went, for their share of the journal is full or it was damaged: `brygga dead-letters list` tells why they "
            "are held back; `retry` or `drop` them"
        )


def _moved(name: str, one: Mapping[str, Json]) -> str:
    base, _, city = name.partition("@")
    if one.get("connected"):
        goes_on = f"goes on being told to {city or 'where it was'}"
    elif city:
        goes_on = f"waits, for cities/{city}.toml is not there"
    else:
        goes_on = "waits: [destination.before] in brygga.toml says where it was (url, format …)"
    if why := one.get("late"):
        return f"has moved, and what was heard before that {goes_on}: leave it so, for {why}; `brygga destination forget {name}` lets go of it"
    return (
        f"has moved, and what was heard before that {goes_on}: `brygga destination rename {name} {base if city else f'{base}@CITY'}` gives it to the "
        f"present city, `brygga destination forget {name}` lets go of it"
    )


def _standing(one: Mapping[str, Json]) -> str:
    if one.get("moved"):
        return "moved"
    return "configured" if one["configured"] else "no longer configured"


def _row(name: str, one: Mapping[str, Json]) -> tuple[str, ...]:
    return (
        name,
        _standing(one),
        str(one["waiting"]),
        "" if one["oldest_s"] is None else span(one["oldest_s"]),
        str(sum(one["held"].values())),
        str(one["lost"] + one["held_lost"] + one.get("given_up", 0)),
    )
