"""Milesight VS133: people who cross up to four lines, and people within up to four regions.

Any FPort (85 by default), little endian: channel, type, value, as often as the device likes.

    03 d2, 06 d2, 09 d2, 0c d2  uint32   people in over line 1 to 4, in all
    04 d2, 07 d2, 0a d2, 0d d2  uint32   people out over line 1 to 4, in all
    05 cc, 08 cc, 0b cc, 0e cc           uint16 in, uint16 out over line 1 to 4 since the last report
    0f e3                                people within region 1 to 4, uint8 each
    10 e4                                how long they stayed: uint8 region, uint16 mean, uint16 longest, 1 s
    ff 01, ff 09, ff 16, ff 1f           what the device says of itself after it has joined

What several channels say of a line is reported as one object, as the vendor's codec for The Things Stack does; its newer
codec does not (milesight/vs135). Stored records and answers to downlinks are not read.

Source: https://github.com/Milesight-IoT/SensorDecoders (vs-series/vs133), VS133 user guide.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from decoders.contract import Decoded, DecodeError, DecodeReason, Payload, Reading
from decoders.cursor import Cursor

SOURCE = "https://github.com/Milesight-IoT/SensorDecoders (vs-series/vs133), VS133 user guide"
LICENCE = "Apache-2.0"
QUANTITIES = ("people_count", "people_in", "people_out")

Fields = dict[str, Any]
Part = Callable[[Cursor, Fields], None]

LINES = REGIONS = range(1, 5)


def decode(payload: Payload) -> Decoded:
    """Read channels and values to the end, or to the first channel that is not known."""
    cursor, fields, warnings = Cursor(payload.data, "little"), Fields(), []
    while cursor.left:
        start, tag = cursor.position, cursor.take(2, "channel and type")
        part = PARTS.get(tag)
        if part is None:
            problem = f"channel {tag.hex(' ')} at {start} is not known"
            if start == 0:
                raise DecodeError(DecodeReason.UNKNOWN_MESSAGE, problem)
            warnings.append(f"{problem}; {cursor.left} octets after it were not read")
            break
        part(cursor, fields)
    return Decoded((*_crossed(fields), *_within(fields)), fields, tuple(warnings))


def _crossed(fields: Fields) -> list[Reading]:
    lines = [(name, fields[name]) for name in (f"line_{n}" for n in LINES) if name in fields]
    ways = (("total_in", "people_in"), ("total_out", "people_out"))
    return [Reading(quantity, line[way], "1", name) for name, line in lines for way, quantity in ways if way in line]


def _within(fields: Fields) -> list[Reading]:
    counts = [(f"region_{n}", fields.get(f"region_{n}_count")) for n in REGIONS]
    return [Reading("people_count", count, "1", region) for region, count in counts if count is not None]


def _total(line: int, way: str) -> Part:
    def part(cursor: Cursor, fields: Fields) -> None:
        fields.setdefault(f"line_{line}", {})[way] = cursor.u32(way)

    return part


def _period(line: int) -> Part:
    def part(cursor: Cursor, fields: Fields) -> None:
        since = {"period_in": cursor.u16("period_in"), "period_out": cursor.u16("period_out")}
        fields.setdefault(f"line_{line}", {}).update(since)

    return part


def _regions(cursor: Cursor, fields: Fields) -> None:
    fields.update({f"region_{n}_count": cursor.u8("people") for n in REGIONS})


def _stay(cursor: Cursor, fields: Fields) -> None:
    region = f"region_{cursor.u8('region')}"
    fields.update({f"{region}_avg_dwell": cursor.u16("mean"), f"{region}_max_dwell": cursor.u16("longest")})


def _hex(name: str, size: int) -> Part:
    def part(cursor: Cursor, fields: Fields) -> None:
        fields[name] = cursor.take(size, name).hex()

    return part


def _version(name: str, size: int) -> Part:
    def part(cursor: Cursor, fields: Fields) -> None:
        fields[name] = "v" + ".".join(map(str, cursor.take(size, name)))

    return part


def _protocol(cursor: Cursor, fields: Fields) -> None:
    version = cursor.u8("ipso_version")
    fields["ipso_version"] = f"v{version >> 4}.{version & 15}"


PARTS: Mapping[bytes, Part] = {
    **{bytes([3 * line, 0xD2]): _total(line, "total_in") for line in LINES},
    **{bytes([3 * line + 1, 0xD2]): _total(line, "total_out") for line in LINES},
    **{bytes([3 * line + 2, 0xCC]): _period(line) for line in LINES},
    b"\x0f\xe3": _regions,
    b"\x10\xe4": _stay,
    b"\xff\x01": _protocol,
    b"\xff\x09": _version("hardware_version", 2),
    b"\xff\x16": _hex("sn", 8),
    b"\xff\x1f": _version("firmware_version", 4),
}
