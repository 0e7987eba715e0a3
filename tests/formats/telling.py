"""The real loop of a destination, with a journal in memory: what becomes of items at a platform, turn by turn."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, cast

from decoders.contract import Decoded
from gateway.codecs import Codecs
from gateway.dating import Boots
from gateway.delivery import Destination, Telling
from gateway.formats import Format
from gateway.journal import Ahead, HeldKind, Hold, Journal, Row, Settlement
from gateway.model import Device, Instant, Item, Json, RowId, TimeQuality, Uplink
from gateway.sharing import Share
from gateway.transports import Transport
from gateway.transports.endpoint import endpoint
from gateway.transports.http import Http
from gateway.transports.secret import Secret
from gateway.transports.service import Bearer, Service

NOW = Instant(datetime(2026, 3, 1, 13, 0, tzinfo=UTC), 1000.0, "boot", TimeQuality.NTP)
TURNS = 200  # more than any test needs: a loop that never ends is a failure with words


@dataclass
class MemoryJournal:
    """What a loop asks of a journal, without a disk."""

    rows: deque[Row] = field(default_factory=deque)
    delivered: list[RowId] = field(default_factory=list)
    held: dict[RowId, Hold] = field(default_factory=dict)
    kept: dict[str, Json] = field(default_factory=dict)

    async def read(self, _: str, limit: int, *, after: RowId | None = None) -> Sequence[Row]:
        return [row for row in self.rows if after is None or row.id > after][:limit]

    def ahead(self, _: str, after: RowId) -> Ahead:
        behind = sum(row.id > after for row in self.rows)
        return Ahead(waiting=len(self.rows), after=behind, last=max((row.id for row in self.rows), default=RowId(0)))

    def unsaved(self, _: str) -> int:
        return 0

    def boots(self) -> Boots:
        return {}

    def memory(self, _: str) -> Mapping[str, Json]:
        return dict(self.kept)

    async def settle(self, _: str, settlement: Settlement) -> None:
        self.delivered += sorted(settlement.delivered)
        self.held |= settlement.held
        done = settlement.delivered | settlement.skipped | settlement.held.keys()
        self.rows = deque(row for row in self.rows if row.id not in done)
        for key, value in settlement.memory.items():
            if value is None:
                self.kept.pop(key, None)
            else:
                self.kept[key] = value


@dataclass
class ReadyCodecs:
    """Codecs that have read everything already."""

    items: Mapping[Any, Item]

    async def decode(self, heard: Sequence[tuple[Uplink, Device]]) -> Sequence[Decoded]:
        return [self.items[uplink.id].decoded for uplink, _ in heard]

    def revision(self, _: str) -> str:
        return "1"

    def is_personal(self, _: str) -> bool:
        return False


class Loop:
    """A destination that is told ``batch``."""

    def __init__(self, platform: Format, transport: Transport, batch: Sequence[Item]) -> None:
        self.journal = MemoryJournal(deque(Row(item.row, item.uplink) for item in batch))
        devices = {item.device.dev_eui: item.device for item in batch}
        self.telling = Telling(
            Destination(
                name="city",
                format=platform,
                transport=transport,
                selects=lambda _: True,
                share=Share(personal=True),
                strict=True,  # formats are under test, not lanes
            ),
            journal=cast("Journal", self.journal),
            codecs=cast("Codecs", ReadyCodecs({item.uplink.id: item for item in batch})),
            find=devices.get,
            clock=lambda: NOW,
            trust=TimeQuality.NTP,
        )

    async def turns(self, number: int) -> None:
        """Take so many turns, without the pauses between them."""
        for _ in range(number):
            await self.telling.turn()

    async def to_its_end(self) -> int:
        """Take turns until nothing waits any more, and return how many it took."""
        for turn in range(TURNS):
            if not self.journal.rows:
                return turn
            await self.telling.turn()
        raise AssertionError(f"after {TURNS} turns there wait {[row.id for row in self.journal.rows]}")

    def refused(self) -> Mapping[RowId, str]:
        """Return the dead letters with their reasons."""
        return {row: hold.reason for row, hold in self.journal.held.items() if hold.kind is HeldKind.REFUSED}


def over_http(url: str, token: str = "", **limits: Any) -> Http:
    """Return the real transport to a stand-in."""
    login = Bearer(Secret(token)) if token else None
    return Http(Service(endpoint=endpoint(url), login=login, **limits), lambda: NOW)
