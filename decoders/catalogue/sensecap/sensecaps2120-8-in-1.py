"""SenseCAP S2120: weather station of eight sensors.

Big endian; frames one after the other, an octet that says which and its values:

    01 TTTT HH LLLLLLLL UU WWWW     4a the same, of newer firmware
    02 DDDD RRRRRRRR PPPP           4b the same, of newer firmware
    4c GGGG AAAAAAAA
    03 BB
    04 BB hhhh ssss MMMM QQQQ
    05 MMMM QQQQ
    06 EE
    10 SS IIIIIIIIIIIIIIII

    T  int16   air temperature      0.1 °C        R  uint32  rain of an hour      0.001 mm/h
    H  uint8   relative humidity    1 %           P  uint16  air pressure         10 Pa
    L  uint32  light                1 lx          G  uint16  strongest gust       0.1 m/s
    U  uint8   UV index             0.1           A  uint32  rain so far          0.001 mm
    W  uint16  wind speed           0.1 m/s       B  uint8   battery              1 %
    D  uint16  wind direction       1 °           E  uint8   error, see ERRORS
    h  2 octets, hardware version                 s  2 octets, firmware version
    M  uint16  interval             1 min         Q  uint16  interval of the place, reserved; 1 min
    S  uint8   bit 3 status, bits 2 to 0 type     I  8 octets, id of the sensor

Since when A counts, and whether it ever starts anew, is not published: it stays a message. The fields are those of the
vendor's codec, a list of messages for each frame. It reads U, D, L and R as signed, the manual as unsigned: so does this.

Source: SenseCAP S2120 user guide, sections 10.2 and 10.3; of the newer frames the vendor's codec,
https://github.com/Seeed-Solution/SenseCAP-Decoder
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from decoders.contract import Decoded, DecodeError, DecodeReason, Payload, Reading
from decoders.cursor import Cursor

SOURCE = "SenseCAP S2120 user guide, sections 10.2 and 10.3"
LICENCE = "Apache-2.0"
QUANTITIES = (
    "air_temperature", "atmospheric_pressure", "battery_level", "illuminance", "rain_intensity", "relative_humidity",
    "uv_index", "wind_direction", "wind_gust", "wind_speed",
)  # fmt: skip

# By their names in the vendor's codec, its spelling kept.
ERRORS = {
    0x00: "CCL_SENSOR_ERROR_NONE",
    0x01: "CCL_SENSOR_NOT_FOUND",
    0x02: "CCL_SENSOR_WAKEUP_ERROR",
    0x03: "CCL_SENSOR_NOT_RESPONSE",
    0x04: "CCL_SENSOR_DATA_EMPTY",
    0x05: "CCL_SENSOR_DATA_HEAD_ERROR",
    0x06: "CCL_SENSOR_DATA_CRC_ERROR",
    0x07: "CCL_SENSOR_DATA_B1_NO_VALID",
    0x08: "CCL_SENSOR_DATA_B2_NO_VALID",
    0x09: "CCL_SENSOR_RANDOM_NOT_MATCH",
    0x0A: "CCL_SENSOR_PUBKEY_SIGN_VERIFY_FAILED",
    0x0B: "CCL_SENSOR_DATA_SIGN_VERIFY_FAILED",
    0x0C: "CCL_SENSOR_DATA_VALUE_HI",
    0x0D: "CCL_SENSOR_DATA_VALUE_LOW",
    0x0E: "CCL_SENSOR_DATA_VALUE_MISSED",
    0x0F: "CCL_SENSOR_ARG_INVAILD",
    0x10: "CCL_SENSOR_RS485_MASTER_BUSY",
    0x11: "CCL_SENSOR_RS485_REV_DATA_ERROR",
    0x12: "CCL_SENSOR_RS485_REG_MISSED",
    0x13: "CCL_SENSOR_RS485_FUN_EXE_ERROR",
    0x14: "CCL_SENSOR_RS485_WRITE_STRATEGY_ERROR",
    0x15: "CCL_SENSOR_CONFIG_ERROR",
    0xFF: "CCL_SENSOR_DATA_ERROR_UNKONW",
}

Message = dict[str, Any]
Said = tuple[list[Message], list[Reading]]
Read = Callable[[Cursor], Said]


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """One value of a frame: how it is read, its name and number in the vendor's codec, and the quantity it states."""

    take: Callable[[Cursor, str], int]
    number: str
    name: str
    quantity: str | None
    unit: str = ""
    mult: int = 1
    div: int = 1


def _measured(measurements: Sequence[Measurement]) -> Read:
    def read(cursor: Cursor) -> Said:
        messages, readings = [], []
        for one in measurements:
            value = one.take(cursor, one.name) * one.mult / one.div
            messages.append({"measurementValue": value, "measurementId": one.number, "type": one.name})
            if one.quantity is not None:
                readings.append(Reading(one.quantity, value, one.unit))
        return messages, readings

    return read


AIR = _measured(
    (
        Measurement(
            take=Cursor.i16, number="4097", name="Air Temperature", quantity="air_temperature", unit="Cel", div=10
        ),
        Measurement(take=Cursor.u8, number="4098", name="Air Humidity", quantity="relative_humidity", unit="%"),
        Measurement(take=Cursor.u32, number="4099", name="Light Intensity", quantity="illuminance", unit="lx"),
        Measurement(take=Cursor.u8, number="4190", name="UV Index", quantity="uv_index", unit="1", div=10),
        Measurement(take=Cursor.u16, number="4105", name="Wind Speed", quantity="wind_speed", unit="m/s", div=10),
    )
)
WIND_AND_RAIN = _measured(
    (
        Measurement(
            take=Cursor.u16, number="4104", name="Wind Direction Sensor", quantity="wind_direction", unit="deg"
        ),
        Measurement(
            take=Cursor.u32, number="4113", name="Rain Gauge", quantity="rain_intensity", unit="mm/h", div=1000
        ),
        Measurement(
            take=Cursor.u16,
            number="4101",
            name="Barometric Pressure",
            quantity="atmospheric_pressure",
            unit="Pa",
            mult=10,
        ),
    )
)
GUST_AND_RAIN = _measured(
    (
        Measurement(take=Cursor.u16, number="4191", name="Peak Wind Gust", quantity="wind_gust", unit="m/s", div=10),
        Measurement(take=Cursor.u32, number="4213", name="Rain Accumulation", quantity=None, div=1000),
    )
)


def decode(payload: Payload) -> Decoded:
    """Read frame after frame; one that is not known ends what can be read."""
    cursor = Cursor(payload.data)
    messages: list[list[Message]] = []
    readings: dict[str, Reading] = {}
    warnings: list[str] = []
    while cursor.left:
        start, kind = cursor.position, cursor.u8("frame")
        if kind not in FRAMES:
            if not start:
                raise DecodeError(DecodeReason.UNKNOWN_MESSAGE, f"frame {kind:02x}")
            warnings.append(f"frame {kind:02x} at {start} is not known")
            break
        said, stated = FRAMES[kind](cursor)
        messages.append(said)
        for reading in stated:
            readings.setdefault(reading.quantity, reading)
    fields = {"err": 0, "payload": payload.data.hex().upper(), "valid": True, "messages": messages}
    return Decoded(tuple(readings.values()), fields, tuple(warnings))


def _battery(cursor: Cursor) -> Said:
    battery = cursor.u8("battery")
    return [{"Battery(%)": battery}], [Reading("battery_level", battery, "%")]


def _device(cursor: Cursor) -> Said:
    (message,), readings = _battery(cursor)
    hardware, firmware = cursor.take(2, "hardware"), cursor.take(2, "firmware")
    message["Hardware Version"] = f"{hardware[0]}.{hardware[1]}"
    message["Firmware Version"] = f"{firmware[0]}.{firmware[1]}"
    return [message | _intervals(cursor)[0][0]], readings


def _intervals(cursor: Cursor) -> Said:
    return [
        {"measureInterval": cursor.u16("interval") * 60, "gpsInterval": cursor.u16("interval of the place") * 60}
    ], []


def _error(cursor: Cursor) -> Said:
    error = cursor.u8("error")
    name = ERRORS.get(error, "CC_OTHER_FAILED")
    return [{"measurementId": "4101", "type": "sensor_error_event", "errCode": f"{error:02X}", "descZh": name}], []


def _sensor(cursor: Cursor) -> Said:
    state, number = cursor.u8("status"), cursor.take(8, "sensor's id").hex().upper()
    return [{"status": state >> 3 & 1, "channelType": state & 7, "sensorEui": number}], []


FRAMES: Mapping[int, Read] = {
    0x01: AIR,
    0x02: WIND_AND_RAIN,
    0x03: _battery,
    0x04: _device,
    0x05: _intervals,
    0x06: _error,
    0x10: _sensor,
    0x4A: AIR,
    0x4B: WIND_AND_RAIN,
    0x4C: GUST_AND_RAIN,
}
