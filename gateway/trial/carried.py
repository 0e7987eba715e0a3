"""A device and one of its uplinks as JSON, on the way from the journal to the command that tries a destination out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from uuid import UUID

from gateway.model import (
    DataRate,
    Device,
    Entity,
    Eui64,
    FskRate,
    Instant,
    Json,
    LoraRate,
    Place,
    Reception,
    ServerDecoded,
    TimeQuality,
    Told,
    Uplink,
)


def device_as_json(device: Device) -> dict[str, Json]:
    """Return what formats may want of a device; never its keys."""
    return {
        "dev_eui": device.dev_eui,
        "name": device.name,
        "decoder": device.decoder,
        "entity": asdict(device.entity),
        "place": None if device.place is None else asdict(device.place),
        "tags": sorted(device.tags),
    }


def device_of(told: Mapping[str, Json]) -> Device:
    """Return the device that `device_as_json` was given, as far as that went."""
    return Device(
        dev_eui=Eui64(told["dev_eui"]),
        name=told["name"],
        decoder=told["decoder"],
        entity=Entity(**told["entity"]),
        place=_place(told["place"]),
        tags=frozenset(told["tags"]),
    )


def uplink_as_json(uplink: Uplink) -> dict[str, Json]:
    """Return an uplink whole."""
    heard_at = uplink.heard_at
    return {
        "id": str(uplink.id),
        "dev_eui": uplink.dev_eui,
        "activation": uplink.activation,
        "f_cnt": uplink.f_cnt,
        "f_port": uplink.f_port,
        "payload": uplink.payload.hex(),
        "confirmed": uplink.confirmed,
        "adr": uplink.adr,
        "receptions": [_reception_as_json(one) for one in uplink.receptions],
        "heard_at": [heard_at.utc.isoformat(), heard_at.monotonic, heard_at.boot_id, int(heard_at.quality)],
        "told": None if uplink.told is None else asdict(uplink.told),
    }


def uplink_of(told: Mapping[str, Json]) -> Uplink:
    """Return the uplink that `uplink_as_json` was given."""
    utc, monotonic, boot_id, quality = told["heard_at"]
    return Uplink(
        id=UUID(told["id"]),
        dev_eui=Eui64(told["dev_eui"]),
        activation=told["activation"],
        f_cnt=told["f_cnt"],
        f_port=told["f_port"],
        payload=bytes.fromhex(told["payload"]),
        confirmed=told["confirmed"],
        adr=told["adr"],
        receptions=tuple(map(_reception_of, told["receptions"])),
        heard_at=Instant(datetime.fromisoformat(utc), monotonic, boot_id, TimeQuality(quality)),
        told=_told(told.get("told")),
    )


def _reception_as_json(one: Reception) -> dict[str, Json]:
    gateway_time = None if one.gateway_time is None else one.gateway_time.isoformat()
    told = {**asdict(one), "gateway_time": gateway_time}
    del told["context"]  # the source's own, and long over
    return told


def _reception_of(told: Mapping[str, Json]) -> Reception:
    gateway_time = told["gateway_time"]
    known = {
        **told,
        "gateway": Eui64(told["gateway"]),
        "data_rate": _data_rate(told["data_rate"]),
        "gateway_time": None if gateway_time is None else datetime.fromisoformat(gateway_time),
        "place": _place(told["place"]),
    }
    return Reception(**known)


def _told(told: Mapping[str, Json] | None) -> Told | None:
    if told is None:
        return None
    return Told(source=told["source"], decoded=None if told["decoded"] is None else ServerDecoded(**told["decoded"]))


def _data_rate(told: Mapping[str, Json]) -> DataRate:
    return FskRate(**told) if "bit_rate" in told else LoraRate(**told)


def _place(told: Mapping[str, Json] | None) -> Place | None:
    return None if told is None else Place(**told)
