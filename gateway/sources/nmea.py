"""NMEA 0183 as GNSS receivers speak it: sentences read, and those of one second made into one statement. Sans-I/O.

    $GNRMC,123519.00,A,5742.6100,N,01158.4730,E,0.1,,250326,,,A*hh     time, valid, place, speed, course, date, mode
    $GNGGA,123519.00,5742.6100,N,01158.4730,E,1,08,0.9,45.4,M,38.1,M,,*hh      quality, satellites, HDOP, height, geoid
    $GNZDA,123519.00,25,03,2026,00,00*hh                               a date with a whole year

Any talker counts (GP, GL, GA, GB, GN …). A sentence counts with the right checksum only. The height is above the sea; with the
geoid's, which stands beside it, it is above the ellipsoid.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Final

from gateway.errors import Brygga
from gateway.model import Place

LONGEST_SENTENCE: Final = 120  # characters; the standard says 82, and receivers of several systems say more
WHOLE: Final = re.compile(rb"\$([A-Z]{2})([A-Z]{3}),([ -)+-~]*)\*([0-9A-Fa-f]{2})")
TIME: Final = re.compile(r"(\d{2})(\d{2})(\d{2})(?:\.(\d{1,6}))?")
DEGREES: Final = re.compile(r"(\d{1,3})(\d{2}(?:\.\d+)?)")
MEASURED: Final = frozenset("12345")  # of a GGA's quality; not estimated (6), typed in (7) or simulated (8)
MEASURED_MODES: Final = frozenset("ADFPR")  # of an RMC's; older receivers have none
RANGE_M: Final = 5.0  # of one satellite's distance, as HDOP counts it; a receiver of today under a free sky has 3 to 6
LEAP_SECOND: Final = 60

# A GPS receiver knows the week modulo 1024. So of the dates that it may say there is one in these 1024 weeks, and one that says
# another has forgotten which; this source is younger than their beginning.
EARLIEST: Final = datetime(2026, 1, 1, tzinfo=UTC)
LATEST: Final = EARLIEST + timedelta(weeks=1024)


class BadSentenceReason(StrEnum):
    """Why a line was dropped: the label of its counter."""

    NO_SENTENCE = "no_sentence"  # no $, no checksum, or the rest of one
    CHECKSUM = "checksum"
    FIELDS = "fields"  # a field is missing, or says what cannot be
    OVERLONG = "overlong"


class BadSentence(Brygga):
    """Refuse a line for a counted reason; nothing else is raised for what comes from a receiver."""

    def __init__(self, reason: BadSentenceReason) -> None:
        self.reason = reason
        super().__init__(str(reason))


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What one sentence tells, or those of one moment together; None is not told."""

    at: time | None = None  # UTC, of the day; None while a receiver knows none
    is_fix: bool | None = None  # measured now; None where the sentence does not say
    place: Place | None = None
    accuracy_m: float | None = None
    satellites: int | None = None
    day: date | None = None

    @property
    def utc(self) -> datetime | None:
        """Return when this was, where it was measured and the date can be right."""
        if not self.is_fix or self.at is None or self.day is None:
            return None
        moment = datetime.combine(self.day, self.at)
        return moment if EARLIEST <= moment < LATEST else None

    @property
    def has_wrong_date(self) -> bool:
        """Tell whether it says a date that cannot be."""
        return bool(self.is_fix) and self.at is not None and self.day is not None and self.utc is None


OTHER: Final = Said()  # of a sentence that tells nothing of this


def read(line: bytes) -> Said:
    """Return what a line tells. Raises BadSentence."""
    whole = WHOLE.fullmatch(line)
    if whole is None:
        raise BadSentence(BadSentenceReason.NO_SENTENCE)
    total = 0
    for octet in line[1:-3]:
        total ^= octet
    if total != int(whole[4], 16):
        raise BadSentence(BadSentenceReason.CHECKSUM)
    reader = {b"GGA": _gga, b"RMC": _rmc, b"ZDA": _zda}.get(whole[2])
    if reader is None:
        return OTHER
    try:
        return reader(whole[3].decode("ascii").split(","))
    except (ValueError, IndexError) as error:
        raise BadSentence(BadSentenceReason.FIELDS) from error


def joined(said: Said, more: Said) -> Said:
    """Return what two sentences of one moment tell together: it is measured where one says so and none the contrary."""
    if said.is_fix is None or more.is_fix is None:
        is_fix = more.is_fix if said.is_fix is None else said.is_fix
    else:
        is_fix = said.is_fix and more.is_fix
    with_height = [one.place for one in (said, more) if one.place is not None and one.place.altitude_m is not None]
    return replace(
        said,
        is_fix=is_fix,
        place=with_height[0] if with_height else said.place or more.place,
        accuracy_m=more.accuracy_m if said.accuracy_m is None else said.accuracy_m,
        satellites=more.satellites if said.satellites is None else said.satellites,
        day=more.day or said.day,
    )


def _gga(fields: Sequence[str]) -> Said:
    quality, satellites, hdop, height, _, geoid = fields[5:11]
    is_fix = quality in MEASURED
    return Said(
        at=_time(fields[0]),
        is_fix=is_fix,
        place=_place(fields[1:5], _height(height, geoid)) if is_fix else None,
        accuracy_m=_number(hdop, 0, 100) * RANGE_M if is_fix and hdop else None,
        satellites=int(satellites) if satellites else None,
    )


def _rmc(fields: Sequence[str]) -> Said:
    mode = fields[11] if len(fields) > 11 else ""
    is_fix = fields[1] == "A" and (not mode or mode in MEASURED_MODES)
    return Said(
        at=_time(fields[0]),
        is_fix=is_fix,
        place=_place(fields[2:6], None) if is_fix else None,
        day=_day(fields[8][0:2], fields[8][2:4], f"20{fields[8][4:]}") if is_fix else None,
    )


def _zda(fields: Sequence[str]) -> Said:
    return Said(at=_time(fields[0]), day=_day(fields[1], fields[2], fields[3]) if fields[1] else None)


def _time(text: str) -> time | None:
    if not text:
        return None
    found = TIME.fullmatch(text)
    if found is None:
        raise ValueError(text)
    hour, minute, second = (int(found[group]) for group in (1, 2, 3))
    if second == LEAP_SECOND:  # there is no such time in a datetime: this second tells none
        return None
    return time(hour, minute, second, int((found[4] or "").ljust(6, "0")), tzinfo=UTC)


def _day(day: str, month: str, year: str) -> date:
    if not re.fullmatch(r"\d{2} \d{2} \d{4}", f"{day} {month} {year}"):
        raise ValueError(day, month, year)
    return date(int(year), int(month), int(day))


def _place(fields: Sequence[str], altitude_m: float | None) -> Place:
    latitude, north, longitude, east = fields
    return Place(_degrees(latitude, north, "NS", 90), _degrees(longitude, east, "EW", 180), altitude_m)


def _degrees(text: str, side: str, sides: str, most: int) -> float:
    found = DEGREES.fullmatch(text)
    if found is None or len(side) != 1 or side not in sides:
        raise ValueError(text)
    degrees = int(found[1]) + _number(found[2], 0, 59.999_999_999) / 60
    if degrees > most:
        raise ValueError(text)
    return round(-degrees if side == sides[1] else degrees, 7)


def _height(above_sea: str, geoid: str) -> float | None:
    if not above_sea or not geoid:
        return None
    return round(_number(above_sea, -1000, 20_000) + _number(geoid, -200, 200), 1)


def _number(text: str, least: float, most: float) -> float:
    number = float(text)
    if not math.isfinite(number) or not least <= number <= most:
        raise ValueError(text)
    return number
