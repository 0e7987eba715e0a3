"""Dragino LHT65 and LHT65N: air temperature and humidity, and one external sensor of several kinds.

FPort 2, 11 octets, big endian:

    BBBB TTTT HHHH X EEEEEEEE

    B  uint16  2 bits state (0 very low, 1 low, 2 fair, 3 good), 14 bits battery, 1 mV
    T  int16   air temperature                       0.01 °C
    H  uint16  low 12 bits: relative humidity        0.1 %
    X  uint8   bit 7: no external sensor is connected; bit 6: stored records; bits 5 and 4 with 9 and A: the clock's
               state; low 4 bits: what E is
    E  4 octets, by X:
       0  nothing                            7  uint16 count
       1  int16 DS18B20, 0.01 °C             8  uint32 count
       2  int16 TMP117, 0.01 °C              9  uint32 Unix time; B is the DS18B20, the state is in H's 2 bits
       4  uint8 level, uint8 interrupt       A  uint32 Unix time; B is the TMP117, the state is in H's 2 bits
       5  uint16 illuminance, 1 lx           B  int16 SHT31, 0.01 °C; uint16 its humidity, 0.1 %
       6  uint16 input, 1 mV                 F  half of the DS18B20's number; the other half is T and H

With bit 6 set the payload is records of 11 octets, asked for by a downlink: external value, T, H, X, uint32 Unix time.
X 10 and 20 of an LHT65N: T and H are the first 4 octets of the external SHT31's or TMP117's number, E begins with its
temperature.

7fff is a probe that does not answer. FPort 3 (LHT65N): uint16 battery, uint8 probe, then int16 temperatures of
0.01 °C, whose times are not said. FPort 5 (LHT65N): model, firmware, band, sub-band, battery.

Field names and the state as a number are those of the vendor's codec in The Things Stack's and ChirpStack's
repositories; its newer files write the state as a word and add Node_type.

Source: LHT65 Temperature & Humidity Sensor User Manual, sections 2.4 to 2.6.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from decoders.contract import Decoded, DecodeError, DecodeReason, Payload, Reading
from decoders.cursor import Cursor

SOURCE = "LHT65 Temperature & Humidity Sensor User Manual, sections 2.4 to 2.6"
LICENCE = "Apache-2.0"
PORTS = (2, 3, 5)
QUANTITIES = (
    "air_temperature", "analog_input_voltage", "battery_voltage", "digital_input", "illuminance", "pulse_count",
    "relative_humidity",
)  # fmt: skip

NOT_CONNECTED, STORED, KIND = 0x80, 0x40, 0x0F
NO_VALUE = 0x7FFF
NUMBERED = {0x10, 0x20}  # the LHT65N's: kinds of five bits, told from the clock's state by the other bits being 0
NO_AIR = {0xE, 0xF, *NUMBERED}  # T and H are something else
PROBES = {1: "ds18b20", 2: "tmp117", 3: "gxht30", 4: "sht31"}
BANDS = (
    "EU868", "US915", "IN865", "AU915", "KZ865", "RU864", "AS923", "AS923_1", "AS923_2", "AS923_3", "CN470", "EU433",
    "KR920", "MA869",
)  # fmt: skip

Fields = dict[str, Any]
Readings = list[Reading]


def decode(payload: Payload) -> Decoded:
    """Read a report, stored records, or what an LHT65N says on its other ports."""
    match payload.f_port:
        case 2 if len(payload.data) > 6 and payload.data[6] & STORED:
            return _records(payload.data)
        case 2:
            return _report(payload.data)
        case 3:
            return _temperatures(payload.data)
        case 5:
            return _device(payload.data)
        case _:
            raise DecodeError(DecodeReason.UNKNOWN_PORT, f"{payload.f_port}; known: 2, 3, 5")


# ── FPort 2: a report ───────────────────────────────────────────────────────────────────────────────────────────


def _report(data: bytes) -> Decoded:
    cursor = Cursor(data)
    first, temperature = cursor.u16("battery"), cursor.i16("TempC_SHT")
    humidity, flags = cursor.u16("Hum_SHT"), cursor.u8("Ext")
    kind = flags & 0x3F if flags & 0x3F in NUMBERED else flags & KIND
    fields: Fields = {}
    readings: Readings = []
    connected = not flags & NOT_CONNECTED
    if kind in {0x9, 0xA}:
        _external(fields, readings, PROBE_FIELDS[kind], _signed(first), connected=connected)
        fields["Bat_status"] = humidity >> 14
    else:
        fields |= {"BatV": (first & 0x3FFF) / 1000, "Bat_status": first >> 14}
        readings.append(Reading("battery_voltage", fields["BatV"], "V"))
    if kind not in NO_AIR:
        fields |= {"TempC_SHT": temperature / 100, "Hum_SHT": (humidity & 0xFFF) / 10}
        readings += _air(temperature, humidity & 0xFFF)
    if not connected:
        fields["No_connect"] = "Sensor no connection"
    extra = EXTRAS.get(kind)
    if extra is None:
        return Decoded(tuple(readings), fields, (f"external sensor {kind:x} is not known",))
    if kind in NO_AIR:
        cursor = Cursor(data[2:6] + data[7:])
    extra(cursor, fields, readings if connected else [])
    if not any(data):  # the answer when no record lies in the time that was asked for
        return Decoded((), fields, ("no record was stored in the time asked for",))
    return Decoded(tuple(readings), fields)


def _air(temperature: int, humidity: int, at: datetime | None = None) -> Readings:
    if temperature == NO_VALUE:
        return []
    return [
        Reading("air_temperature", temperature / 100, "Cel", at=at),
        Reading("relative_humidity", humidity / 10, "%", at=at),
    ]


def _signed(raw: int) -> int:
    return raw - 0x10000 if raw & 0x8000 else raw


def _external(fields: Fields, readings: Readings, name: str, raw: int, *, connected: bool = True) -> None:
    fields[name] = raw / 100
    if raw != NO_VALUE and connected:
        readings.append(Reading("air_temperature", raw / 100, "Cel", "external"))


PROBE_FIELDS = {0x1: "TempC_DS", 0x2: "TempC_TMP117", 0x9: "TempC_DS", 0xA: "TempC_TMP117"}


def _none(_: Cursor, fields: Fields, __: Readings) -> None:
    fields["Ext_sensor"] = "No external sensor"


def _probe(kind: int) -> Extra:
    def extra(cursor: Cursor, fields: Fields, readings: Readings) -> None:
        fields["Ext_sensor"] = "Temperature Sensor"
        _external(fields, readings, PROBE_FIELDS[kind], cursor.i16("external temperature"))

    return extra


def _interrupt(cursor: Cursor, fields: Fields, readings: Readings) -> None:
    level, raised = cursor.u8("Exti_pin_level"), cursor.u8("Exti_status")
    fields |= {
        "Work_mode": "Interrupt Sensor send",
        "Exti_pin_level": "High" if level else "Low",
        "Exti_status": "True" if raised else "False",
    }
    readings.append(Reading("digital_input", bool(level), channel="external"))


def _light(cursor: Cursor, fields: Fields, readings: Readings) -> None:
    fields |= {"Work_mode": "Illumination Sensor", "ILL_lx": cursor.u16("ILL_lx")}
    readings.append(Reading("illuminance", fields["ILL_lx"], "lx", "external"))


def _input(cursor: Cursor, fields: Fields, readings: Readings) -> None:
    fields |= {"Work_mode": "ADC Sensor", "ADC_V": cursor.u16("ADC_V") / 1000}
    readings.append(Reading("analog_input_voltage", fields["ADC_V"], "V", "external"))


def _count(read: Callable[[Cursor, str], int]) -> Extra:
    def extra(cursor: Cursor, fields: Fields, readings: Readings) -> None:
        fields |= {"Work_mode": "Interrupt Sensor count", "Exit_count": read(cursor, "Exit_count")}
        readings.append(Reading("pulse_count", fields["Exit_count"], "1", "external"))

    return extra


def _timed(mode: str) -> Extra:
    def extra(cursor: Cursor, fields: Fields, _: Readings) -> None:
        fields |= {"Work_mode": mode, "Systimestamp": cursor.u32("Systimestamp")}

    return extra


def _sht31(cursor: Cursor, fields: Fields, readings: Readings) -> None:
    temperature, humidity = cursor.i16("Ext_TempC_SHT"), cursor.u16("Ext_Hum_SHT") & 0xFFF
    fields |= {"Work_mode": "SHT31 Sensor", "Ext_TempC_SHT": temperature / 100, "Ext_Hum_SHT": humidity / 10}
    if temperature != NO_VALUE:
        readings.append(Reading("air_temperature", temperature / 100, "Cel", "external"))
        readings.append(Reading("relative_humidity", humidity / 10, "%", "external"))


def _identity(cursor: Cursor, fields: Fields, _: Readings) -> None:
    fields |= {"Work_mode": "DS18B20ID", "ID": _spaced(cursor.take(8, "ID"))}


def _sht31_identity(cursor: Cursor, fields: Fields, readings: Readings) -> None:
    number = cursor.take(4, "ID")
    _sht31(cursor, fields, readings)
    fields |= {"Work_mode": "SHT31ID", "ID": _spaced(number)}


def _tmp117_identity(cursor: Cursor, fields: Fields, readings: Readings) -> None:
    first, temperature, last = cursor.take(4, "ID"), cursor.i16("TempC_TMP117"), cursor.take(2, "ID")
    _external(fields, readings, "TempC_TMP117", temperature)
    fields |= {"Work_mode": "NE117ID", "ID": _spaced(first + last)}


def _spaced(octets: bytes) -> str:
    return "".join(f"{octet:02x} " for octet in octets)


Extra = Callable[[Cursor, Fields, Readings], None]
EXTRAS: Mapping[int, Extra] = {
    0x0: _none,
    0x1: _probe(0x1),
    0x2: _probe(0x2),
    0x4: _interrupt,
    0x5: _light,
    0x6: _input,
    0x7: _count(Cursor.u16),
    0x8: _count(Cursor.u32),
    0x9: _timed("DS18B20 & timestamp"),
    0xA: _timed("TMP117 & timestamp"),
    0xB: _sht31,
    0xF: _identity,
    0x10: _sht31_identity,
    0x20: _tmp117_identity,
}


# ── FPort 2: stored records ─────────────────────────────────────────────────────────────────────────────────────


def _records(data: bytes) -> Decoded:
    """Read records; the first one's X says for all of them what the external value is."""
    cursor = Cursor(data)
    kind = data[6] & KIND
    shown: list[str] = []
    readings: dict[tuple[str, str | None, datetime | None], Reading] = {}
    while cursor.left:
        external, temperature = cursor.u16("external value"), cursor.i16("temperature")
        humidity, _, seconds = cursor.u16("humidity") & 0xFFF, cursor.u8("Ext"), cursor.u32("time")
        at = datetime.fromtimestamp(seconds, UTC)
        numbers = f"{_plain(temperature / 100)},{_plain(humidity / 10)}"
        shown.append(f"[{_stored_text(kind, external)},{numbers},{at:%Y-%m-%d %H:%M:%S}],")
        for one in (*_air(temperature, humidity, at), *_stored_reading(kind, external, at)):
            readings[one.quantity, one.channel, one.at] = one
    return Decoded(tuple(readings.values()), {"DATALOG": "".join(shown)})


def _stored_text(kind: int, raw: int) -> str:
    """Return the external value as the vendor's codec writes it, which is JavaScript's way."""
    match kind:
        case 0x1 | 0x2 | 0x9 | 0xA | 0xB | 0xC:
            return _plain(_signed(raw) / 100)
        case 0x4:
            return ("High" if raw >> 8 else "Low") + ("True" if raw & 0xFF else "False")
        case 0x5 | 0x7 | 0x8 | 0xE:
            return str(raw)
        case 0x6:
            return _plain(raw / 1000)
        case _:
            return "undefined"


def _plain(number: float) -> str:
    return str(int(number)) if number.is_integer() else str(number)


def _stored_reading(kind: int, raw: int, at: datetime) -> Readings:
    match kind:
        case 0x1 | 0x2 | 0x9 | 0xA | 0xB | 0xC if raw != NO_VALUE:
            return [Reading("air_temperature", _signed(raw) / 100, "Cel", "external", at)]
        case 0x4:
            return [Reading("digital_input", bool(raw >> 8), channel="external", at=at)]
        case 0x5:
            return [Reading("illuminance", raw, "lx", "external", at)]
        case 0x6:
            return [Reading("analog_input_voltage", raw / 1000, "V", "external", at)]
        case _:
            return []  # a count is stored without its upper half


# ── FPorts 3 and 5: the LHT65N ──────────────────────────────────────────────────────────────────────────────────


def _temperatures(data: bytes) -> Decoded:
    cursor = Cursor(data)
    battery, probe = cursor.u16("bat") & 0x3FFF, cursor.u8("sensor")
    if probe not in PROBES:
        raise DecodeError(DecodeReason.UNKNOWN_MESSAGE, f"sensor {probe} is none of 1 to 4")
    temperatures = []
    while cursor.left:
        temperatures.append(cursor.i16("Temp") / 100)
    fields = {"bat": battery / 1000, "sensor": PROBES[probe], "Temp": temperatures}
    return Decoded((Reading("battery_voltage", battery / 1000, "V"),), fields)


def _device(data: bytes) -> Decoded:
    cursor = Cursor(data)
    model, firmware, band = cursor.u8("model"), cursor.take(2, "firmware"), cursor.u8("band")
    sub_band, battery = cursor.u8("sub-band"), cursor.u16("battery") / 1000
    fields: Fields = {
        "SENSOR_MODEL": {0x0B: "LHT65N", 0x1A: "LHT65N-PIR"}.get(model, ""),
        "FIRMWARE_VERSION": f"{firmware[0] & 15}.{firmware[1] >> 4}.{firmware[1] & 15}",
        "FREQUENCY_BAND": BANDS[band - 1] if 1 <= band <= len(BANDS) else "",
        "SUB_BAND": "NULL" if sub_band == 0xFF else sub_band,
        "BAT": battery,
    }
    return Decoded((Reading("battery_voltage", battery, "V"),), fields)
