"""Destinations: does each take what it is told, how much waits, what it refuses, what is lost."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from gateway.doctor.box import Box
from gateway.doctor.finding import Check, Ill, Seen, Standing
from gateway.spans import ago, span

OLD_S: Final = 3600.0
VERY_OLD_S: Final = 86_400.0
FIRST_ANSWER_S: Final = 600.0

NONE: Final = Ill(
    "none", Standing.UNWISE, "what is heard is kept and told to nobody", "brygga city list; brygga city connect"
)
STALLED: Final = Ill(
    "stalled", Standing.WRONG, "nothing goes there at the moment; all of it is kept", "brygga destination test {about}"
)
REFUSING: Final = Ill(
    "refusing",
    Standing.WRONG,
    "the platform refuses all that it is told",
    "brygga destination test {about}; brygga dead-letters list",
)
NEVER: Final = Ill(
    "never",
    Standing.UNWISE,
    "it has never answered since the agent began, and something waits for it",
    "brygga destination test {about}",
)
WAITING: Final = Ill(
    "waiting", Standing.UNWISE, "the oldest uplink waits for more than an hour", "brygga destination test {about}"
)
LONG: Final = Ill(
    "waiting_long",
    Standing.WRONG,
    "the oldest uplink waits for more than a day",
    "brygga destination test {about}; brygga journal stats",
)
HELD: Final = Ill(
    "held",
    Standing.UNWISE,
    "uplinks are set aside: refused, not decoded, or without a time",
    "brygga dead-letters list --destination {about}",
)
LOST: Final = Ill(
    "lost",
    Standing.WRONG,
    "uplinks went undelivered, for the journal was full or damaged",
    "brygga journal stats; journal.limit",
)
GIVEN_UP: Final = Ill(
    "given_up",
    Standing.UNWISE,
    "uplinks were let go, for they waited longer than give_up says",
    "brygga destination test {about}",
)
LEFT: Final = Ill(
    "left",
    Standing.UNWISE,
    "uplinks wait for a destination that is no longer in the file",
    "brygga destination rename {about} NEW, or: brygga destination forget {about}",
)
NOTED: Final = Ill(
    "noted",
    Standing.UNWISE,
    "there is a remark about the way to the platform, or about its answers",
    "see to what is said here, or leave it so knowingly: [[destination]] {about} in brygga.toml",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Destinations:
    """How the destinations of a running agent stand."""

    told: Mapping[str, Mapping[str, Any]]
    since_s: float


async def destinations(box: Box) -> Destinations | None:
    """Return how they stand; None where no agent answers."""
    if box.status is None:
        return None
    return Destinations(told=box.status.get("destinations", {}), since_s=box.status.get("since_s", 0.0))


def standing(facts: Destinations) -> Iterator[Seen]:
    """Judge whether each takes what it is told."""
    if not any(one["configured"] for one in facts.told.values()):
        yield Seen("there is no [[destination]]", NONE)
    for name, one in facts.told.items():
        if one["configured"]:
            yield _standing(name, one, facts.since_s)
            yield from (Seen(note, NOTED, name, {"about": name}) for note in _notes(one))


def _standing(name: str, one: Mapping[str, Any], since_s: float) -> Seen:
    keys = {"about": name}
    if one.get("trouble"):
        why = {"hindrance": one.get("hindrance") or ""}
        return Seen(f"for {span(one['trouble_s'])}: {one['trouble']}", STALLED, name, keys | why)
    if one.get("state") == "refusing":
        return Seen(f"last answer: {one.get('last_refusal')}", REFUSING, name, keys)
    if one["waiting"] and one.get("last_answer_s") is None and since_s > FIRST_ANSWER_S:
        return Seen(f"{one['waiting']} wait, and it has never answered", NEVER, name, keys)
    return Seen(f"{name}: {one.get('state')}, last answer {ago(one.get('last_answer_s'))}")


def _notes(one: Mapping[str, Any]) -> Sequence[str]:
    return [*one.get("transport", {}).get("notes", ()), *(told["problem"] for told in one.get("problems", ()))]


def backlog(facts: Destinations) -> Iterator[Seen]:
    """Judge how long uplinks wait."""
    for name, one in facts.told.items():
        oldest_s, keys = one["oldest_s"] or 0.0, {"about": name}
        if not one["configured"] and not one.get("connected") and one["waiting"]:
            yield Seen(f"{one['waiting']} wait", LEFT, name, keys)
        elif oldest_s > OLD_S:
            ill = LONG if oldest_s > VERY_OLD_S else WAITING
            yield Seen(f"{one['waiting']} wait, the oldest for {span(oldest_s)}", ill, name, keys)
        else:
            yield Seen(f"{name}: {one['waiting']} wait")


def held(facts: Destinations) -> Iterator[Seen]:
    """Judge what is set aside."""
    for name, one in facts.told.items():
        counts = ", ".join(f"{count} {kind}" for kind, count in one["held"].items())
        why = f": {one['last_refusal']}" if counts and one.get("last_refusal") else ""
        yield Seen(
            f"{counts or f'{name}: none'}{why}", HELD if counts else None, name if counts else "", {"about": name}
        )


def losses(facts: Destinations) -> Iterator[Seen]:
    """Judge what is gone."""
    for name, one in facts.told.items():
        if lost := one["lost"] + one["held_lost"]:
            yield Seen(f"{lost} uplinks", LOST, name, {"about": name})
        if one["given_up"]:
            yield Seen(f"{one['given_up']} uplinks, since {one['given_up_since']}", GIVEN_UP, name, {"about": name})
        yield Seen(f"{name}: none")


CHECKS: Final = (
    Check(
        id="destinations.standing",
        looks="each destination: its last answer, what it refuses, what it remarks",
        probe=destinations,
        judge=standing,
        ills=(NONE, STALLED, REFUSING, NEVER, NOTED),
    ),
    Check(
        id="destinations.backlog",
        looks="each destination: how many uplinks wait, and for how long",
        probe=destinations,
        judge=backlog,
        ills=(LONG, WAITING, LEFT),
    ),
    Check(
        id="destinations.held",
        looks="each destination: dead letters, and what waits for a decoder or a time",
        probe=destinations,
        judge=held,
        ills=(HELD,),
    ),
    Check(
        id="destinations.losses",
        looks="each destination: uplinks that went undelivered",
        probe=destinations,
        judge=losses,
        ills=(LOST, GIVEN_UP),
    ),
)
