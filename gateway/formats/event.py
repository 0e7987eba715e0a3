"""What we say of an uplink in plain JSON: the words of the format ``json``, and of templates where they ask for all.

    {"id": "<the uplink's id>", "time": "2026-03-01T12:00:01.123Z", "time_quality": "ntp",
     "device": {"dev_eui": "a81758fffe03abcd", "id": "…", "name": "…", "entity": "…", "entity_type": "…", "latitude": …, "longitude": …},
     "observations": [{"id": "…", "quantity": "air_temperature", "value": 21.5, "unit": "Cel", "time": "…"}],
     "fields": {…}, "radio": {"f_cnt": 7, "f_port": 5, "rssi_dbm": -80, …}}

Of a time that nobody knows the quality is "unknown", and "time_not_before" and "time_not_after" say what is known.
What is not known is left out, never null or zero; units are UCUM, "" for booleans.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from datetime import datetime

from gateway.model import Bounds, Instant, Item, Json, LoraRate, Observation, Place, Plausibility

Table = dict[str, Json]


def stamp(at: datetime) -> str:
    """Return a time as ISO 8601 in UTC, to the millisecond."""
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def dumps(value: Json) -> bytes:
    """Return JSON in as few octets as it has; a lone surrogate of a vendor's decoder becomes a question mark."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode("utf-8", "replace")


def head(item: Item, device_id: str) -> Table:
    """Return which uplink it is, when it was heard, and of whom."""
    heard_at = item.uplink.heard_at
    return {
        "id": str(item.uplink.id),
        "time": stamp(heard_at.utc),
        **certainty(heard_at),
        "device": _device(item, device_id),
    }


def certainty(heard_at: Instant) -> Table:
    """Return how good a time is, and of an unknown one the bounds."""
    bounds = heard_at.bounds or Bounds()
    known = {"time_not_before": bounds.not_before, "time_not_after": bounds.not_after}
    said = {key: stamp(at) for key, at in known.items() if at is not None}
    return {"time_quality": heard_at.quality.name.lower(), **said}


def observations(item: Item) -> list[Table]:
    """Return all that was measured."""
    return [observation(one, item) for one in item.observations]


def observation(one: Observation, item: Item) -> Table:
    """Return one value with its unit and its own time; its place only where it is not the device's.

    "plausible" is there only to say that it is not.
    """
    said: Table = {"id": str(one.id), "quantity": one.quantity}
    if one.channel is not None:
        said["channel"] = one.channel
    said |= {"value": one.value, "unit": one.unit, "time": stamp(one.observed_at)}
    if one.plausibility is not Plausibility.PLAUSIBLE:
        said["plausible"] = False
    return said if one.place == item.device.place else said | place(one.place)


def place(where: Place | None) -> Table:
    """Return a place in degrees (WGS 84) and metres; nothing of one that nobody knows."""
    if where is None:
        return {}
    said: Table = {"latitude": where.latitude, "longitude": where.longitude}
    return said if where.altitude_m is None else {**said, "altitude_m": where.altitude_m}


def radio(item: Item) -> Table:
    """Return how an uplink was heard best."""
    best = item.uplink.best
    said: Table = {"f_cnt": item.uplink.f_cnt, "f_port": item.uplink.f_port}
    if best is None:
        return said
    said |= {
        "gateway": best.gateway,
        "gateways": len({one.gateway for one in item.uplink.receptions}),
        "frequency_hz": best.frequency_hz,
        "data_rate": str(best.data_rate),
    }
    if "rssi" not in item.untold:
        said["rssi_dbm"] = best.rssi_dbm
    if best.snr_db is not None and "snr" not in item.untold:
        said["snr_db"] = best.snr_db
    if isinstance(best.data_rate, LoraRate):
        said["spreading_factor"] = best.data_rate.spreading_factor
    return said


def plain(value: Json) -> Json:
    """Return raw fields of a decoder as JSON can say them: what is no number (NaN, infinite) is null."""
    match value:
        case Mapping():
            return {str(key): plain(one) for key, one in value.items()}
        case list() | tuple():
            return [plain(one) for one in value]
        case float() if not math.isfinite(value):
            return None
    return value


def _device(item: Item, device_id: str) -> Table:
    device = item.device
    named = {
        "dev_eui": device.dev_eui,
        "id": device_id,
        "name": device.name,
        "entity": device.entity.id,
        "entity_type": device.entity.type,
    }
    return {key: text for key, text in named.items() if text} | place(device.place)
