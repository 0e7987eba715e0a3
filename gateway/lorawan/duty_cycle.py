"""What one transmitter has sent, and when it may send again: the law of each sub-band, and that it sends one at a time.

The limit holds for every window of one hour, wherever it begins (ETSI EN 300 220-1, "duty cycle"), and is computed to the
microsecond from what is booked. Windows in which most is sent end with a transmission or begin with one, so these are
looked at and no others.

Times are counted from a moment that the caller chooses (the boot of the machine, say); nothing here reads a clock. The
ledger is changed in place: it belongs to one transmitter, and a copy of ten thousand bookings a frame would be waste.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from enum import StrEnum
from typing import Final

from gateway.lorawan.bookings import Bookings
from gateway.lorawan.region import SubBand

WINDOW: Final = timedelta(hours=1)
AHEAD: Final = timedelta(seconds=512)  # a forwarder takes nothing later than that
# Between two frames in a forwarder's queue: 1.5 ms to start, 1 ms margin and the 40 ms in which the radio is told
# (sx1302_hal, jitqueue.c; 30 ms in the SX1301's). Who is as near or nearer is refused: COLLISION_PACKET.
GUARD: Final = timedelta(microseconds=42_501)
_MICROSECOND: Final = timedelta(microseconds=1)
_WINDOW_US: Final = WINDOW // _MICROSECOND


class Refusal(StrEnum):
    """Why a frame may not be sent at a time."""

    DUTY_CYCLE = "duty_cycle"  # the sub-band's hour would hold more than the law allows
    BUSY = "busy"  # the transmitter sends something else then


class DutyCycle:
    """The ledger of one transmitter. Bookings need not come in order.

    What lies further back than an hour and `AHEAD` is forgotten; where a booking further ahead than `AHEAD` made it forget
    too much, it allows nothing until the hour is known again.
    """

    def __init__(self, guard: timedelta = GUARD) -> None:
        self._guard = guard // _MICROSECOND
        self._bookings: dict[SubBand, Bookings] = {}
        self.entries = 0  # grows with each booking and each release

    def __len__(self) -> int:
        return sum(len(bookings) for bookings in self._bookings.values())

    def book(self, sub_band: SubBand, start: timedelta, airtime: timedelta) -> None:
        """Enter a transmission. What is on air is entered, allowed or not: others may use this transmitter, too."""
        begin, length = start // _MICROSECOND, airtime // _MICROSECOND
        self.entries += 1
        self._of(sub_band).add(begin, begin + length)
        for band, bookings in self._bookings.items():
            kept = AHEAD if _limit(band) is None else AHEAD + WINDOW
            bookings.forget(begin - kept // _MICROSECOND)

    def release(self, sub_band: SubBand, start: timedelta, airtime: timedelta) -> None:
        """Take a booking back whose frame was refused by the radio; ValueError where there is none like it."""
        begin, length = start // _MICROSECOND, airtime // _MICROSECOND
        self.entries += 1
        self._of(sub_band).remove(begin, begin + length)

    def booked(self) -> Iterator[tuple[SubBand, timedelta, timedelta]]:
        """Yield sub-band, end and length of each transmission that is remembered."""
        for band, bookings in self._bookings.items():
            for begin, end in bookings.spans:
                yield band, end * _MICROSECOND, (end - begin) * _MICROSECOND

    def refusal(self, sub_band: SubBand, start: timedelta, airtime: timedelta) -> Refusal | None:
        """Return why a frame may not be sent at a time; None: it may."""
        begin, length = start // _MICROSECOND, airtime // _MICROSECOND
        if [*self._busy_until(begin, length)]:
            return Refusal.BUSY
        return Refusal.DUTY_CYCLE if [*_waits(self._of(sub_band), begin, length, _limit(sub_band))] else None

    def earliest(self, sub_band: SubBand, at: timedelta, airtime: timedelta) -> timedelta | None:
        """Return when a frame may be sent, ``at`` or later; None: never, it is longer than a whole hour's share."""
        begin, length, limit = at // _MICROSECOND, airtime // _MICROSECOND, _limit(sub_band)
        if limit is not None and length > limit:
            return None
        bookings = self._of(sub_band)
        while waits := [*self._busy_until(begin, length), *_waits(bookings, begin, length, limit)]:
            begin = max(waits)  # each says that nothing before it is allowed, so none is skipped
        return begin * _MICROSECOND

    def spent(self, sub_band: SubBand, at: timedelta) -> timedelta:
        """Return how long the transmitter was on air in the hour before ``at``."""
        end = at // _MICROSECOND
        return self._of(sub_band).on_air(end - _WINDOW_US, end) * _MICROSECOND

    def _of(self, sub_band: SubBand) -> Bookings:
        return self._bookings.setdefault(sub_band, Bookings())

    def _busy_until(self, begin: int, length: int) -> Iterator[int]:
        """Yield from when on the transmitter is free of each frame that a new one would meet."""
        for bookings in self._bookings.values():
            for end in bookings.meeting(begin - self._guard, begin + length + self._guard):
                yield end + self._guard


def allowance(sub_band: SubBand) -> timedelta | None:
    """Return how long a transmitter may be on air in any hour; None: as long as it likes."""
    limit = _limit(sub_band)
    return None if limit is None else limit * _MICROSECOND


def _limit(sub_band: SubBand) -> int | None:
    share = sub_band.duty_cycle_permille
    return None if share >= 1000 else _WINDOW_US * share // 1000


def _waits(bookings: Bookings, begin: int, length: int, limit: int | None) -> Iterator[int]:
    """Yield, for each hour that a new frame would overfill, the time before which it overfills that hour."""
    if limit is None:
        return
    if bookings.forgotten_until is not None and begin < bookings.forgotten_until + _WINDOW_US:
        yield bookings.forgotten_until + _WINDOW_US
    end = begin + length
    for closes, own in ((begin, 0), (end, length)):  # before the frame it is full only where others kept no law
        if bookings.on_air(closes - _WINDOW_US, closes) + own > limit:
            yield bookings.half_way(closes - _WINDOW_US, closes, limit - own) + _WINDOW_US - own
    for opens in _other_hours(bookings, begin, end):
        closes = opens + _WINDOW_US
        left = limit - bookings.on_air(opens, closes)
        if min(end, closes) - max(begin, opens) > left:
            yield closes - max(left, 0)


def _other_hours(bookings: Bookings, begin: int, end: int) -> Iterator[int]:
    """Yield where hours open that hold a part of a new frame and may hold most, besides the hour that closes with it.

    What closes behind the last transmission holds less; so with nothing booked behind the new frame these are few.
    """
    last = max(bookings.last_end, end)
    for closes in bookings.ends(begin, end + _WINDOW_US):
        yield closes - _WINDOW_US
    for opens in (begin, end, *bookings.begins(begin - _WINDOW_US, min(end, last - _WINDOW_US))):
        if opens + _WINDOW_US <= last:
            yield opens
