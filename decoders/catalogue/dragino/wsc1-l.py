"""Dragino WSC1-L: a weather station of up to a dozen sensors.

FPort 2, big endian: a sensor, the octets of its value, the value, again and again:

    SS LL VVVV [XX]

    00 battery 1/30 V                05 CO2 1 ppm                  0a PM2.5 1 ug/m3
    01 wind speed 0.1 m/s, X level   06 air temperature 0.1 °C     0b PM10 1 ug/m3
    02 wind direction 0.1°, X sector 07 relative humidity 0.1 %    0c PAR 1 umol/m2/s
    03 light 10 lx                   08 air pressure 0.1 hPa       0d solar radiation 0.1 W/m2
    04 rain or snow (1 octet)        09 rain 0.1 mm                a1-a4 sensors of the user's own

FPort 5 is the device: MM VVVV FF UU BBBB SSSSSS (node, firmware, band, sub-band, battery 1 mV, sensors).

Whether a rain gauge's value is a sum or an amount depends on it: it stays a field. The vendor's codec takes 65535 from a
negative temperature where 65536 is right, and leaves zeros out of the sensors' hexadecimal digits: here both are right.

Source: Dragino WSC1-L User Manual, section 2.4; codec in lorawan-devices, from which the field names are.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from decoders.catalogue.dragino._events import BANDS
from decoders.contract import Decoded, DecodeError, DecodeReason, Payload, Reading
from decoders.cursor import Cursor

SOURCE = "Dragino WSC1-L User Manual, section 2.4"
LICENCE = "Apache-2.0"
PORTS = (2, 5)
QUANTITIES = (
    "air_temperature", "atmospheric_pressure", "battery_voltage", "co2", "illuminance", "par", "pm10", "pm2_5",
    "relative_humidity", "solar_irradiance", "wind_direction", "wind_speed",
)  # fmt: skip

WIND_SPEED, WIND_DIRECTION, RAIN_OR_SNOW, TEMPERATURE = 0x01, 0x02, 0x04, 0x06
OWN = range(0xA1, 0xA5)
SECTORS = ["N", "NNE", "NE", "ENE", "E", "ESE", "SE", "SSE", "S", "SSW", "SW", "WSW", "W", "WNW", "NW", "NNW"]
# Name, what a step is, quantity and unit of a reading.
SENSORS: Mapping[int, tuple[str, float, str, str]] = {
    0x00: ("bat", 1 / 30, "battery_voltage", "V"),
    0x01: ("wind_speed", 0.1, "wind_speed", "m/s"),
    0x02: ("wind_direction_angle", 0.1, "wind_direction", "deg"),
    0x03: ("illumination", 10, "illuminance", "lx"),
    0x05: ("CO2", 1, "co2", "[ppm]"),
    0x06: ("TEM", 0.1, "air_temperature", "Cel"),
    0x07: ("HUM", 0.1, "relative_humidity", "%"),
    0x08: ("pressure", 0.1, "atmospheric_pressure", "hPa"),
    0x09: ("rain_gauge", 0.1, "", ""),
    0x0A: ("PM2_5", 1, "pm2_5", "ug/m3"),
    0x0B: ("PM10", 1, "pm10", "ug/m3"),
    0x0C: ("PAR", 1, "par", "umol/(m2.s)"),
    0x0D: ("TSR", 0.1, "solar_irradiance", "W/m2"),
}

Fields = dict[str, Any]


def decode(payload: Payload) -> Decoded:
    """Read all sensors, or what the device says of itself."""
    match payload.f_port:
        case 2:
            return _sensors(payload.data)
        case 5:
            return _device(Cursor(payload.data))
        case port:
            raise DecodeError(DecodeReason.UNKNOWN_PORT, f"{port}; known: 2, 5")


def _sensors(data: bytes) -> Decoded:
    fields: Fields = {}
    readings: dict[str, Reading] = {}
    position = 0
    while position < len(data):
        cursor = Cursor(data[position:])
        kind, size = cursor.u8("sensor"), cursor.u8("length")
        if kind == RAIN_OR_SNOW:
            fields["rain_snow"] = cursor.u8("rain_snow")
        elif kind in OWN:
            fields[f"A{kind - OWN.start + 1}"] = cursor.u16("value")
        elif kind in SENSORS:
            _value(kind, cursor, fields, readings)
        else:
            raise DecodeError(DecodeReason.UNKNOWN_MESSAGE, f"sensor {kind:02x} at {position}")
        position += 2 + size
    warnings = ("the last value is shorter than it says",) if position > len(data) else ()
    return Decoded(tuple(readings.values()), fields, warnings)


def _value(kind: int, cursor: Cursor, fields: Fields, readings: dict[str, Reading]) -> None:
    name, step, quantity, unit = SENSORS[kind]
    raw = cursor.i16(name) if kind == TEMPERATURE else cursor.u16(name)
    value = fields[name] = raw / round(1 / step) if step < 1 else raw * int(step)
    if kind == WIND_SPEED:
        fields["wind_speed_level"] = cursor.u8("wind_speed_level")
    if kind == WIND_DIRECTION:
        sector = cursor.u8("wind_direction")
        fields |= {"wind_direction": SECTORS[sector]} if sector < len(SECTORS) else {}
    if quantity:
        readings[quantity] = Reading(quantity, value, unit)


def _device(cursor: Cursor) -> Decoded:
    cursor.u8("node")
    first, second, band = cursor.u8("version"), cursor.u8("version"), cursor.u8("band")
    sub_band, battery = cursor.u8("sub-band"), cursor.u16("battery") / 1000
    fields: Fields = {
        "node": "WSC1-L",
        "version": f"V.{first}.{second >> 4}.{second & 15}",
        "sub_band": sub_band,
        "bat": battery,
        "weather_sensor_types": cursor.take(3, "weather_sensor_types").hex(),
    }
    if 1 <= band <= 10:  # those that the vendor's codec names
        fields["frequency_band"] = BANDS[band - 1].replace("_", "-")
    return Decoded((Reading("battery_voltage", battery, "V"),), fields)
