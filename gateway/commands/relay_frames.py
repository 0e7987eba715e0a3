"""Frames that a relay's server has not got, out of the journal: read beside a running agent, with the best time that is known."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from gateway.commands.journal_export import moment_of
from gateway.commands.uplink_lines import line_of_frame
from gateway.config import Settings
from gateway.dating import Boots, time_at, trusted
from gateway.errors import ConfigError
from gateway.journal import relayed
from gateway.journal.looking import Looking
from gateway.journal.salvage.content import UNREADABLE
from gateway.model import Frame, Instant, Json, TimeQuality

ROWS_AT_ONCE: Final = 50  # a row holds what ten seconds brought: up to 200 kB


@dataclass(slots=True)
class Found:
    """The frames of one relay that are meant, as lines; ``unreadable`` counts records that are damaged."""

    journal: Looking
    relay: str
    since: datetime | None
    until: datetime | None
    boots: Boots
    trust: TimeQuality
    unreadable: int = 0

    def lines(self) -> Iterator[dict[str, Json]]:
        """Yield each frame as a line says it, the oldest write first."""
        for frame in self._frames():
            dated = self._dated(frame)
            if self._has(dated.heard_at):
                yield {"id": _id(frame), "relay": self.relay, **line_of_frame(dated)}

    def _frames(self) -> Iterator[Frame]:
        last = 0
        sql = (
            "SELECT id, record FROM relayed JOIN relays ON number = relay WHERE name = ? AND id > ? ORDER BY id LIMIT ?"
        )
        while rows := self.journal.fetch(sql, (self.relay, last, ROWS_AT_ONCE)):
            words = self.journal.words()  # after the rows: they may use words that are new
            for last, record in rows:  # noqa: B007 - where to go on
                try:
                    yield from relayed.decode(record, words)
                except UNREADABLE:
                    self.unreadable += 1

    def _dated(self, frame: Frame) -> Frame:
        """Return a frame with the time that its boot learned afterwards; as it was heard, where it never did."""
        at = frame.heard_at
        spans = () if at.quality >= self.trust else trusted(self.boots.get(at.boot_id, ()), self.trust)
        if not spans:
            return frame
        utc, quality = time_at(spans, at.monotonic)
        return replace(frame, heard_at=replace(at, utc=utc, quality=quality))

    def _has(self, at: Instant) -> bool:
        if at.quality <= TimeQuality.UNSYNCHRONISED:
            return True  # whenever that was
        return (self.since is None or at.utc >= self.since) and (self.until is None or at.utc < self.until)


def found(
    journal: Looking, settings: Settings, relay: str, since: str | None = None, until: str | None = None
) -> Found:
    """Return what is kept for ``relay``; ConfigError where there is none of that name, or a time is none."""
    names = {one.name for one in settings.relays} | {name for (name,) in journal.fetch("SELECT name FROM relays")}
    if relay not in names:
        there = ", ".join(sorted(names)) or "none: docs/relay.md tells how to make one"
        raise ConfigError(f"there is no relay {relay!r}; those there are: {there}")
    return Found(
        journal, relay, moment_of("--since", since), moment_of("--until", until), journal.boots(), settings.clock.trust
    )


def _id(frame: Frame) -> str:
    """Return what tells a frame of one gateway from every other, and is the same each time."""
    at, best = frame.heard_at, frame.best
    words = f"{best.gateway}/{at.boot_id}/{at.monotonic!r}/{best.timestamp_us}/{best.frequency_hz}/"
    return hashlib.sha256(words.encode() + frame.phy_payload).hexdigest()[:32]
