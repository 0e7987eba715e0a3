"""Whether rows can be read: SQLite keeps no checksums, and a bit that turned in a record is found nowhere else."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any, Final

import cbor2

from gateway.errors import ConfigError
from gateway.journal import downlinks, registrations, sessions, state_rows
from gateway.journal.again import AGAIN
from gateway.journal.records import moment
from gateway.journal.served import PART
from gateway.journal.values import HeldKind
from gateway.journal.vault import KEY_OCTETS, Vault
from gateway.model import Key, TimeQuality

NO_TEXT: Final = "\ufffd"  # where octets were no text
OF_DESTINATIONS: Final = ("cursors", "memory", "held", "retries")
LARGEST_COUNTER: Final = 2**32
UNCLAIMED_FIELDS: Final = 7
UNREADABLE: Final = (
    cbor2.CBORDecodeError, ConfigError, ValueError, TypeError, LookupError, AttributeError, OverflowError,
)  # fmt: skip


class _Blind(Vault):
    """Opens everything and tells nothing: whether a record is whole is asked, not what its keys are."""

    def open(self, sealed: bytes, count: int, owner: bytes) -> tuple[Key | None, ...]:  # noqa: ARG002 — the vault's words
        return (Key(bytes(16)),) * count


BLIND: Final = _Blind(bytes(KEY_OCTETS))


def _counters(session: int, *counters: int | None) -> None:
    if not all(0 <= counter <= LARGEST_COUNTER for counter in counters if counter is not None):
        raise ValueError(f"a counter of session {session} is none")


def _cursor(_destination: int, low: int, above: bytes) -> None:
    bounds = [low, *(cbor2.loads(above) if above else ())]
    if len(bounds) % 2 == 0 or any(first > last for first, last in pairwise(bounds)) or low < 0:
        raise ValueError("ranges of a cursor do not ascend")


def _held(_destination: int, _id: int, kind: str, *_: object) -> None:
    if kind != AGAIN:
        HeldKind(kind)


def _boot(_word: int, at: int, quality: int) -> None:
    moment(at)
    TimeQuality(quality)


def _boot_span(_word: int, since: float, until: float, at: int, quality: int) -> None:
    moment(at)
    TimeQuality(quality)
    if since > until:
        raise ValueError("a span of a boot's time ends before it begins")


def _list(record: bytes, fewest: int = 1) -> None:
    if len(cbor2.loads(record)) < fewest:
        raise ValueError("fields of a record are lacking")


def _served(_dev_eui: int, _source: str, _address: str, ids: bytes) -> None:
    if len(ids) % PART:
        raise ValueError("an id of an uplink is no whole one")


READ: Final[Mapping[str, Callable[..., object]]] = {
    "sessions": lambda _number, eui, record: sessions.decode(eui, record, (0, 0, 0, None), BLIND),
    "devices": lambda eui, record: registrations.decode(eui, record, BLIND),
    "counters": _counters,
    "served": _served,
    "cursors": _cursor,
    "memory": lambda _destination, _key, value: cbor2.loads(value),
    "held": _held,
    "boots": _boot,  # up to version 4
    "boot_spans": _boot_span,
    "downlinks": lambda number, eui, _ended, record: downlinks.decode(number, eui, record),
    "command_states": lambda _id, destination, record: state_rows.decode(destination, record),
    "unclaimed": lambda _id, record: _list(record, UNCLAIMED_FIELDS),
    "relayed": lambda _id, _relay, _frames, _until, record: _list(record),
}


def readable_text(octets: bytes) -> str:
    """Return a text; what is none in it is marked, so that `is_readable` finds it."""
    return octets.decode("utf-8", "replace")


def is_readable(table: str, values: Sequence[Any]) -> bool:
    """Tell whether a row of ``table`` can be read."""
    if any(isinstance(value, str) and NO_TEXT in value for value in values):
        return False
    reading = READ.get(table)
    if reading is None:
        return True
    try:
        reading(*values)
    except UNREADABLE:
        return False
    return True


def problems(connection: sqlite3.Connection) -> Iterator[str]:
    """Yield what cannot be read in the tables of a database, but for the log's: its rows are looked at when they are told."""
    tables = connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT GLOB 'log_[0-9]*'")
    for (table,) in tables.fetchall():
        rows = connection.execute(f'SELECT * FROM "{table}"')  # noqa: S608 — a name of the file's own
        if count := sum(not is_readable(table, row) for row in rows):
            yield f"{count} rows of table {table} cannot be read"
    for table in OF_DESTINATIONS:
        orphans = f"SELECT 1 FROM {table} WHERE destination NOT IN (SELECT number FROM destinations) LIMIT 1"  # noqa: S608 — a name of ours
        if connection.execute(orphans).fetchall():
            yield f"table {table} tells of a destination that there is not"
