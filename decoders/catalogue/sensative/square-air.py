"""Sensative Square Air: temperature, humidity, light, pressure and the quality of the air indoors.

FPorts 1, 11 and 15 (`_vsm.py`); the numbers of the values, besides those of a Square Comfort:

    b9  CO2 (an estimate) 1 ppm            ba  pressure 0.01 hPa      bb  breath VOC (an estimate) 0.01 ppm
    b8 bc  index of the air's quality, static    81  alarm of it      a7 a8 a9  state of the sensor
    aa bd be  settings

The index is Bosch's, from 0 to 500, and not the one that the vocabulary has: it stays a field.

Source: Sensative's codec for the LoRa Alliance (MIT).
"""

from __future__ import annotations

from decoders.catalogue.sensative import _vsm
from decoders.catalogue.sensative._comfort import CLIMATE, LIGHT, setting
from decoders.catalogue.sensative._vsm import Program, Value

SOURCE = _vsm.SOURCE
LICENCE = "Apache-2.0"
PORTS = _vsm.PORTS
QUANTITIES = (
    "air_temperature", "atmospheric_pressure", "battery_level", "co2", "illuminance", "relative_humidity", "tvoc",
)  # fmt: skip

AIR: dict[int, Value] = {
    0xB9: ("air_co2", 1, "co2", "[ppm]", None),
    0xBA: ("air_pressure", 0.01, "atmospheric_pressure", "hPa", None),
    0xBB: ("air_breath_voc_equivalent", 0.01, "tvoc", "[ppm]", None),
    0xB8: setting("air_iaq"),
    0xBC: setting("air_static_iaq"),
    0x81: setting("air_iaq_alarm"),
    0xA7: setting("air_run_in_status"),
    0xA8: setting("air_stab_status"),
    0xA9: setting("air_iaq_accuracy"),
    0xAA: setting("air_interval_minutes"),
    0xBD: setting("air_static_iaq_alarm_level"),
    0xBE: setting("air_iaq_alarm_level"),
}

decode = Program({**CLIMATE, **LIGHT, **AIR}).decode
