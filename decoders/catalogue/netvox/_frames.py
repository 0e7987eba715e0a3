"""What all Netvox sensors share: the Netvox LoRaWAN Application Command protocol, frames of 11 octets, big endian.

    FPort 6   VV DD RR BB ….           a report
    FPort 6   VV DD 00 SS HH YYYYMMDD  the versions, after a start: software 0.1, hardware, date in decimal digits
    FPort 7   CC DD ….                 an answer: 81 set, 82 read, others by model; an odd C says success (00) or failure
    FPort 14  81 TT KK SS, 82 TT KK MMMM VVVV AAAA, 83 SS   answers about calibration: sensor type, channel from 0, factors

    V  version of the protocol    D  device type    R  report type, not 00    C  command
    B  uint8  battery 0.1 V; bit 7 says that it is low

Each model is a table from its report types to the values that follow B. Field names are those of the vendor's codecs; as
there, a low battery's voltage is a text.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from decoders.contract import Decoded, DecodeError, DecodeReason, Payload, Reading
from decoders.cursor import Cursor

LICENCE = "Apache-2.0"
PORTS = (6, 7, 14)
REPORT, CONFIGURATION, CALIBRATION = PORTS
VERSIONS = 0
LOW = 0x80  # of the battery
SET, READ, CLEAR = 0x81, 0x82, 0x83
SENSORS = {1: "Temperature"}  # that can be calibrated

Fields = dict[str, Any]
Report = Callable[[Cursor], tuple[Fields, list[Reading]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """One value of a report: ``reads`` is the quantity, the unit (none for yes or no) and the channel it states."""

    name: str
    size: int = 1
    signed: bool = False
    div: int = 1
    words: Mapping[bool, str] | None = None
    reads: tuple[str, str, str | None] | None = None
    missing: int | None = None

    def read(self, cursor: Cursor) -> tuple[object, Reading | None]:
        """Return the value as the vendor says it, and what it states."""
        raw = int.from_bytes(cursor.take(self.size, self.name), "big", signed=self.signed)
        value: float = raw / self.div if self.div != 1 else raw
        said = value if self.words is None else self.words[raw != 0]
        if self.reads is None or raw == self.missing:
            return said, None
        quantity, unit, channel = self.reads
        return said, Reading(quantity, value if unit else raw != 0, unit, channel)


def temperature(name: str = "Temp", *, div: int = 100, channel: str | None = None) -> Value:
    """Return a temperature of the air, int16."""
    return Value(name=name, size=2, signed=True, div=div, reads=("air_temperature", "Cel", channel))


def illuminance() -> Value:
    """Return an illuminance, uint16, 1 lx."""
    return Value(name="Illuminance", size=2, reads=("illuminance", "lx", None))


def of(*values: Value) -> Report:
    """Return the report that holds ``values`` one after the other."""

    def report(cursor: Cursor) -> tuple[Fields, list[Reading]]:
        found = [(value.name, *value.read(cursor)) for value in values]
        return {name: said for name, said, _ in found}, [reading for *_, reading in found if reading is not None]

    return report


LIMITS = (Value(name="MinTime", size=2), Value(name="MaxTime", size=2))
BATTERY_CHANGE = Value(name="BatteryChange", div=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """A model, or models of one frame: their device types, their reports and their answers."""

    devices: Mapping[int, str]
    reports: Mapping[int, Report]
    changes: Sequence[Value] = ()  # what follows the times and the battery's change in an answer of 82
    settings: Sequence[Value] | None = None  # the whole answer of 82, where it has no battery's change
    answers: Mapping[int, tuple[str, Sequence[Value]]] = field(default_factory=dict)

    def decode(self, payload: Payload) -> Decoded:
        """Read a frame by its port; raises DecodeError."""
        cursor = Cursor(payload.data)
        match payload.f_port:
            case 6:
                return self._report(cursor)
            case 7:
                return Decoded((), self._answer(cursor))
            case 14:
                return Decoded((), dict(_calibration(cursor)))
            case _:
                raise DecodeError(DecodeReason.UNKNOWN_PORT, f"{payload.f_port}; Netvox sends on 6, 7 and 14")

    def _report(self, cursor: Cursor) -> Decoded:
        cursor.u8("version of the protocol")
        fields, kind = {"Device": self._device(cursor)}, cursor.u8("report type")
        if kind == VERSIONS:
            return Decoded((), fields | _versions(cursor))
        if kind not in self.reports:
            raise DecodeError(DecodeReason.UNKNOWN_MESSAGE, f"report type {kind:02x} of a {fields['Device']}")
        volts, readings = _battery(cursor.u8("battery"))
        found, stated = self.reports[kind](cursor)
        return Decoded((*stated, *readings), fields | volts | found)

    def _answer(self, cursor: Cursor) -> Fields:
        command, device = cursor.u8("command"), self._device(cursor)
        name, values = self._answers().get(command, (None, ()))
        if name is None:
            raise DecodeError(DecodeReason.UNKNOWN_MESSAGE, f"command {command:02x} of a {device}")
        fields: Fields = {"Cmd": name, "Device": device}
        if command & 1:
            return fields | {"Status": _status(cursor)}
        return fields | of(*values)(cursor)[0]

    def _answers(self) -> Mapping[int, tuple[str, Sequence[Value]]]:
        settings = (*LIMITS, BATTERY_CHANGE, *self.changes) if self.settings is None else self.settings
        return {SET: ("ConfigReportRsp", ()), READ: ("ReadConfigReportRsp", settings), **self.answers}

    def _device(self, cursor: Cursor) -> str:
        kind = cursor.u8("device type")
        if kind not in self.devices:
            known = ", ".join(f"{one:02x} {name}" for one, name in self.devices.items())
            raise DecodeError(DecodeReason.UNKNOWN_MESSAGE, f"device type {kind:02x}; {known} is read here")
        return self.devices[kind]


def _versions(cursor: Cursor) -> Fields:
    software, hardware = cursor.u8("software"), cursor.u8("hardware")
    return {"SWver": software / 10, "HWver": hardware, "Datecode": cursor.take(4, "date").hex()}


def _battery(octet: int) -> tuple[Fields, list[Reading]]:
    volts, low = (octet & ~LOW) / 10, bool(octet & LOW)
    said = f"{volts:g}(low battery)" if low else volts
    return {"Volt": said}, [Reading("battery_voltage", volts, "V"), Reading("low_battery", low)]


def _status(cursor: Cursor) -> str:
    return "Failure" if cursor.u8("status") else "Success"


def _calibration(cursor: Cursor) -> Iterator[tuple[str, object]]:
    match cursor.u8("command"):
        case 0x81:
            yield "Cmd", "SetGlobalCalibrateRsp"
            yield from _channel(cursor)
            yield "Status", _status(cursor)
        case 0x82:
            yield "Cmd", "GetGlobalCalibrateRsp"
            yield from _channel(cursor)
            yield "Multiplier", cursor.u16("multiplier")
            yield "Divisor", cursor.u16("divisor")
            yield "DeltValue", cursor.i16("difference")
        case 0x83:
            yield "Cmd", "ClearGlobalCalibrateRsp"
            yield "Status", _status(cursor)
        case other:
            raise DecodeError(DecodeReason.UNKNOWN_MESSAGE, f"calibration command {other:02x}")


def _channel(cursor: Cursor) -> Iterator[tuple[str, object]]:
    sensor = cursor.u8("sensor type")
    yield "SensorType", SENSORS.get(sensor, sensor)
    yield "Channel", cursor.u8("channel") + 1
