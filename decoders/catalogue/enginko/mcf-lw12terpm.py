"""enginko MCF-LW12TERPM: temperature, humidity, pressure and particles outdoors.

Any FPort, little endian (`_frames.py`):

    0b 30 00 DDDDDDDD TTTT HH PPPPPP 1111 2222 3333 [BB]
    0b 20 01 DDDDDDDD 1111 2222 3333                        older: particles alone

    D  the device's time    T  int16 0.01 °C    H  uint8 0.5 %    P  uint24 0.01 hPa
    1, 2, 3  uint16  PM1, PM2.5, PM10 1 ug/m3   B  uint8 battery 1 %

Source: enginko Data Frame Format rev. 1.34, section 1.6; codec of the vendor in lorawan-devices.
"""

from __future__ import annotations

from datetime import datetime

from decoders.catalogue.enginko import _frames
from decoders.catalogue.enginko._frames import Fields, Measured, Model, battery, climate, date, stated, written
from decoders.contract import DecodeError, DecodeReason, Reading
from decoders.cursor import Cursor

SOURCE = _frames.SOURCE
LICENCE = "Apache-2.0"
QUANTITIES = (
    "air_temperature", "atmospheric_pressure", "battery_level", "pm1", "pm10", "pm2_5", "relative_humidity",
)  # fmt: skip

ALL, PARTICLES = (0x30, 0x00), (0x20, 0x01)


def _particles(cursor: Cursor) -> Measured:
    return {name: (cursor.u16(name), quantity, "ug/m3") for name, quantity in
            (("pm1", "pm1"), ("pm25", "pm2_5"), ("pm10", "pm10"))}  # fmt: skip


def _report(cursor: Cursor, _: datetime | None) -> tuple[Fields, list[Reading]]:
    kind = (cursor.u8("kind of the report"), cursor.u8("kind of the report"))
    if kind not in {ALL, PARTICLES}:
        raise DecodeError(DecodeReason.UNKNOWN_MESSAGE, f"report {kind[0]:02x}{kind[1]:02x}; 3000 and 2001 are read")
    moment = date(cursor)
    measured = (climate(cursor) if kind == ALL else {}) | _particles(cursor)
    fields: Fields = {"date": written(moment)} | {name: value for name, (value, *_) in measured.items()}
    readings = stated(measured)
    if cursor.left:
        fields["battery"], level = battery(cursor)
        readings += level
    return fields, readings


decode = Model({0x0B: _report}).decode
