"""What platforms write when they command a device, as pydantic reads it: Brygga's own words, ChirpStack's, The Things Stack's.

Sources: ChirpStack v4, Integrations, MQTT, "Scheduling a downlink"; The Things Stack, MQTT Server, "Scheduling Downlinks".
"""

from __future__ import annotations

import binascii
import re
from base64 import b64decode
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from gateway.model import Json, eui64

Table = Mapping[str, Json]

LONGEST_REFERENCE: Final = 256  # characters; it is stored with the downlink and given back with each state
LONGEST_WAIT_S: Final = 366 * 86_400.0  # who means more means for ever, and leaves it out
PRIORITIES: Final = {
    "LOWEST": -3,
    "LOW": -2,
    "BELOW_NORMAL": -1,
    "NORMAL": 0,
    "ABOVE_NORMAL": 1,
    "HIGH": 2,
    "HIGHEST": 3,
}


def _texts(read: Callable[[str], Any]) -> BeforeValidator:
    """Return what reads texts and leaves the complaint about everything else to the type."""
    return BeforeValidator(lambda value: read(value) if isinstance(value, str) else value)


def _hex(text: str) -> bytes:
    plain = re.sub(r"[\s:-]", "", text)
    if len(plain) % 2 or re.fullmatch(r"[0-9a-fA-F]*", plain) is None:
        raise ValueError(f"{text[:40]!r} is not hex: two digits an octet, e.g. '01ff'")
    return bytes.fromhex(plain)


def _base64(text: str) -> bytes:
    try:
        return b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise ValueError(f"{text[:40]!r} is not base64, e.g. 'Af8='") from error


def _moment(text: str) -> datetime:
    try:
        at = datetime.fromisoformat(text)
        return at.astimezone(UTC) if at.tzinfo is not None else _without_zone(text)
    except (ValueError, OverflowError) as error:
        raise ValueError(f"{text[:40]!r} is no time with its zone, e.g. '2026-11-24T12:00:00Z'") from error


def _without_zone(text: str) -> datetime:
    raise ValueError(text)


Eui = Annotated[str, AfterValidator(eui64)]
Port = Annotated[int, Field(ge=1, le=223)]  # LoRaWAN 1.0.4, section 4.3.2
Hex = Annotated[bytes, _texts(_hex)]
Base64 = Annotated[bytes, _texts(_base64)]
Moment = Annotated[datetime, _texts(_moment)]
Reference = Annotated[str, Field(max_length=LONGEST_REFERENCE)]
Named = Annotated[str, Field(min_length=1)]
Fields = dict[str, Any]


class Brygga(BaseModel):
    """A command in this project's own words; a key that it does not know is somebody's typing error."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    dev_eui: Eui | None = None
    device: Named | None = None
    f_port: Port | None = None
    payload: Hex | None = None
    payload_base64: Base64 | None = None
    command: Fields | None = None
    confirmed: bool = False
    priority: Annotated[int, Field(ge=-100, le=100)] = 0
    expires_in_s: Annotated[float, Field(gt=0, le=LONGEST_WAIT_S)] | None = None
    expires_at: Moment | None = None
    reference: Reference = ""

    @staticmethod
    def across(table: Table) -> Iterator[str]:
        """Yield what is wrong between keys."""
        yield from one_of(table, "dev_eui", "device")
        yield from one_of(table, "payload", "payload_base64", "command")
        if table.get("f_port") is None and (table.get("payload") or table.get("payload_base64")) is not None:
            yield "f_port: is missing; a payload goes to a port, 1 to 223"
        if table.get("expires_in_s") is not None and table.get("expires_at") is not None:
            yield "expires_at: stands beside expires_in_s; one of the two is enough"


class ChirpStack(BaseModel):
    """What stands on application/<id>/device/<DevEUI>/command/down."""

    model_config = ConfigDict(strict=True, extra="ignore", frozen=True)

    dev_eui: Eui = Field(alias="devEui")
    f_port: Port = Field(alias="fPort")
    data: Base64 | None = None
    object: Fields | None = None
    confirmed: bool = False
    id: Reference = ""
    expires_at: Moment | None = Field(default=None, alias="expiresAt")

    @staticmethod
    def across(table: Table) -> Iterator[str]:
        """Yield what is wrong between keys, and what this gateway does not do."""
        yield from one_of(table, "data", "object")
        if table.get("isEncrypted"):
            yield "isEncrypted: payloads are encrypted here, with the session's key; send it in clear"


class TheThingsStackDownlink(BaseModel):
    """One of the downlinks of a message."""

    model_config = ConfigDict(strict=True, extra="ignore", frozen=True)

    f_port: Port | None = None
    frm_payload: Base64 | None = None
    decoded_payload: Fields | None = None
    confirmed: bool = False
    priority: Literal["LOWEST", "LOW", "BELOW_NORMAL", "NORMAL", "ABOVE_NORMAL", "HIGH", "HIGHEST"] = "NORMAL"
    correlation_ids: list[Reference] = []


class TheThingsStack(BaseModel):
    """What stands on v3/<application>@<tenant>/devices/<device>/down/push or down/replace."""

    model_config = ConfigDict(strict=True, extra="ignore", frozen=True)

    downlinks: list[TheThingsStackDownlink]

    @staticmethod
    def across(table: Table) -> Iterator[str]:
        """Yield what is wrong between keys, and what this gateway does not do."""
        downlinks = table.get("downlinks")
        for place, one in enumerate(downlinks if isinstance(downlinks, list) else ()):
            if not isinstance(one, dict):
                continue
            where = f"downlinks[{place}]."
            yield from (where + words for words in one_of(one, "frm_payload", "decoded_payload"))
            if one.get("f_port") is None and one.get("frm_payload") is not None:
                yield f"{where}f_port: is missing; a payload goes to a port, 1 to 223"
            if one.get("class_b_c"):
                yield f"{where}class_b_c: this gateway sends through the antenna that hears best, as soon as it may; leave it out"


def one_of(table: Table, *keys: str) -> Iterator[str]:
    """Yield what is wrong where exactly one of ``keys`` is to be there."""
    there = [key for key in keys if table.get(key) is not None]
    if not there:
        yield f"{keys[0]}: is missing; {' or '.join(keys)} is needed"
    yield from (f"{key}: stands beside {there[0]}; one of the two is enough" for key in there[1:])
