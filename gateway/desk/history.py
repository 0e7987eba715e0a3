"""The desk's counter for a device's past: what it measured and how it was heard, as points to plot.

The log has no index, so a look goes back through it in a thread, chunk by chunk, until it has seen all since then, or has found
enough, or its time is over; where it ended early the answer says so. Uplinks are decoded a few at a time between what the
agent has to do anyway, by a memory of their own: what the destinations' share stays there.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from decoders.contract import DecodeError
from gateway import __version__
from gateway.codecs import Codecs
from gateway.dating import Boots, Dated, date
from gateway.errors import ConfigError
from gateway.journal.backwards import chunks, uplink_of
from gateway.journal.looking import looking
from gateway.model import Clock, Device, Eui64, Json, LoraRate, TimeQuality, Uplink
from gateway.normalise import normalise

MOST_UPLINKS: Final = 2000  # as many points as a wide screen has columns
MOST_POINTS: Final = 20_000  # of all series together: 500 kB
LONGEST_LOOK_S: Final = 3.0
AT_ONCE: Final = 10  # uplinks decoded before others have their turn: 2 ms here, 20 ms on a small box

Key = tuple[str, str, str | None]  # quantity, unit, channel


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Whose past, and since when."""

    dev_eui: Eui64
    since: datetime
    boots: Boots
    trust: TimeQuality
    boot_id: str  # the one that goes on


@dataclass(frozen=True, slots=True)
class Found:
    """Uplinks, the newest first, each with the time that is known of it."""

    uplinks: list[Uplink]
    is_all: bool


class HistoryDesk:
    """Answer what is asked about the past of one device."""

    def __init__(
        self,
        journal: Path,
        find: Callable[[str], Device],
        codecs: Callable[[], Codecs],
        boots: Callable[[], Boots],
        clock: Clock,
        trust: TimeQuality,
    ) -> None:
        """``find`` returns the device of a DevEUI or a name, or raises NotThere; ``codecs`` makes what decodes."""
        self._journal = journal
        self._find = find
        self._codecs = codecs
        self._boots = boots
        self._clock = clock
        self._trust = trust
        self._turn = (
            asyncio.Lock()
        )  # one look at a time: three open pages are no reason to search the card three times at once

    async def answer(self, request: Mapping[str, Json]) -> Json:
        """Do what is asked; ConfigError says in words what is wrong with the request."""
        match request:
            case {"do": "history.of", "device": str(device), "hours": int() | float() as hours} if hours > 0:
                return await self._history(self._find(device), timedelta(hours=hours))
            case _:
                raise ConfigError(f"control: {request['do']!r} is nothing that this agent does (brygga {__version__})")

    async def _history(self, device: Device, span: timedelta) -> Json:
        now = self._clock()
        wanted = Wanted(
            dev_eui=device.dev_eui, since=now.utc - span, boots=self._boots(), trust=self._trust, boot_id=now.boot_id
        )
        async with self._turn:  # no limit: a look and its decoding have limits, and who asks has one
            found = await asyncio.to_thread(look_back, self._journal, wanted)
            plotted = await self._plotted(device, found.uplinks)
        ends_early = not found.is_all or plotted.is_cut
        oldest = plotted.oldest if ends_early and plotted.oldest is not None else wanted.since
        return {
            "series": [
                {"quantity": quantity, "unit": unit, "channel": channel, "points": sorted(points, key=_time)}
                for (quantity, unit, channel), points in sorted(plotted.series.items(), key=lambda one: str(one[0]))
            ],
            "radio": plotted.radio[::-1],
            "undecoded": plotted.undecoded,
            "is_all": not ends_early,
            "since": oldest.isoformat(timespec="seconds"),
        }

    async def _plotted(self, device: Device, uplinks: Sequence[Uplink]) -> Plotted:
        codecs, plotted = self._codecs(), Plotted()
        for start in range(0, len(uplinks), AT_ONCE):
            some = uplinks[start : start + AT_ONCE]
            outcomes = await codecs.decode([(uplink, device) for uplink in some])
            revision = codecs.revision(device.decoder)
            for uplink, outcome in zip(some, outcomes, strict=True):
                if isinstance(outcome, DecodeError):
                    plotted.note(uplink, ())
                    plotted.undecoded += 1
                else:
                    observations = normalise(uplink, device, outcome, revision).observations
                    plotted.note(
                        uplink,
                        [
                            ((one.quantity, one.unit, one.channel), one.observed_at, one.value)
                            for one in observations
                            if not isinstance(one.value, str)
                        ],
                    )
            if plotted.is_cut:
                break
            await asyncio.sleep(0)
        return plotted


class Plotted:
    """Points, the newest first."""

    def __init__(self) -> None:
        self.series: dict[Key, list[Json]] = {}
        self.radio: list[Json] = []
        self.undecoded = 0
        self.oldest: datetime | None = None
        self._count = 0

    @property
    def is_cut(self) -> bool:
        """Tell whether there is room for no more."""
        return self._count >= MOST_POINTS

    def note(self, uplink: Uplink, values: Iterable[tuple[Key, datetime, float | bool]]) -> None:
        """Add an uplink with its observations."""
        self.oldest = uplink.heard_at.utc
        if (best := uplink.best) is not None:
            rate = best.data_rate
            factor = rate.spreading_factor if isinstance(rate, LoraRate) else None
            self.radio.append([_seconds(uplink.heard_at.utc), best.rssi_dbm, best.snr_db, factor])
        for key, at, value in values:
            self.series.setdefault(key, []).append([_seconds(at), value])
            self._count += 1


def look_back(journal: Path, wanted: Wanted) -> Found:
    """Return a device's uplinks since then; blocks for LONGEST_LOOK_S and a chunk at most. Raises StorageError, ConfigError."""
    deadline = time.monotonic() + LONGEST_LOOK_S
    found: list[Uplink] = []
    with looking(journal) as file:
        words = file.words()
        for chunk in chunks(file, wanted.dev_eui):
            for _, record in chunk.rows:
                uplink = uplink_of(words, record)
                if uplink is not None and (dated := _dated(uplink, wanted)) is not None:
                    found.append(dated)
            if len(found) > MOST_UPLINKS:
                return Found(found[:MOST_UPLINKS], is_all=False)
            # Rows lie as they came: only what was imported later is older than what lies before it.
            if chunk.began is not None and chunk.began < wanted.since:
                break
            if time.monotonic() > deadline:
                return Found(found, is_all=False)
    return Found(found, is_all=True)


def _dated(uplink: Uplink, wanted: Wanted) -> Uplink | None:
    """Return the uplink with its time, where one is known and it is late enough."""
    match date(uplink, wanted.boots, wanted.trust, wanted.boot_id):
        case Dated(dated) if dated.heard_at.utc >= wanted.since:
            return dated
        case _:
            return None


def _time(point: Json) -> float:
    return float(point[0])


def _seconds(at: datetime) -> float:
    return round(at.timestamp(), 3)
