"""TEKTELIC Comfort (and Vivid, Tundra): air temperature, humidity, motion, a reed contact, a probe.

FPort 10, big endian, behind a channel and a type each (`_tags.py`, `_room.py`):

    00 BA  uint16  battery               1 mV          09 00  uint8   water              0: none
    00 FF  int16   battery               0.01 V        0A 00  uint8   motion             0: none
    01 00  uint8   reed contact          0: magnet     0B 67  int16   device temperature 0.1 °C
    02 00  uint8   light                 0: dark       0C 00  uint8   impact
    03 67  int16   air temperature       0.1 °C        0D 04  uint16  motions
    04 68  uint8   relative humidity     0.5 %         0E 00  uint8   contact outside
    05 02  int16   acceleration          0.001 g       0F 04  uint16  its count
    08 04  uint16  count of the reed     1             10 02  uint8   light, in steps of the sensor's own

Source: TEKTELIC Comfort/Vivid Technical Reference Manual; codec in lorawan-devices, from which the field names are.
"""

from __future__ import annotations

from decoders.catalogue.tektelic import _room
from decoders.catalogue.tektelic._tags import Model

SOURCE = "TEKTELIC Comfort/Vivid Technical Reference Manual"
LICENCE = "Apache-2.0"
PORTS = (10, 100)
QUANTITIES = _room.QUANTITIES

decode = Model(values=_room.ROOM).decode
