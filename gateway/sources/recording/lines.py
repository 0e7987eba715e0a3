"""A recording of JSON lines: each a datagram or a frame, with its time.

    {"recording": 1, "began": "2026-11-23T12:00:00Z", "time_quality": "ntp"}
    {"at_s": 0.0, "protocol": "gwmp", "hex": "02697300aa555a0000000000…"}
    {"at_s": 4.1, "protocol": "lorawan", "gateway": "aa555a0000000000", "hex": "40da012600…",
     "frequency_hz": 868100000, "data_rate": "SF7BW125", "rssi_dbm": -57, "snr_db": 9.2}

The first line may be left out; `began` dates the others, as well as `time_quality` says; they may also have a `time` of their own
instead of `at_s`, and its `time_quality`. What has no `protocol` is a datagram of a forwarder; where `dir` is "dn" it went to one, and is passed over;
so is a line of another `kind`, without `hex`. What `brygga relay export` and `brygga journal export` write of frames is read, too: a
`phy_payload` with its `receptions` and `heard_at`; an uplink that is opened already is passed over.
"""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final

from gateway.model import Eui64, Json, TimeQuality, eui64
from gateway.sources.gather import MOST_COPIES, best_first
from gateway.sources.gwmp import BadDatagram
from gateway.sources.recording.records import Bad, BadRecordReason, Datagram, Passed, Radioed, Record
from gateway.sources.rxpk import Received, read_rxpk

LONGEST_LINE: Final = 1 << 18  # octets; the largest UDP datagram in hex is half of it
MOST_SECONDS: Final = 1e11  # of a recording's own time: what is more is no time
_QUALITIES: Final = {one.name.lower(): one for one in TimeQuality if one >= TimeQuality.UNSYNCHRONISED}


def read_lines(lines: Iterable[bytes]) -> Iterator[Record]:
    """Yield a record for each line that is not empty; a line that says nothing right becomes a `Bad` one."""
    began: datetime | None = None
    quality: TimeQuality | None = None
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            said = _object(line)
            if "recording" in said:
                began, quality = _time(said.get("began")), _quality(said.get("time_quality"))
            else:
                yield _record(said, began, quality)
        except ValueError as error:
            yield Record(None, None, Bad(BadRecordReason.LINE, f"line {number}: {error}"))


def _object(line: bytes) -> dict[str, Json]:
    if len(line) >= LONGEST_LINE:
        raise ValueError(f"has {LONGEST_LINE} octets or more, which no datagram needs")
    try:
        said = json.loads(line.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise ValueError('is no JSON; {"at_s": 0.0, "hex": "02…"} is a line') from error
    if not isinstance(said, dict):
        raise ValueError('is no object; {"at_s": 0.0, "hex": "02…"} is one')  # noqa: TRY004 - of the file, not of the program
    return said


def _record(said: dict[str, Json], began: datetime | None, quality: TimeQuality | None) -> Record:
    at_s, utc = _seconds(said.get("at_s")), _time(said.get("time", said.get("heard_at")))
    if utc is None and began is not None and at_s is not None:
        utc = began + timedelta(seconds=at_s)
    if at_s is None and utc is not None:
        at_s = utc.timestamp()
    own = _quality(said.get("time_quality"))
    return Record(at_s, utc, _what(said), quality if own is None else own)


def _what(said: dict[str, Json]) -> Datagram | Radioed | Passed:
    if said.get("dir", "up") != "up":
        return Passed.FROM_SERVER
    if "phy_payload" in said:
        return _exported(said)
    if "hex" not in said and ("kind" in said or "payload" in said):
        return Passed.OTHER_LINES
    octets = _octets(said.get("hex"))
    match said.get("protocol", "gwmp"):
        case "gwmp":
            return Datagram(octets)
        case "lorawan":
            return _radioed(said, octets)
        case other:
            raise ValueError(f"protocol is {other!r} where 'gwmp' (a forwarder's datagram) or 'lorawan' is expected")


def _radioed(said: dict[str, Json], octets: bytes) -> Radioed:
    gateway = _gateway(said.get("gateway"))
    return Radioed(gateway, _received(said, gateway, octets))


def _exported(said: dict[str, Json]) -> Radioed:
    """Return a frame that several gateways may have heard."""
    octets, told = _octets(said["phy_payload"]), said.get("receptions")
    if not isinstance(told, list) or not told or not all(isinstance(one, dict) for one in told):
        raise ValueError("receptions is missing: a list of who heard the frame, and how")
    heard = [_received(one, _gateway(one.get("gateway")), octets) for one in told[:MOST_COPIES]]
    receptions = best_first(one.receptions[0] for one in heard)
    return Radioed(receptions[0].gateway, replace(heard[0], receptions=receptions))


def _received(said: dict[str, Json], gateway: Eui64, octets: bytes) -> Received:
    """Return what one gateway heard, read by the reader of forwarders' packets: what a frame needs is the same there."""
    frequency_hz = said.get("frequency_hz")
    if isinstance(frequency_hz, bool) or not isinstance(frequency_hz, int):
        raise ValueError(f"frequency_hz is {frequency_hz!r} where a whole number such as 868100000 is expected")  # noqa: TRY004
    rxpk = {
        "freq": frequency_hz / 1e6,
        "datr": _rate(said.get("data_rate")),
        "rssi": said.get("rssi_dbm"),
        "lsnr": said.get("snr_db"),
        "chan": said.get("channel"),
        "ant": said.get("antenna"),
        "time": said.get("gateway_time"),
        "data": b64encode(octets).decode(),
    }
    try:
        return read_rxpk(rxpk, gateway=gateway)
    except BadDatagram as error:
        raise ValueError(f"the frame's {error.reason} is missing or cannot be") from error


def _rate(value: Json) -> Json:
    """Return a data rate as a forwarder has it: a word for LoRa, a number for FSK."""
    match value:
        case {"spreading_factor": int(factor), "bandwidth_hz": int(bandwidth_hz)}:
            return f"SF{factor}BW{bandwidth_hz // 1000}"
        case {"bit_rate": int(bit_rate)}:
            return bit_rate
        case _:
            return value


def _octets(text: Json) -> bytes:
    if not isinstance(text, str):
        raise ValueError("hex is missing: the octets of a datagram or a frame")  # noqa: TRY004 - of the file
    try:
        return bytes.fromhex(text)
    except ValueError as error:
        raise ValueError(f"hex begins with {text[:16]!r} and is not an even number of hex digits") from error


def _gateway(text: Json) -> Eui64:
    if not isinstance(text, str):
        raise ValueError("gateway is missing: 16 hex digits")  # noqa: TRY004 - of the file
    try:
        return eui64(text)
    except ValueError as error:
        raise ValueError(f"gateway: {error}") from error


def _seconds(value: Json) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < MOST_SECONDS:
        raise ValueError(f"at_s is {value!r} where seconds since the beginning are expected")
    return float(value)


def _time(text: Json) -> datetime | None:
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (TypeError, ValueError, OverflowError) as error:
        raise ValueError(f"{text!r} is no time; 2026-11-23T12:00:00Z is one") from error


def _quality(word: Json) -> TimeQuality | None:
    if word is None:
        return None
    if not isinstance(word, str) or word not in _QUALITIES:
        raise ValueError(f"time_quality is {word!r} where one of {', '.join(_QUALITIES)} is expected")
    return _QUALITIES[word]
