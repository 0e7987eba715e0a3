"""Whether a box does worse than before: pure, by what `brygga status` says before and after."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from gateway.model import Json

WELL: Final = "delivering"
BAD: Final = frozenset({"stalled", "refusing", "connection lost"})
UNKNOWN: Final = "no contact yet"

Status = Mapping[str, Json]


def worse(before: Status, after: Status) -> Iterator[str]:
    """Yield what went well and does not any more, in words. A destination that is no longer there was taken out on purpose."""
    for name in _well(before):
        one = after.get("destinations", {}).get(name)
        if one is not None and one.get("state") in BAD:
            yield f"destination {name} is {one['state']}{_why(one)}"
    heard = {one["name"] for one in before.get("sources", ()) if one.get("listening")}
    for one in after.get("sources", ()):
        if one["name"] in heard and not one.get("listening"):
            yield f"source {one['name']} hears nothing any more"


def untold(before: Status, after: Status) -> list[str]:
    """Return the destinations that went well before and have said nothing since: nothing was there to tell, or not yet."""
    there = after.get("destinations", {})
    return [name for name in _well(before) if there.get(name, {}).get("state") == UNKNOWN]


def is_settled(before: Status, after: Status, passed_s: float) -> bool:
    """Tell whether all that went well has gone well again within ``passed_s``: nothing more has to be waited for."""
    there = after.get("destinations", {})
    told = (there[name] for name in _well(before) if name in there)
    return all(one.get("state") == WELL and (one.get("last_answer_s") or 0.0) < passed_s for one in told) and not [
        *worse(before, after)
    ]


def _well(status: Status) -> list[str]:
    return [name for name, one in status.get("destinations", {}).items() if one.get("state") == WELL]


def _why(one: Status) -> str:
    why = one.get("trouble") or one.get("last_refusal") or (one.get("transport") or {}).get("last_error")
    return f": {why}" if why else ""
