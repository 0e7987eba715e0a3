"""Who watches this box from afar: do the health messages of [health] go out, does the port of [metrics] answer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from gateway.doctor.box import Box
from gateway.doctor.finding import Check, Ill, Seen, Standing
from gateway.model import Json
from gateway.spans import span

UNTOLD: Final = Ill(
    "untold",
    Standing.UNWISE,
    "the broker of [health] takes no messages: whoever watches there believes this box dead",
    "look at url of [health] and its credentials; brygga status",
)
NEVER: Final = Ill(
    "never",
    Standing.UNWISE,
    "no health message has gone out since the agent began, though one was due",
    "look at url of [health] and its credentials; sudo journalctl -u brygga -n 30",
)
OTHER: Final = Ill(
    "other",
    Standing.UNWISE,
    "the agent does not tell what the configuration says: it was changed since, or its broker cannot be made",
    "brygga reload; sudo journalctl -u brygga -n 30 tells why, if it stays so",
)
CLOSED: Final = Ill(
    "closed",
    Standing.UNWISE,
    "the port of [metrics] is not there: Prometheus gets nothing",
    "mend what is said here; it is tried again by itself. sudo ss -ltnp shows who has a port",
)
SLACK: Final = 2  # intervals; the first message goes out after five seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """What is to be told, and how a running agent says that it goes; None: it does not tell."""

    interval_s: float | None  # of [health]; None: there is no such section
    health: Mapping[str, Json] | None
    has_port: bool  # [metrics] has a port of its own
    metrics: Mapping[str, Json] | None
    since_s: float


async def observed(box: Box) -> Observed | None:
    """Return how it is told; None where nothing is to be told, or no agent answers."""
    settings, status = box.settings, box.status
    if settings is None or status is None or (settings.health is None and settings.metrics.port is None):
        return None
    return Observed(
        interval_s=None if settings.health is None else settings.health.interval_s,
        health=status.get("health"),
        has_port=settings.metrics.port is not None,
        metrics=status.get("metrics"),
        since_s=status["since_s"],
    )


def told(facts: Observed) -> Iterator[Seen]:
    """Judge whether health messages go out."""
    if facts.interval_s is None:
        return
    if facts.health is None:
        yield Seen("the agent that runs tells no broker", OTHER)
        return
    taken, topic = facts.health["counts"].get("taken", 0), facts.health["topic"]
    if facts.health["trouble"]:
        yield Seen(f"{facts.health['trouble']} ({taken} messages taken before)", UNTOLD)
    elif not taken and facts.since_s > SLACK * facts.interval_s:
        yield Seen(f"none in {span(facts.since_s)}, every {span(facts.interval_s)} one is due", NEVER)
    else:
        yield Seen(f"{taken} messages to {topic}")


def answered(facts: Observed) -> Iterator[Seen]:
    """Judge whether the port of metrics is there."""
    if not facts.has_port:
        return
    if facts.metrics is None:
        yield Seen("the agent that runs has no port for metrics", OTHER)
    elif facts.metrics["trouble"]:
        yield Seen(facts.metrics["trouble"], CLOSED)
    else:
        yield Seen(f"/metrics on {facts.metrics['listening'] or 'a port that opens'}")


CHECKS: Final = (
    Check(
        id="observe.health",
        looks="[health]: whether its broker takes the messages that say how the box is",
        probe=observed,
        judge=told,
        ills=(UNTOLD, NEVER, OTHER),
    ),
    Check(
        id="observe.metrics",
        looks="[metrics]: whether its port is there",
        probe=observed,
        judge=answered,
        ills=(CLOSED, OTHER),
    ),
)
