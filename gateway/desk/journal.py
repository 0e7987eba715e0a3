"""The desk's counter for the journal itself: its numbers, uplinks taken in, room given back, alarms that were seen."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Final

from gateway import __version__
from gateway.config import Settings
from gateway.desk.words import did_you_mean, full_name
from gateway.errors import ConfigError
from gateway.journal import AlarmKind, Journal, Stats
from gateway.journal.looking import looking
from gateway.journal.pace import Pace, pace
from gateway.model import Clock, Json
from gateway.trial.carried import uplink_of
from gateway.wear import wear

MOST_TAKEN: Final = 1000  # uplinks of one request: a commit of some 100 kB
MOST_PAGES: Final = 1000  # given back with one request: a few tens of milliseconds, in which hearing waits


class JournalDesk:
    """Answer what is asked about the journal."""

    def __init__(self, settings: Settings, journal: Journal, clock: Clock) -> None:
        self._settings = settings
        self._journal = journal
        self._clock = clock
        self._newest_only = frozenset(one.name for one in settings.destinations if one.newest_only)

    async def answer(self, request: Mapping[str, Json]) -> Json:
        """Do what is asked; ConfigError says in words what is wrong with the request."""
        match request:
            case {"do": "journal.numbers"}:
                return await self.numbers()
            case {"do": "journal.import", "uplinks": list(uplinks), "for": list(names)}:
                return await self._take_in(uplinks, self._told_to(names, anyway=request.get("anyway") is True))
            case {"do": "journal.give_back", "pages": int(pages)} if 0 < pages <= MOST_PAGES:
                return {"pages": await self._journal.give_back(pages), **await self.numbers()}
            case {"do": "journal.seen"}:
                return {"forgotten": await self._journal.forget_alarms(_kind(request.get("kind")))}
            case _:
                raise ConfigError(f"control: {request['do']!r} is nothing that this agent does (brygga {__version__})")

    async def numbers(self) -> dict[str, Json]:
        """Return the journal in numbers, what is wrong with it, and how long its room lasts."""
        stats, kept = await self._journal.stats(), self._settings.journal
        return {
            **stats.as_json(),
            "limit_bytes": kept.limit_bytes,
            "damaged": self._journal.damaged(),
            "wear": wear(self._settings.journal_path, kept.card, kept.card_bytes).as_json(),
            "alarms": [
                {
                    "kind": str(one.kind),
                    "since": one.since.isoformat(timespec="seconds"),
                    "words": one.words,
                    "until_seen": one.until_seen,
                }
                for one in await self._journal.alarms()
            ],
        }

    async def room(self) -> dict[str, Json]:
        """Return how many uplinks a day brings, and for how many days of them there is room while nothing is delivered."""
        stats = await self._journal.stats()
        depths = [(await self._journal.depth(name)).waiting for name in self._journal.destinations()]
        known = await asyncio.to_thread(self._pace, stats)
        lasts = known.lasts(max(0.0, stats.quota_bytes - max(depths, default=0) * known.bytes_per_row))
        return {
            "rows_per_day": None if known.rows_per_day is None else round(known.rows_per_day),
            "bytes_per_row": round(known.bytes_per_row),
            "lasts_s": None if lasts is None else round(lasts.total_seconds()),
        }

    def _pace(self, stats: Stats) -> Pace:
        with looking(self._settings.journal_path) as found:
            return pace(found, self._clock().utc, rows=stats.rows, used_bytes=stats.used_bytes)

    async def _take_in(self, uplinks: Sequence[Json], told_to: Sequence[str]) -> Json:
        if len(uplinks) > MOST_TAKEN:
            raise ConfigError(f"journal import: {len(uplinks)} uplinks at a time; at most {MOST_TAKEN} are right")
        try:
            read = [uplink_of(one) for one in uplinks]
        except (KeyError, TypeError, ValueError) as error:
            raise ConfigError(f"journal import: an uplink that is none: {error!r}") from error
        return {"taken": len(await self._journal.take_in(read, told_to))}

    def _told_to(self, names: Sequence[Json], *, anyway: bool) -> Sequence[str]:
        """Return the destinations that ``names`` mean; ConfigError for one that is not there, or would refuse what is old."""
        there = self._journal.destinations()
        meant = [full_name(str(name), there) for name in names]
        for name in meant:
            if name not in there:
                those = did_you_mean(name, there) or f"; those there are: {', '.join(there) or 'none'}"
                raise ConfigError(f"journal import: --for {name}: there is no such destination{those}")
            if name in self._newest_only and not anyway:
                raise ConfigError(
                    f"journal import: --for {name}: it keeps the newest value of each thing alone, and would refuse older ones or "
                    "end with them; --anyway tells it nevertheless"
                )
        return meant


def _kind(text: Json) -> AlarmKind | None:
    if text is None:
        return None
    if text not in set(AlarmKind):
        raise ConfigError(f"journal seen: {text!r} is none of {', '.join(AlarmKind)}")
    return AlarmKind(text)
