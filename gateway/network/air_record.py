"""What the transmitters have sent in the last hour, kept across restarts: the law's hour does not begin anew with a process.

A record is written every few seconds in which something was sent, and at the end. Transmissions of one minute and sub-band
are one entry, put where the last of them ended: later than they were, so that they count at least as long as the law has it.
After a crash the seconds since the last record count as sent through and through.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

import cbor2

from gateway.errors import StorageError
from gateway.journal.box import Box
from gateway.lorawan.duty_cycle import WINDOW, DutyCycle
from gateway.lorawan.region import Region, SubBand
from gateway.model import Clock, Eui64, Instant, TimeQuality

logger = logging.getLogger(__name__)

FORMAT: Final = 1
WRITE_EVERY: Final = timedelta(seconds=5)
UNRECORDED: Final = WRITE_EVERY + timedelta(seconds=7)  # from a record on; a join accept in RX2 begins after 6 s
_MINUTE: Final = timedelta(minutes=1)
_MICROSECOND: Final = timedelta(microseconds=1)

Transmitter = tuple[str, Eui64]  # source and gateway


@dataclass(frozen=True, slots=True)
class Booked:
    """Air time of one transmitter that has been spent; ``ends`` is monotonic time."""

    band: SubBand
    ends: timedelta
    length: timedelta


@dataclass(frozen=True, slots=True)
class Spent:
    """What is known of the hour before a start: of transmitters, and what any other may have sent that is not recorded."""

    of: Mapping[Transmitter, tuple[Booked, ...]]
    by_any: tuple[Booked, ...] = ()  # it lies in `of`, too

    def ledger(self, transmitter: Transmitter) -> DutyCycle:
        """Return a ledger in which all this is booked."""
        ledger = DutyCycle()
        for one in sorted(self.of.get(transmitter, self.by_any), key=lambda booked: booked.ends):
            ledger.book(one.band, one.ends - one.length, one.length)
        return ledger


NOTHING: Final = Spent({})


def encode(
    ledgers: Mapping[Transmitter, DutyCycle], now: Instant, *, is_last: bool, by_any: Iterable[Booked] = ()
) -> bytes:
    """Return the record of ``ledgers``; ``is_last`` where nothing more will be sent.

    ``by_any`` is what earlier starts did not know of transmitters that have no ledger yet.
    """
    oldest = timedelta(seconds=now.monotonic) - WINDOW
    sent = [
        (*transmitter, *_row(one))
        for transmitter, ledger in ledgers.items()
        for one in _by_minute(ledger.booked(), oldest)
    ]
    unknown = [_row(one) for one in _by_minute(((one.band, one.ends, one.length) for one in by_any), oldest)]
    when = now.boot_id, now.monotonic, now.utc.timestamp(), int(now.quality)
    return cbor2.dumps((FORMAT, is_last, *when, sent, unknown))


def decode(record: bytes, region: Region, now: Instant) -> Spent:
    """Return what a record says, in the monotonic time of ``now``."""
    _, is_last, boot_id, monotonic, timestamp, quality, sent, unknown = cbor2.loads(record)
    utc = datetime.fromtimestamp(timestamp, UTC)
    written = _in_time_of(now, Instant(utc, monotonic, boot_id, TimeQuality(quality)))
    later = written - timedelta(seconds=monotonic)
    bands = {band.label: band for band in region.sub_bands}

    def booked(label: str, ends_us: int, length_us: int) -> Iterator[Booked]:
        if label in bands:  # not so where the region was changed
            yield Booked(bands[label], ends_us * _MICROSECOND + later, length_us * _MICROSECOND)

    since = () if is_last else tuple(Booked(band, written + UNRECORDED, UNRECORDED) for band in region.sub_bands)
    of: dict[Transmitter, list[Booked]] = {}
    for source, gateway, *row in sent:
        of.setdefault((source, gateway), [*since]).extend(booked(*row))
    by_any = (*since, *(one for row in unknown for one in booked(*row)))
    return Spent({transmitter: tuple(spent) for transmitter, spent in of.items()}, by_any)


def _row(booked: Booked) -> tuple[str, int, int]:
    return booked.band.label, booked.ends // _MICROSECOND, booked.length // _MICROSECOND


def _by_minute(booked: Iterable[tuple[SubBand, timedelta, timedelta]], oldest: timedelta) -> Iterator[Booked]:
    """Yield what ended after ``oldest``, summed up; bare tuples, for an hour has thousands and each write walks over them all."""
    found: dict[tuple[str, int], tuple[SubBand, timedelta, timedelta]] = {}
    for band, ends, length in booked:
        if ends > oldest:
            place = band.label, ends // _MINUTE
            _, latest, before = found.get(place, (band, ends, timedelta(0)))
            found[place] = band, max(latest, ends), before + length
    return (Booked(*one) for one in found.values())


def _in_time_of(now: Instant, then: Instant) -> timedelta:
    """Return when ``then`` was in the monotonic time of ``now``: of another boot by the wall clock, or as if it were now."""
    if then.boot_id == now.boot_id:
        return timedelta(seconds=then.monotonic)
    known = min(now.quality, then.quality) >= TimeQuality.NTP and then.utc <= now.utc
    return timedelta(seconds=now.monotonic) - (now.utc - then.utc if known else timedelta(0))


class AirRecord:
    """The record in the journal, and the task that writes it."""

    def __init__(self, box: Box, region: Region, clock: Clock) -> None:
        self._box = box
        self._region = region
        self._clock = clock
        self._written = 0  # bookings; a box that never sent has no record
        self._is_there = False
        self._by_any: tuple[Booked, ...] = ()  # of the starts before this one

    async def read(self) -> Spent:
        """Return what was sent before this start, and note that from now on more may be."""
        record = await self._box.air()
        if record is None:
            return NOTHING
        self._is_there, self._written = True, -1  # the record that is there says that nothing more was sent
        spent = decode(record, self._region, self._clock())
        self._by_any = spent.by_any
        return spent

    async def run(self, ledgers: Mapping[Transmitter, DutyCycle]) -> None:
        """Write what has changed; ends by cancellation, and writes the rest then."""
        try:
            while True:
                await self._write(ledgers, is_last=False)
                await asyncio.sleep(WRITE_EVERY.total_seconds())
        finally:
            self._written = -1 if self._is_there else self._written
            await self._write(ledgers, is_last=True)

    async def _write(self, ledgers: Mapping[Transmitter, DutyCycle], *, is_last: bool) -> None:
        booked = _count(ledgers.values())
        if booked == self._written:
            return
        try:
            record = encode(ledgers, self._clock(), is_last=is_last, by_any=self._by_any)
            await self._box.remember_air(record)
        except StorageError as error:
            logger.warning("what was sent is not recorded: %s", error)
        else:
            self._is_there, self._written = True, booked


def _count(ledgers: Iterable[DutyCycle]) -> int:
    return sum(ledger.entries for ledger in ledgers)
