"""Read what the frames of Adeunis' sensors have in common: a code, a state, and what follows by the code.

Any FPort (1 by default), big endian:

    CC SS …  [TTTTTTTT]

    C  uint8   code: which frame
    S  bits 7-5 frame counter, 3 inconsistent configuration, 2 timestamp, 1 low battery, 0 configuration done
    T  uint32  with bit 2 of S, in frames that have it: seconds since 2013-01-01

    1f  CC TTTT CC TTTT          settings of two digital inputs: debounce and edge, threshold
    20  OO MM                    settings of the radio
    30                           sign of life (some models: a summary of the day)
    33  RR IIII                  answer to a register that was set
    37  6 octets                 versions of the two processors
    51  DD CCCCCCCC NNNN         digital input 1: bit 1 state before, bit 0 state now; count, count since the last
    52                           the same of digital input 2

Field names are those of the vendor's codec in The Things Stack's repository.

Source: Adeunis user guides, section "Description of frames"; codecs of the vendor in lorawan-devices.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from decoders.contract import Decoded, DecodeError, DecodeReason, Payload, Reading
from decoders.cursor import Cursor

EPOCH = datetime(2013, 1, 1, tzinfo=UTC)
INCONSISTENT, TIMESTAMP, LOW_BATTERY, DONE = 0x08, 0x04, 0x02, 0x01
EDGES = ("deactivated", "highEdge", "lowEdge", "bothEdges")
DEBOUNCE_MS = (0, 10, 20, 500, 100, 200, 500, 1000, 2000, 5000, 10000, 20000, 40000, 60000, 300000, 600000)
ANSWERS = {
    1: "success",
    2: "successNoUpdate",
    3: "errorCoherency",
    4: "errorInvalidRegister",
    5: "errorInvalidValue",
    6: "errorTruncatedValue",
    7: "errorAccesNotAllowed",  # the vendor's spelling
}
NEWEST_FIRST = "values: [t=0, t-1, t-2, ...]"
CELSIUS, PERCENT = "°C", "%"

Fields = dict[str, Any]
Readings = list[Reading]
Frame = Callable[[Cursor, datetime | None], tuple[Fields, Readings]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """The frames of one model by their codes, those that may end with a time, and what its state says besides."""

    frames: Mapping[int, tuple[str, Frame]]
    timed: frozenset[int]
    states: Mapping[str, int]  # name, mask

    def decode(self, payload: Payload) -> Decoded:
        """Read a frame by its code; raises DecodeError only."""
        cursor = Cursor(payload.data)
        code, state = cursor.u8("code"), cursor.u8("status")
        if code not in self.frames:
            raise DecodeError(DecodeReason.UNKNOWN_MESSAGE, f"frame {code:02x}")
        title, frame = self.frames[code]
        fields: Fields = {"type": f"0x{code:02x} {title}", "status": self._status(state)}
        at, data = None, payload.data
        if state & TIMESTAMP and code in self.timed:
            if cursor.left < 4:
                cursor.u32("timestamp")
            at = EPOCH + timedelta(seconds=int.from_bytes(data[-4:], "big"))
            fields["timestamp"] = f"{at:%Y-%m-%dT%H:%M:%S}.000"
            data = data[:-4]
        content = Cursor(data)
        content.take(2)
        more, readings = frame(content, at)
        readings.append(Reading("low_battery", bool(state & LOW_BATTERY)))
        warnings = (f"{content.left} octets at the end were not read",) if content.left else ()
        return Decoded(tuple(readings), {"bytes": fields | more}, warnings)

    def _status(self, state: int) -> Fields:
        return {
            "frameCounter": state >> 5,
            "hardwareError": False,  # not in this generation's state; the vendor's codec says so
            "lowBattery": bool(state & LOW_BATTERY),
            "configurationDone": bool(state & DONE),
        } | {name: bool(state & mask) for name, mask in self.states.items()}


def truth(value: int) -> str:
    """Return whether an alarm is on, as the vendor says it."""
    return "active" if value else "inactive"


def unit(name: str, value: Any) -> Fields:
    """Return a value with its unit, as the vendor's codec does."""
    return {"unit": name, "value": value}


def series(name: str, values: list[Any]) -> Fields:
    """Return values with their unit, the newest first, as the vendor's codec does."""
    return {"unit": name, "values": values}


def periods(sampling: int, samples: int, records: int) -> Fields:
    """Return what follows from a sampling period (in 2 s), samples a record and records a frame."""
    return {
        "calculatedPeriodRecording": unit("s", sampling * samples * 2),
        "calculatedSendingPeriod": unit("s", sampling * samples * records * 2),
    }


def sampling_settings(cursor: Cursor) -> Fields:
    """Return the settings that most have: records a frame, samples a record, period of samples."""
    records, samples, sampling = cursor.u16("records"), cursor.u16("samples"), cursor.u16("period")
    return {
        "numberOfHistorizationBeforeSending": records,
        "numberOfSamplingBeforeHistorization": samples,
        "samplingPeriod": unit("s", sampling * 2),
    } | periods(sampling, samples, records)


def settings_with_life_sign(cursor: Cursor, _: datetime | None) -> tuple[Fields, Readings]:
    """Read the settings with the period of the sign of life in front (frame 10)."""
    return {"transmissionPeriodKeepAlive": unit("s", cursor.u16("keep-alive") * 10)} | sampling_settings(cursor), []


def input_frame(channel: str) -> Frame:
    """Return the reader of a digital input's frame."""

    def frame(cursor: Cursor, at: datetime | None) -> tuple[Fields, Readings]:
        state, total, recent = cursor.u8("state"), cursor.u32("counter"), cursor.u16("counter")
        fields: Fields = {
            "state": {"previousFrame": bool(state & 2), "current": bool(state & 1)},
            "counter": {"global": total, "instantaneous": recent},
        }
        return fields, [
            Reading("digital_input", bool(state & 1), channel=channel, at=at),
            Reading("pulse_count", total, "1", channel, at),
        ]

    return frame


def _input_settings(cursor: Cursor, _: datetime | None) -> tuple[Fields, Readings]:
    return {f"digitalInput{number}": _one_input(cursor) for number in (1, 2)}, []


def _one_input(cursor: Cursor) -> Fields:
    octet = cursor.u8("input")
    edge = octet & 0x0F
    return {
        "type": EDGES[edge] if edge < len(EDGES) else "",
        "debouncingPeriod": unit("ms", DEBOUNCE_MS[octet >> 4]),
        "threshold": cursor.u16("threshold"),
    }


def radio_settings(cursor: Cursor, _: datetime | None) -> tuple[Fields, Readings]:
    """Read the settings of the radio (frame 20)."""
    fields, options = _radio(cursor)
    if "loraAdr" in fields:
        fields["loraDutycyle"] = "activated" if options & 0x04 else "deactivated"  # the vendor's spelling
        fields["loraClassMode"] = "CLASS C" if options & 0x20 else "CLASS A"
    return fields, []


def short_radio_settings(cursor: Cursor, _: datetime | None) -> tuple[Fields, Readings]:
    """Read the settings of the radio of a model that has neither duty cycle nor class among them."""
    return _radio(cursor)[0], []


def _radio(cursor: Cursor) -> tuple[Fields, int]:
    options = cursor.u8("options")
    match cursor.left:
        case 1:
            mode = "OTAA" if cursor.u8("mode") else "ABP"
            return {"loraAdr": bool(options & 0x01), "loraProvisioningMode": mode}, options
        case 0:
            return {"sigfoxRetry": options & 0x03}, options
        case 2:
            return {"sigfoxRetry": options & 0x03, "sigfoxDownlinkPeriod": unit("m", cursor.i16())}, options
        case left:
            raise DecodeError(DecodeReason.MALFORMED, f"settings of the radio with {left + 1} octets")


def _alive(_: Cursor, __: datetime | None) -> tuple[Fields, Readings]:
    return {}, []


def _answer(cursor: Cursor, _: datetime | None) -> tuple[Fields, Readings]:
    status = cursor.u8("status")
    return {"requestStatus": ANSWERS.get(status, "errorOtherReason"), "registerId": cursor.u16("register")}, []


def _versions(cursor: Cursor, _: datetime | None) -> tuple[Fields, Readings]:
    def version(name: str) -> str:
        return ".".join(str(octet) for octet in cursor.take(3, name))

    return {"appVersion": version("appVersion"), "rtuVersion": version("rtuVersion")}, []


COMMON: Mapping[int, tuple[str, Frame]] = {
    0x20: ("Configuration", radio_settings),
    0x33: ("Set register status", _answer),
}
ALIVE: Mapping[int, tuple[str, Frame]] = {0x30: ("Keep alive", _alive)}
VERSIONS: Mapping[int, tuple[str, Frame]] = {0x37: ("Software version", _versions)}
INPUTS: Mapping[int, tuple[str, Frame]] = {
    0x1F: ("digital input configuration", _input_settings),
    0x51: ("digital input 1 alarm", input_frame("1")),
    0x52: ("digital input 2 alarm", input_frame("2")),
}
INPUT_FRAMES = frozenset({0x51, 0x52})
