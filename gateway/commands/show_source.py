"""How a source stands, for `brygga status` and the commands about sources; every type has `counts`, `dropped` and `advice`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from gateway.commands.listing import Column, lay_out, printable
from gateway.commands.source_words import WORDS
from gateway.minutes import lately, telling
from gateway.spans import ago

if TYPE_CHECKING:
    from gateway.model import Json

NOTHING: Mapping[str, Json] = {"heard": (), "broken": ()}
GATEWAYS_SHOWN = 10  # of each source, those heard last: anybody can invent EUIs

COLUMNS = (
    Column("source", is_cut=True), Column("type"), Column("how it stands", is_cut=True), Column("frames"),
    Column("last 10 min", leaves=1),
)  # fmt: skip


def standing(source: Mapping[str, Json]) -> str:
    """Return in words how a source stands: what it says itself, the place where it is heard, or why it is away."""
    words = printable(source.get("words") or "")
    if source.get("listening"):
        place = printable(f"{_where(source)} {source['listening']}")
        return f"{place}; {words}" if words else place
    if trouble := (source.get("broker") or {}).get("last_error"):
        is_told = any(trouble in words for words in source.get("advice", ()))  # below, with what to do
        return "away" if is_told else printable(f"away: {trouble}")
    return words or printable(str(source.get("state") or "opens"))


def _where(source: Mapping[str, Json]) -> str:
    """Return what its type says before a place; an agent of an earlier version does not tell its type."""
    words = WORDS.get(source.get("type", ""))
    return "listens on" if words is None else words.where


def status_lines(source: Mapping[str, Json]) -> Iterator[str]:
    """Yield what `brygga status` says of a source."""
    yield f"source {source['name']}: {standing(source)}"
    if heard := lately_words(source):
        yield f"    {heard}"
    if counts := counted(source["counts"]):
        yield f"    {counts}"
    if dropped := counted(source["dropped"]):
        yield f"    dropped: {dropped}"
    yield from gateway_lines(source.get("gateways", {}), source.get("gateways_known", 0))
    yield from (f"    ! {printable(words)}" for words in source.get("advice", ()))


def lately_words(source: Mapping[str, Json]) -> str:
    """Return what was heard of late, in words; "" where nothing was in the hour, or an agent of an earlier version does not say."""
    few, hour = lately(source.get("minutes") or NOTHING)
    return str(telling((few, hour), 1)) if hour.packets else ""


def gateway_lines(gateways: Mapping[str, Mapping[str, Json]], known: int = 0) -> Iterator[str]:
    """Yield a line for each gateway of a source that was heard lately, and how many more there are; ``known`` may be more than are told."""
    last = sorted(gateways, key=lambda eui: (gateways[eui]["last_seen_s"], eui))[:GATEWAYS_SHOWN]
    for eui in sorted(last):
        gateway = gateways[eui]
        transmits = "can" if gateway["can_transmit"] else "cannot"
        frames = gateway.get("frames", 0)
        yield f"    gateway {eui}: last heard {ago(gateway['last_seen_s'])}, {frames} frames, {transmits} transmit"
    if more := max(known, len(gateways)) - len(last):
        names = "all" if known <= len(gateways) else f"the last {len(gateways)}"
        yield f"    and {more} gateways more, heard earlier; `brygga status --json` names {names}"


def counted(counts: Mapping[str, Json]) -> str:
    """Return what was counted, by name."""
    return ", ".join(f"{printable(str(name))} {count}" for name, count in sorted(counts.items()) if count)


def listed(answer: Mapping[str, Json], width: int | None) -> Iterator[str]:
    """Yield the sources, a line each, and what is wrong with them."""
    if not answer["sources"]:
        yield "no sources: nothing is heard; a [[source]] in brygga.toml is one (docs/sources/README.md tells which)"
        return
    yield from lay_out(COLUMNS, [_row(one, running=answer["running"]) for one in answer["sources"]], width)
    for one in answer["sources"]:
        yield from (f"! {one['name']}: {printable(words)}" for words in (one["status"] or {}).get("advice", ()))


def _row(one: Mapping[str, Json], *, running: bool) -> tuple[str, ...]:
    if one["status"] is None:
        words = "not in the agent that runs: start it again" if running else "the agent does not run"
        return one["name"], one["type"], words, "", ""
    return (
        one["name"],
        one["type"],
        standing({**one["status"], "type": one["type"]}),
        str(
            sum(one["status"]["counts"].get(name, 0) for name in ("frames", "uplinks"))
        ),  # a network server opens frames itself
        _of_ten_minutes(one["status"]),
    )


def _of_ten_minutes(status: Mapping[str, Json]) -> str:
    few, _ = lately(status.get("minutes") or NOTHING)
    return f"{few.heard}, {few.share_broken:.0%} broken" if few.broken else str(few.heard)
