"""Sensative Puck Radar: whether something stands in front of it, and how far away.

FPorts 1, 11 and 15 (`_vsm.py`); the numbers of the values:

    80  occupied 0, 1     91 92  distance, its average 0.01 m    81  alarm of the average
    90  amplitude         98  contacts with NFC                  b4  voltage of the radar 0.001 V
    a0 a1 b0-b3           settings

Source: Sensative's codec for the LoRa Alliance (MIT).
"""

from __future__ import annotations

from decoders.catalogue.sensative import _vsm
from decoders.catalogue.sensative._comfort import setting
from decoders.catalogue.sensative._vsm import Program

SOURCE = _vsm.SOURCE
LICENCE = "Apache-2.0"
PORTS = _vsm.PORTS
QUANTITIES = ("distance", "presence")

decode = Program(
    {
        0x80: ("occupied", 1, "presence", "", None),
        0x91: ("distance", 0.01, "distance", "m", None),
        0x92: ("distanceAverage", 0.01, "distance", "m", "average"),
        0x81: setting("averageDistanceAlarm"),
        0x90: setting("amplitude"),
        0x98: setting("nfcContactCount"),
        0xA0: setting("roamNetworkCount"),
        0xA1: setting("distanceHysteresis", 0.01),
        0xB0: setting("amplitudeHysteresis"),
        0xB1: setting("averageDistanceIntervalMinutes"),
        0xB2: setting("averageDistanceLowAlarmLevel", 0.01),
        0xB3: setting("averageDistanceHighAlarmLevel", 0.01),
        0xB4: setting("radarVoltage_V", 0.001),
    }
).decode
