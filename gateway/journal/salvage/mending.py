"""What was taken over is made consistent: cursors pass over what is lost, counters are never behind, no number is used twice."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterator, Sequence
from typing import Final

from gateway.journal.abp import ABP_ACTIVATION
from gateway.journal.cursors import Cursor
from gateway.journal.nonces import ABP_ACTIVATION as ABP_NUMBER
from gateway.journal.salvage import held, tail
from gateway.journal.salvage.content import OF_DESTINATIONS
from gateway.journal.salvage.heard import activation, fields_of, last_heard, newest
from gateway.journal.salvage.taking import Range, Taken
from gateway.journal.store import NAMES_LOST

LOST_WORD: Final = "lost-{}"  # of a text that rows refer to: they stay readable
LOST_DESTINATION: Final = "lost-{}"  # it keeps the dead letters, for a person to look at
UNKNOWN_DOWNLINKS: Final = 10_000  # a device takes a gap of 16,384 (LoRaWAN 1.0.3, 4.3.1.5), and few are sent that many
LOST_JOIN_NONCES: Final = 10_000  # of 16,777,216: more joins than a device makes in its life
FIRST_JOIN_NONCE: Final = (
    "INSERT INTO box VALUES ('first_join_nonce', ?1) ON CONFLICT (name) DO UPDATE SET value = value + ?1"
)


def mend(connection: sqlite3.Connection, taken: Taken, damaged: Collection[str]) -> list[str]:
    """Make the new database consistent, and return what a person should know; of the tables ``damaged`` a part is lost."""
    missing = taken.left + taken.missing
    connection.executemany("REPLACE INTO thinned VALUES (?, ?)", [one for one in taken.gone.items() if one[1]])
    words = [*_words(connection), *_destinations(connection, missing), *_sessions(connection)]
    words += tail.mend(connection, taken)
    words += held.mend(connection)
    if "abp_activations" in damaged:
        _number_activations(connection)
    if "join_nonces" in damaged or "box" in damaged:
        connection.execute("UPDATE join_nonces SET next = next + ?", (LOST_JOIN_NONCES,))
        connection.execute(FIRST_JOIN_NONCE, (LOST_JOIN_NONCES,))
    return words


def _words(connection: sqlite3.Connection) -> Iterator[str]:
    """Fill holes among the texts: they are numbered without one."""
    there = {number for (number,) in connection.execute("SELECT number FROM words")}
    newest = max([*there, *_words_used(connection)], default=0)
    lost = sorted(set(range(1, newest + 1)) - there)
    connection.executemany("INSERT INTO words VALUES (?, ?)", [(number, LOST_WORD.format(number)) for number in lost])
    if lost:
        yield f"{len(lost)} names of gateways, sources or boots are lost: where they stood rows say {LOST_WORD.format('…')}"


def _words_used(connection: sqlite3.Connection) -> set[int]:
    """Return numbers of texts that boots and the newest rows use."""
    used = {number for (number,) in connection.execute("SELECT word FROM boot_spans")}
    for _, record in newest(connection, 1000):
        fields = fields_of(record)
        if len(fields) > 12 and isinstance(fields[12], list):
            pairs = [fields[8], *(number for reception in fields[12] for number in reception[:2])]
            pairs += [part[0] for part in fields[13:14] if isinstance(part, list) and part]
            used.update(number for number in pairs if isinstance(number, int))
    return used


def _destinations(connection: sqlite3.Connection, missing: Sequence[Range]) -> Iterator[str]:
    """Let each destination pass over what is lost and count it; one without a cursor begins with the oldest row."""
    known = {number for (number,) in connection.execute("SELECT number FROM destinations")}
    cursors = {number: Cursor(low, above) for number, low, above in connection.execute("SELECT * FROM cursors")}
    told = {number for table in OF_DESTINATIONS for (number,) in connection.execute(f"SELECT destination FROM {table}")}  # noqa: S608 — names of ours
    for number in sorted(told - known):
        name = LOST_DESTINATION.format(number)
        connection.execute("INSERT INTO destinations (number, name) VALUES (?, ?)", (number, name))
        connection.execute("REPLACE INTO box VALUES (?, 1)", (NAMES_LOST,))
        yield f"a destination's name is lost: it begins anew with all that is kept; what it had is {name}'s now"
    for number in sorted((known | told) - cursors.keys()):
        cursors[number] = Cursor(0)
        yield "what a destination had got is not known any more: all that is kept is told again"
    for number, cursor in cursors.items():
        lost = sum(_not_settled(cursor, first, end) for first, end in missing)
        passed = cursor.joined(missing)
        connection.execute("REPLACE INTO cursors VALUES (?, ?, ?)", (number, passed.low, passed.above()))
        connection.execute("UPDATE destinations SET lost = lost + ? WHERE number = ?", (lost, number))


def _not_settled(cursor: Cursor, first: int, last: int) -> int:
    """Return how many rows from ``first`` to ``last`` a destination still waited for."""
    gaps = cursor.gaps(last, last - first + 1, first - 1)
    return sum(end - begin + 1 for begin, end in gaps)


def _sessions(connection: sqlite3.Connection) -> Iterator[str]:
    """Give sessions whose counters are lost what the log says of them; forget counters of sessions that are lost."""
    connection.execute("DELETE FROM counters WHERE session NOT IN (SELECT number FROM sessions)")
    connection.execute("DELETE FROM mac_states WHERE session NOT IN (SELECT number FROM sessions)")
    lost = connection.execute(
        "SELECT number, dev_eui, record FROM sessions WHERE number NOT IN (SELECT session FROM counters)"
    ).fetchall()
    names = {(dev_eui, activation(record)): number for number, dev_eui, record in lost}
    heard = last_heard(connection, names.keys()) if names else {}
    connection.executemany(
        "INSERT INTO counters VALUES (?, ?, ?, ?, NULL)",
        [(number, heard.get(name, -1) + 1, UNKNOWN_DOWNLINKS, UNKNOWN_DOWNLINKS) for name, number in names.items()],
    )
    if lost:
        yield f"the counters of {len(lost)} sessions are lost: they go on where the log says, their downlinks far ahead"


def _number_activations(connection: sqlite3.Connection) -> None:
    """Let no ABP activation have a number that a session has."""
    for dev_eui, record in connection.execute("SELECT dev_eui, record FROM sessions").fetchall():
        found = ABP_ACTIVATION.search(activation(record) or "")
        if found is not None:
            connection.execute(ABP_NUMBER, (dev_eui, int(found[1])))
