"""What `brygga status` prints: the agent, its sources, the journal, each destination."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from gateway.commands import show_journal, show_lanes, show_relays, show_servers, show_source
from gateway.commands.lines import say
from gateway.commands.listing import Column, folded, lay_out, printable, terminal_width
from gateway.commands.show_destinations import losses
from gateway.commands.show_observe import observe_lines
from gateway.commands.show_wear import wear_lines
from gateway.commands.show_web import web_lines
from gateway.spans import ago, span

if TYPE_CHECKING:
    from gateway.model import Json

BAR = 20  # characters of a full bar


def status(answer: Mapping[str, Json]) -> None:
    """Print what `brygga status` shows: the agent, its sources, the journal, each destination."""
    width = terminal_width()
    for line in _status_lines(answer):
        for part in folded(line, width):
            say(part)


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
        yield from show_source.status_lines(source)
    if "network" in answer:
        yield from _network(answer["network"])
        yield from _memory(answer)
    yield from show_servers.servers_lines(answer.get("servers", {}))
    yield from show_relays.relay_lines(answer.get("relays", {}))
    yield from show_relays.keys_out_of_date(answer.get("network", {}).get("beside", {}))
    if undecoded := answer.get("undecoded"):
        yield f"    ! not decoded: {_counted(undecoded)}"
    for name, why in answer.get("broken_decoders", {}).items():
        yield f"    ! decoder {name} stays what it was: {printable(why)}"
    for name, count in answer.get("states_for_nobody", {}).items():
        yield f"    ! {count} states of commands that {name} gave are told to nobody: it commands no more"
    if waiting := answer.get("downlinks_waiting"):
        yield f"downlinks: {waiting} wait; `brygga downlink list` shows them"
    journal = answer["journal"]
    yield from show_journal.kept(journal)
    yield from show_journal.alarms(journal)
    if lost := journal.get("untold_lost"):
        yield f"    ! {lost} uplinks went before there was a destination to have them: the journal was full"
    if damaged := journal.get("damaged"):
        yield f"    ! {damaged} records cannot be read: they are passed over and kept beside the journal, in *.damaged"
    if failed := journal.get("failed_commits"):
        yield f"    ! {failed} times since the start the disk did not take what was to be kept; the log says why"
    yield from wear_lines(journal.get("wear"))
    if skipped := answer.get("skipped_ahead"):
        yield f"    ! {skipped['at'][:16].replace('T', ' ')}: counters skipped ahead: {printable(skipped['why'])}"
    yield from web_lines(answer.get("web"))
    yield from observe_lines(answer)
    yield from _destinations(answer["destinations"])


def _memory(answer: Mapping[str, Json]) -> Iterator[str]:
    """Yield what waits for the disk in memory, and what was lost there."""
    network, trouble = answer["network"], answer["journal"].get("trouble")
    if network["waiting_for_disk"]:
        waiting = max(network["waiting_for_disk"], sum(one.get("under_way", 0) for one in answer["sources"]))
        yield f"    ! {waiting} frames wait in memory, and go with the agent: {printable(trouble or 'the disk takes nothing')}"
    if lost := network["counts"].get("lost_for_want_of_disk"):
        yield f"    ! {lost} uplinks are lost: the disk took nothing, and memory was full"
    if lost := sum(one["dropped"].get("overflow", 0) for one in answer["sources"]):
        yield f"    ! {lost} frames are lost: too many others waited for the disk"


def _network(network: Mapping[str, Json]) -> Iterator[str]:
    counts = network["counts"]
    yield (
        f"network: {network['devices']} devices, {network['sessions']} sessions; since the start "
        f"{counts.get('frames', 0)} frames, {counts.get('uplinks', 0)} uplinks, {counts.get('joins', 0)} joins"
    )
    if not_taken := _counted(network["refused"]):
        yield f"    not taken: {not_taken}; `brygga frames refused` tells why"
    if strangers := network.get("unclaimed", {}).get("kept"):
        yield f"    {strangers} frames of nobody's devices; `brygga frames unclaimed` tells whose"
    yield from _answers(network.get("answers", {}))
    yield from map(_spent, network.get("duty_cycle", ()))


def _answers(counts: Mapping[str, int]) -> Iterator[str]:
    """Yield what was sent, and what was not with the reasons; what RX1 missed RX2 may have made good."""
    sent = {name.removeprefix("sent_"): count for name, count in counts.items() if name.startswith("sent_")}
    tries = {
        name.replace("_", " "): count
        for name, count in counts.items()
        if not name.startswith("sent_") and name != "missed"
    }
    if sent:
        yield f"    sent: {_counted(sent)}"
    if tries:
        yield f"    tries that failed: {_counted(tries)}"
    if missed := counts.get("missed"):
        yield f"    ! {missed} answers or downlinks were not sent in any window"


def _spent(one: Mapping[str, Json]) -> str:
    """Return a gateway's share of a sub-band's air in the last hour, as a bar where the law limits it."""
    what = f"    air of {one['gateway']}, sub-band {one['sub_band']}:"
    if one["allowed_s"] is None:
        return f"{what} {one['spent_s']:g} s in the last hour, no limit"
    share = min(one["spent_s"] / one["allowed_s"], 1.0)
    bar = ("#" * round(share * BAR)).ljust(BAR, ".")
    return f"{what} [{bar}] {one['spent_s']:.1f} of {one['allowed_s']:g} s an hour"


def _destinations(destinations: Mapping[str, Mapping[str, Json]]) -> Iterator[str]:
    if not destinations:
        yield "destinations: none yet; uplinks are kept until there is one"
        return
    columns = (
        Column("destination", is_cut=True), Column("state", is_cut=True), Column("waiting"), Column("oldest"),
        Column("delivered"), Column("held back", is_cut=True), Column("last answer", leaves=1),
    )  # fmt: skip
    yield from lay_out(columns, [_destination(name, one) for name, one in destinations.items()], terminal_width())
    yield from (f"    {name}: {_commands(one['commands'])}" for name, one in destinations.items() if "commands" in one)
    for name, one in destinations.items():
        yield from (f"    {name}: {line}" for line in show_lanes.lane_lines(one))
        if _is_mixed(one):
            yield f"    {name}: held back: {_counted(one['held'])}; `brygga dead-letters list` tells why"
        if skipped := one.get("counts", {}).get("skipped"):
            yield f"    {name}: {skipped} uplinks of devices that it does not select were passed over since the start"
        if not_shared := one.get("counts", {}).get("not_shared"):
            yield f"    {name}: {not_shared} uplinks of which it may have nothing were passed over since the start"
        yield from (f"    ! {name}: {printable(note)}" for note in _notes(name, one))


def _destination(name: str, one: Mapping[str, Json]) -> tuple[str, ...]:
    return (
        name,
        _state(one),
        str(one["waiting"]),
        "" if one["oldest_s"] is None else span(one["oldest_s"]),
        str(one.get("counts", {}).get("delivered", 0 if "state" in one else "")),
        str(sum(one["held"].values())) if _is_mixed(one) else _counted(one["held"]) or "0",
        ago(one["last_answer_s"]) if "last_answer_s" in one else "",
    )


def _is_mixed(destination: Mapping[str, Json]) -> bool:
    """Tell whether rows are held back for more than one reason: too many words for a column."""
    return sum(map(bool, destination["held"].values())) > 1


def _state(destination: Mapping[str, Json]) -> str:
    if not destination["configured"]:
        return "no longer configured"
    if "state" not in destination:
        return "agent stopped"
    if destination["state"] != "delivering":
        return str(destination["state"])
    return show_lanes.state(destination)


def _commands(commands: Mapping[str, Json]) -> str:
    counts = commands["counts"]
    refused, waiting = counts.get("refused", 0), commands["states_waiting"]
    taken = f"{counts.get('taken', 0)} commands taken since the start, {refused} refused"
    return f"{taken}; {waiting} states wait to be told" if waiting else taken


def _notes(name: str, one: Mapping[str, Json]) -> Iterator[str]:
    if one.get("trouble"):
        yield f"for {span(one['trouble_s'])}: {one['trouble']}"
    yield from losses(name, one)
    yield from show_lanes.refused(one)
    if untold := one.get("commands", {}).get("trouble"):
        yield f"states of commands are not told: {untold}"
    yield from one.get("transport", {}).get("notes", ())
    if one.get("state") == "connection lost":
        transport = one["transport"]
        when, why = ago(transport.get("last_error_s")), transport.get("last_error") or "nobody said why"
        yield f"the connection was lost while idle ({when}: {why}); the next uplink opens it again"
    for problem in one.get("problems", ()):
        yield f"{problem['problem']} ({problem['count']} times, last {ago(problem['last_s'])})"


def _counted(counts: Mapping[str, Json]) -> str:
    return ", ".join(f"{printable(str(name))} {count}" for name, count in sorted(counts.items()) if count)
