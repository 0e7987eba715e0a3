"""A server's uplink as the journal keeps it: its identity, its time, what of the server's own decoding stays with it."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Final
from uuid import UUID

from gateway.model import (
    UPLINK_NAMESPACE,
    Device,
    Eui64,
    Json,
    ServerDecoded,
    ServerUplink,
    TimeQuality,
    Told,
    Uplink,
    name_based_uuid,
)
from gateway.servers.dating import instant

MOST_DECODED: Final = (
    16_384  # octets of JSON: a codec that says more says it in a loop, and each row is written to a flash card
)
DEEPEST: Final = 32  # levels of it: codecs nest three or four, and cbor2 writes more levels than it reads again (400)
SERVED: Final = "served"  # in the name of an activation that a network server has


def served_id(dev_eui: Eui64, id_: str) -> UUID:
    """Return the identity of an uplink that its network server calls ``id_``: the same in every box that is told (design, law 3)."""
    return name_based_uuid(UPLINK_NAMESPACE, f"served/{dev_eui}/{id_}")


def uplink_of(told: ServerUplink, device: Device | None, trust: TimeQuality) -> Uplink:
    """Return ``told`` as an uplink; ``device`` is who it is registered as, None for a stranger."""
    return Uplink(
        id=served_id(told.dev_eui, told.id),
        dev_eui=told.dev_eui,
        activation=SERVED if told.dev_addr is None else f"{told.dev_addr}-{SERVED}",
        f_cnt=told.f_cnt,
        f_port=told.f_port,
        payload=told.payload,
        confirmed=told.confirmed,
        adr=told.adr,
        receptions=tuple(replace(one, source=told.source, context=b"") for one in told.receptions),
        heard_at=instant(told, trust),
        told=Told(source=told.source, decoded=_kept(told.decoded, device)),
    )


def is_too_large(decoded: ServerDecoded | None) -> bool:
    """Tell whether a codec says more than is kept, or deeper."""
    if decoded is None:
        return False
    said = [decoded.fields, decoded.normalised]
    return _is_deeper(said, 1 + DEEPEST) or len(json.dumps(said)) > MOST_DECODED


def _is_deeper(value: Json, levels: int) -> bool:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return not levels or any(_is_deeper(one, levels - 1) for one in inner if isinstance(one, dict | list))


def _kept(decoded: ServerDecoded | None, device: Device | None) -> ServerDecoded | None:
    """Return what of the server's decoding may be needed: none where a decoder here reads the payload."""
    if decoded is None or is_too_large(decoded):
        return None
    is_read_here = device is not None and bool(device.decoder)
    return None if is_read_here and not decoded.goes_first else decoded
