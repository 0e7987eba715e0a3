"""Eight fields in a fixed order: SS TTTT HH PPPP CCCC LLLL BBBB NNNNNNNN, big endian."""

from __future__ import annotations

from decoders.contract import Decoded, Payload, Reading
from decoders.cursor import Cursor


def decode(payload: Payload) -> Decoded:
    """Read all eight."""
    cursor = Cursor(payload.data)
    status, temperature = cursor.u8("status"), cursor.i16("temperature") / 10
    humidity, pressure = cursor.u8("humidity") / 2, cursor.u16("pressure") / 10
    co2, light = cursor.u16("co2"), cursor.u16("light")
    battery, counter = cursor.u16("battery") / 1000, cursor.u32("counter")
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
