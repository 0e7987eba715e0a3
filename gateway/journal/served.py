"""Devices behind a network server: by which source each was told last, and the last uplinks, so that none is stored twice.

A broker or a webhook tells an uplink again whose acknowledgement it did not get. What is known of it here is in the same
transaction as its row. A repetition that comes after `KEPT` others of the same device has a row of its own, with the same id:
where it is told, the platform can tell that it is the same.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from gateway.journal.database import Database, Each, Insert, Step
from gateway.journal.sessions import eui_number, eui_of
from gateway.journal.values import Served
from gateway.model import Eui64

KEPT: Final = 48  # ids of one device: more than a broker sends ahead, and few enough for a row that lies on one page
PART: Final = 6  # octets of an id; of 48 one is taken for another once in 5,000,000,000,000 uplinks
MOST_DEVICES: Final = 20_000  # those told least lately go: 8 MB


@dataclass(frozen=True, slots=True)
class Place:
    """Where a device is reached: through which source, and under which address there."""

    source: str
    address: str


@dataclass(frozen=True, slots=True)
class _Device:
    place: Place
    ids: bytes  # parts of the last ones, the oldest first


class ServedDevices:
    """All of them, in memory as on disk; a change is staged, then confirmed or undone."""

    def __init__(self, stored: Iterable[tuple[int, str, str, bytes]] = ()) -> None:
        self._known = OrderedDict(
            (eui_of(number), _Device(Place(source, address), ids)) for number, source, address, ids in stored
        )
        self._staged: dict[Eui64, _Device] = {}

    def has(self, dev_eui: Eui64, id_: UUID) -> bool:
        """Tell whether an uplink is on disk, as far back as is known."""
        found, part = self._known.get(dev_eui), id_.bytes[:PART]
        if found is None or part not in found.ids:  # found across two of them, it may be none
            return False
        return any(found.ids.startswith(part, at) for at in range(0, len(found.ids), PART))

    def place(self, dev_eui: Eui64) -> Place | None:
        """Return where a device was told last; None for one that never was."""
        found = self._known.get(dev_eui)
        return None if found is None else found.place

    def stage(self, served: Sequence[Served]) -> None:
        """Note what was told."""
        for one in served:
            before = self._staged.get(one.dev_eui) or self._known.get(one.dev_eui)
            ids = (b"" if before is None else before.ids) + one.id.bytes[:PART]
            self._staged[one.dev_eui] = _Device(Place(one.source, one.address), ids[-KEPT * PART :])

    def steps(self) -> list[Step]:
        """Return what stores all that is staged."""
        if not self._staged:
            return []
        gone = [(eui_number(eui),) for eui in self._too_many()]
        forget = [Each("DELETE FROM served WHERE dev_eui = ?", gone)] if gone else []
        return [Insert("REPLACE INTO served", _rows(self._staged.items())), *forget]

    def whole(self) -> list[Step]:
        """Return what stores all as it was committed last, also where it is there already."""
        return [Insert("REPLACE INTO served", _rows(self._known.items()))] if self._known else []

    def confirm(self) -> None:
        """Remember that all that was staged is durable."""
        if not self._staged:
            return
        for eui in self._too_many():
            del self._known[eui]
        for eui, device in self._staged.items():
            self._known[eui] = device
            self._known.move_to_end(eui)
        self._staged.clear()

    def undo(self) -> None:
        """Forget what was staged: it did not reach the disk."""
        self._staged.clear()

    def _too_many(self) -> list[Eui64]:
        """Return the devices, told least lately, that there is no room for beside those staged."""
        surplus = len(self._known.keys() | self._staged.keys()) - MOST_DEVICES
        if surplus <= 0:
            return []
        return [eui for eui in self._known if eui not in self._staged][:surplus]


def _rows(devices: Iterable[tuple[Eui64, _Device]]) -> list[tuple[int, str, str, bytes]]:
    return [(eui_number(eui), one.place.source, one.place.address, one.ids) for eui, one in devices]


async def load(database: Database) -> ServedDevices:
    """Return the devices that network servers have told."""
    return ServedDevices(await database.fetch("SELECT dev_eui, source, address, ids FROM served"))
