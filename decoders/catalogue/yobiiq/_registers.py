"""What Yobiiq's devices share: values one after the other, each with its channel and its type, big endian.

    CC TT V…    C  uint8  channel    T  uint8  what it is, with its size in octets    0b 0a EE  error of the Modbus

A payload of one octet is an answer: 00 a command succeeded, 01 it failed. FPort 50 has what the device is. Every port ends
with who made it, as the vendor's codecs do.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from decoders.contract import Decoded, DecodeError, DecodeReason, Payload, Reading
from decoders.cursor import Cursor

SOURCE = "Yobiiq's codecs in chirpstack-device-profiles"
MAC, INFORMATION, MEASUREMENTS = 0, 50, range(1, 11)
STATES, EVENTS = 11, 60
MODBUS_ERROR = (0x0B, 0x0A)
ANSWERS = {0: ("info", "Downlink command succeeded"), 1: ("warning", "Downlink command failed")}
STORED = "dataloggerTimestamp"
FIRST_YEAR = 2020  # a meter whose clock is not set counts from 1970

Fields = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Register:
    """One kind of value. ``reads`` is the quantity, the unit of the integer, and the channel it states."""

    name: str
    size: int = 1  # 0: all that is left, a text
    signed: bool = False
    div: int = 1
    unit: str = ""  # as the vendor writes it, who then puts value and unit into an object
    words: Mapping[int, str] | None = None
    version: bool = False
    digits: bool = False
    reads: tuple[str, str, str | None] | None = None
    scale: int = 1  # the integer is a number of the unit of ``reads`` divided by this

    def value(self, raw: bytes) -> Any:
        """Return what the vendor's codec makes of the octets."""
        if self.size == 0:
            return raw.decode("latin-1")
        if self.version:
            return f"V{raw[0]:x}.{raw[1]:x}"
        if self.digits:
            return int(raw.hex()) if raw.hex().isdecimal() else raw.hex()
        number = int.from_bytes(raw, "big", signed=self.signed)
        if self.words is not None:
            return self.words.get(number)
        said = number if self.div == 1 else round(number / self.div, 2)
        return {"data": said, "unit": self.unit} if self.unit else said

    def reading(self, raw: bytes, at: datetime | None) -> Iterator[Reading]:
        """Yield what the octets state."""
        number = int.from_bytes(raw, "big", signed=self.signed)
        if self.reads is not None:
            quantity, unit, channel = self.reads
            yield Reading(quantity, number / self.scale if unit else number != 0, unit, channel, at)


Registers = Mapping[int, Register]
ABOUT: Registers = {
    0x09: Register(name="hardwareVersion", size=2, version=True),
    0x0A: Register(name="firmwareVersion", size=2, version=True),
    0x0F: Register(name="deviceClass", words={0: "Class A", 1: "Class B", 2: "Class C"}),
    0x0B: Register(name="powerEvent", words={0: "AC Power Off", 1: "AC Power On"}),
    0x16: Register(name="deviceSerialNumber", size=4),
}


@dataclass(frozen=True, slots=True)
class Device:
    """A model: its registers by port, and what is said of it."""

    ports: Mapping[int, Registers]
    by_channel: frozenset[int]  # ports where the channel, and not the type, says what it is
    about: Fields

    def decode(self, payload: Payload) -> Decoded:
        """Read a payload by its port; raises DecodeError."""
        if payload.f_port == MAC:
            return Decoded((), {"mac": "MAC command received", "fPort": MAC} | self.about)
        registers = self.ports.get(payload.f_port)
        if registers is None:
            known = ", ".join(map(str, sorted(self.ports)))
            raise DecodeError(DecodeReason.UNKNOWN_PORT, f"{payload.f_port}; {known} are read")
        if not payload.data:
            raise DecodeError(DecodeReason.EMPTY)
        if len(payload.data) == 1 and payload.data[0] in ANSWERS:
            return Decoded((), dict([ANSWERS[payload.data[0]]]) | self.about)
        return self._values(Cursor(payload.data), registers, by_channel=payload.f_port in self.by_channel)

    def _values(self, cursor: Cursor, registers: Registers, *, by_channel: bool) -> Decoded:
        fields: Fields = {}
        found: list[tuple[Register, bytes]] = []
        warnings: list[str] = []
        while cursor.left:
            channel, kind = cursor.u8("channel"), cursor.u8("type")
            if not by_channel and (channel, kind) == MODBUS_ERROR:
                fields["modbusErrorCode"] = cursor.u8("error of the Modbus")
                continue
            code = channel if by_channel else kind
            register = registers.get(code)
            if register is None:
                warnings.append(f"value {code:02x} is not known: {cursor.rest().hex()}")
                break
            raw = cursor.take(register.size, register.name) if register.size else cursor.rest()
            fields[register.name] = register.value(raw)
            found.append((register, raw))
        at = _stored(fields.get(STORED))
        readings = {(one.quantity, one.channel): one for register, raw in found for one in register.reading(raw, at)}
        return Decoded(tuple(readings.values()), fields | self.about, tuple(warnings))


def _stored(seconds: int | None) -> datetime | None:
    if seconds is None:
        return None
    at = datetime.fromtimestamp(seconds, UTC)
    return at if at.year >= FIRST_YEAR else None
