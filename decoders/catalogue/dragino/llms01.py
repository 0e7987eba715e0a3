"""Dragino LLMS01: moisture and temperature of a leaf.

FPort 2, big endian:

    BBBB DDDD WWWW TTTT II xx MM

    B, D   battery, DS18B20: `_soil.py`
    W      uint16  moisture                0.1 %
    T      int16   temperature             0.1 °C
    I, M   uint8   interrupt, message type

Source: Dragino LLMS01 User Manual, section 2.3; codec in lorawan-devices, from which the field names are.
"""

from __future__ import annotations

from decoders.catalogue.dragino._soil import Probe, Value

SOURCE = "Dragino LLMS01 User Manual, section 2.3"
LICENCE = "Apache-2.0"
PORTS = (2,)
QUANTITIES = ("battery_voltage", "leaf_wetness", "surface_temperature")

VALUES = (
    Value(name="Leaf_Moisture", divisor=10, decimals=2, quantity="leaf_wetness", unit="%"),
    Value(name="Leaf_Temperature", divisor=10, decimals=2, signed=True, quantity="surface_temperature", unit="Cel"),
)
decode = Probe(values=VALUES, flags=("Interrupt_flag", None, "Message_type")).decode
