"""The desk's counter for dead letters: what is held back, shown, tried again, dropped."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from gateway import __version__
from gateway.desk.words import did_you_mean, full_name
from gateway.errors import ConfigError
from gateway.journal import HeldKind, HeldRow, Journal
from gateway.model import Json, RowId

ALL_ROWS: Final = -1  # what SQLite takes for no LIMIT
MOST_LISTED: Final = 100_000  # of one answer: some 40 MB, and it is made in memory
LARGEST_ID: Final = 2**63 - 1  # of SQLite's numbers


class DeadLetterDesk:
    """Answer what is asked about dead letters."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal

    async def answer(self, request: Mapping[str, Json]) -> Json:
        """Do what is asked; ConfigError says in words what is wrong with the request."""
        match request:
            case {"do": "dead_letters.list", "limit": int(limit)}:
                _check_number("limit", limit, MOST_LISTED)
                destination, kind, _ = self._which(request)
                return [_held(row) for row in await self._journal.held(destination, kind, limit)]
            case {"do": "dead_letters.show", "id": int(number)}:
                _check_number("id", number, LARGEST_ID)
                return [_held(row) for row in await self._journal.held(limit=ALL_ROWS, ids=[RowId(number)])]
            case {"do": "dead_letters.retry"}:
                return {"count": await self._journal.retry(*self._which(request))}
            case {"do": "dead_letters.drop"}:
                return {"count": await self._journal.drop_held(*self._which(request))}
            case _:
                raise ConfigError(f"control: {request['do']!r} is nothing that this agent does (brygga {__version__})")

    def _which(self, request: Mapping[str, Json]) -> tuple[str | None, HeldKind | None, list[RowId] | None]:
        destination, kind, ids = request.get("destination"), request.get("kind"), request.get("ids")
        names = self._journal.destinations()
        destination = full_name(destination, names) if isinstance(destination, str) else destination
        if destination is not None and destination not in names:
            those = did_you_mean(destination, names) or f"; those there are: {', '.join(names) or 'none'}"
            raise ConfigError(f"there is no destination {destination}{those}")
        if kind is not None and kind not in set(HeldKind):
            raise ConfigError(f"dead letters: {kind!r} is none of {', '.join(HeldKind)}")
        if ids is not None and not (isinstance(ids, list) and all(isinstance(one, int) for one in ids)):
            raise ConfigError(f"dead letters: ids are whole numbers, not {ids!r}")
        for number in ids or ():
            _check_number("id", number, LARGEST_ID)
        return destination, None if kind is None else HeldKind(kind), None if ids is None else list(map(RowId, ids))


def _check_number(name: str, number: int, most: int) -> None:
    if not 1 <= number <= most:
        raise ConfigError(f"dead letters: {name} is {number}; 1 to {most} is right")


def _held(row: HeldRow) -> dict[str, Json]:
    return {
        "id": row.id,
        "destination": row.destination,
        "kind": str(row.kind),
        "reason": row.reason,
        "decoder": row.decoder or None,
        "held_at": row.held_at.isoformat(),
        "uplink": str(row.uplink.id),
        "dev_eui": row.uplink.dev_eui,
        "f_cnt": row.uplink.f_cnt,
        "f_port": row.uplink.f_port,
        "heard_at": row.uplink.heard_at.utc.isoformat(),
        "payload": row.uplink.payload.hex(),
    }
