"""The values that the models of Sensative's Square have in common, by their numbers (`_vsm.py`)."""

from __future__ import annotations

from decoders.catalogue.sensative._vsm import Value


def setting(name: str, factor: float = 1) -> Value:
    """Return a value that is told but measures nothing."""
    return (name, factor, "", "", None)


CLIMATE: dict[int, Value] = {
    0xB0: ("temp", 0.01, "air_temperature", "Cel", None),
    0xB1: ("averageTemp", 0.01, "air_temperature", "Cel", "average"),
    0xB3: ("humidity", 0.01, "relative_humidity", "%", None),
    0x90: ("averageHumidity", 0.01, "relative_humidity", "%", "average"),
    0xA1: ("batteryPercent", 1, "battery_level", "%", None),
    0x80: setting("tempAlarm"),
    0xA0: setting("roamNetworkCount"),
    0xA2: setting("averageTempIntervalMinutes"),
    0xA3: setting("tempAlarmLowLevel"),
    0xA4: setting("tempAlarmHighLevel"),
    0xA5: setting("averageHumidityIntervalMinutes"),
    0xB2: setting("tempHysteresis", 0.01),
    0xB4: setting("humidityTreshold", 0.01),
}
LIGHT: dict[int, Value] = {
    0xB5: ("lux", 1, "illuminance", "lx", None),
    0x91: ("averageLux", 1, "illuminance", "lx", "average"),
    0xA6: setting("averageLuxIntervalMinutes"),
    0xB6: setting("luxTresholdPercent"),
}
