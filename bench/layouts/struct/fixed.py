"""Eight fields in a fixed order: SS TTTT HH PPPP CCCC LLLL BBBB NNNNNNNN, big endian."""

from __future__ import annotations

import struct

from decoders.contract import Decoded, Payload, Reading
from decoders.cursor import truncated

LAYOUT = struct.Struct(">BhBHHHHI")


def decode(payload: Payload) -> Decoded:
    """Read all eight."""
    try:
        status, temperature, humidity, pressure, co2, light, battery, counter = LAYOUT.unpack_from(payload.data)
    except struct.error:
        raise truncated("the fields", LAYOUT.size, 0, len(payload.data)) from None
    temperature /= 10
    humidity /= 2
    pressure /= 10
    battery /= 1000
    readings = (
        Reading("air_temperature", temperature, "Cel"),
        Reading("relative_humidity", humidity, "%"),
        Reading("atmospheric_pressure", pressure, "hPa"),
        Reading("co2", co2, "[ppm]"),
        Reading("illuminance", light, "lx"),
        Reading("battery_voltage", battery, "V"),
    )
    fields = {
        "status": status,
        "temperature": temperature,
        "humidity": humidity,
        "pressure": pressure,
        "co2": co2,
        "light": light,
        "battery": battery,
        "counter": counter,
    }
    return Decoded(readings, fields)
