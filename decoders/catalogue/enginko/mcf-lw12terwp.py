"""enginko MCF-LW12TERWP (and MCF-LW12TER): temperature, humidity and pressure, three measurements in an uplink.

Any FPort, little endian (`_frames.py`):

    04 {DDDDDDDD TTTT HH PPPPPP}x3 BB

    D  the device's time    T  int16 0.01 °C    H  uint8 0.5 %    P  uint24 0.01 hPa    B  uint8 battery 1 %

Source: enginko Data Frame Format rev. 1.34, section 1.2; codec of the vendor in lorawan-devices.
"""

from __future__ import annotations

from decoders.catalogue.enginko import _frames
from decoders.catalogue.enginko._frames import Model, climate, series

SOURCE = _frames.SOURCE
LICENCE = "Apache-2.0"
QUANTITIES = ("air_temperature", "atmospheric_pressure", "battery_level", "relative_humidity")

decode = Model({0x04: series(3, climate)}).decode
