"""Whether an agent is well: what `brygga health` makes of its facts, and of those of the agent that ran before. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from gateway.model import Json

SETTLED_S: Final = 10.0  # an agent that falls over does so in the first seconds, and systemd starts it again after some
REFUSING: Final = "refusing"

Facts = Mapping[str, Json]


@dataclass(frozen=True, slots=True)
class Verdict:
    """Why an agent is not well, and what is to be known though it speaks against nobody."""

    reasons: tuple[str, ...]
    remarks: tuple[str, ...] = ()


def judge(facts: Facts, version: str, before: Facts | None, settled_s: float = 0.0) -> Verdict:
    """Return what is wrong with the agent of which ``facts`` are, as `HealthDesk` tells them.

    With ``before``, the facts of the agent that ran before, only what is worse than it was counts: a gateway without power or
    a platform that refused already is no fault of a new version. The agent must have run for ``settled_s``.
    """
    if not facts.get("running"):
        return Verdict(("no agent runs",))
    before = before if before and before.get("running") else None
    reasons = [
        *_agent(facts, version, settled_s),
        *(["the agent that ran before runs still: it was not started anew"] if before and before["pid"] == facts["pid"] else []),
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
