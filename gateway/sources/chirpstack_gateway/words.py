"""The same messages in JSON, as protojson writes them, and as ChirpStack v3's programs did.

Names come in camelCase, in snake_case and with v3's capitals (`loRaSNR`, `gatewayID`): letters alone tell them apart. What stands behind
a name is read by `reading`, for its type differs between the versions (`txInfo`, `gatewayID`, `downlinkID`).
"""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Mapping
from typing import Final

from gateway.model import Json
from gateway.sources.chirpstack_gateway.bad_event import BadEvent, BadEventReason
from gateway.sources.chirpstack_gateway.fields import MESSAGES


def _letters(name: str) -> str:
    return name.replace("_", "").lower()


_NAMES: Final[Mapping[str, str]] = {
    _letters(name): name for fields in MESSAGES.values() for name in fields if not name.endswith("_legacy")
} | {"token": "token"}


def is_json(octets: bytes) -> bool:
    """Tell JSON from protobuf: "{" would be field 15 as a group, and none of these messages has either."""
    return octets.startswith(b"{")


def read(octets: bytes) -> dict[str, Json]:
    """Return what a message says, by our names and without what we do not know; raise BadEvent and nothing else."""
    try:
        said = _known(json.loads(octets))
    except (ValueError, RecursionError) as error:  # RecursionError: a few thousand opening brackets are enough
        raise BadEvent(BadEventReason.JSON) from error
    if not isinstance(said, dict):
        raise BadEvent(BadEventReason.SHAPE)
    return said


def write(message: str, said: Mapping[str, Json]) -> bytes:
    """Return a message of that name; ``said`` as for `protobuf.write`."""
    return json.dumps(_written(message, said), separators=(",", ":")).encode()


def _known(value: Json) -> Json:
    match value:
        case dict():
            return {_NAMES[key]: _known(one) for name, one in value.items() if (key := _letters(name)) in _NAMES}
        case list():
            return [_known(one) for one in value]
        case _:
            return value


def _written(kind: str, value: Json) -> Json:
    if kind.startswith("["):
        return [_written(kind.strip("[]"), one) for one in value]
    match kind:
        case "bytes":
            return b64encode(value).decode()
        case "Duration":
            return f"{value.get('seconds', 0)}.{value.get('nanos', 0):09}s"
        case _ if kind in MESSAGES:
            fields = MESSAGES[kind]
            return {_name(kind, name): _written(fields[name][1], one) for name, one in value.items()}
        case _:
            return value


def _name(message: str, name: str) -> str:
    """Return protojson's name of a field; v3's own spelling has capitals without a rule, and it takes the plain names, too."""
    if message.endswith("V3"):
        return name
    first, *more = name.split("_")
    return first + "".join(word.capitalize() for word in more)
