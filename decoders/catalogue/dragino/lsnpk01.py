"""Dragino LSNPK01: nitrogen, phosphorus and potassium of soil.

FPort 2, big endian:

    BBBB DDDD NNNN PPPP KKKK MI

    B, D      battery, DS18B20: `_soil.py`
    N, P, K   uint16  nitrogen, phosphorus, potassium      1 mg/kg
    M, I      bits 7-4 message type, bits 3-0 interrupt

Source: Dragino LSNPK01 User Manual, section 2.3; codec in lorawan-devices, from which the field names are.
"""

from __future__ import annotations

from dataclasses import replace

from decoders.catalogue.dragino._soil import Probe, Value
from decoders.contract import Decoded, Payload

SOURCE = "Dragino LSNPK01 User Manual, section 2.3"
LICENCE = "Apache-2.0"
PORTS = (2,)
QUANTITIES = ("battery_voltage", "soil_nitrogen", "soil_phosphorus", "soil_potassium")

VALUES = (
    Value(name="N_SOIL", quantity="soil_nitrogen", unit="mg/kg"),
    Value(name="P_SOIL", quantity="soil_phosphorus", unit="mg/kg"),
    Value(name="K_SOIL", quantity="soil_potassium", unit="mg/kg"),
)
PROBE = Probe(values=VALUES, flags=("Message_type",))


def decode(payload: Payload) -> Decoded:
    """Read the values and take the last octet apart."""
    decoded = PROBE.decode(payload)
    flags = decoded.fields["Message_type"]
    return replace(decoded, fields={**decoded.fields, "Message_type": flags >> 4, "Interrupt_flag": flags & 15})
