"""Dragino LSE01, firmware 1.1.4 and later: moisture, temperature and conductivity of soil.

FPort 2, big endian:

    BBBB DDDD WWWW TTTT CCCC FF

    B, D   battery, DS18B20: `_soil.py`
    W      uint16  moisture                0.01 %
    T      int16   temperature             0.01 °C
    C      uint16  conductivity            1 uS/cm
    F      bits 7-4 a probe is there, 3-0 interrupt (2: hardware)

Source: Dragino LSE01 User Manual, section 2.3; codec in lorawan-devices, from which the field names are.
"""

from __future__ import annotations

from dataclasses import replace

from decoders.catalogue.dragino._soil import Probe, Value
from decoders.contract import Decoded, Payload

SOURCE = "Dragino LSE01 User Manual, section 2.3"
LICENCE = "Apache-2.0"
PORTS = (2,)
QUANTITIES = ("battery_voltage", "soil_conductivity", "soil_moisture", "soil_temperature")

VALUES = (
    Value(name="water_SOIL", divisor=100, decimals=2, quantity="soil_moisture", unit="%"),
    Value(name="temp_SOIL", divisor=100, decimals=2, signed=True, quantity="soil_temperature", unit="Cel"),
    Value(name="conduct_SOIL", quantity="soil_conductivity", unit="uS/cm"),
)
PROBE = Probe(values=VALUES, flags=("Sensor_flag",))


def decode(payload: Payload) -> Decoded:
    """Read the values and take the last octet apart."""
    decoded = PROBE.decode(payload)
    flags = decoded.fields["Sensor_flag"]
    more = {"Sensor_flag": flags >> 4, "Interrupt_flag": flags & 15, "Hardware_flag": flags >> 2 & 1}
    return replace(decoded, fields={**decoded.fields, **more})
