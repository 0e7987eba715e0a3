"""What `brygga status` says of a destination's lane: what goes first, how much waits, how long it will take."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Final

from gateway.spans import span

if TYPE_CHECKING:
    from gateway.model import Json

CATCHING_UP: Final = "catching up"


def state(one: Mapping[str, Json]) -> str:
    """Return in one word how a destination does that takes what it is told."""
    if one.get("lane", {}).get("history"):
        return CATCHING_UP
    return "delivering" if one["waiting"] else "up to date"


def lane_lines(one: Mapping[str, Json]) -> Iterator[str]:
    """Yield what is to be said of the lane; nothing of one that is live."""
    lane = one.get("lane")
    if not lane:
        return
    is_strict = lane["name"] == "strict"
    if lane["history"] and one.get("state") == "delivering":
        first = "oldest first" if is_strict else "what is heard now goes first"
        since = f" since {one['oldest'][:16].replace('T', ' ')}" if one.get("oldest") else ""
        yield f"{lane['history']} uplinks{since} to catch up with, {first}; {_left(lane)}"
    elif is_strict:
        yield "in strict order, oldest first"


def given_up(one: Mapping[str, Json]) -> Iterator[str]:
    """Yield how much a destination has let go of because it had waited too long."""
    if count := one.get("given_up"):
        since = f" since {one['given_up_since'][:10]}" if one.get("given_up_since") else ""
        yield f"{count} uplinks were let go of{since}, for they had waited too long (destination.give_up)"


def refused(one: Mapping[str, Json]) -> Iterator[str]:
    """Yield why the platform refused something last."""
    if reason := one.get("last_refusal"):
        yield f"refused last, {span(one['last_refusal_s'])} ago: {reason}"


def _left(lane: Mapping[str, Json]) -> str:
    if not lane["left_s"]:
        return "how long it takes is not known yet"
    per_s = lane["per_s"]
    rate = f"{per_s:.0f} a second" if per_s >= 1 else f"{per_s * 60:.0f} a minute"
    return f"{rate}, some {span(lane['left_s'])} to go"
