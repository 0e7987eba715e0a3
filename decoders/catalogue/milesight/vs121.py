"""Milesight VS121: people in view, within regions and over a line, by a camera.

Any FPort (85 by default), little endian but where it says otherwise: channel, type, value, as often as the device likes.

    04 c9  people in view: uint8, number of regions: uint8, which of them are taken: uint16, big endian
    05 cc  uint16 in, uint16 out since the last report (fields: no quantity for a part)
    06 cd  uint8     most people in view since the last report
    07 d5  uint8     people within regions 1 to 8, each
    08 d5  uint8     people within regions 9 to 16, each
    09 da to 0c da   uint16 each: from side a, b, c, d to sides a, b, c, d
    0d cc  uint16 in, uint16 out since the last reset
    0e e4  1 octet, how long they stayed: uint16 mean, uint16 longest, 1 s
    0f 85  uint32    when this was counted, Unix seconds
    10 f7  uint16 in, uint16 out over the line
    20 ce  a stored record: uint32 Unix time, uint8 what, then that
    ff 01, ff 08, ff 09, ff 1f  what the device says of itself after it has joined

The vendor's codec for The Things Stack reads 04 c9 alone, and is followed there, its slip included: it reports a region as
taken when the number of the taken regions is greater than the region's index. So `regions` states nothing. The rest has the
names of its newer codec. What answers to downlinks is not read.

Source: https://github.com/Milesight-IoT/SensorDecoders (vs-series/vs121), VS121 user guide.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from decoders.contract import Decoded, DecodeError, DecodeReason, Payload, Reading
from decoders.cursor import Cursor

SOURCE = "https://github.com/Milesight-IoT/SensorDecoders (vs-series/vs121), VS121 user guide"
LICENCE = "Apache-2.0"
QUANTITIES = ("people_count", "people_in", "people_out")

Fields = dict[str, Any]
Part = Callable[[Cursor, Fields], None]

STATED = {"people_counter_all": "people_count", "people_total_in": "people_in", "people_total_out": "people_out"}
STATED_IN_RECORDS = STATED | {"people_count_all": "people_count"}


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
    return Decoded(_readings(fields), fields, tuple(warnings))


def _readings(fields: Fields) -> tuple[Reading, ...]:
    readings = _stated(fields, STATED)
    for record in fields.get("history", ()):
        if record["timestamp"]:  # 0: the device did not know the time
            readings += _stated(record, STATED_IN_RECORDS, datetime.fromtimestamp(record["timestamp"], UTC))
    return tuple({(one.quantity, one.channel, one.at): one for one in readings}.values())


def _stated(fields: Fields, names: Mapping[str, str], at: datetime | None = None) -> list[Reading]:
    said = [Reading(quantity, fields[name], "1", None, at) for name, quantity in names.items() if name in fields]
    regions = [(f"region_{n}", fields.get(f"region_{n}_count")) for n in range(1, 17)]
    return said + [Reading("people_count", people, "1", region, at) for region, people in regions if people is not None]


def _octets(*names: str) -> Part:
    def part(cursor: Cursor, fields: Fields) -> None:
        fields.update({name: cursor.u8(name) for name in names})

    return part


def _words(*names: str, spare: int = 0) -> Part:
    def part(cursor: Cursor, fields: Fields) -> None:
        cursor.take(spare, "spare octets")
        fields.update({name: cursor.u16(name) for name in names})

    return part


def _regions(first: int, last: int) -> Part:
    return _octets(*(f"region_{n}_count" for n in range(first, last + 1)))


def _moment(cursor: Cursor, fields: Fields) -> None:
    fields["timestamp"] = cursor.u32("timestamp")


def _hex(name: str, size: int) -> Part:
    def part(cursor: Cursor, fields: Fields) -> None:
        fields[name] = cursor.take(size, name).hex()

    return part


def _version(name: str, size: int) -> Part:
    def part(cursor: Cursor, fields: Fields) -> None:
        fields[name] = ".".join(map(str, cursor.take(size, name)))

    return part


def _taken(cursor: Cursor) -> int:
    return int.from_bytes(cursor.take(2, "regions"), "big")


def _in_view(cursor: Cursor, fields: Fields) -> None:
    _octets("people_counter_all", "region_count")(cursor, fields)
    taken = _taken(cursor)
    fields["regions"] = [{"index": index, "count": int(taken > index)} for index in range(fields["region_count"])]


def _in_view_then(cursor: Cursor, fields: Fields) -> None:
    _octets("people_count_all", "region_count")(cursor, fields)
    taken = _taken(cursor)
    fields.update({f"region_{index + 1}": taken >> index & 1 for index in range(fields["region_count"])})


def _record(cursor: Cursor, fields: Fields) -> None:
    record = Fields()
    _moment(cursor, record)
    kind = cursor.u8("kind of record")
    part = RECORDS.get(kind)
    if part is None:
        raise DecodeError(DecodeReason.UNKNOWN_MESSAGE, f"a stored record of kind {kind:02x}")
    part(cursor, record)
    fields.setdefault("history", []).append(record)


SIDES = "abcd"
FLOWS = [tuple(f"{start}_to_{end}" for end in SIDES) for start in SIDES]
IN_OUT = _words("people_in", "people_out")
TOTALS = _words("people_total_in", "people_total_out")
DWELL = _words("dwell_time_avg", "dwell_time_max", spare=1)
LINE = _words("line_in", "line_out")

PARTS: Mapping[bytes, Part] = {
    b"\x04\xc9": _in_view,
    b"\x05\xcc": IN_OUT,
    b"\x06\xcd": _octets("people_count_max"),
    b"\x07\xd5": _regions(1, 8),
    b"\x08\xd5": _regions(9, 16),
    **{bytes([9 + place, 0xDA]): _words(*flow) for place, flow in enumerate(FLOWS)},
    b"\x0d\xcc": TOTALS,
    b"\x0e\xe4": DWELL,
    b"\x0f\x85": _moment,
    b"\x10\xf7": LINE,
    b"\x20\xce": _record,
    b"\xff\x01": _octets("protocol_version"),
    b"\xff\x08": _hex("sn", 6),
    b"\xff\x09": _version("hardware_version", 2),
    b"\xff\x1f": _version("firmware_version", 4),
}
RECORDS: Mapping[int, Part] = {
    0x01: _in_view_then,
    0x02: IN_OUT,
    0x03: _octets("people_count_max"),
    **{4 + place: _regions(4 * place + 1, 4 * place + 4) for place in range(4)},
    **{8 + 2 * place: _words(*flow[:2]) for place, flow in enumerate(FLOWS)},
    **{9 + 2 * place: _words(*flow[2:]) for place, flow in enumerate(FLOWS)},
    0x10: TOTALS,
    0x11: DWELL,
    0x12: LINE,
}
