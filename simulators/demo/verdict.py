"""Whether a run was good, judged uplink by uplink: by identity, not by counts."""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Final
from uuid import UUID

SHOWN: Final = 20  # ids of one kind that are named


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivered:
    """What one city has."""

    uplinks: AbstractSet[UUID]
    repeated: int  # times that something came again under an id that was there
    problems: tuple[str, ...] = ()  # what its platform found wrong with what it got
    trouble: str = ""  # what keeps the agent from delivering there, in its words


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Where each uplink went."""

    sent: AbstractSet[UUID]
    heard: AbstractSet[UUID]  # by a gateway, which the agent acknowledged (PUSH_ACK)
    acknowledged: AbstractSet[UUID]  # to the devices that asked for it
    committed: AbstractSet[UUID]
    cities: Mapping[str, Delivered]

    @property
    def lost(self) -> AbstractSet[UUID]:
        """Return the uplinks that were heard or promised and are not everywhere."""
        everywhere = set(self.committed).intersection(*(city.uplinks for city in self.cities.values()))
        return (self.heard | self.acknowledged) - everywhere

    @property
    def invented(self) -> AbstractSet[UUID]:
        """Return the uplinks that a city has and no device sent."""
        return set[UUID]().union(*(city.uplinks for city in self.cities.values())) - self.sent

    @property
    def findings(self) -> tuple[str, ...]:
        """Return all that is wrong, in words; nothing when all is well."""
        missing = [_ids("heard and not committed", self.heard - self.committed)]
        missing += [_ids("acknowledged to the device and not committed", self.acknowledged - self.committed)]
        for name, city in self.cities.items():
            missing += self._missing(name, city)
        missing += [_ids("delivered and never sent", self.invented)]
        problems = [f"{name}: {problem}" for name, city in self.cities.items() for problem in city.problems]
        return tuple(finding for finding in (*missing, *problems) if finding)

    def _missing(self, name: str, city: Delivered) -> tuple[str, ...]:
        missing = (self.heard | self.acknowledged) - city.uplinks
        why = f"{name} stayed away: {city.trouble}" if missing and city.trouble else ""
        return _ids(f"heard and not at {name}", missing), why

    @property
    def good(self) -> bool:
        """Return whether something was heard, and all of it is where it belongs."""
        return bool(self.heard) and not self.findings


def _ids(what: str, uplinks: AbstractSet[UUID]) -> str:
    if not uplinks:
        return ""
    named = sorted(map(str, uplinks))
    more = f" and {len(named) - SHOWN} more" if len(named) > SHOWN else ""
    return f"{len(named)} {what}: {', '.join(named[:SHOWN])}{more}"
