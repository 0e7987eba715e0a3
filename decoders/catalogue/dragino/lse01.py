"""Dragino LSE01: moisture, temperature and conductivity of soil.

FPort 2, big endian:

    BBBB DDDD WWWW TTTT CCCC xx

    B, D   battery, DS18B20: `_soil.py`
    W      uint16  moisture                0.01 %
    T      int16   temperature             0.01 °C
    C      uint16  conductivity            1 uS/cm

Source: Dragino LSE01 User Manual, section 2.3; codec in lorawan-devices, from which the field names are.
"""

from __future__ import annotations

from decoders.catalogue.dragino._soil import Probe, Value

SOURCE = "Dragino LSE01 User Manual, section 2.3"
LICENCE = "Apache-2.0"
PORTS = (2,)
QUANTITIES = ("battery_voltage", "soil_conductivity", "soil_moisture", "soil_temperature")

VALUES = (
    Value(name="water_SOIL", divisor=100, decimals=2, quantity="soil_moisture", unit="%"),
    Value(name="temp_SOIL", divisor=100, decimals=2, signed=True, quantity="soil_temperature", unit="Cel"),
    Value(name="conduct_SOIL", quantity="soil_conductivity", unit="uS/cm"),
)
decode = Probe(values=VALUES, decimals=1).decode
