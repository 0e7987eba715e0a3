"""A city that subscribes to SenML over MQTT: it reads every pack and remembers which uplinks it has."""

from __future__ import annotations

import json
from collections import Counter
from uuid import UUID

from gateway.model import Json
from simulators.platforms.mqtt import Received


class SenMlCity:
    """Checks packs as RFC 8428 has them, one for each uplink; `check` is a subscriber's."""

    def __init__(self) -> None:
        self.packs: Counter[UUID] = Counter()

    @property
    def repeated(self) -> int:
        """Return how many packs came for an uplink that was there."""
        return self.packs.total() - len(self.packs)

    def check(self, received: Received) -> str:
        """Take a pack; return what is wrong with it, "" for nothing."""
        try:
            head, *records = json.loads(received.payload)
            uplink = UUID(head["vs"])
        except (ValueError, TypeError, KeyError) as error:
            return f"{received.topic}: no pack of an uplink: {error!r}"
        self.packs[uplink] += 1
        if not str(head.get("bn", "")).startswith("urn:dev:mac:") or not isinstance(head.get("bt"), float):
            return f"{received.topic}: {uplink}: no base name or no base time"
        wrong = [record for record in records if not _is_record(record)]
        if not records or wrong:
            return f"{received.topic}: {uplink}: {wrong[0] if wrong else 'an empty pack'} is no record"
        return ""


def _is_record(record: Json) -> bool:
    has_value = isinstance(record, dict) and len(record.keys() & {"v", "vs", "vb"}) == 1
    return has_value and isinstance(record.get("n"), str)
