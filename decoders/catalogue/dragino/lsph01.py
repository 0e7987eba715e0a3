"""Dragino LSPH01: pH and temperature of soil.

FPort 2, big endian:

    BBBB DDDD PPPP TTTT II xx MM

    B, D   battery, DS18B20: `_soil.py`
    P      uint16  pH                      0.01
    T      int16   temperature             0.1 °C
    I, M   uint8   interrupt, message type

Source: Dragino LSPH01 User Manual, section 2.3; codec in lorawan-devices, from which the field names are.
"""

from __future__ import annotations

from decoders.catalogue.dragino._soil import Probe, Value

SOURCE = "Dragino LSPH01 User Manual, section 2.3"
LICENCE = "Apache-2.0"
PORTS = (2,)
QUANTITIES = ("battery_voltage", "soil_ph", "soil_temperature")

VALUES = (
    Value(name="PH1_SOIL", divisor=100, decimals=2, quantity="soil_ph", unit="[pH]"),
    Value(name="TEMP_SOIL", divisor=10, decimals=2, signed=True, quantity="soil_temperature", unit="Cel"),
)
decode = Probe(values=VALUES, flags=("Interrupt_flag", None, "Message_type")).decode
