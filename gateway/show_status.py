"""What `brygga status` prints: the agent, its sources, the journal, each destination."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from gateway.lines import say
from gateway.listing import Column, lay_out, printable, terminal_width
from gateway.model import Json
from gateway.spans import ago, size, span


def status(answer: Mapping[str, Json]) -> None:
    """Print what `brygga status` shows: the agent, its sources, the journal, each destination."""
    for line in _status_lines(answer):
        say(line)


def _status_lines(answer: Mapping[str, Json]) -> Iterator[str]:
    agent = answer["agent"]
    if agent["running"]:
        clock = answer["clock"]
        since = span(answer["since_s"])
        yield f"{agent['name']}: running for {since} (brygga {agent['version']}, pid {answer['pid']})"
        yield f"clock: {clock['utc']}, {clock['quality']}" + ("" if clock["trusted"] else f"; {clock['words']}")
    else:
        yield f"{agent['name']}: not running; this is what its journal says"
    for source in answer.get("sources", ()):
        yield from _source(source)
    if "network" in answer:
        yield from _network(answer["network"])
    if undecoded := answer.get("undecoded"):
        yield f"    ! not decoded: {_counted(undecoded)}"
    journal = answer["journal"]
    kept, most = size(journal["file_bytes"]), size(journal["limit_bytes"])
    yield f"journal: {journal['rows']} uplinks kept, {kept} of at most {most}"
    yield from _destinations(answer["destinations"])


def _source(source: Mapping[str, Json]) -> Iterator[str]:
    yield f"source {source['name']}: " + (f"listens on {source['listening']}" if source["listening"] else "opens")
    if counts := _counted(source["counts"]):
        yield f"    {counts}"
    if dropped := _counted(source["dropped"]):
        yield f"    dropped: {dropped}"
    for eui, gateway in source["gateways"].items():
        transmits = "can" if gateway["can_transmit"] else "cannot"
        seen = ago(gateway["last_seen_s"])
        yield f"    gateway {eui}: last datagram {seen}, {gateway['frames']} frames, {transmits} transmit"
    buffer = source["receive_buffer"]
    if buffer and buffer["advice"]:
        granted, asked = size(buffer["granted_bytes"]), size(buffer["asked_bytes"])
        yield f"    ! the kernel gives {granted} of {asked} of receive buffer: {buffer['advice']}"
    if buffer and buffer["dropped_by_kernel"]:
        yield f"    ! {buffer['dropped_by_kernel']} datagrams did not fit into the receive buffer and are lost"


def _network(network: Mapping[str, Json]) -> Iterator[str]:
    counts = network["counts"]
    yield (
        f"network: {network['devices']} devices, {network['sessions']} sessions; since the start "
        f"{counts.get('frames', 0)} frames, {counts.get('uplinks', 0)} uplinks, {counts.get('joins', 0)} joins"
    )
    if not_taken := _counted(network["refused"]):
        yield f"    not taken: {not_taken}"
    if network["waiting_for_disk"]:
        yield f"    ! {network['waiting_for_disk']} frames wait in memory: the disk takes nothing"


def _destinations(destinations: Mapping[str, Mapping[str, Json]]) -> Iterator[str]:
    if not destinations:
        yield "destinations: none yet; uplinks are kept until there is one"
        return
    columns = (
        Column("destination", is_cut=True), Column("state", is_cut=True), Column("waiting"), Column("oldest"),
        Column("delivered"), Column("held back", is_cut=True), Column("last answer", leaves=1),
    )  # fmt: skip
    yield from lay_out(columns, [_destination(name, one) for name, one in destinations.items()], terminal_width())
    for name, one in destinations.items():
        yield from (f"    ! {name}: {printable(note)}" for note in _notes(one))


def _destination(name: str, one: Mapping[str, Json]) -> tuple[str, ...]:
    return (
        name,
        _state(one),
        str(one["waiting"]),
        "" if one["oldest_s"] is None else span(one["oldest_s"]),
        str(one.get("counts", {}).get("delivered", 0 if "state" in one else "")),
        _counted(one["held"]) or "0",
        ago(one["last_answer_s"]) if "last_answer_s" in one else "",
    )


def _state(destination: Mapping[str, Json]) -> str:
    if not destination["configured"]:
        return "no longer configured"
    if "state" not in destination:
        return "agent stopped"
    if destination["state"] != "delivering":
        return str(destination["state"])
    return "catching up" if destination["waiting"] else "up to date"


def _notes(one: Mapping[str, Json]) -> Iterator[str]:
    if one.get("trouble"):
        yield f"for {span(one['trouble_s'])}: {one['trouble']}"
    yield from one.get("transport", {}).get("notes", ())
    yield from (f"{problem} ({count} times)" for problem, count in one.get("problems", {}).items())


def _counted(counts: Mapping[str, Json]) -> str:
    return ", ".join(f"{printable(str(name))} {count}" for name, count in sorted(counts.items()) if count)
