"""How a destination is told: in which order, how fast, and in one short text in what words.

In other words its dead letters are worth another try. Secrets are not in them: they change by themselves (a token that is
renewed each night would bring all dead letters back each night), a refusal for want of them is rarely about one uplink, and
nothing made of a secret belongs into the journal. Who has been given more rights says `brygga dead-letters retry`. The name
that we call ourselves by is no secret, and is in them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Final

from gateway.config.keys import DestinationKeys
from gateway.formats import catalogue

BACKLOG_PER_S: Final = 20.0  # uplinks; of a thousand gateways the 20,000 that one mosquitto takes (measured)
GATHER_S: Final = 60.0  # on a metered line; 50 devices that speak every ten minutes make five uplinks of it
METERED_KEEP_ALIVE_S: Final = (
    600  # a sign of life with its answer is some 200 octets under TLS: each minute 9 MB a month
)
DIGITS: Final = 16  # of hex: 64 bits


def is_strict(keys: DestinationKeys) -> bool:
    """Tell whether the oldest goes first whatever waits: as written, else as the format needs it."""
    return catalogue.is_strict(keys.format, keys.options) if keys.order is None else keys.order == "strict"


def backlog_per_s(keys: DestinationKeys) -> float:
    """Return how many uplinks a second of what waited go out, 0 for no bound: in strict order the new ones are behind them."""
    usual = 0.0 if is_strict(keys) else BACKLOG_PER_S
    return usual if keys.backlog_per_s is None else keys.backlog_per_s


def gather_s(keys: DestinationKeys) -> float:
    """Return how many seconds an uplink waits for others to go with it."""
    return GATHER_S if keys.link == "metered" else 0.0


def keep_alive_s(keys: DestinationKeys) -> int:
    """Return the seconds between two signs of life: as written, else as the line is."""
    is_written = "keep_alive_s" in keys.model_fields_set
    return METERED_KEEP_ALIVE_S if keys.link == "metered" and not is_written else keys.keep_alive_s


def digest(keys: DestinationKeys) -> str:
    """Return 16 hex digits of all that decides how an uplink is said there: format, options, names, way and what is shared."""
    said = {
        "format": keys.format,
        "options": keys.options,  # with what `ids_file` says
        "url": str(keys.url),
        "share": keys.share.model_dump(mode="json"),
        "headers": sorted(keys.headers),  # their values may be secrets
        "username": keys.username,
        "mqtt_version": keys.mqtt_version,
        "uncertain_time": keys.uncertain_time,
    }
    return _digest(said)


def memory_of(keys: DestinationKeys) -> str:
    """Return 16 hex digits of which platform it is: with another address, user or tenant it is another one.

    The format is among them, for none reads what another one remembers.
    """
    usual = catalogue.options_of(keys.format)
    said = {
        "url": str(keys.url),
        "username": keys.username,
        "format": keys.format,
        "options": {name: keys.options.get(name, usual.get(name)) for name in catalogue.WHERE.get(keys.format, ())},
    }
    return _digest(said)


def _digest(said: Mapping[str, object]) -> str:
    text = json.dumps(said, sort_keys=True, default=str, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:DIGITS]
