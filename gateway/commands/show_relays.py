"""What `brygga status` prints of relays: the server, what went through, what is kept, and what to do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from gateway.commands.listing import printable
from gateway.spans import span

if TYPE_CHECKING:
    from gateway.model import Json

REASONS = {
    "own_device": "for devices that the agent answers",
    "duty_cycle": "no air left in the hour",
    "busy": "slot taken",
    "not_connected": "gateway not there",
    "no_answer": "gateway silent",
    "unreadable": "not readable",
    "too_late": "came too late",
    "too_early": "for a time too far ahead",
    "collision_packet": "slot taken at the gateway",
    "collision_beacon": "slot taken by a beacon",
    "tx_freq": "frequency refused by the gateway",
    "tx_power": "power refused by the gateway",
    "gps_unlocked": "gateway without GPS time",
}
STATES = {"up": "answers", "waiting": "does not answer yet", "unasked": "was not asked yet"}


def relay_lines(relays: Mapping[str, Mapping[str, Json]]) -> Iterator[str]:
    """Yield the lines of each relay."""
    for name, one in relays.items():
        yield f"relay {name}: {_state(one)}"
        if "counts" in one:
            yield f"    {_counts(one['counts'])}"
        if overwritten := one.get("counts", {}).get("overwritten"):
            yield f"    ! {overwritten} frames that it has not got are lost: the disk took nothing, and memory was full"
        if refused := one.get("refused"):
            yield f"    downlinks not sent: {', '.join(f'{REASONS.get(why, printable(why))} {count}' for why, count in sorted(refused.items()))}"
        yield from _kept(name, one["kept"])
        yield from (f"    ! {printable(words)}" for words in one.get("advice", ()))


def keys_out_of_date(beside: Mapping[str, Json]) -> Iterator[str]:
    """Yield a line for each device that has joined at a server with keys that are not known here."""
    for dev_eui, words in beside.get("keys_out_of_date", {}).items():
        yield f"    ! {dev_eui} {printable(words)}; `brygga device import` brings them, docs/relay.md tells how"


def _state(one: Mapping[str, Json]) -> str:
    if not one["configured"]:
        return "no longer configured"
    if "state" not in one:
        return "agent stopped"
    if one["state"] == "away":
        return f"{one['server']} has been away for {span(one['away_s'])}"
    return f"{one['server']} {STATES[one['state']]}"


def _counts(counts: Mapping[str, int]) -> str:
    filtered = sum(count for name, count in counts.items() if name.startswith("filtered"))
    passed = counts.get("passed", 0) + counts.get("passed_unreadable", 0)
    own = f", {counts['filtered_own']} of them of the agent's own devices" if counts.get("filtered_own") else ""
    return f"{passed} frames passed on, {filtered} not{own}; {counts.get('sent', 0)} of its downlinks sent"


def _kept(name: str, kept: Mapping[str, Json]) -> Iterator[str]:
    if kept["frames"]:
        since = "" if kept["oldest_s"] is None else f", the oldest {span(kept['oldest_s'])} ago"
        yield f"    {kept['frames']} frames that it has not got are kept{since}; `brygga relay export {name}` writes them into a file"
    if kept["lost"]:
        yield f"    ! {kept['lost']} others went: they were too old, or there was no room"
