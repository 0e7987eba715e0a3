"""Whether an agent is well: what `brygga health` makes of its facts, and of those of the agent that ran before. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from gateway.model import Json


SETTLED_S: Final = 10.0  # an agent that falls over does so in the first seconds, and systemd starts it again after some
STUCK_S: Final = 8.0  # a round is seconds; one that waits for a slow platform moves before the waiting ends
REFUSING: Final = "refusing"

Facts = Mapping[str, Any]


class Rounds:
    """Since when each loop stands in the same round; a loop that waits for something to do may stand."""

    def __init__(self) -> None:
        self._seen: dict[str, tuple[int, float]] = {}

    def stuck(self, loops: Mapping[str, Json], now: float) -> list[str]:
        """Return the names of loops that have not moved for `STUCK_S`, as seen at ``now`` (monotonic, seconds) and before."""
        for name, loop in loops.items():
            number, _ = self._seen.get(name, (None, now))
            if number != loop["number"] or not loop["under_way"]:
                self._seen[name] = loop["number"], now
        return [name for name in loops if now - self._seen[name][1] >= STUCK_S]


@dataclass(frozen=True, slots=True)
class Verdict:
    """Why an agent is not well, and what is to be known though it speaks against nobody."""

    reasons: tuple[str, ...]
    remarks: tuple[str, ...] = ()


def judge(
    facts: Facts, version: str, before: Facts | None, settled_s: float = 0.0, stuck: Sequence[str] = ()
) -> Verdict:
    """Return what is wrong with the agent of which ``facts`` are, as `HealthDesk` tells them.

    With ``before``, the facts of the agent that ran before, only what is worse than it was counts: a gateway without power or
    a platform that refused already is no fault of a new version. The agent must have run for ``settled_s``;
    ``stuck`` are the loops that do not move (`Rounds`).
    """
    if not facts.get("running"):
        return Verdict(("no agent runs",))
    before = before if before and before.get("running") else None
    reasons = [
        *_agent(facts, version, settled_s),
        *(
            ["the agent that ran before runs still: it was not started anew"]
            if before and before["pid"] == facts["pid"]
            else []
        ),
        *(f"{name} stands still" for name in stuck),
        *_sources(facts["sources"], None if before is None else before["sources"]),
        *_refusing(facts["destinations"], {} if before is None else before["destinations"]),
    ]
    return Verdict(tuple(reasons), tuple(_remarks(facts["destinations"])))


def _agent(facts: Facts, version: str, settled_s: float) -> Iterator[str]:
    if facts["version"] != version:
        yield f"the agent that runs is brygga {facts['version']}, and this is {version}"
    if facts["since_s"] < settled_s:
        yield f"the agent has run for {facts['since_s']:.0f} s only: it does not stay, or has just begun"
    if facts["trouble"]:
        yield f"the journal takes nothing: {facts['trouble']}"


def _sources(now: Mapping[str, Json], before: Mapping[str, Json] | None) -> Iterator[str]:
    for name, source in now.items():
        was = {"hears": True, "gateways": 0} if before is None else before.get(name, {"hears": False, "gateways": 0})
        if was["hears"] and not source["hears"]:
            yield f"source {name} does not hear" + ("" if before is None else "; before it did")
        elif was["gateways"] and not source["gateways"]:
            yield f"source {name}: no gateway speaks to it; before there were {was['gateways']}"


def _refusing(now: Mapping[str, Json], before: Mapping[str, Json]) -> Iterator[str]:
    for name, destination in now.items():
        if destination["state"] == REFUSING and before.get(name, {}).get("state") != REFUSING:
            yield f"destination {name} refuses all that it is told"


def _remarks(destinations: Mapping[str, Json]) -> Iterator[str]:
    for name, destination in destinations.items():
        if destination["trouble"]:
            yield f"destination {name}: {destination['trouble']}"
