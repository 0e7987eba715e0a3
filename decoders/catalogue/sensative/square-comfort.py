"""Sensative Square Comfort: temperature, humidity and light indoors.

FPorts 1, 11 and 15 (`_vsm.py`); the numbers of the values:

    b0 b1  temperature, its average  0.01 °C     80  alarm of it      a1  battery 1 %
    b3 90  humidity, its average     0.01 %      b5 91  light, its average 1 lx
    a0, a2-a6, b2, b4, b6            settings

Source: Sensative's codec for the LoRa Alliance (MIT).
"""

from __future__ import annotations

from decoders.catalogue.sensative import _vsm
from decoders.catalogue.sensative._comfort import CLIMATE, LIGHT
from decoders.catalogue.sensative._vsm import Program

SOURCE = _vsm.SOURCE
LICENCE = "Apache-2.0"
PORTS = _vsm.PORTS
QUANTITIES = ("air_temperature", "battery_level", "illuminance", "relative_humidity")

decode = Program({**CLIMATE, **LIGHT}).decode
