"""enginko MCF-LW12CO2 (and MCF-LW12VOC): temperature, humidity, pressure, light, volatiles and CO2 of a room.

Any FPort, little endian (`_frames.py`), two measurements in an uplink:

    0c {DDDDDDDD TTTT HH PPPPPP LLLL OOOO}x2 BB         12  {… OOOOOO}x2 BB         VOC
    0e {DDDDDDDD TTTT HH PPPPPP LLLL OOOO CCCC}x2 BB    13  {… OOOOOO CCCC}x2 BB    CO2

    D  the device's time   T  int16 0.01 °C     H  uint8 0.5 %    P  uint24 0.01 hPa    L  uint16 1 lx
    O  volatiles           C  int16 CO2 1 ppm   B  uint8 battery 1 %

Volatiles are an index or ppb, as the device is set, which the payload does not say: a field only.

Source: enginko Data Frame Format rev. 1.34, sections 1.7 and 1.9; codec of the vendor in lorawan-devices.
"""

from __future__ import annotations

from collections.abc import Callable

from decoders.catalogue.enginko import _frames
from decoders.catalogue.enginko._frames import Measured, Model, climate, series
from decoders.cursor import Cursor

SOURCE = _frames.SOURCE
LICENCE = "Apache-2.0"
QUANTITIES = (
    "air_temperature", "atmospheric_pressure", "battery_level", "co2", "illuminance", "relative_humidity",
)  # fmt: skip


def _air(volatiles: int, *, co2: bool) -> Callable[[Cursor], Measured]:
    """Return how a measurement with volatiles of so many octets is read."""

    def measure(cursor: Cursor) -> Measured:
        measured = climate(cursor) | {"lux": (cursor.u16("light"), "illuminance", "lx")}
        measured["voc"] = (int.from_bytes(cursor.take(volatiles, "volatiles"), "little"), "", "")
        if co2:
            measured["co2"] = (cursor.i16("CO2"), "co2", "[ppm]")
        return measured

    return measure


decode = Model(
    {
        0x0C: series(2, _air(2, co2=False)),
        0x12: series(2, _air(3, co2=False)),
        0x0E: series(2, _air(2, co2=True)),
        0x13: series(2, _air(3, co2=True)),
    }
).decode
