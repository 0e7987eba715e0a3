"""Groups: rows of one commit as one compressed record of the log, under the id of its last row.

    47 NN  E1 … EN  zlib

    NN     how many rows, 4 to 50; their ids are consecutive
    E      their DevEUIs, 8 octets each, in clear: a device's rows are found without opening every group
    zlib   RFC 1950: a CBOR array of the rows' records, each without its DevEUI. The DevEUIs, and the id in 8 octets behind
           them, are the preset dictionary, whose checksum is in the stream beside that of the content: damage is told wherever
           it is, and so is a group that a damaged file has under another's id

A record that stands alone begins with the head of a CBOR array (records.py): the first octet tells the two apart. What is
heard alone, as most is, stays alone. What it saves, and what it costs: docs/decisions/0051-flash.md.

    HH record CCCC

    HH    the head of its array with bit 6 set; without that, an older version wrote it, and no checksum follows
    CCCC  CRC-32 of the record as it was (zlib.crc32), begun with the row's id. SQLite has no checksums: a bit that turned in a
          payload would be told as if it had been measured
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

import cbor2

from gateway.journal.records import DEV_EUI

GROUP: Final = 0x47
FEWEST: Final = 4  # rows worth a group: of three the DevEUIs in clear take most of what zlib gives
MOST: Final = 50  # rows that one damaged octet costs at most; a hundred in one would be 4 % smaller
LARGE: Final = 200  # octets of a record on the average, from which on it holds text
LEVEL, TEXT_LEVEL = 4, 6  # of zlib's nine: 6 saves 1 % of the bytes of short rows, 5 % of text, and costs 0.8 µs a row
CHECKED: Final = 0x40  # of the head of a record that stands alone
CHECKSUM: Final = 4  # octets
MASK: Final = 0xFFFF_FFFF
HEAD: Final = 2  # octets
EUI: Final = 8  # octets
BEGIN, END = DEV_EUI.start, DEV_EUI.stop

Stored = tuple[int, bytes]  # a row's id and its record


def packed(first: int, records: Sequence[bytes]) -> list[Stored]:
    """Return what the log stores for ``records``, whose ids begin with ``first``."""
    stored: list[Stored] = []
    for start in range(0, len(records), MOST):
        part = records[start : start + MOST]
        if len(part) < FEWEST:
            stored += [(row, _checked(row, record)) for row, record in enumerate(part, first + start)]
        else:
            last = first + start + len(part) - 1
            stored.append((last, _group(last, part)))
    return stored


def unpacked(stored: Iterable[Stored]) -> Iterator[Stored]:
    """Yield each row of what the log stores; the rows of a damaged group have its octets or none, which are no record either."""
    for last, record in stored:
        if record[:1] == b"G":
            yield from _rows(last, record)
        else:
            yield last, _whole(last, record)


def _checked(row: int, record: bytes) -> bytes:
    return bytes((record[0] | CHECKED,)) + record[1:] + zlib.crc32(record, row & MASK).to_bytes(CHECKSUM, "big")


def _whole(row: int, stored: bytes) -> bytes:
    """Return the record of a row that stands alone; where its checksum is wrong what is stored, which is no record."""
    if not stored or not stored[0] & CHECKED:
        return stored
    record = bytes((stored[0] ^ CHECKED,)) + stored[1:-CHECKSUM]
    return record if zlib.crc32(record, row & MASK).to_bytes(CHECKSUM, "big") == stored[-CHECKSUM:] else stored


def _group(last: int, records: Sequence[bytes]) -> bytes:
    owners = b"".join([record[BEGIN:END] for record in records])
    clear = cbor2.dumps([record[:BEGIN] + record[END:] for record in records])
    level = TEXT_LEVEL if len(clear) > LARGE * len(records) else LEVEL
    packing = zlib.compressobj(level, zdict=owners + last.to_bytes(8, "big"))
    return bytes((GROUP, len(records))) + owners + packing.compress(clear) + packing.flush()


def _rows(last: int, group: bytes) -> Iterator[Stored]:
    count = _count(group)
    begin = HEAD + count * EUI
    owners = group[HEAD:begin]
    try:
        rests = _rests(group[begin:], owners + last.to_bytes(8, "big"))
        records = [
            rest[:BEGIN] + owners[at : at + EUI] + rest[BEGIN:]
            for at, rest in zip(range(0, len(owners), EUI), rests, strict=True)
        ]
    except (zlib.error, cbor2.CBORDecodeError, ValueError, TypeError):
        records = [b""] * (count - 1) + [group]
    yield from enumerate(records, last - count + 1)


def _rests(stream: bytes, dictionary: bytes) -> list[bytes]:
    opening = zlib.decompressobj(zdict=dictionary)
    clear = opening.decompress(stream) + opening.flush()
    if not opening.eof:
        raise ValueError("a group ends before its checksum")
    rests: list[bytes] = cbor2.loads(clear)
    return rests


def rows_of(stored: bytes) -> int:
    """Return how many rows what the log stores under one id is."""
    return _count(stored) if stored[:1] == b"G" else 1


def _count(group: bytes) -> int:
    """Return how many rows are in a group; 1 where that is damaged: then no stream with a dictionary begins behind the DevEUIs."""
    count = group[1] if len(group) > HEAD else 1
    begin = HEAD + count * EUI
    method, flags = group[begin : begin + 2].ljust(2, b"\0")
    is_stream = method & 0x0F == zlib.DEFLATED and flags & 0x20 and (method << 8 | flags) % 31 == 0  # RFC 1950, 2.2
    return count if count <= MOST and is_stream else 1
