"""TEKTELIC Smart Room (base, and with a motion sensor): air temperature, humidity, a reed contact, water.

FPort 10, big endian, behind a channel and a type each (`_tags.py`, `_room.py`):

    00 FF  int16   battery               0.01 V        09 00  uint8   water              0: none
    01 00  uint8   reed contact          0: magnet     0A 00  uint8   motion             0: none
    03 67  int16   air temperature       0.1 °C        0B 67  int16   device temperature 0.1 °C
    04 68  uint8   relative humidity     0.5 %         0D 04  uint16  motions

and the other values of the family. The vendor's codec of this model reports neither the port nor the octets.

Source: TEKTELIC Smart Room Sensor Technical Reference Manual; codec in lorawan-devices, from which the field names are.
"""

from __future__ import annotations

from decoders.catalogue.tektelic import _room
from decoders.catalogue.tektelic._tags import Model

SOURCE = "TEKTELIC Smart Room Sensor Technical Reference Manual"
LICENCE = "Apache-2.0"
PORTS = (10, 100)
QUANTITIES = _room.QUANTITIES

decode = Model(values=_room.ROOM, plain=True).decode
