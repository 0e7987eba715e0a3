"""Relays and network servers: do they get what is theirs, is what they tell kept."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from gateway.doctor.box import Box
from gateway.doctor.finding import Check, Ill, Seen, Standing
from gateway.spans import span

AWAY: Final = Ill(
    "away",
    Standing.WRONG,
    "a relay's server does not answer: it gets nothing, and its devices are not answered",
    "is it running? brygga relay list; look at server of {about} in brygga.toml",
)
LOST: Final = Ill(
    "lost",
    Standing.UNWISE,
    "frames that were kept for a relay's server are gone: too old, or too many",
    "brygga relay list",
)
ADVICE: Final = Ill("advice", Standing.UNWISE, "the relay says itself what is not as it should be", "brygga relay list")
NOT_KEPT: Final = Ill(
    "not_kept",
    Standing.WRONG,
    "the disk did not take what a network server told: it is told again",
    "brygga doctor --only disk",
)
REFUSED: Final = Ill(
    "refused",
    Standing.UNWISE,
    "a network server's queue refused downlinks",
    "brygga downlink list --all tells why",
)

Status = Mapping[str, Any]


async def relays(box: Box) -> Status | None:
    """Return the relays' status; None where there is none, or no agent answers."""
    return None if box.status is None else box.status.get("relays") or None


async def servers(box: Box) -> Status | None:
    """Return what servers told; None where nothing was told, or no agent answers."""
    told = {} if box.status is None else box.status.get("servers", {})
    return told if told.get("counts") or told.get("downlinks") else None


def relayed(facts: Status) -> Iterator[Seen]:
    """Judge how each relay stands."""
    for name, one in facts.items():
        if one.get("state") == "away":
            yield Seen(
                f"away for {span(one.get('away_s') or 0.0)}, {one['kept']['frames']} frames kept",
                AWAY,
                name,
                {"about": name},
            )
        else:
            yield from (Seen(str(words), ADVICE, name) for words in one.get("advice", ()))
        if lost := one["kept"]["lost"]:
            yield Seen(f"{lost} frames", LOST, name)
        yield Seen(f"{name}: {one.get('state') or 'the agent does not run it'}")


def served(facts: Status) -> Iterator[Seen]:
    """Judge whether what servers tell is kept, and downlinks are taken."""
    counts, downlinks = facts.get("counts", {}), facts.get("downlinks", {})
    if failed := counts.get("disk_took_nothing"):
        yield Seen(f"{failed} times", NOT_KEPT)
    if refused := downlinks.get("refused"):
        yield Seen(f"{refused} downlinks", REFUSED)
    yield Seen(f"{counts.get('uplinks', 0)} uplinks told")


CHECKS: Final = (
    Check(
        id="relays.standing",
        looks="each relay: whether its server answers, what is kept for it, what is lost",
        probe=relays,
        judge=relayed,
        ills=(AWAY, LOST, ADVICE),
    ),
    Check(
        id="servers.told",
        looks="network servers in front: uplinks kept, downlinks refused",
        probe=servers,
        judge=served,
        ills=(NOT_KEPT, REFUSED),
    ),
)
