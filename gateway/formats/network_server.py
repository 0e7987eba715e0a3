"""What network servers say alike, each in its own names: data rates by number, the DevAddr, and the decoded object."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final, Literal, get_args

from gateway.formats.event import dumps, plain
from gateway.formats.parts import Said, request_about, standing_alone
from gateway.model import DataRate, FskRate, Item, Json, Observation

Object = Literal["fields", "observations", "both"]

# LoRaWAN Regional Parameters RP002-1.0.4, the uplink data rates of each plan: (spreading factor, bandwidth in Hz).
_EUROPEAN: Final = {(12 - rate, 125_000): rate for rate in range(6)} | {(7, 250_000): 6}
DATA_RATES: Final[Mapping[str, Mapping[tuple[int, int], int]]] = {
    "as923": _EUROPEAN,
    "eu433": _EUROPEAN,
    "eu868": _EUROPEAN,
    "us915": {(10 - rate, 125_000): rate for rate in range(4)} | {(8, 500_000): 4},
    "au915": {(12 - rate, 125_000): rate for rate in range(6)} | {(8, 500_000): 6},
}
FSK: Final = 7  # in the plans that have it


def check_region(region: str) -> None:
    """Raise ValueError unless data rates of ``region`` are known."""
    if _plan(region) not in DATA_RATES:
        raise ValueError(f"region: {region!r} is none of {', '.join(DATA_RATES)}")


def check_object(option: str, what: str) -> None:
    """Raise ValueError unless ``what`` names what goes out decoded."""
    if what not in get_args(Object):
        raise ValueError(f"{option}: {what!r} is none of {', '.join(map(repr, get_args(Object)))}")


def data_rate_index(region: str, rate: DataRate) -> int:
    """Return the number of a data rate in its region; 0 for one that the region has not."""
    if isinstance(rate, FskRate):
        return FSK
    return DATA_RATES[_plan(region)].get((rate.spreading_factor, rate.bandwidth_hz), 0)


def _plan(region: str) -> str:
    return region.lower().split("_")[0].split("-")[0]  # eu868, us915_0, as923_2, AS923-2


def dev_addr(item: Item) -> str:
    """Return the address that the uplink came from, 8 hex digits; "" where its activation does not tell."""
    found = re.match(r"[0-9a-f]{8}(?=-)", item.uplink.activation)
    return found[0] if found else ""


def decoded(item: Item, what: Object) -> Mapping[str, Json]:
    """Return what the payload says: the decoder's own fields, or the observations with unit and time, or both.

    Where there are no fields (a decoder without any, or a destination that may not have all of an uplink) it is
    the observations.
    """
    fields: Mapping[str, Json] = plain(item.decoded.fields)
    if what == "observations" or not fields:
        fields = {}
    elif what == "fields":
        return fields
    return {**fields, "observations": [_said(one) for one in item.observations]}


def _said(observation: Observation) -> Mapping[str, Json]:
    said: dict[str, Json] = {"quantity": observation.quantity, "value": observation.value, "unit": observation.unit}
    if observation.channel is not None:
        said["channel"] = observation.channel
    return {**said, "time": rfc3339(observation.observed_at)}


def rfc3339(at: datetime) -> str:
    """Return a time in UTC with its microseconds and Z."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def told(item: Item, target: str, message: Json) -> Said:
    """Return ``message`` as all that is said of ``item``."""
    return standing_alone(item, [request_about(item, target, dumps(message))])
