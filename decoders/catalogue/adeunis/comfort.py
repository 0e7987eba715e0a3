"""Adeunis Comfort (and Comfort 2): air temperature and humidity indoors, two digital inputs.

Any FPort (1 by default), big endian: code C, state S, then by code; with bit 2 of S set, 4c, 4d, 51 and 52 end with
uint32 seconds since 2013-01-01.

    S  bits 7-5 frame counter, 3 inconsistent configuration, 2 timestamp, 1 low battery, 0 configuration done

    4c  {TTTT HH}…                 samples, the newest first: int16 0.1 °C, uint8 1 %
    4d  AA TTTT HH                 alarm: bit 4 temperature, bit 0 humidity; the values
    51  DD CCCCCCCC NNNN           digital input 1: bit 1 state before, bit 0 state now; count, count since the last
    52                             the same of digital input 2
    10  KKKK BBBB NNNN PPPP [RR]   settings: keep-alive 10 s, records a frame, samples a record, period 2 s, repeats
    1f  CC TTTT CC TTTT            settings of the inputs: debounce and edge, threshold
    20  OO MM                      settings of the radio
    30                             sign of life
    33  RR IIII                    answer to a register that was set
    37  6 octets                   versions of the two processors

How far the older samples of 4c lie apart is a setting that is not in the frame: the newest is stated as a reading, all
are reported as fields. Field names are those of the vendor's codec in The Things Stack's repository.

Source: Adeunis Comfort user guide, section "Description of frames"; codec of the vendor in lorawan-devices.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from decoders.contract import Decoded, DecodeError, DecodeReason, Payload, Reading
from decoders.cursor import Cursor

SOURCE = "Adeunis Comfort user guide; the vendor's codec in lorawan-devices"
LICENCE = "Apache-2.0"
QUANTITIES = ("air_temperature", "digital_input", "low_battery", "pulse_count", "relative_humidity")

EPOCH = datetime(2013, 1, 1, tzinfo=UTC)
TIMESTAMP = 0x04
CELSIUS, PERCENT = "°C", "%"
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

Fields = dict[str, Any]
Readings = list[Reading]
Frame = Callable[[Cursor, datetime | None], tuple[Fields, Readings]]


def decode(payload: Payload) -> Decoded:
    """Read a frame by its code."""
    cursor = Cursor(payload.data)
    code, state = cursor.u8("code"), cursor.u8("status")
    if code not in FRAMES:
        raise DecodeError(DecodeReason.UNKNOWN_MESSAGE, f"frame {code:02x}")
    title, frame = FRAMES[code]
    fields: Fields = {"type": f"0x{code:02x} {title}", "status": _status(state)}
    at = None
    data = payload.data
    if state & TIMESTAMP and code in TIMED:
        if cursor.left < 4:
            cursor.u32("timestamp")
        at = EPOCH + timedelta(seconds=int.from_bytes(data[-4:], "big"))
        fields["timestamp"] = f"{at:%Y-%m-%dT%H:%M:%S}.000"
        data = data[:-4]
    content = Cursor(data)
    content.take(2)
    more, readings = frame(content, at)
    readings.append(Reading("low_battery", bool(state & 2)))
    warnings = (f"{content.left} octets at the end were not read",) if content.left else ()
    return Decoded(tuple(readings), {"bytes": fields | more}, warnings)


def _status(state: int) -> Fields:
    return {
        "frameCounter": state >> 5,
        "hardwareError": False,  # not in this generation's state; the vendor's codec says so
        "lowBattery": bool(state & 0x02),
        "configurationDone": bool(state & 0x01),
        "configurationInconsistency": bool(state & 0x08),
        "timestamp": bool(state & TIMESTAMP),
    }


def _air(temperature: float, humidity: int, at: datetime | None) -> Readings:
    return [
        Reading("air_temperature", temperature, "Cel", at=at),
        Reading("relative_humidity", humidity, "%", at=at),
    ]


def _samples(cursor: Cursor, at: datetime | None) -> tuple[Fields, Readings]:
    temperatures: list[float] = []
    humidities: list[int] = []
    while cursor.left:
        temperatures.append(cursor.i16("temperature") / 10)
        humidities.append(cursor.u8("humidity"))
    fields: Fields = {
        "decodingInfo": "values: [t=0, t-1, t-2, ...]",
        "temperature": {"unit": CELSIUS, "values": temperatures},
        "humidity": {"unit": PERCENT, "values": humidities},
    }
    return fields, _air(temperatures[0], humidities[0], at) if temperatures else []


def _alarm(cursor: Cursor, at: datetime | None) -> tuple[Fields, Readings]:
    which, temperature, humidity = cursor.u8("alarm"), cursor.i16("temperature") / 10, cursor.u8("humidity")
    fields: Fields = {
        "alarmTemperature": {
            "alarmStatus": "active" if which >> 4 else "inactive",
            "temperature": {"unit": CELSIUS, "value": temperature},
        },
        "alarmHumidity": {
            "alarmStatus": "active" if which & 1 else "inactive",
            "humidity": {"unit": PERCENT, "value": humidity},
        },
    }
    return fields, _air(temperature, humidity, at)


def _input(channel: str) -> Frame:
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


def _settings(cursor: Cursor, _: datetime | None) -> tuple[Fields, Readings]:
    alive, records = cursor.u16("keep-alive"), cursor.u16("records")
    samples, period = cursor.u16("samples"), cursor.u16("period")
    fields: Fields = {
        "transmissionPeriodKeepAlive": _seconds(alive * 10),
        "numberOfHistorizationBeforeSending": records,
        "numberOfSamplingBeforeHistorization": samples,
        "samplingPeriod": _seconds(period * 2),
        "calculatedPeriodRecording": _seconds(period * samples * 2),
        "calculatedSendingPeriod": _seconds(period * samples * records * 2),
    }
    if cursor.left:
        fields["redundantSamples"] = cursor.u8("redundant samples")
    return fields, []


def _seconds(value: int) -> Fields:
    return {"unit": "s", "value": value}


def _input_settings(cursor: Cursor, _: datetime | None) -> tuple[Fields, Readings]:
    return {f"digitalInput{number}": _one_input(cursor) for number in (1, 2)}, []


def _one_input(cursor: Cursor) -> Fields:
    octet = cursor.u8("input")
    edge = octet & 0x0F
    return {
        "type": EDGES[edge] if edge < len(EDGES) else "",
        "debouncingPeriod": {"unit": "ms", "value": DEBOUNCE_MS[octet >> 4]},
        "threshold": cursor.u16("threshold"),
    }


def _radio_settings(cursor: Cursor, _: datetime | None) -> tuple[Fields, Readings]:
    options = cursor.u8("options")
    match cursor.left:
        case 1:
            return {
                "loraAdr": bool(options & 0x01),
                "loraProvisioningMode": "OTAA" if cursor.u8("mode") else "ABP",
                "loraDutycyle": "activated" if options & 0x04 else "deactivated",  # the vendor's spelling
                "loraClassMode": "CLASS C" if options & 0x20 else "CLASS A",
            }, []
        case 0:
            return {"sigfoxRetry": options & 0x03}, []
        case 2:
            return {"sigfoxRetry": options & 0x03, "sigfoxDownlinkPeriod": {"unit": "m", "value": cursor.i16()}}, []
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


TIMED = {0x4C, 0x4D, 0x51, 0x52}
FRAMES: Mapping[int, tuple[str, Frame]] = {
    0x10: ("Comfort 2 configuration", _settings),
    0x1F: ("digital input configuration", _input_settings),
    0x20: ("Configuration", _radio_settings),
    0x30: ("Keep alive", _alive),
    0x33: ("Set register status", _answer),
    0x37: ("Software version", _versions),
    0x4C: ("Comfort 2 data", _samples),
    0x4D: ("Comfort 2 alarm", _alarm),
    0x51: ("digital input 1 alarm", _input("1")),
    0x52: ("digital input 2 alarm", _input("2")),
}
