"""How much room a journal's limit gives to each part of it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from gateway.journal.database import LOG_BYTES
from gateway.journal.schema import PAGE_SIZE

SEGMENT_BYTES = (
    600_000  # some 5,000 rows; a card writes the scattered pages that dropping one leaves in less than 0.1 s
)
SEGMENTS_IN_LIMIT = 16  # at least: with a small limit the segments are smaller
HELD_ROW_BYTES = 512  # of a held row with its reason, and the record copied aside


@dataclass(frozen=True, slots=True)
class Quota:
    """How many pages of the file may be in use; the WAL has its share of the limit."""

    log_pages: int  # for rows
    all_pages: int  # for cursors, held rows copied aside: these must get through when the log is full
    segment_bytes: int
    held_rows: int  # that wait for a person, a codec or a clock, of all destinations
    page_bytes: int

    @classmethod
    def of(cls, limit_bytes: int, page_bytes: int = PAGE_SIZE) -> Quota:
        """Divide ``limit_bytes``: a quarter at most for the WAL, an eighth of the rest for what is not the log.

        Held rows get an eighth, too: a platform that refuses everything must leave room to hear.
        """
        wal = min(2 * LOG_BYTES, limit_bytes // 4)
        pages = (limit_bytes - wal) // page_bytes
        return cls(
            log_pages=pages * 7 // 8,
            all_pages=pages,
            segment_bytes=min(SEGMENT_BYTES, limit_bytes // SEGMENTS_IN_LIMIT),
            held_rows=limit_bytes // 8 // HELD_ROW_BYTES,
            page_bytes=page_bytes,
        )

    def with_pages_of(self, page_bytes: int) -> Quota:
        """Return the same room in pages of another size."""
        return replace(
            self,
            log_pages=self.log_pages * self.page_bytes // page_bytes,
            all_pages=self.all_pages * self.page_bytes // page_bytes,
            page_bytes=page_bytes,
        )
