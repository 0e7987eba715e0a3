"""The newest time that each attribute was delivered with: an older value never goes over a newer one.

Most brokers compare no times (Orion, Orion-LD, Cassiopeia: the older value wins if it comes later), so this side does.
In the memory of the destination stands, for each entity, ``{attribute: milliseconds since the epoch}``; the attribute
"" stands for what is said about the entity as a whole. The memory grows with entities, not with uplinks.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from gateway.formats.ngsi_ld.entities import EPOCH, Instance
from gateway.model import Json

WHOLE: Final = ""


@dataclass(slots=True)
class Newest:
    """What was delivered before this conversation, and in it."""

    before: Mapping[str, Json]
    changed: dict[str, dict[str, int]] = field(default_factory=dict)

    def late(self, instance: Instance) -> Sequence[str]:
        """Return the readings of ``instance`` that are older than what is there."""
        known = self._known(instance.id)
        return [name for name in instance.readings if known.get(name, instance.observed_ms) > instance.observed_ms]

    def is_current(self, instance: Instance) -> bool:
        """Return whether what ``instance`` says about the whole is not older than what is there."""
        return bool(self._known(instance.id).get(WHOLE, instance.observed_ms) <= instance.observed_ms)

    def has_position(self, device: str) -> bool:
        """Return whether the device with the entity id ``device`` has told itself where it is."""
        return "location" in self._known(device)

    def note(self, instance: Instance) -> None:
        """Remember that ``instance`` was delivered."""
        known = self.changed.setdefault(instance.id, dict(self._known(instance.id)))
        for name in (WHOLE, *instance.readings):
            known[name] = max(known.get(name, instance.observed_ms), instance.observed_ms)

    def words(self, instance: Instance, names: Sequence[str]) -> str:
        """Say why readings of ``instance`` are late."""
        known = self._known(instance.id)
        newest = EPOCH + timedelta(milliseconds=max(known[name] for name in names))
        there = newest.isoformat(timespec="seconds").replace("+00:00", "Z")
        return f"late: a newer value of {', '.join(names)} ({there}) is already at {instance.id}"

    def _known(self, entity_id: str) -> Mapping[str, int]:
        found = self.changed.get(entity_id)
        return found if found is not None else self.before.get(entity_id) or {}
