"""Room 3, the journal: what was heard, kept in SQLite until every destination has it."""

from gateway.journal.journal import Journal
from gateway.journal.remembered import MEMORY_OF, about_rows
from gateway.journal.values import (
    Ahead,
    Begin,
    Changes,
    Depth,
    Event,
    HeldKind,
    HeldRow,
    Hold,
    ImportResult,
    Nonces,
    PutBack,
    Registration,
    Row,
    Settlement,
    SkippedAhead,
    Stats,
    Unclaimed,
    WhenFull,
)

__all__ = [
    "MEMORY_OF",
    "Ahead",
    "Begin",
    "Changes",
    "Depth",
    "Event",
    "HeldKind",
    "HeldRow",
    "Hold",
    "ImportResult",
    "Journal",
    "Nonces",
    "PutBack",
    "Registration",
    "Row",
    "Settlement",
    "SkippedAhead",
    "Stats",
    "Unclaimed",
    "WhenFull",
    "about_rows",
]
