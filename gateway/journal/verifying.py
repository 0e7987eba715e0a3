"""Whether a journal keeps its promises, looked through from end to end beside whoever writes it; nothing is changed.

What is read first and what after is not free where an agent is at work: counters move with their rows, so rows are read before
them; cursors move up to the newest row, so they are read before that.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Final

import cbor2

from gateway.errors import ConfigError, StorageError
from gateway.journal import registrations, sessions, wal
from gateway.journal.looking import Looking, Piece
from gateway.journal.opening import LOG_LOST, OPEN
from gateway.journal.records import decode_uplink
from gateway.journal.salvage import content
from gateway.journal.sessions import eui_of
from gateway.journal.vault import Vault
from gateway.model import Eui64

Told = Callable[[int, int], None]
"""How far it is: so many of so many steps."""

Newest = dict[tuple[Eui64, str], int]
"""The greatest frame counter among the rows of each activation of a device."""

SHOWN: Final = 5  # findings of one kind and place


class Matter(StrEnum):
    """What a finding is about."""

    FILE = "file"  # SQLite's own structure
    LOG = "log"  # the write-ahead log of a process that had the file
    RECORDS = "records"  # rows that cannot be read
    IDS = "ids"  # rows that are missing
    CURSORS = "cursors"  # destinations that are further than the log
    HELD = "held"  # dead letters whose uplink is gone
    COUNTERS = "counters"  # sessions that are behind their own uplinks
    KEYS = "keys"  # keys that the key file does not open


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is not as it was promised."""

    matter: Matter
    words: str


@dataclass(slots=True)
class Verified:
    """What was looked at, and what was found."""

    tables: int = 0
    rows: int = 0
    sessions: int = 0
    devices: int = 0
    findings: list[Finding] = field(default_factory=list)

    def note(self, matter: Matter, words: str) -> None:
        """Take down a finding."""
        self.findings.append(Finding(matter, words))


def verify(found: Looking, key_file: Path, told: Told) -> Verified:
    """Look through everything. Takes some 20 s for a million rows (x86); raises StorageError only where nothing can be read."""
    verified, tables = Verified(), found.tables()
    for place, table in enumerate(tables):
        told(place, 2 * len(tables))
        _check_table(found, table, verified)
    newest: Newest = {}
    for place, piece in enumerate(_pieces(found, verified)):
        told(min(len(tables) + place, 2 * len(tables)), 2 * len(tables))
        _check_piece(found, piece, newest, verified)
    for matter, words in [*_wrong_content(found), *_wrong_cursors(found), *_wrong_held(found)]:
        verified.note(matter, words)
    _check_sessions(found, key_file, newest, verified)
    if _lacks_its_log(found):
        verified.note(Matter.LOG, LOG_LOST)
    told(2 * len(tables), 2 * len(tables))
    return verified


def _lacks_its_log(found: Looking) -> bool:
    """Tell whether a process had the file, and there is no log; looked at twice, for who has it may begin one just now."""
    log = wal.beside(found.path)
    if wal.holds(log):
        return False
    return found.fetch("SELECT value FROM box WHERE name = ?", (OPEN,)) == [(1,)] and not wal.holds(log)


def _check_table(found: Looking, table: str, verified: Verified) -> None:
    verified.tables += 1
    try:
        said = [words for (words,) in found.fetch(f"PRAGMA integrity_check('{table}')")]
    except StorageError as error:
        said = [str(error)]
    if said != ["ok"] and table in found.tables():  # a segment may have gone meanwhile
        verified.note(Matter.FILE, f"table {table}: " + "; ".join(said[:SHOWN]))


def _pieces(found: Looking, verified: Verified) -> Iterator[Piece]:
    """Yield the segments that can be read."""
    done = 0
    while (first := next((one for one in found.firsts() if one > done), None)) is not None:
        done = first
        try:
            piece = found.piece(first)
        except StorageError as error:
            verified.note(Matter.RECORDS, f"the rows from {first} on cannot be read: {error}")
            continue
        if piece is not None:
            yield piece


def _check_piece(found: Looking, piece: Piece, newest: Newest, verified: Verified) -> None:
    words, unreadable = found.words(), list[int]()
    for row, record in piece.rows:
        try:
            uplink = decode_uplink(record, words)
        except StorageError:
            unreadable.append(row)
            continue
        name = uplink.dev_eui, uplink.activation
        newest[name] = max(newest.get(name, 0), uplink.f_cnt)
    verified.rows += len(piece.rows)
    if unreadable:
        verified.note(Matter.RECORDS, f"{len(unreadable)} rows cannot be read, row {unreadable[0]} first")
    missing = piece.last - piece.first + 1 - piece.thinned - len(piece.rows)
    if missing or any(not piece.first <= row <= piece.last for row, _ in piece.rows):
        verified.note(
            Matter.IDS, f"of the rows {piece.first} to {piece.last} {missing} are missing that nobody has let go of"
        )


def _wrong_content(found: Looking) -> Iterator[tuple[Matter, str]]:
    for table in sorted(content.READ.keys() & found.tables()):
        try:
            rows = found.fetch(f"SELECT * FROM {table}")  # noqa: S608 — a name of ours
        except StorageError as error:
            yield Matter.FILE, f"table {table}: {error}"
            continue
        if count := sum(not content.is_readable(table, row) for row in rows):
            yield Matter.RECORDS, f"{count} rows of table {table} cannot be read"


def _wrong_cursors(found: Looking) -> Iterator[tuple[Matter, str]]:
    cursors = found.fetch("SELECT name, low, above FROM destinations LEFT JOIN cursors ON destination = number")
    last = _last_row(found)
    for name, low, above in cursors:
        if low is None:
            yield Matter.CURSORS, f"{name} has no cursor: it would be told everything again"
            continue
        bounds = _bounds(above)
        if max([low, *bounds]) > last:
            yield (
                Matter.CURSORS,
                f"{name} has settled row {max([low, *bounds])}, and the newest there is {last}: it would miss what comes",
            )


def _bounds(above: bytes) -> list[int]:
    try:
        return [*cbor2.loads(above)] if above else []
    except (cbor2.CBORDecodeError, TypeError, ValueError):
        return []  # is told of as a row that cannot be read


def _last_row(found: Looking) -> int:
    """Return the newest row, or the last before the first where the newest segment is empty."""
    first = found.firsts()[-1]
    ((last,),) = found.fetch(f"SELECT max(id) FROM log_{first}")  # noqa: S608 — a name of ours
    return int(last or first - 1)


def _wrong_held(found: Looking) -> Iterator[tuple[Matter, str]]:
    first = found.firsts()[0]
    lost = found.fetch(
        "SELECT count(*), min(id) FROM held WHERE id < ? AND id NOT IN (SELECT id FROM kept)"
        " AND destination IN (SELECT number FROM destinations)",
        (first,),
    )
    for count, row in lost:
        if count and found.firsts()[0] == first:
            yield Matter.HELD, f"{count} rows that are held back are gone, row {row} first"


def _check_sessions(found: Looking, key_file: Path, newest: Newest, verified: Verified) -> None:
    """Look at sessions and devices: their counters, and whether the key file opens their keys."""
    vault, closed = _vault(key_file), 0
    joined = found.fetch(
        "SELECT dev_eui, record, f_cnt_up, n_f_cnt_down, a_f_cnt_down, confirmed_f_cnt_up FROM sessions"
        " JOIN counters ON session = number"
    )
    for eui, record, *counters in joined:
        verified.sessions += 1
        try:
            one = sessions.decode(eui, record, counters, content.BLIND)
            closed += vault is not None and not _opens(lambda: sessions.decode(eui, record, counters, vault))  # noqa: B023 — called at once
        except content.UNREADABLE:
            continue  # is told of as a row that cannot be read
        heard = newest.get((one.dev_eui, one.activation), -1)
        if heard >= one.f_cnt_up:
            verified.note(
                Matter.COUNTERS,
                f"device {one.dev_eui} ({one.activation}): the next counter is {one.f_cnt_up}, and row with {heard} is there",
            )
    for eui, record in found.fetch("SELECT dev_eui, record FROM devices"):
        verified.devices += 1
        closed += vault is not None and not _opens(lambda: registrations.decode(eui, record, vault))  # noqa: B023 — called at once
    if vault is None and (verified.devices or verified.sessions):
        verified.note(Matter.KEYS, f"{key_file}: the key file is not there, or is none: no key opens")
    elif closed:
        verified.note(
            Matter.KEYS,
            f"{key_file} does not open the keys of {closed} of {verified.devices + verified.sessions} records",
        )


def _vault(key_file: Path) -> Vault | None:
    """Return the vault; None where there is no key file: here none is made."""
    try:
        return Vault.at(key_file) if key_file.exists() else None
    except ConfigError:
        return None


def _opens(decode: Callable[[], object]) -> bool:
    try:
        decode()
    except ConfigError:
        return False
    except content.UNREADABLE:
        return True  # is told of as a row that cannot be read
    return True


def devices_named(found: Looking) -> dict[Eui64, str]:
    """Return the name of each device that has one."""
    named = {}
    for eui, record in found.fetch("SELECT dev_eui, record FROM devices"):
        named[eui_of(eui)] = registrations.decode(eui, record, content.BLIND).device.name
    return {eui: name for eui, name in named.items() if name}
