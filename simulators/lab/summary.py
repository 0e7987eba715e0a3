"""What a run has shown, for people: within 80 columns."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from rich.console import Console
from rich.table import Table

from gateway.model import Json
from simulators.lab.report import promises_of

SHOWN: Final = 8  # discrepancies on a screen; the JSON has all of them
DAY_S: Final = 86_400


def show(console: Console, told: Mapping[str, Json]) -> None:
    """Print a report."""
    scenario, machine = told["scenario"], told["machine"]
    early = "" if scenario["whole"] else ", ended early"
    console.print(
        f"{scenario['name']}, seed {scenario['seed']}: {span(scenario['passed_s'])} of {scenario['devices']:,} devices and"
        f" {scenario['gateways']} gateways{early}\ntook {span(machine['seconds'])} and {machine['peak_bytes'] / 1e6:.0f} MB"
    )
    console.print(_way(told["uplinks"]))
    if told["uplinks"]["lost_on_air"]:
        console.print(f"lost on air: {_counts(told['uplinks']['lost_on_air'])}")
    console.print(_platforms(told["platforms"]))
    for name, one in told["relays"].items():
        console.print(
            f"{name}, a network server beside: has {one['at_the_server']:,} of {one['heard']:,} heard uplinks of its devices"
        )
    console.print(_fleets(told["fleets"]))
    console.print(_gateways(told["gateways"]))
    _agent(console, told)
    _discrepancies(console, told["discrepancies"])
    for one in promises_of(told):
        console.print(
            f"{'kept  ' if one.kept else 'BROKEN'} {one.promise}: {one.found}", style="green" if one.kept else "red"
        )


def span(seconds: float) -> str:
    """Return a length of time as people say it: "1 d 2 h", "5 min 3 s"."""
    if seconds < 60:
        return f"{seconds:.0f} s" if seconds >= 10 else f"{seconds:.1f} s"
    parts, left = [], round(seconds)
    for name, length in (("d", DAY_S), ("h", 3600), ("min", 60), ("s", 1)):
        count, left = divmod(left, length)
        if count:
            parts.append(f"{count} {name}")
    return " ".join(parts[:2])


def _table(*columns: str) -> Table:
    table = Table(*columns, box=None, pad_edge=False)
    for column in table.columns[1:]:
        column.justify = "right"
        column.no_wrap = True
    return table


def _way(uplinks: Mapping[str, Json]) -> Table:
    table = _table("uplinks", "")
    for words in ("sent", "heard", "given", "committed", "acknowledged"):
        table.add_row(words, f"{uplinks[words]:,}")
        if words == "committed" and uplinks["replayed"]:
            table.add_row("  of these by a neighbour's replay alone", f"{uplinks['replayed']:,}")
    return table


def _platforms(platforms: Mapping[str, Json]) -> Table:
    table = _table("platform", "due", "delivered", "twice", "p50 s", "p99 s", "most s")
    for name, one in platforms.items():
        latency = one["latency_s"]
        table.add_row(
            name[:24],
            f"{one['due']:,}",
            f"{one['delivered']:,}",
            f"{one['duplicates']:,}",
            *(f"{latency[key]:,.1f}" if latency else "" for key in ("p50", "p99", "most")),
        )
    return table


def _fleets(fleets: Mapping[str, Json]) -> Table:
    table = _table("fleet", "devices", "active", "sent", "heard", "delivered", "data rates")
    for name, one in fleets.items():
        usual = sorted(one["data_rates"].items(), key=lambda item: -item[1])[:2]
        table.add_row(
            name[:18],
            f"{one['devices']:,}",
            f"{one['active']:,}",
            f"{one['sent']:,}",
            f"{one['heard'] / one['sent']:.1%}" if one["sent"] else "",
            f"{one['delivered']:,}",
            " ".join(f"{rate}:{count}" for rate, count in usual),
        )
    return table


def _gateways(gateways: Mapping[str, Json]) -> Table:
    table = _table("gateway", "frames", "collided", "downlinks", "unheard", "fullest hour")
    for name, one in gateways.items():
        lost = one["lost"]
        table.add_row(
            name[:24],
            f"{one['frames']:,}",
            f"{lost.get('collided', 0) + lost.get('captured', 0):,}",
            f"{one['downlinks']:,}",
            f"{one['downlinks_unheard']:,}",
            f"{one['fullest_hour']:.1%}",
        )
    return table


def _agent(console: Console, told: Mapping[str, Json]) -> None:
    agent = told["agent"]
    ends = f", {agent['ended by itself']} ended by itself" if agent["ended by itself"] else ""
    console.print(f"agent: {agent['starts']} starts, {agent['power cuts']} power cuts{ends}")
    for one in agent["ended_unasked"]:
        console.print(f"  at {span(one['at_s'])}: {one['why']}")
    for words, counts in (
        ("refused", agent["refused"]),
        ("undecoded", agent["undecoded"]),
        ("mischief", told["mischief"]),
    ):
        if counts:
            console.print(f"{words}: {_counts(counts)}")


def _discrepancies(console: Console, found: list[Mapping[str, Json]]) -> None:
    for one in [*filter(lambda each: each["breaks"], found), *filter(lambda each: not each["breaks"], found)][:SHOWN]:
        console.print(
            f"{one['id']} {one['device']}: {one['fate']}: {one['story']}", style="red" if one["breaks"] else ""
        )
    if len(found) > SHOWN:
        console.print(f"and {len(found) - SHOWN} more; --json and --report have all of them")


def _counts(counts: Mapping[str, int]) -> str:
    return ", ".join(
        f"{count:,} {name.replace('_', ' ')}" for name, count in sorted(counts.items(), key=lambda one: -one[1])
    )
