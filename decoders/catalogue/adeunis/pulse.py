"""Adeunis Pulse (version 4): two pulse inputs, for water, gas and other meters.

Any FPort (1 by default), big endian: code, state, then by code (the frames of all models: `_frames.py`):

    46  AAAAAAAA BBBBBBBB          counts of channels A and B
    5a  CCCCCCCC {DDDD}…           count of channel A, and differences to the records before it, the newest first
    5b                             the same of channel B
    47  FFFF GGGG                  alarm of flow: pulses an interval, of A and B
    30  AA mmmm MMMM nnnn NNNN     the last day: alarms; greatest flow of A and B, least flow of A and B
        bits 0, 1 flow of A, B     bits 2, 3 tamper of A, B     bits 4, 5 leakage of A, B

What a pulse stands for is the meter's affair: counts are stated, not volumes. How far the records lie apart is a setting that
is not in the frame: the newest is stated, all are reported as fields. Frames 10, 11 and 12, the settings, are reported as
they stand. Field names are those of the vendor's codec in The Things Stack's repository.

Source: Adeunis Pulse user guide, section "Description of frames"; codec of the vendor in lorawan-devices.
"""

from __future__ import annotations

from datetime import datetime

from decoders.catalogue.adeunis import _frames
from decoders.catalogue.adeunis._frames import Fields, Frame, Model, Readings
from decoders.contract import Reading
from decoders.cursor import Cursor

SOURCE = "Adeunis Pulse user guide; the vendor's codec in lorawan-devices"
LICENCE = "Apache-2.0"
QUANTITIES = ("leak_detected", "low_battery", "pulse_count", "tamper")

NEWEST_COUNT_FIRST = "counterValues: [t=0, t-1, t-2, ...]"


def _counts(cursor: Cursor, at: datetime | None) -> tuple[Fields, Readings]:
    counts = [cursor.u32("channel A"), cursor.u32("channel B")]
    fields = {"decodingInfo": "counterValues: [Channel A, Channel B]", "counterValues": counts}
    return fields, [Reading("pulse_count", count, "1", name, at) for name, count in zip("AB", counts, strict=True)]


def _records(channel: str) -> Frame:
    def frame(cursor: Cursor, at: datetime | None) -> tuple[Fields, Readings]:
        counts = [cursor.u32("count")]
        while cursor.left:
            counts.append(counts[-1] - cursor.u16("difference"))
        fields = {"decodingInfo": NEWEST_COUNT_FIRST, "counterValues": counts}
        return fields, [Reading("pulse_count", counts[0], "1", channel, at)]

    return frame


def _flow_alarm(cursor: Cursor, _: datetime | None) -> tuple[Fields, Readings]:
    flows = [cursor.u16("flow A"), cursor.u16("flow B")]
    return {"decodingInfo": "flowValues: [Channel A, Channel B]", "flowValues": flows}, []


def _day(cursor: Cursor, _: datetime | None) -> tuple[Fields, Readings]:
    alarms = cursor.u8("alarms")
    most, least = [cursor.u16("flow"), cursor.u16("flow")], [cursor.u16("flow"), cursor.u16("flow")]
    channels, readings = [], []
    for place, name in enumerate("AB"):
        flow, tamper, leak = (bool(alarms >> shift + place & 1) for shift in (0, 2, 4))
        channels.append(
            {
                "name": f"channel {name}",
                "flow": {"alarm": flow, "last24hMin": least[place], "last24hMax": most[place]},
                "tamperAlarm": tamper,
                "leakageAlarm": leak,
            }
        )
        readings += [Reading("tamper", tamper, channel=name), Reading("leak_detected", leak, channel=name)]
    return {"channels": channels}, readings


def _settings(cursor: Cursor, _: datetime | None) -> tuple[Fields, Readings]:
    return {"settings": cursor.rest().hex()}, []


decode = Model(
    frames={
        **_frames.COMMON,
        0x10: ("Pulse 4 configuration", _settings),
        0x11: ("Pulse 4 configuration", _settings),
        0x12: ("Pulse 4 configuration", _settings),
        0x20: ("Configuration", _frames.short_radio_settings),
        0x30: ("Pulse 4 keep alive", _day),
        0x46: ("Pulse 4 data", _counts),
        0x47: ("Pulse 4 alarm", _flow_alarm),
        0x5A: ("Pulse 4 data - channel A", _records("A")),
        0x5B: ("Pulse 4 data - channel B", _records("B")),
    },
    timed=frozenset({0x30, 0x46, 0x47, 0x5A, 0x5B}),
    states={"timestamp": _frames.TIMESTAMP},
).decode
