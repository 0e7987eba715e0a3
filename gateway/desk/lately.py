"""What devices said lately, in memory: when, how well heard, how full their batteries. Only where the dashboard asks for it.

It hears of each commit (`Journal.attend`) and decodes what was committed, in small turns, with the agent's own decoders: a destination that
tells the same uplink finds it decoded. What was heard before the start comes from the journal's newest rows.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from decoders.contract import DecodeError
from gateway.codecs import Codecs, Outcome
from gateway.errors import ConfigError, StorageError
from gateway.journal.backwards import chunks, uplink_of
from gateway.journal.looking import looking
from gateway.journal.records import dev_eui_of
from gateway.model import Device, Eui64, Observation, Place, Uplink
from gateway.normalise import normalise

PENDING: Final = (
    1000  # uplinks that wait to be decoded; more in a breath are passed over, and the next one tells as well
)
AT_ONCE: Final = 20  # uplinks decoded before others have their turn
BREATH_S: Final = 0.2  # between two turns: what comes together is decoded together
LOOKED_AT: Final = 100_000  # rows of the journal gone through at the start: 10 MB, in a thread
MOST_GATEWAYS: Final = 500
BATTERY: Final = frozenset({"battery_level", "battery_voltage"})  # of the vocabulary; in % and V

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Last:
    """How a device was heard last."""

    at: float  # seconds since 1970, as the clock stood then
    rssi_dbm: float | None
    snr_db: float | None
    battery: float | None = None  # per cent
    battery_v: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """An uplink, and what a decoder made of it."""

    uplink: Uplink
    device: Device | None
    outcome: Outcome | None  # None: nobody registered its device
    observations: tuple[Observation, ...] = ()


Tell = Callable[[Said], None]
FindDevice = Callable[[Eui64], Device | None]


class Lately:
    """Know of each device how it was heard last. ``tell`` is called with each uplink once it is decoded."""

    def __init__(self, codecs: Codecs, find: FindDevice, tell: Tell = lambda _: None) -> None:
        self._codecs = codecs
        self._find = find
        self._tell = tell
        self._last: dict[Eui64, Last] = {}
        self._pending: deque[Uplink] = deque(maxlen=PENDING)
        self._news = asyncio.Event()
        self.gateways: dict[Eui64, Place] = {}  # that a place is known of

    def of(self, dev_eui: Eui64) -> Last | None:
        """Return how a device was heard last; None for one that was not, as far back as is known."""
        return self._last.get(dev_eui)

    def take(self, uplinks: Sequence[Uplink]) -> None:
        """Take what was committed."""
        for uplink in uplinks:
            self._note(uplink)
            self._pending.append(uplink)
        if uplinks:
            self._news.set()

    def _note(self, uplink: Uplink) -> None:
        before = self._last.get(uplink.dev_eui)
        last = _last(uplink)
        if before is not None:
            last = replace(last, battery=before.battery, battery_v=before.battery_v)
        self._last[uplink.dev_eui] = last
        for one in uplink.receptions:
            if one.place is not None and (one.gateway in self.gateways or len(self.gateways) < MOST_GATEWAYS):
                self.gateways[one.gateway] = one.place

    async def run(self, journal: Path, known: Iterable[Eui64]) -> None:
        """Look into the journal's file once, then decode what comes, until cancelled."""
        await self._look_back(journal, frozenset(known))
        while True:
            await self._news.wait()  # no limit: a quiet night is no fault
            self._news.clear()
            while self._pending:
                await self._decode([self._pending.popleft() for _ in range(min(AT_ONCE, len(self._pending)))])
                await asyncio.sleep(0)
            await asyncio.sleep(BREATH_S)

    async def _look_back(self, journal: Path, known: frozenset[Eui64]) -> None:
        try:
            found = await asyncio.to_thread(newest_of, journal, known)
        except (StorageError, ConfigError) as error:
            logger.warning("what was heard before the start is not shown: %s", error)
            return
        before = [uplink for uplink in found.values() if uplink.dev_eui not in self._last]
        for uplink in before:
            self._last[uplink.dev_eui] = _last(uplink)
        for start in range(0, len(before), AT_ONCE):
            await self._decode(before[start : start + AT_ONCE], is_news=False)
            await asyncio.sleep(0)

    async def _decode(self, uplinks: Sequence[Uplink], *, is_news: bool = True) -> None:
        pairs = [(uplink, self._find(uplink.dev_eui)) for uplink in uplinks]
        known = [(uplink, device) for uplink, device in pairs if device is not None]
        outcomes = dict(zip((one.id for one, _ in known), await self._codecs.decode(known), strict=True))
        for uplink, device in pairs:
            said = self._said(uplink, device, outcomes.get(uplink.id))
            self._note_battery(said)
            if is_news:
                self._tell(said)

    def _said(self, uplink: Uplink, device: Device | None, outcome: Outcome | None) -> Said:
        if device is None or outcome is None or isinstance(outcome, DecodeError):
            return Said(uplink=uplink, device=device, outcome=outcome)
        made = normalise(uplink, device, outcome, self._codecs.revision(device.decoder))
        return Said(uplink=uplink, device=device, outcome=outcome, observations=made.observations)

    def _note_battery(self, said: Said) -> None:
        told = {one.quantity: float(one.value) for one in said.observations if one.quantity in BATTERY}
        if told and (last := self._last.get(said.uplink.dev_eui)) is not None:
            self._last[said.uplink.dev_eui] = replace(
                last,
                battery=told.get("battery_level", last.battery),
                battery_v=told.get("battery_voltage", last.battery_v),
            )


def newest_of(journal: Path, wanted: frozenset[Eui64]) -> Mapping[Eui64, Uplink]:
    """Return the newest uplink of each of ``wanted`` among the last rows; blocks, and raises StorageError, ConfigError."""
    found: dict[Eui64, Uplink] = {}
    looked_at = 0
    with looking(journal) as file:
        words = file.words()
        for chunk in chunks(file):
            for _, record in chunk.rows:
                dev_eui = dev_eui_of(record)
                if dev_eui in wanted and dev_eui not in found and (uplink := uplink_of(words, record)) is not None:
                    found[dev_eui] = uplink
            looked_at += len(chunk.rows)
            if looked_at >= LOOKED_AT or len(found) == len(wanted):
                break
    return found


def _last(uplink: Uplink) -> Last:
    best = uplink.best
    return Last(
        at=uplink.heard_at.utc.timestamp(),
        rssi_dbm=None if best is None else best.rssi_dbm,
        snr_db=None if best is None else best.snr_db,
    )
