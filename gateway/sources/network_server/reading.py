"""What the readers of all servers' events have in common: members of JSON objects, checked; how something was heard."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from gateway.model import (
    DevAddr,
    Eui64,
    FromServer,
    Instant,
    Json,
    LoraRate,
    ServerDecoded,
    ServerNews,
    ServerReceipt,
    ServerUplink,
)
from gateway.sources.chirpstack_gateway.scalars import eui, moment, octets, whole
from gateway.sources.network_server.bad_event import BadEvent, BadEventReason
from gateway.sources.network_server.decode import Decode

LAST_COUNTER: Final = 0xFFFF_FFFF
LONGEST_PAYLOAD: Final = 255  # octets: the length field of a LoRa packet is one octet
LONGEST_ID: Final = 200  # characters; UUIDs and ULIDs have some thirty
COUNTED_AS: Final[Mapping[type[FromServer], str]] = {
    ServerUplink: "uplinks",
    ServerNews: "news",
    ServerReceipt: "receipts",
}  # in `status`
SPREADING_FACTORS: Final = range(5, 13)
# An escape of JSON that may be a lone surrogate, as of a codec that cuts a text in two: nothing that writes UTF-8 can keep it.
HALF_A_CHARACTER: Final = re.compile(rb"\\u[dD][89a-fA-F]")


@dataclass(frozen=True, slots=True)
class Circumstances:
    """Which source is told, when, and what it does with a server's decoding."""

    source: str
    heard_at: Instant
    decode: Decode


def object_of(octets_: bytes) -> dict[str, Json]:
    """Return the JSON object that an event is; raise BadEvent and nothing else."""
    said = json_of(octets_)
    if not isinstance(said, dict):
        raise BadEvent(BadEventReason.SHAPE, "an object is expected")
    return said


def json_of(octets_: bytes) -> Json:
    """Return what JSON says, half a character as "?"; raise BadEvent and nothing else."""
    try:
        said = json.loads(octets_.decode("utf-8-sig"))
        if HALF_A_CHARACTER.search(octets_) is None:
            return said
        return json.loads(json.dumps(said, ensure_ascii=False).encode("utf-8", "replace"))
    except (ValueError, RecursionError) as error:  # RecursionError: a few thousand opening brackets are enough
        raise BadEvent(BadEventReason.JSON) from error


def part(said: Mapping[str, Json], name: str) -> Mapping[str, Json]:
    """Return an object within; none where it is absent."""
    inner = said.get(name)
    if inner is None:
        return {}
    if not isinstance(inner, dict):
        raise BadEvent(BadEventReason.SHAPE, f"{name} is no object")
    return inner


def parts(said: Mapping[str, Json], name: str) -> list[Mapping[str, Json]]:
    """Return the objects of a list within; what is none is passed over, for it only adorns."""
    inner = said.get(name)
    return [one for one in inner if isinstance(one, dict)] if isinstance(inner, list) else []


def dev_eui(value: Json) -> Eui64:
    """Return the device that is meant."""
    found = eui(value) if isinstance(value, str) and len(value) == 16 else None
    if found is None:
        raise BadEvent(BadEventReason.DEV_EUI, _shown(value))
    return found


def dev_addr(value: Json) -> DevAddr | None:
    """Return an address of 8 hex digits; None where none is told."""
    return DevAddr(value.lower()) if isinstance(value, str) and re.fullmatch("[0-9A-Fa-f]{8}", value) else None


def time_of(value: Json) -> datetime:
    """Return when the server says that it was."""
    found = moment(value)
    if found is None:
        raise BadEvent(BadEventReason.TIME, _shown(value))
    return found


def id_of(value: Json) -> str:
    """Return what the server calls an event."""
    if not isinstance(value, str) or not 0 < len(value) <= LONGEST_ID:
        raise BadEvent(BadEventReason.NO_ID, _shown(value))
    return value


def counter(value: Json) -> int:
    """Return a frame counter; one that is left out is 0."""
    found = whole(0 if value is None else value, LAST_COUNTER)
    if found is None:
        raise BadEvent(BadEventReason.COUNTER, _shown(value))
    return found


def port(value: Json) -> int:
    """Return a port; one that is left out is 0: a frame without application payload."""
    found = whole(0 if value is None or value == "" else value, 255)
    if found is None:
        raise BadEvent(BadEventReason.PORT, _shown(value))
    return found


def base64_of(value: Json) -> bytes:
    """Return a payload in base64; one that is left out is empty."""
    return _payload(b"" if value is None else octets(value), value)


def hex_of(value: Json) -> bytes:
    """Return a payload in hex digits; one that is left out is empty."""
    if value is None:
        return b""
    try:
        return _payload(bytes.fromhex(value) if isinstance(value, str) else None, value)
    except ValueError as error:
        raise BadEvent(BadEventReason.PAYLOAD, _shown(value)) from error


def _payload(found: bytes | None, value: Json) -> bytes:
    if found is None or len(found) > LONGEST_PAYLOAD:
        raise BadEvent(BadEventReason.PAYLOAD, _shown(value))
    return found


def decoded(fields: Json, normalised: Json, how: Decode) -> ServerDecoded | None:
    """Return what the server's own codec said; None where it said nothing, or where that is not to be kept."""
    if how is Decode.HERE or (not fields and not normalised):
        return None
    return ServerDecoded(fields=fields or None, normalised=normalised or None, goes_first=how is Decode.SERVER)


def lora_rate(spreading_factor: Json, bandwidth_hz: Json) -> LoraRate | None:
    """Return a data rate; None for what is none."""
    factor, bandwidth = whole(spreading_factor, 255), whole(bandwidth_hz, 10**7)
    if factor is None or factor not in SPREADING_FACTORS or not bandwidth:
        return None
    return LoraRate(factor, bandwidth)


def gateway_id(value: Json) -> Eui64 | None:
    """Return a gateway that its server numbers in less than 16 hex digits, with zeros before; None for what is no number."""
    text = str(value) if isinstance(value, int | str) and not isinstance(value, bool) else ""
    return Eui64(text.lower().zfill(16)) if re.fullmatch("[0-9A-Fa-f]{1,16}", text) else None


def _shown(value: Json) -> str:
    return "nothing" if value is None else repr(value)[:60]
