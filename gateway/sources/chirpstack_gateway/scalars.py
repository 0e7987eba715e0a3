"""Single values of messages: as protobuf gives them, and as the several writers of JSON do. None is what cannot be read."""

from __future__ import annotations

import re
from binascii import a2b_base64
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from gateway.model import Eui64, Json

URL_ALPHABET: Final = str.maketrans("-_", "+/")
LONGEST_TEXT: Final = 64  # of a number, a time or an identifier; int() of more is slow, then refused
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
GREATEST_SECONDS: Final = 1 << 37  # beyond the year 6000; a datetime ends at 9999
DURATION: Final = re.compile(r"(\d{1,11})(?:\.(\d{1,9}))?s")  # protobuf's JSON mapping; none of ours is negative


def octets(value: Json) -> bytes | None:
    """Return octets: as they are, or out of base64 in either alphabet, padded or not."""
    if isinstance(value, bytes):
        return value
    if not isinstance(value, str):
        return None
    plain = value.rstrip("=").translate(URL_ALPHABET)
    try:
        return a2b_base64(plain + "=" * (-len(plain) % 4), strict_mode=True)
    except ValueError:
        return None


def eui(value: Json) -> Eui64 | None:
    """Return an EUI: 16 hex digits (v4), 8 octets, or their base64 (v3)."""
    if isinstance(value, str) and re.fullmatch(r"[0-9A-Fa-f]{16}", value):
        return Eui64(value.lower())
    raw = octets(value) if isinstance(value, bytes | str) and len(value) <= LONGEST_TEXT else None
    return Eui64(raw.hex()) if raw is not None and len(raw) == 8 else None


def number(value: Json, most: float) -> float | None:
    """Return a finite number from -``most`` to ``most``, also out of a text; booleans are none."""
    if isinstance(value, str) and len(value) <= LONGEST_TEXT:
        try:
            value = float(value)
        except ValueError:
            return None
    if isinstance(value, int | float) and not isinstance(value, bool) and -most <= value <= most:
        return float(value)
    return None


def whole(value: Json, most: int) -> int | None:
    """Return a whole number from 0 to ``most``; protojson writes those of 64 bits as texts."""
    if isinstance(value, str) and len(value) <= LONGEST_TEXT and value.isascii() and value.isdigit():
        value = int(value)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= most else None


def enumerated(value: Json, names: Sequence[str]) -> int | None:
    """Return the number of an enumeration's value, which is written as its name or its number."""
    if isinstance(value, str) and value in names:
        return names.index(value)
    return whole(value, 0x7FFF_FFFF)


def nanoseconds(value: Json) -> int | None:
    """Return a Duration, or a Timestamp since 1970, in nanoseconds."""
    match value:
        case dict():
            seconds, nanos = whole(value.get("seconds", 0), GREATEST_SECONDS), whole(value.get("nanos", 0), 10**9 - 1)
            return None if seconds is None or nanos is None else seconds * 10**9 + nanos
        case str() if (found := DURATION.fullmatch(value)) is not None:
            return int(found[1]) * 10**9 + int((found[2] or "").ljust(9, "0"))
        case str():
            return _since_epoch(value)
        case _:
            return None


def moment(value: Json) -> datetime | None:
    """Return a Timestamp: seconds and nanoseconds since 1970, or RFC 3339."""
    match value:
        case dict():
            since = nanoseconds(value)
            return None if not since else EPOCH + timedelta(microseconds=since // 1000)
        case str() if len(value) <= LONGEST_TEXT:
            return _rfc_3339(value)
        case _:
            return None


def _rfc_3339(text: str) -> datetime | None:
    try:
        said = datetime.fromisoformat(text)
        return said.replace(tzinfo=UTC) if said.tzinfo is None else said.astimezone(UTC)
    except (ValueError, OverflowError):  # no date, or one that a time zone carries beyond the years 1 to 9999
        return None


def _since_epoch(text: str) -> int | None:
    """Return a time's nanoseconds since 1970; `datetime` alone would cut them to microseconds."""
    said = moment(text)
    if said is None:
        return None
    fraction = re.search(r"\.(\d{1,9})", text)
    seconds = (said.replace(microsecond=0) - EPOCH) // timedelta(seconds=1)
    return seconds * 10**9 + (int(fraction[1].ljust(9, "0")) if fraction else 0)
