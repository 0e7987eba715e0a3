"""The desk's word on relays: what is kept of frames that their servers have not got."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from gateway.config import Settings
from gateway.desk.words import did_you_mean
from gateway.journal import Journal, Registration
from gateway.journal.relayed import Standing
from gateway.model import Clock, Json


def unknown_relays(settings: Settings, registrations: Sequence[Registration]) -> list[str]:
    """Say which devices are to be answered by a relay that there is not: nobody answers them."""
    known = [one.name for one in settings.relays]
    named = Counter(one.device.answered_by for one in registrations if one.device.answered_by)
    return [
        f"{count} {'device is' if count == 1 else 'devices are'} to be answered by the server of relay {name!r}, and there is no [[relay]]"
        f" of that name: nobody answers them{did_you_mean(name, known)}"
        for name, count in named.items()
        if name not in known
    ]


async def relay_standing(settings: Settings, journal: Journal, clock: Clock) -> dict[str, dict[str, Json]]:
    """Return by name what is kept for each relay of the configuration, and for others as long as something is."""
    kept, now = await journal.relayed.standing(), clock().utc
    names = [one.name for one in settings.relays]
    names += [name for name, one in kept.items() if one.frames and name not in names]
    configured = {one.name for one in settings.relays}

    def told(name: str) -> dict[str, Json]:
        one = kept.get(name, Standing())
        oldest_s = None if one.oldest is None else round((now - one.oldest).total_seconds(), 1)
        return {
            "configured": name in configured,
            "kept": {"frames": one.frames, "oldest_s": oldest_s, "lost": one.lost},
        }

    return {name: told(name) for name in names}
