"""The desk's word on relays: what is kept of frames that their servers have not got."""

from __future__ import annotations

from gateway.config import Settings
from gateway.journal import Journal
from gateway.journal.relayed import Standing
from gateway.model import Clock, Json


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
