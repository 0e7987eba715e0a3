"""Read the data records of M-Bus (EN 13757-3), which meters send over LoRaWAN, too: what each is of, and its value.

    DIF [DIFE..] VIF [VIFE..] data

    DIF   bit 7 a DIFE follows, 6 storage number's lowest bit, 5-4 function, 3-0 how the data are coded
    DIFE  bit 7 another follows, 6 subunit, 5-4 tariff, 3-0 storage number's next bits
    VIF   bit 7 a VIFE follows, 6-0 what is measured, and in which power of ten

Integers are little endian. A vendor's own names and codes stand in his decoder, not here.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import IntEnum

from decoders.contract import DecodeError, DecodeReason
from decoders.cursor import Cursor

FILLER = 0x2F
MANUFACTURER = {0x0F, 0x1F}  # what follows is the vendor's own
EXTENDED = 0x80
MOST_EXTENSIONS = 10  # EN 13757-3, section 6.3.4

SIZES = {0: 0, 1: 1, 2: 2, 3: 3, 4: 4, 5: 4, 6: 6, 7: 8, 8: 0, 9: 1, 10: 2, 11: 3, 12: 4, 14: 6}
FLOAT, VARIABLE = 5, 13
DECIMAL = {9, 10, 11, 12, 14}  # two digits an octet


class Function(IntEnum):
    """What kind of value a record holds."""

    INSTANTANEOUS = 0
    MAXIMUM = 1
    MINIMUM = 2
    ERROR = 3  # the value while an error lasted


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One data record; ``vif`` holds the value information with its extensions, as they stand."""

    function: Function
    storage: int
    tariff: int
    coding: int  # the data field of the DIF, 0 to 14
    vif: bytes
    data: bytes
    subunit: int = 0


@dataclass(frozen=True, slots=True)
class Scale:
    """What a value information says: a kind of value, its unit (UCUM) and its power of ten."""

    kind: str
    unit: str
    power: int


# The primary table (EN 13757-3, table 10): first code, how many, kind, unit, power of the first.
RANGES: Sequence[tuple[int, int, str, str, int]] = (
    (0x00, 8, "energy", "W.h", -3),
    (0x08, 8, "energy", "J", 0),
    (0x10, 8, "volume", "m3", -6),
    (0x18, 8, "mass", "kg", -3),
    (0x28, 8, "power", "W", -3),
    (0x38, 8, "flow", "m3/h", -6),
    (0x50, 8, "mass_flow", "kg/h", -3),
    (0x58, 4, "flow_temperature", "Cel", -3),
    (0x5C, 4, "return_temperature", "Cel", -3),
    (0x60, 4, "temperature_difference", "K", -3),
    (0x64, 4, "external_temperature", "Cel", -3),
    (0x68, 4, "pressure", "bar", -3),
    (0x6C, 1, "date", "", 0),
    (0x6D, 1, "time", "", 0),
    (0x6E, 1, "heat_cost", "", 0),
    (0x78, 1, "fabrication_number", "", 0),
    (0x79, 1, "identification", "", 0),
)
SCALES = {
    first + step: Scale(kind, unit, power + step) for first, count, kind, unit, power in RANGES for step in range(count)
}


def records(cursor: Cursor) -> Iterator[Record]:
    """Yield the records that are left, fillers passed over; ends before a vendor's own data; raises DecodeError."""
    while cursor.left:
        dif = cursor.u8("DIF")
        if dif == FILLER:
            continue
        if dif in MANUFACTURER:
            return
        yield _record(cursor, dif)


def scale(record: Record) -> Scale | None:
    """Return what a record is of, by its VIF alone; None where the primary table has no such code."""
    return SCALES.get(record.vif[0] & 0x7F)


def number(record: Record) -> int | float | None:
    """Return the value as it stands, not scaled: signed, decimal or a float; None where it says "no value"."""
    if record.coding in DECIMAL:
        return decimal(record.data)
    if record.coding == FLOAT:
        value = float(struct.unpack("<f", record.data)[0])
        return value if math.isfinite(value) else None
    if record.coding == VARIABLE or not record.data:
        return None
    whole = int.from_bytes(record.data, "little", signed=True)
    return None if whole == -1 << 8 * len(record.data) - 1 else whole


def scaled(value: float, power: int) -> float:
    """Return ``value`` times a power of ten, as exact as a float can be."""
    return value * 10.0**power if power >= 0 else value / 10.0**-power


def decimal(data: bytes) -> int | None:
    """Return what binary coded decimals say, least significant octet first; an F in front is a minus (type A)."""
    digits = data[::-1].hex()
    sign, digits = (-1, digits[1:]) if digits.startswith("f") else (1, digits)
    return sign * int(digits) if digits.isdecimal() else None


def moment(data: bytes) -> datetime | None:
    """Return a time of type G (2 octets), F (4) or I (6), the meter's own clock taken as UTC; None where it is not valid."""
    match len(data):
        case 2:
            return _date(data[0], data[1], 0, 0, 0)
        case 4 if not data[0] & 0x80:
            return _date(data[2], data[3], data[1] & 0x1F, data[0] & 0x3F, 0)
        case 6 if not data[1] & 0x80:
            return _date(data[3], data[4], data[2] & 0x1F, data[1] & 0x3F, data[0] & 0x3F)
        case _:
            return None


def _date(low: int, high: int, hour: int, minute: int, second: int) -> datetime | None:
    year = 2000 + (low >> 5 | (high & 0xF0) >> 1)
    try:
        return datetime(year, high & 0x0F, low & 0x1F, hour, minute, second, tzinfo=UTC)
    except ValueError:
        return None


def _record(cursor: Cursor, dif: int) -> Record:
    storage, tariff, subunit, place, octet = dif >> 6 & 1, 0, 0, 0, dif
    while octet & EXTENDED:
        octet = cursor.u8("DIFE")
        storage |= (octet & 0x0F) << 1 + 4 * place
        tariff |= (octet >> 4 & 3) << 2 * place
        subunit |= (octet >> 6 & 1) << place
        place += 1
        _check_extensions(place)
    vif = _vif(cursor)
    coding = dif & 0x0F
    size = cursor.u8("length of the data") if coding == VARIABLE else SIZES.get(coding)
    if size is None:
        raise DecodeError(DecodeReason.UNKNOWN_MESSAGE, f"data coded as {coding}")
    data = cursor.take(size, f"data of {vif.hex()}")
    function = Function(dif >> 4 & 3)
    return Record(function=function, storage=storage, tariff=tariff, coding=coding, vif=vif, data=data, subunit=subunit)


def _vif(cursor: Cursor) -> bytes:
    octets = bytearray([cursor.u8("VIF")])
    while octets[-1] & EXTENDED:
        octets.append(cursor.u8("VIFE"))
        _check_extensions(len(octets) - 1)
    return bytes(octets)


def _check_extensions(count: int) -> None:
    if count > MOST_EXTENSIONS:
        raise DecodeError(DecodeReason.MALFORMED, f"more than {MOST_EXTENSIONS} extensions of a record")


# ── compact profiles: a series of differences to one value (EN 13757-3, annex F) ────────────────────────────────────

INVERSE_PROFILE = 0x13  # the VIFE of one that goes back in time
SPACINGS = (timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1), timedelta(days=1))
LONGEST_SPACING = 250  # above are months, which no meter of ours has been seen to use


@dataclass(frozen=True, slots=True)
class Profile:
    """Differences from one value to the one before it, and the time between two."""

    spacing: timedelta
    steps: tuple[int | None, ...]  # what is added to come to the value before; None: no value


def profile(data: bytes) -> Profile:
    """Return the inverse compact profile that ``data`` of variable length hold; raises DecodeError."""
    cursor = Cursor(data, "little")
    control, spacing = cursor.u8("spacing control"), cursor.u8("spacing value")
    size, mode = control & 0x0F, control >> 6
    if not 1 <= size <= 4 or mode == 0 or not 1 <= spacing <= LONGEST_SPACING:
        raise DecodeError(DecodeReason.MALFORMED, f"a profile with spacing control {control:02x} and value {spacing}")
    steps = tuple(_step(cursor.take(size), mode) for _ in range(cursor.left // size))
    return Profile(SPACINGS[control >> 4 & 3] * spacing, steps)


def _step(data: bytes, mode: int) -> int | None:
    if mode == 3:  # signed differences
        signed = int.from_bytes(data, "little", signed=True)
        return None if signed == -1 << 8 * len(data) - 1 else -signed
    whole = int.from_bytes(data, "little")
    if whole == (1 << 8 * len(data)) - 1:
        return None
    return whole if mode == 2 else -whole
