"""Sensative Square Sound: temperature and humidity indoors, and how loud it is.

FPorts 1, 11 and 15 (`_vsm.py`); the numbers of the values, besides temperature, humidity and battery of a Square Comfort:

    b5  sound level, b8 its greatest average 0.1 dB    81  alarm of it    a6-a9  settings

How the level is weighted and over which time is not said, so it is no reading: both stay fields.

Source: Sensative's codec for the LoRa Alliance (MIT).
"""

from __future__ import annotations

from decoders.catalogue.sensative import _vsm
from decoders.catalogue.sensative._comfort import CLIMATE, setting
from decoders.catalogue.sensative._vsm import Program, Value

SOURCE = _vsm.SOURCE
LICENCE = "Apache-2.0"
PORTS = _vsm.PORTS
QUANTITIES = ("air_temperature", "battery_level", "relative_humidity")

SOUND: dict[int, Value] = {
    0xB5: setting("soundLevel", 0.1),
    0xB8: setting("soundAvgMax", 0.1),
    0x81: setting("soundAlarm"),
    0xA6: setting("soundThreshold"),
    0xA7: setting("soundMinLevel"),
    0xA8: setting("soundAvgMinutes"),
    0xA9: setting("soundAlarmTimeoutMinutes"),
}

decode = Program({**CLIMATE, **SOUND}).decode
