"""The record of an ordinary uplink, said octet by octet: what cbor2 says of it, in half the time (RFC 8949, section 3).

Ordinary is what nearly all are that our own devices send: heard with neither a gateway's time nor its place, in 255 octets at most.
`records.encode_uplink` asks here first, and says the rest with cbor2; a test compares the two, octet by octet.
"""

from __future__ import annotations

import struct
from functools import lru_cache
from typing import Final

import cbor2

from gateway.journal.words import Words
from gateway.model import DataRate, FskRate, LoraRate, Reception, Uplink

MOST_KNOWN: Final = 1024  # places, and tenths, that are said once; then all anew
NONE: Final = b"\xf6"
BYTE: Final = tuple(cbor2.dumps(number) for number in range(256))
OCTETS: Final = tuple(cbor2.dumps(bytes(size))[: -size or None] for size in range(256))  # the head of so many
TEXTS: Final = tuple(cbor2.dumps("x" * size)[: -size or None] for size in range(256))
ARRAYS: Final = tuple(bytes((0x80 | size,)) for size in range(24))
U16: Final = struct.Struct(">BH").pack
U32: Final = struct.Struct(">BI").pack
TIMES: Final = struct.Struct(">BdBQ").pack  # a float and an integer of eight octets
HEAD: Final = b"\x8d\x01\x48"  # an array of 13, format 1, eight octets
EIGHT_OCTETS: Final = 1 << 32  # from here on an integer takes them

Place = tuple[int, int, int, DataRate]  # source, gateway, frequency, data rate

_places: dict[Place, bytes] = {}
_tenths: dict[float, bytes] = {}


def ordinary(uplink: Uplink, since_1970: int, flags: int, quality: int, words: Words) -> bytes | None:
    """Return the record of ``uplink``, heard at ``since_1970`` microseconds; None where it is not an ordinary one."""
    at, payload, receptions = uplink.heard_at, uplink.payload, uplink.receptions
    f_cnt, f_port, boot, activation = uplink.f_cnt, uplink.f_port, words.number(at.boot_id), uplink.activation.encode()
    is_ordinary = (
        uplink.told is None
        and len(payload) < 256
        and len(activation) < 256
        and len(receptions) < 24
        and 0 <= f_port < 256
        and 0 <= f_cnt < EIGHT_OCTETS
        and boot < 256
        and since_1970 >= EIGHT_OCTETS
        and type(at.monotonic) is float
    )
    if not is_ordinary:
        return None
    parts = [
        HEAD,
        bytes.fromhex(uplink.dev_eui),
        b"\x50",
        uplink.id.bytes,
        TEXTS[len(activation)],
        activation,
        BYTE[f_cnt] if f_cnt < 256 else U16(0x19, f_cnt) if f_cnt < 65_536 else U32(0x1A, f_cnt),
        BYTE[f_port],
        OCTETS[len(payload)],
        payload,
        BYTE[flags],
        BYTE[boot],
        TIMES(0xFB, at.monotonic, 0x1B, since_1970),
        BYTE[quality],
        ARRAYS[len(receptions)],
    ]
    for one in receptions:
        if not _add(one, words, parts):
            return None
    return b"".join(parts)


def _add(one: Reception, words: Words, parts: list[bytes]) -> bool:
    """Add a reception to ``parts``; False where it is not an ordinary one."""
    timestamp, channel, antenna, snr = one.timestamp_us, one.channel, one.antenna, one.snr_db
    if one.gateway_time is not None or one.fine_time_ns is not None or one.place is not None:
        return False
    if timestamp is None or not 65_536 <= timestamp < EIGHT_OCTETS:
        return False
    if not (channel is None or 0 <= channel < 256) or not 0 <= antenna < 256:
        return False
    key = words.number(one.source), words.number(one.gateway), one.frequency_hz, one.data_rate
    parts += (
        b"\x89",
        _places.get(key) or _place(key),
        _tenths.get(one.rssi_dbm) or _tenth(one.rssi_dbm),
        NONE if snr is None else _tenths.get(snr) or _tenth(snr),
        U32(0x1A, timestamp),
        NONE if channel is None else BYTE[channel],
        BYTE[antenna],
    )
    return True


def _place(key: Place) -> bytes:
    if len(_places) >= MOST_KNOWN:
        _places.clear()
    source, gateway, frequency, rate = key
    said = _places[key] = b"".join(map(cbor2.dumps, (source, gateway, frequency, rate_number(rate))))
    return said


def _tenth(value: float) -> bytes:
    if len(_tenths) >= MOST_KNOWN:
        _tenths.clear()
    said = _tenths[value] = cbor2.dumps(tenths(value))
    return said


def tenths(value: float) -> int | float:
    """Return tenths of ``value`` as an integer where that is exact, else ``value``."""
    try:
        number = round(value * 10)
    except (OverflowError, ValueError):  # infinite, or no number
        return float(value)
    return number if number / 10 == value else float(value)


@lru_cache(maxsize=64)
def rate_number(rate: DataRate) -> int:
    """Return a data rate as the head of `records` says it."""
    match rate:
        case LoraRate(spreading_factor, bandwidth_hz):
            return bandwidth_hz * 16 + spreading_factor
        case FskRate(bit_rate):
            return -bit_rate
