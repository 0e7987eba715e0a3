"""Read what Dragino's probes in soil and on leaves (LSE01, LLMS01, LSPH01, LSNPK01) have in common.

FPort 2, big endian:

    BBBB DDDD  values of the probe, 2 octets each  flags

    B  bits 13-0 battery 1 mV
    D  int16  temperature of a DS18B20 that may be there; the manuals say to ignore it, so it is reported and not stated

The vendor's codec writes most values as texts. It takes 65535 from a negative one where 65536 is right: here it is right.

Source: Dragino wiki; codecs in lorawan-devices, from which the field names are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from decoders.contract import Decoded, DecodeError, DecodeReason, Payload, Reading
from decoders.cursor import Cursor

F_PORT = 2
NO_PROBE = {0xFFFF, 0x7FFF}

Fields = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """A value of two octets: its field, a text of so many decimals (0: a number), and the reading that it states."""

    name: str
    divisor: int = 1
    decimals: int = 0
    signed: bool = False
    quantity: str = ""
    unit: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """A model: its values, the decimals of its DS18B20, and the fields of its flags, an octet each (None: not used)."""

    values: Sequence[Value]
    decimals: int = 2
    flags: Sequence[str | None] = ()

    def decode(self, payload: Payload) -> Decoded:
        """Read battery, values and flags; raises DecodeError only."""
        if payload.f_port != F_PORT:
            raise DecodeError(DecodeReason.UNKNOWN_PORT, f"{payload.f_port}; known: {F_PORT}")
        cursor = Cursor(payload.data)
        battery = (cursor.u16("Bat") & 0x3FFF) / 1000
        fields: Fields = {"Bat": battery, "TempC_DS18B20": f"{cursor.i16('TempC_DS18B20') / 10:.{self.decimals}f}"}
        readings = [Reading("battery_voltage", battery, "V")]
        for one in self.values:
            raw = cursor.u16(one.name)
            value = (raw - 0x10000 if one.signed and raw & 0x8000 else raw) / one.divisor
            fields[one.name] = f"{value:.{one.decimals}f}" if one.decimals else int(value)
            if one.quantity and raw not in NO_PROBE:
                readings.append(Reading(one.quantity, value, one.unit))
        for flag in self.flags:
            octet = cursor.u8(flag or "reserved")
            fields |= {flag: octet} if flag else {}
        return Decoded(tuple(readings), fields)
