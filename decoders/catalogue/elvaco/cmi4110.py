"""Elvaco CMi4110 (and CMi4111, 4130, 4140, 4160): a heat meter's energy, volume, flow and temperatures over LoRaWAN.

Any FPort (2 by default): a format, then data records of M-Bus (EN 13757-3), little endian.

    FF  {DIF VIF data}…

    FF  uint8  00-04 CMi4110 and 4111, 0f-14 CMi4130, 15-1a CMi4140, 1e-23 CMi4160, fa the meter's clock

    DIF       function, storage and size:   0c BCD 4 octets, 0b BCD 3, 0a BCD 2, 04 int32, 02 int16, 01 int8, 07 8 octets
    VIF  00-07  energy                10^n mWh        VIF  38-3f  flow                10^n cm3/h
         08-0f  energy                10^n J               58-5b  flow temperature    10^n 0.001 °C
         10-17  volume                10^n cm3             5c-5f  return temperature  10^n 0.001 °C
         28-2f  power                 10^n mW              6d     the meter's clock
         fd 17  error flags                                78/79  number of the meter

A value with the function "error" (DIF 3x) is not valid: the field is 0, as in the vendor's codec, and nothing is stated.
So are the number and the flags as that codec has them: decimal digits read as such, but a CMi4130's number and a CMi4130's
and CMi4160's flags as hexadecimal ones. The meter's clock has no time zone, so no reading takes its time.
JSON telegrams (formats 02, 11, 17, 20) are the energy, its unit and the number as text.

Source: Elvaco CMi4110, CMi4130, CMi4140 and CMi4160 User's Manuals, section "Message formats"; codecs in lorawan-devices.
"""

from __future__ import annotations

import json
from typing import Any

from decoders.contract import Decoded, DecodeError, DecodeReason, Payload, Reading
from decoders.cursor import Cursor
from decoders.mbus import Function, Record, decimal, moment, number, records, scale, scaled

SOURCE = "Elvaco CMi4110, CMi4130, CMi4140 and CMi4160 User's Manuals; the codecs in lorawan-devices"
LICENCE = "Apache-2.0"
QUANTITIES = ("thermal_energy", "water_flow", "water_temperature", "water_volume")

CLOCK = 0xFA
JSON = {0x02, 0x11, 0x17, 0x20}
MODELS = {  # the formats of each
    "CMi4110": range(0x05),
    "CMi4130": range(0x0F, 0x15),
    "CMi4140": range(0x15, 0x1B),
    "CMi4160": range(0x1E, 0x24),
}
FORMATS = {code: model for model, codes in MODELS.items() for code in codes}
ERROR_FLAGS = b"\xfd\x17"
CIRCUIT = "heat_carrier"  # the water that goes round, not water that is used
NAMES = {
    "volume": ("volume", 0),
    "power": ("power", -3),  # kW
    "flow": ("flow", 0),
    "flow_temperature": ("flow_temperature", 0),
    "return_temperature": ("return_temperature", 0),
}
QUANTITY = {
    "volume": ("water_volume", "m3", CIRCUIT),
    "flow": ("water_flow", "m3/h", CIRCUIT),
    "flow_temperature": ("water_temperature", "Cel", "supply"),
    "return_temperature": ("water_temperature", "Cel", "return"),
}
UNITS = {"Wh": "W.h", "kWh": "kW.h", "MWh": "MW.h", "GWh": "GW.h", "J": "J", "kJ": "kJ", "MJ": "MJ", "GJ": "GJ"}

Fields = dict[str, Any]
Readings = list[Reading]


def decode(payload: Payload) -> Decoded:
    """Read a telegram by its format."""
    cursor = Cursor(payload.data)
    code = cursor.u8("format")
    if code in JSON:
        return _text(cursor.rest())
    if code not in FORMATS and code != CLOCK:
        raise DecodeError(DecodeReason.UNKNOWN_MESSAGE, f"format {code:02x} is none of Elvaco's")
    model = FORMATS.get(code, "")
    fields: Fields = {}
    readings: Readings = []
    warnings: list[str] = []
    for record in records(cursor):
        _take(record, model, fields, readings, warnings)
    return Decoded(tuple(readings), fields, tuple(warnings))


def _take(record: Record, model: str, fields: Fields, readings: Readings, warnings: list[str]) -> None:
    if record.vif == ERROR_FLAGS:
        fields["error_flag"] = _digits(record.data, hexadecimal=model in {"CMi4130", "CMi4160"})
        return
    found = scale(record) if len(record.vif) == 1 else None
    kind = found.kind if found else ""
    match kind:
        case "fabrication_number":
            fields["serial"] = _digits(record.data, hexadecimal=model == "CMi4130")
        case "identification":
            fields["serial"] = _digits(record.data[:4], hexadecimal=False)
        case "time" | "date":
            at = moment(record.data) if record.function is Function.INSTANTANEOUS else None
            fields["datetime_heat_meter"] = at and f"{at:%Y-%m-%dT%H:%M}"
        case "energy" | "volume" | "power" | "flow" | "flow_temperature" | "return_temperature" if found:
            _measured(record, kind, found.unit, found.power, fields, readings)
        case _:
            warnings.append(f"record {record.vif.hex()} is not known: {record.data.hex()}")


def _measured(record: Record, kind: str, unit: str, power: int, fields: Fields, readings: Readings) -> None:
    raw = number(record)
    stated: tuple[str, str, str | None]
    if kind == "energy":
        name, shift = _energy(record, fields), 0 if unit == "J" else -3  # kWh
        stated = ("thermal_energy", unit if unit == "J" else "kW.h", None)
    else:
        name, shift = NAMES[kind]
        stated = QUANTITY.get(kind, ("", "", None))
    if raw is None or record.function is Function.ERROR:
        fields[name] = 0
        return
    value = fields[name] = scaled(raw, power + shift)
    if stated[0] and name in {kind, "energy"} and not any(_same(one, stated) for one in readings):
        readings.append(Reading(stated[0], value, stated[1], stated[2]))


def _energy(record: Record, fields: Fields) -> str:
    """Return what an energy is called: the first is the total, one of storage 1 the total of last midnight."""
    if record.storage:
        return "energy_at_midnight"
    if record.tariff:
        return f"energy_tariff_{record.tariff}"
    return "energy" if "energy" not in fields else f"energy_tariff_{sum(name.startswith('energy') for name in fields)}"


def _same(one: Reading, stated: tuple[str, str, str | None]) -> bool:
    return (one.quantity, one.channel) == (stated[0], stated[2])


def _digits(data: bytes, *, hexadecimal: bool) -> int | str | None:
    """Return digits that stand as binary coded decimals as the vendor's codec reads them; as text where they are none."""
    if hexadecimal:
        return int.from_bytes(data, "little")
    return decimal(data) if data[::-1].hex().isdecimal() else data[::-1].hex()


def _text(octets: bytes) -> Decoded:
    try:
        said = json.loads(octets)
        energy, unit, meter = said["E"], said["U"], said["ID"]
    except (ValueError, LookupError, TypeError, RecursionError) as error:
        raise DecodeError(DecodeReason.MALFORMED, f"no JSON with E, U and ID: {octets[:80]!r}") from error
    if isinstance(energy, bool) or not isinstance(energy, int | float) or not isinstance(meter, int | str):
        raise DecodeError(DecodeReason.MALFORMED, f"E is {energy!r}, ID is {meter!r}: a number each is expected")
    fields = {"energy": energy, "unit": str(unit), "serial": meter}
    known = UNITS.get(str(unit))
    return Decoded((Reading("thermal_energy", energy, known),) if known else (), fields)
