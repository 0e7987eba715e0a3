"""What commands print: tables for people, on a terminal of any width."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from gateway.model import Json

console = Console(highlight=False)
errors = Console(stderr=True, highlight=False, soft_wrap=True)

HELD_WORDS = {
    "refused": "refused by the platform",
    "undecoded": "not understood by a decoder",
    "undated": "heard before the clock was right",
}


def say(text: str) -> None:
    """Print one line as it is."""
    console.print(escape(text), soft_wrap=True)


def problems(lines: Iterable[str]) -> None:
    """Print problems to standard error, one a line."""
    for line in lines:
        errors.print(escape(line), style="red" if sys.stderr.isatty() else "")


def warnings(lines: Iterable[str]) -> None:
    """Print warnings to standard error, one a line."""
    for line in lines:
        errors.print(f"warning: {escape(line)}", style="yellow" if sys.stderr.isatty() else "")


def ago(seconds: float | None) -> str:
    """Return an age as people say it: "never", "now", "4 min", "3 days"."""
    if seconds is None:
        return "never"
    for limit, unit, word in ((2, 0, "now"), (120, 1, "s"), (7200, 60, "min"), (172_800, 3600, "h")):
        if seconds < limit:
            return f"{seconds / unit:.0f} {word}" if unit else word
    return f"{seconds / 86_400:.0f} days"


def size(octets: int) -> str:
    """Return a size as people say it."""
    for factor, word in ((10**9, "GB"), (10**6, "MB"), (10**3, "kB")):
        if octets >= factor:
            return f"{octets / factor:.1f} {word}"
    return f"{octets} B"


def status(answer: Mapping[str, Json]) -> None:
    """Print what `brygga status` shows: the agent, its sources, the journal, each destination."""
    agent = answer["agent"]
    if agent["running"]:
        clock = answer["clock"]
        since = ago(answer["since_s"])
        say(f"{agent['name']}: running since {since} (brygga {agent['version']}, pid {answer['pid']})")
        say(f"clock: {clock['utc']}, {clock['quality']}" + ("" if clock["trusted"] else "; " + clock["words"]))
    else:
        say(f"{agent['name']}: not running; this is what its journal says")
    _sources(answer.get("sources", []))
    _network(answer.get("network"))
    _journal(answer["journal"])
    _destinations(answer["destinations"])


def _sources(sources: Sequence[Mapping[str, Json]]) -> None:
    for source in sources:
        say(f"source {source['name']}: {source['type']} on {source['address']}")
        counts = source["counts"]
        if counts:
            say("    " + ", ".join(f"{name} {count}" for name, count in sorted(counts.items()) if count))
        for gateway in source.get("gateways", []):
            say(
                f"    gateway {gateway['eui']}: last datagram {ago(gateway['last_seen_s'])}, "
                f"{gateway['frames']} frames, {'can' if gateway['can_transmit'] else 'cannot'} transmit"
            )
        for note in source.get("notes", []):
            say(f"    ! {note}")


def _network(network: Mapping[str, Json] | None) -> None:
    if network is None:
        return
    counts = network["counts"]
    say(
        f"network: {network['devices']} devices, {network['sessions']} sessions; since the start "
        f"{counts.get('frames', 0)} frames, {counts.get('uplinks', 0)} uplinks, {counts.get('joins', 0)} joins"
    )
    if network["refused"]:
        say("    not taken: " + ", ".join(f"{why} {count}" for why, count in sorted(network["refused"].items())))
    if network["waiting_for_disk"]:
        say(f"    ! {network['waiting_for_disk']} frames wait in memory: the disk takes nothing")


def _journal(journal: Mapping[str, Json]) -> None:
    say(
        f"journal: {journal['rows']} uplinks kept, {size(journal['file_bytes'])} of {size(journal['limit_bytes'])} at most"
    )


def _destinations(destinations: Mapping[str, Mapping[str, Json]]) -> None:
    if not destinations:
        say("destinations: none configured; uplinks are kept until there is one")
        return
    table = Table("destination", "state", "waiting", "oldest", "delivered", "held back", "last answer", box=None)
    notes = []
    for name, one in destinations.items():
        counts = one.get("counts", {})
        table.add_row(
            escape(name),
            escape(_state(one)),
            str(one["waiting"]),
            "" if one["oldest_s"] is None else ago(one["oldest_s"]),
            str(counts.get("delivered", "")),
            ", ".join(f"{count} {kind}" for kind, count in one["held"].items()) or "0",
            ago(one["last_answer_s"]) if "last_answer_s" in one else "",
        )
        if one.get("trouble"):
            notes.append(f"{name}: for {ago(one['trouble_s'])}: {one['trouble']}")
        notes += [f"{name}: {note}" for note in one.get("transport", {}).get("notes", [])]
        notes += [f"{name}: {problem} ({count} times)" for problem, count in one.get("problems", {}).items()]
    console.print(table)
    for note in notes:
        say(f"    ! {note}")


def _state(destination: Mapping[str, Json]) -> str:
    if not destination.get("configured", True):
        return "no longer configured"
    state: str = destination.get("state", "agent stopped")
    if state == "delivering" and destination["waiting"]:
        return "catching up"
    return "up to date" if state == "delivering" else state


def devices(rows: Sequence[Mapping[str, Json]]) -> None:
    """Print the list of devices."""
    table = Table("DevEUI", "name", "decoder", "activation", "DevAddr", "FCnt", "last uplink", "tags", box=None)
    for row in rows:
        table.add_row(
            row["dev_eui"],
            escape(row["name"]),
            escape(row["decoder"] or "none: uplinks are kept undecoded"),
            row["activation"],
            row["dev_addr"] or "not joined",
            "" if row["next_f_cnt_up"] is None else str(row["next_f_cnt_up"] - 1),
            "" if row["last_heard_s"] is None else ago(row["last_heard_s"]),
            escape(" ".join(row["tags"])),
        )
    console.print(table) if rows else say("no devices; `brygga device add --help` and `brygga device import --help`")


def device(row: Mapping[str, Json]) -> None:
    """Print all that is known of one device."""
    table = Table(box=None, show_header=False)
    for name, value in row.items():
        table.add_row(name.replace("_", " "), escape(_plain(value)))
    console.print(table)


def decoded(outcome: Mapping[str, Json]) -> None:
    """Print a payload's readings, raw fields and warnings, or why it cannot be read."""
    if "error" in outcome:
        problems([outcome["error"]])
        return
    table = Table("quantity", "value", "unit", "channel", "at", box=None)
    for one in outcome["readings"]:
        marked = " (implausible)" if one["plausibility"] == "implausible" else ""
        table.add_row(
            one["quantity"], f"{_plain(one['value'])}{marked}", one["unit"], one["channel"] or "", one["at"] or ""
        )
    console.print(table) if outcome["readings"] else say("no readings")
    if outcome["fields"]:
        say("fields: " + ", ".join(f"{name}={_plain(value)}" for name, value in outcome["fields"].items()))
    warnings(outcome["warnings"])


def dead_letters(rows: Sequence[Mapping[str, Json]]) -> None:
    """Print the list of dead letters."""
    if not rows:
        say("no dead letters")
        return
    table = Table("id", "destination", "device", "FCnt", "heard", "why", box=None)
    for row in rows:
        why = f"{HELD_WORDS[row['kind']]}: {row['reason']}"
        heard = datetime.fromisoformat(row["heard_at"]).strftime("%Y-%m-%d %H:%M:%S")
        table.add_row(str(row["id"]), escape(row["destination"]), row["dev_eui"], str(row["f_cnt"]), heard, escape(why))
    console.print(table)
    say("`brygga dead-letters retry ID` sends one again; `show ID` tells all of it")


def dead_letter(rows: Sequence[Mapping[str, Json]]) -> int:
    """Print one dead letter, once for each destination that holds it."""
    for row in rows:
        device(row)
    return 0


def _plain(value: Json) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, timedelta):
        return ago(value.total_seconds())
    if value is None:
        return "-"
    if isinstance(value, dict):
        return ", ".join(f"{key} {_plain(one)}" for key, one in value.items())
    if isinstance(value, list):
        return "; ".join(map(_plain, value)) or "-"
    return str(value)
