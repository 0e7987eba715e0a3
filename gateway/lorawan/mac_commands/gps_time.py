"""GPS time, which DeviceTimeAns speaks: UTC without leap seconds, counted from 1980-01-06 (LoRaWAN 1.0.4, section 5.9)."""

from __future__ import annotations

from bisect import bisect_right
from datetime import UTC, datetime, timedelta
from typing import Final

GPS_EPOCH: Final = datetime(1980, 1, 6, tzinfo=UTC)
# The first moment after each leap second since the GPS epoch (IERS Bulletin C). If the bulletin announces another one
# (it does so half a year ahead), it is another line here.
AFTER_LEAP_SECONDS: Final = tuple(
    datetime(year, month, 1, tzinfo=UTC)
    for year, month in (
        (1981, 7),
        (1982, 7),
        (1983, 7),
        (1985, 7),
        (1988, 1),
        (1990, 1),
        (1991, 1),
        (1992, 7),
        (1993, 7),
        (1994, 7),
        (1996, 1),
        (1997, 7),
        (1999, 1),
        (2006, 1),
        (2009, 1),
        (2012, 7),
        (2015, 7),
        (2017, 1),
    )
)
# What GPS is ahead of UTC today: every leap second since the epoch held UTC back by one and GPS not.
GPS_AHEAD_OF_UTC: Final = timedelta(seconds=len(AFTER_LEAP_SECONDS))


def gps_time(utc: datetime) -> timedelta:
    """Return the time since the GPS epoch of an aware datetime; ValueError for a naive one."""
    if utc.tzinfo is None:
        raise ValueError(f"{utc.isoformat()}: a time with its zone is expected")
    return utc - GPS_EPOCH + timedelta(seconds=bisect_right(AFTER_LEAP_SECONDS, utc))
