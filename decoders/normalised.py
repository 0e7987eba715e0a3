"""The output of a codec's ``normalizeUplink`` → readings: The Things Stack's normalised payload.

Facts from its JSON schema (lib/payload.json of TheThingsNetwork/lorawan-devices) and documentation of 2026-04. A
measurement is an object of air, soil, wind …, with its own ``time`` where it has one; the output is one or a list of
them. What the schema does not name is somebody's extension: a field like any other, which states nothing.
"""

from __future__ import annotations

from datetime import datetime
from functools import cache
from typing import Final

from decoders import field_path
from decoders.mapping import Mapping, Stated
from decoders.metadata import Channel, Rule, Said

ABSOLUTE_ZERO: Final = -273.15
LOWEST_PRESSURE: Final = 300.0  # hPa; the schema's 900 is a storm at sea level, and an ordinary day on a mountain
HIGHEST_TEMPERATURE: Final = 300.0  # Cel; 327.67 is the 0x7fff of a probe that is not there
HIGHEST_VOLTAGE: Final = (
    15.0  # V; a lead battery being charged: more is a percentage, which several codecs give as volts
)
MOST: Final = 1e9  # where the schema names no greatest value

NUMBERS: Final[dict[str, tuple[str, str, float, float]]] = {
    # path: quantity, unit, least, greatest
    "battery": ("battery_voltage", "V", 0, HIGHEST_VOLTAGE),
    "air.temperature": ("air_temperature", "Cel", ABSOLUTE_ZERO, HIGHEST_TEMPERATURE),
    "air.relativeHumidity": ("relative_humidity", "%", 0, 100),
    "air.pressure": ("atmospheric_pressure", "hPa", LOWEST_PRESSURE, 1100),
    "air.co2": ("co2", "[ppm]", 0, 1e6),
    "air.lightIntensity": ("illuminance", "lx", 0, MOST),
    "soil.depth": ("soil_depth", "cm", 0, MOST),
    "soil.temperature": ("soil_temperature", "Cel", ABSOLUTE_ZERO, HIGHEST_TEMPERATURE),
    "soil.moisture": ("soil_moisture", "%", 0, 100),
    "soil.ec": ("soil_conductivity", "dS/m", 0, 621),
    "soil.pH": ("soil_ph", "[pH]", 0, 14),
    "soil.n": ("soil_nitrogen", "[ppm]", 0, 1e6),
    "soil.p": ("soil_phosphorus", "[ppm]", 0, 1e6),
    "soil.k": ("soil_potassium", "[ppm]", 0, 1e6),
    "wind.speed": ("wind_speed", "m/s", 0, MOST),
    "wind.direction": ("wind_direction", "deg", 0, 360),  # the schema leaves 360 out; devices say it for north
    "rain.intensity": ("rain_intensity", "mm/h", 0, MOST),
    "rain.cumulative": ("rainfall_total", "mm", 0, MOST),
    "water.temperature.current": ("water_temperature", "Cel", ABSOLUTE_ZERO, HIGHEST_TEMPERATURE),
    "water.temperature.avg": ("water_temperature", "Cel", ABSOLUTE_ZERO, HIGHEST_TEMPERATURE),
    "water.temperature.min": ("water_temperature", "Cel", ABSOLUTE_ZERO, HIGHEST_TEMPERATURE),
    "water.temperature.max": ("water_temperature", "Cel", ABSOLUTE_ZERO, HIGHEST_TEMPERATURE),
    "metering.water.total": ("water_volume", "L", 0, MOST),
    "action.motion.count": ("motion_count", "1", 0, MOST),
    "position.latitude": ("latitude", "deg", -90, 90),
    "position.longitude": ("longitude", "deg", -180, 180),
}
WORDS: Final[dict[str, tuple[str, tuple[tuple[bool | str, Said], ...]]]] = {
    "water.leak": ("water_present", ((True, True), (False, False), ("leak", True), ("normal", False))),
    "action.motion.detected": ("motion", ((True, True), (False, False))),
    "action.contactState": ("door_open", (("open", True), ("closed", False))),
}
STATISTICS: Final = ("avg", "min", "max")  # beside the current value: the statistic is the channel


def readings(normalised: object, received_at: datetime | None) -> Stated:
    """Return what a normalised payload, one measurement or a list of them, states, and warnings; nothing is raised.

    A value outside of its range is not stated, with a warning. A measurement without a time is of now.
    """
    measurements = normalised if isinstance(normalised, list | tuple) else [normalised]
    return _mapping().readings(measurements, received_at)


@cache
def _mapping() -> Mapping:
    return Mapping((*(_number(path) for path in NUMBERS), *(_word(path) for path in WORDS)))


def _number(path: str) -> Rule:
    quantity, unit, least, greatest = NUMBERS[path]
    return Rule(
        field=_in_each(path),
        quantity=quantity,
        unit=unit,
        channel=_channel(path),
        valid_range=(least, greatest),
        at=_in_each("time?"),
    )


def _word(path: str) -> Rule:
    quantity, labels = WORDS[path]
    return Rule(field=_in_each(path), quantity=quantity, labels=labels, at=_in_each("time?"))


def _channel(path: str) -> Channel | None:
    """Tell soils by their depth, air by its place (indoor, outdoor), and a statistic from the value itself."""
    statistic = path.rpartition(".")[2]
    if statistic in STATISTICS:
        return Channel((statistic,))
    match path.partition(".")[0]:
        case "soil":
            return Channel(("depth_", _in_each("soil.depth?"), "cm"))
        case "air":
            return Channel((_in_each("air.location?"),))
        case _:
            return None


def _in_each(path: str) -> field_path.FieldPath:
    return field_path.parse(f"[*].{path}")
